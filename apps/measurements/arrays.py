"""From the database's rows straight into numpy: a piece at a time, without an object per row.

The whole result is never held as rows: beside the finished columns there is one piece of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]
PIECE = 1 << 16


def fetched(query: str, parameters: Sequence[Any], types: Mapping[str, Any]) -> Columns:
    """The rows of a query by column, in the types given for its terms, in their order.

    No term may be NULL but one read as objects. The caller holds the transaction.
    """
    row = np.dtype(list(types.items()))
    parts: dict[str, list[NDArray[Any]]] = {name: [np.empty(0, row[name])] for name in types}
    for piece in _pieces(query, parameters, row):
        for name, column in parts.items():
            column.append(piece[name].astype(row[name]))
    # By the column, so that only one of them is there twice.
    return {name: np.concatenate(parts.pop(name)) for name in types}


def _pieces(
    query: str, parameters: Sequence[Any], row: np.dtype[Any]
) -> Iterator[NDArray[np.void]]:
    # The usual cursor of PostgreSQL holds all rows in this process before the first is read.
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, parameters)
        rows = _server_rows(cursor) if connection.vendor == "postgresql" else iter(cursor)
        while len(piece := np.fromiter(islice(rows, PIECE), row)):
            yield piece


def _server_rows(cursor: Any) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(PIECE):
        yield from rows
