"""What every kind of file becomes: numbered rows of cells, in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from apps.measurements.reader.jobs import FileRefused, Limits

BLOCK = 10_000
# Rows that are looked at before the rest is read, to see how the file is laid out.
LOOK = 1_000

Rows = tuple[int, list[list[Any]]]


@dataclass(frozen=True)
class Layout:
    """How the rows of a file are found; goes to the page, and comes back as chosen."""

    kind: str
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    sure: bool = True


class Table(Protocol):
    layout: Layout
    expected_rows: int

    def blocks(self) -> Iterator[Rows]:
        """Rows in blocks, each with the number of its first row (from 1, as a person counts)."""
        ...


def check_width(rows: list[list[Any]], first: int, limits: Limits) -> None:
    """Refuse a row with more cells than a table may have."""
    if max(map(len, rows), default=0) <= limits.columns:
        return
    for number, row in enumerate(rows, first):
        if len(row) > limits.columns:
            raise FileRefused("columns", row=number, count=len(row), most=limits.columns)


def check_length(first: int, rows: list[list[Any]], limits: Limits) -> None:
    # One header line and a blank one do not count against the limit.
    if first + len(rows) - 1 > limits.rows + 2:
        raise FileRefused("rows", most=limits.rows)
