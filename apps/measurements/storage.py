"""Writing observations in bulk: the fastest safe route of each database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from django.db import connection

from apps.measurements.models import Observation

COLUMNS = (
    "characteristic_id", "sequence", "value", "size", "subgroup", "observed_us", "others",
    "stratum_id", "source_id",
)  # fmt: skip
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True)
class Rows:
    """Observations by column; None for a column that has no value in any row."""

    values: Sequence[float]
    sizes: Sequence[float | None] | None = None
    subgroups: Sequence[str] | None = None
    observed_us: Sequence[int | None] | None = None
    others: Sequence[bytes | None] | None = None
    strata: Sequence[int | None] | None = None

    def __len__(self) -> int:
        return len(self.values)


def write_rows(*, characteristic_id: int, first: int, rows: Rows, source_id: int | None) -> None:
    """Store observations in places `first` onwards; the caller holds the transaction."""
    tuples = zip(
        repeat(characteristic_id),
        range(first, first + len(rows)),
        rows.values,
        repeat(None) if rows.sizes is None else rows.sizes,
        repeat("") if rows.subgroups is None else rows.subgroups,
        repeat(None) if rows.observed_us is None else rows.observed_us,
        repeat(None) if rows.others is None else rows.others,
        repeat(None) if rows.strata is None else rows.strata,
        repeat(source_id),
        strict=False,  # the repeated columns have no end
    )
    if connection.vendor == "postgresql":
        _copy(tuples)
    else:
        _insert(tuples)


def _insert(tuples: Iterable[tuple[Any, ...]]) -> None:
    """The driver's own executemany: Django's keeps a copy of every row to look at the first."""
    table = Observation._meta.db_table
    places = ", ".join("?" * len(COLUMNS))
    with connection.wrap_database_errors:
        connection.connection.executemany(
            f"INSERT INTO {table} ({', '.join(COLUMNS)}) VALUES ({places})",  # noqa: S608  names of our own tables, no input
            tuples,
        )


def _copy(tuples: Iterable[tuple[Any, ...]]) -> None:
    table = Observation._meta.db_table
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(COLUMNS)}) FROM STDIN") as copy,
    ):
        copy.write("".join(_line(row) for row in tuples))


def _line(row: tuple[Any, ...]) -> str:
    characteristic, sequence, value, size, subgroup, observed, others, stratum, source = row
    packed = "\\N" if others is None else f"\\\\x{others.hex()}"
    return (
        f"{characteristic}\t{sequence}\t{value!r}\t{_or_null(size)}\t"
        f"{subgroup.translate(_ESCAPES)}\t{_or_null(observed)}\t{packed}\t"
        f"{_or_null(stratum)}\t{_or_null(source)}\n"
    )


def _or_null(value: float | None) -> str:
    return "\\N" if value is None else repr(value)
