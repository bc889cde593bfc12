"""Every row is checked: what is sound becomes observations, what is not is reported.

A block of rows that is sound throughout takes the quick way, whole columns at once. Any doubt
sends the block the slow way, cell by cell, which alone knows what to say. Both give the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.measurements.reader.findings import Report, as_text
from apps.measurements.reader.jobs import (
    DEFECTIVES,
    SIZE,
    SUBGROUP,
    TIME,
    VALUE,
    Job,
)
from apps.measurements.reader.numbers import PLAIN, BadNumber, NumberRule
from apps.measurements.reader.times import BadTime, TimeRule

NO_TIME = -(2**63)
LABEL_LENGTH = 64


class RowRefused(Exception):
    def __init__(self, column: int, value: object, code: str, **params: Any) -> None:
        super().__init__(code)
        self.column, self.value, self.code, self.params = column, value, code, params


@dataclass(frozen=True)
class Places:
    """Which columns are read, and how."""

    width: int
    values: list[int]
    names: list[str]
    time: int | None = None
    size: int | None = None
    subgroup: int | None = None
    constant_size: float | None = None

    @classmethod
    def of(cls, roles: Sequence[str], names: list[str], constant_size: float | None) -> Places:
        def first(role: str) -> int | None:
            return next((index for index, found in enumerate(roles) if found == role), None)

        return cls(
            width=len(roles),
            names=names,
            values=[index for index, role in enumerate(roles) if role == VALUE],
            time=first(TIME),
            size=first(SIZE),
            subgroup=first(SUBGROUP),
            constant_size=constant_size,
        )

    def name(self, column: int) -> str:
        return self.names[column] if 0 <= column < len(self.names) else ""


@dataclass
class Collected:
    """Observations by column, in blocks."""

    values: list[NDArray[np.float64]] = field(default_factory=list)
    sizes: list[NDArray[np.float64]] = field(default_factory=list)
    times: list[NDArray[np.int64]] = field(default_factory=list)
    rows: list[NDArray[np.int32]] = field(default_factory=list)
    codes: list[NDArray[np.int32]] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=lambda: {"": 0})
    ready: int = 0
    blank: int = 0

    def add(
        self,
        values: Sequence[float],
        sizes: Sequence[float] | None,
        times: Sequence[int] | NDArray[np.int64] | None,
        rows: Sequence[int] | NDArray[np.int32],
        codes: Sequence[int] | None,
    ) -> None:
        count = len(values)
        self.values.append(np.asarray(values, dtype=np.float64))
        self.sizes.append(np.asarray(np.nan if sizes is None else sizes, dtype=np.float64)
                          * np.ones(count))  # fmt: skip
        self.times.append(
            np.full(count, NO_TIME) if times is None else np.asarray(times, dtype=np.int64)
        )
        self.rows.append(np.asarray(rows, dtype=np.int32))
        self.codes.append(
            np.zeros(count, np.int32) if codes is None else np.asarray(codes, dtype=np.int32)
        )


class RowReader:
    """Takes blocks of rows; keeps what is sound, reports the rest."""

    def __init__(
        self, job: Job, places: Places, numbers: NumberRule, times: TimeRule, report: Report
    ) -> None:
        self._job = job
        self._places = places
        self._numbers = numbers
        self._plain = NumberRule(decimal=numbers.decimal, thousands=numbers.thousands)
        self._size_rule = self._plain if numbers.format != PLAIN else numbers
        self._times = times
        self.report = report
        self.found = Collected()

    def take(self, first: int, rows: list[list[Any]]) -> None:
        if not self._take_whole(first, rows):
            self._take_singly(first, rows)

    # --- The quick way -----------------------------------------------------------------------

    def _take_whole(self, first: int, rows: list[list[Any]]) -> bool:
        places = self._places
        if len(places.values) != 1 or set(map(len, rows)) != {places.width}:
            return False
        columns = list(zip(*rows, strict=True))
        if not all(map(self._short_texts, columns)):
            return False
        values = self._numbers.read_block(columns[places.values[0]])
        sizes = self._whole_sizes(columns, len(rows))
        if values is None or sizes is None or not self._numbers_hold(values, sizes):
            return False
        times = None
        if places.time is not None:
            times = self._times.read_block(columns[places.time])
            if times is None:
                return False
        codes = None
        if places.subgroup is not None:
            codes = self._whole_codes(columns[places.subgroup])
            if codes is None:
                return False
        count = len(rows)
        self.found.add(values, sizes, times, np.arange(first, first + count, dtype=np.int32), codes)
        self.found.ready += count
        return True

    def _short_texts(self, cells: tuple[Any, ...]) -> bool:
        try:
            return max(map(len, cells)) <= self._job.limits.cell
        except TypeError:
            return False

    def _whole_sizes(self, columns: list[tuple[Any, ...]], count: int) -> list[float] | None:
        if not self._job.counts:
            return [np.nan] * count
        if self._places.size is not None:
            return self._size_rule.read_block(columns[self._places.size])
        constant = self._places.constant_size
        if constant is None:
            constant = np.nan if self._job.data_type == DEFECTIVES else 1.0
        return [constant] * count

    def _numbers_hold(self, values: list[float], sizes: list[float]) -> bool:
        numbers = np.asarray(values)
        if not np.isfinite(numbers).all():
            return False
        if not self._job.counts:
            return True
        n = np.asarray(sizes)
        if not ((numbers >= 0) & (numbers == np.floor(numbers))).all():
            return False
        if not (np.isfinite(n) & (n > 0)).all():
            return False
        if self._job.data_type != DEFECTIVES:
            return True
        return bool(((n == np.floor(n)) & (numbers <= n)).all())

    def _whole_codes(self, cells: tuple[Any, ...]) -> list[int] | None:
        labels = self.found.labels
        new = [label for label in dict.fromkeys(cells) if label not in labels]
        if "" in cells or not all(map(_sound_label, new)):
            return None
        for label in new:
            labels[label] = len(labels)
        return [labels[label] for label in cells]

    # --- The slow way ------------------------------------------------------------------------

    def _take_singly(self, first: int, rows: list[list[Any]]) -> None:
        values: list[float] = []
        sizes: list[float] = []
        times: list[int] = []
        numbers: list[int] = []
        codes: list[int] = []
        for row, cells in enumerate(rows, first):
            if _is_blank(cells):
                self.found.blank += 1
                continue
            try:
                found = self._read_row(row, cells)
            except RowRefused as no:
                name = self._places.name(no.column)
                self.report.refuse(row, name, no.value, no.code, cells, **no.params)
                continue
            self.found.ready += 1
            for value, size, time, label in found:
                values.append(value)
                sizes.append(size)
                times.append(time)
                numbers.append(row)
                codes.append(self.found.labels.setdefault(label, len(self.found.labels)))
        if values:
            self.found.add(values, sizes, times, numbers, codes)

    def _read_row(self, row: int, cells: list[Any]) -> list[tuple[float, float, int, str]]:
        cells = self._squared(cells)
        time = self._read_time(row, cells)
        label = self._read_label(cells)
        size = self._read_size(cells)
        values = [self._read_value(cells, column, size) for column in self._places.values]
        if len(values) > 1 and not label:
            label = str(row)
        return [(value, size, time, label) for value in values]

    def _squared(self, cells: list[Any]) -> list[Any]:
        """The row with as many cells as the header."""
        width = self._places.width
        extra = cells[width:]
        if any(as_text(cell).strip() for cell in extra):
            raise RowRefused(-1, extra[0], "row_long", count=len(cells), width=width)
        if len(cells) < width:
            raise RowRefused(-1, "", "row_short", count=len(cells), width=width)
        for column, cell in enumerate(cells[:width]):
            if isinstance(cell, str) and len(cell) > self._job.limits.cell:
                raise RowRefused(column, cell, "cell_long", most=self._job.limits.cell)
        return cells[:width]

    def _read_time(self, row: int, cells: list[Any]) -> int:
        column = self._places.time
        if column is None:
            return NO_TIME
        try:
            moment, twice = self._times.read(cells[column])
        except BadTime as error:
            raise RowRefused(column, cells[column], error.code) from error
        if twice:
            self.report.warn(row, self._places.name(column), cells[column], "time_fold")
        return moment

    def _read_label(self, cells: list[Any]) -> str:
        column = self._places.subgroup
        if column is None:
            return ""
        label = "".join(sign for sign in as_text(cells[column]) if sign.isprintable()).strip()
        if not label:
            raise RowRefused(column, "", "label_empty")
        if len(label) > LABEL_LENGTH:
            raise RowRefused(column, label, "label_long", most=LABEL_LENGTH)
        return label

    def _read_size(self, cells: list[Any]) -> float:
        if not self._job.counts:
            return np.nan
        column = self._places.size
        if column is None:
            if self._places.constant_size is None and self._job.data_type == DEFECTIVES:
                raise RowRefused(-1, "", "size_missing")
            return 1.0 if self._places.constant_size is None else self._places.constant_size
        try:
            size = self._size_rule.read(cells[column])
        except BadNumber as error:
            code = "size_empty" if error.code == "empty" else error.code
            raise RowRefused(column, cells[column], code) from error
        if size <= 0:
            raise RowRefused(column, cells[column], "size_not_positive")
        if self._job.data_type == DEFECTIVES and size != int(size):
            raise RowRefused(column, cells[column], "size_not_whole")
        return size

    def _read_value(self, cells: list[Any], column: int, size: float) -> float:
        try:
            value = self._numbers.read(cells[column])
        except BadNumber as error:
            raise RowRefused(column, cells[column], error.code) from error
        if not self._job.counts:
            return value
        if value < 0:
            raise RowRefused(column, cells[column], "count_negative")
        if value != int(value):
            raise RowRefused(column, cells[column], "count_not_whole")
        if self._job.data_type == DEFECTIVES and value > size:
            raise RowRefused(column, cells[column], "count_exceeds_size", size=as_text(size))
        return value


def _is_blank(cells: list[Any]) -> bool:
    return not any(as_text(cell).strip() for cell in cells)


def _sound_label(label: object) -> bool:
    return (
        isinstance(label, str)
        and bool(label)
        and label == label.strip()
        and label.isprintable()
        and len(label) <= LABEL_LENGTH
    )
