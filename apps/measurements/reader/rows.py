"""Every row is checked: what is sound becomes observations, what is not is reported.

A block of rows that is sound throughout takes the quick way, whole columns at once. Any doubt
sends the block the slow way, cell by cell, which alone knows what to say. Both give the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.measurements.reader.findings import Report, as_text
from apps.measurements.reader.jobs import (
    BETWEEN,
    DEFECTIVES,
    EVENTS,
    FACTOR,
    SEVERAL,
    SIZE,
    SUBGROUP,
    TIME,
    Job,
    Target,
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
class RowRead:
    """What one row holds."""

    values: list[float]
    size: float
    time: int
    label: str
    factors: tuple[str, ...]


@dataclass(frozen=True)
class Places:
    """Which columns are read for one characteristic, and how."""

    width: int
    values: list[int]
    names: list[str]
    time: int | None = None
    size: int | None = None
    subgroup: int | None = None
    constant_size: float | None = None
    # The columns of its factors, with their names.
    factors: list[tuple[int, str]] = field(default_factory=list)
    # The values of a row are the variables of one observation.
    together: bool = False
    # No column of values: they are the times between the events.
    from_times: bool = False

    @classmethod
    def of(
        cls, roles: Sequence[str], names: list[str], constant_size: float | None, target: Target
    ) -> Places:
        def first(*wanted: str) -> int | None:
            return next((index for index, role in enumerate(roles) if role in wanted), None)

        if target.data_type == SEVERAL:
            found = [first(role) for role in target.value_roles]
            values = [index for index in found if index is not None]
            values = values if len(values) == len(found) else []
        else:
            [own] = target.value_roles
            values = [index for index, role in enumerate(roles) if role == own]
        events = first(target.role(EVENTS)) if target.data_type == BETWEEN else None
        factors = [(first(f"{FACTOR}{name}"), name) for name in target.factors]
        return cls(
            width=len(roles),
            names=names,
            values=[] if events is not None else values,
            time=first(TIME, EVENTS) if events is None else events,
            size=first(target.role(SIZE)),
            subgroup=first(SUBGROUP),
            constant_size=constant_size,
            factors=[(index, name) for index, name in factors if index is not None],
            together=target.data_type == SEVERAL,
            from_times=events is not None,
        )

    def name(self, column: int) -> str:
        return self.names[column] if 0 <= column < len(self.names) else ""

    @property
    def readable(self) -> bool:
        return bool(self.values) or self.from_times


class Block:
    """Rows of the file; what several characteristics need of them is worked out once."""

    def __init__(self, first: int, rows: list[list[Any]], width: int, cell: int) -> None:
        self.first, self.rows = first, rows
        self._width, self._cell = width, cell
        self._times: dict[int, NDArray[np.int64] | None] = {}

    @cached_property
    def columns(self) -> list[tuple[Any, ...]] | None:
        """The cells by column, if all rows are of one width and hold short texts only."""
        if set(map(len, self.rows)) != {self._width}:
            return None
        columns = list(zip(*self.rows, strict=True))
        return columns if all(map(self._short_texts, columns)) else None

    def _short_texts(self, cells: tuple[Any, ...]) -> bool:
        try:
            return max(map(len, cells)) <= self._cell
        except TypeError:
            return False

    def times(self, column: int, rule: TimeRule) -> NDArray[np.int64] | None:
        if column not in self._times:
            columns = self.columns
            self._times[column] = None if columns is None else rule.read_block(columns[column])
        return self._times[column]


@dataclass
class Collected:
    """Observations by column, in blocks."""

    values: list[NDArray[np.float64]] = field(default_factory=list)
    others: list[NDArray[np.float64]] = field(default_factory=list)
    sizes: list[NDArray[np.float64]] = field(default_factory=list)
    times: list[NDArray[np.int64]] = field(default_factory=list)
    rows: list[NDArray[np.int32]] = field(default_factory=list)
    codes: list[NDArray[np.int32]] = field(default_factory=list)
    strata: list[NDArray[np.int32]] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=lambda: {"": 0})
    # Combinations of the factors' values, in the order of `Places.factors`; none of them is 0.
    combinations: dict[tuple[str, ...], int] = field(default_factory=dict)
    ready: int = 0
    refused: int = 0
    blank: int = 0

    def add(
        self,
        values: Sequence[float],
        sizes: Sequence[float] | None,
        times: Sequence[int] | NDArray[np.int64] | None,
        rows: Sequence[int] | NDArray[np.int32],
        codes: Sequence[int] | None,
        strata: Sequence[int] | None = None,
        others: Sequence[Sequence[float]] | NDArray[np.float64] | None = None,
    ) -> None:
        count = len(values)
        self.values.append(np.asarray(values, dtype=np.float64))
        self.sizes.append(np.asarray(np.nan if sizes is None else sizes, dtype=np.float64)
                          * np.ones(count))  # fmt: skip
        self.times.append(
            np.full(count, NO_TIME) if times is None else np.asarray(times, dtype=np.int64)
        )
        self.rows.append(np.asarray(rows, dtype=np.int32))
        self.codes.append(_codes(codes, count))
        self.strata.append(_codes(strata, count))
        if others is not None:
            self.others.append(np.asarray(others, dtype=np.float64).reshape(count, -1))


def _codes(codes: Sequence[int] | None, count: int) -> NDArray[np.int32]:
    return np.zeros(count, np.int32) if codes is None else np.asarray(codes, dtype=np.int32)


class RowReader:
    """Takes blocks of rows for one characteristic; keeps what is sound, reports the rest."""

    def __init__(
        self,
        job: Job,
        target: Target,
        places: Places,
        numbers: NumberRule,
        times: TimeRule,
        report: Report,
    ) -> None:
        self._job = job
        self.target = target
        self.places = self._places = places
        self._numbers = numbers
        self._plain = NumberRule(decimal=numbers.decimal, thousands=numbers.thousands)
        self._size_rule = self._plain if numbers.format != PLAIN else numbers
        self._times = times
        self.report = report
        self.found = Collected()
        self.found.combinations[("",) * len(places.factors)] = 0

    @property
    def cell_limit(self) -> int:
        return self._job.limits.cell

    @property
    def too_many_strata(self) -> bool:
        return len(self.found.combinations) - 1 > self._job.limits.strata

    def take(self, block: Block) -> None:
        if not self._take_whole(block):
            self._take_singly(block.first, block.rows)

    # --- The quick way -----------------------------------------------------------------------

    def _take_whole(self, block: Block) -> bool:
        places, columns = self._places, block.columns
        if columns is None or (len(places.values) != 1 and not places.together):
            return False
        values = self._whole_values(columns)
        count = len(block.rows)
        sizes = self._whole_sizes(columns, count)
        if values is None or sizes is None or not self._numbers_hold(values[0], sizes):
            return False
        times = None
        if places.time is not None:
            times = block.times(places.time, self._times)
            if times is None:
                return False
        codes = None
        if places.subgroup is not None:
            codes = self._whole_codes(columns[places.subgroup])
            if codes is None:
                return False
        strata = self._whole_strata(columns)
        if places.factors and strata is None:
            return False
        others = np.column_stack(values[1:]) if len(values) > 1 else None
        rows = np.arange(block.first, block.first + count, dtype=np.int32)
        self.found.add(values[0], sizes, times, rows, codes, strata, others)
        self.found.ready += count
        return True

    def _whole_values(self, columns: list[tuple[Any, ...]]) -> list[list[float]] | None:
        found = []
        for column in self._places.values:
            values = self._numbers.read_block(columns[column])
            if values is None or not np.isfinite(np.asarray(values)).all():
                return None
            found.append(values)
        return found

    def _whole_sizes(self, columns: list[tuple[Any, ...]], count: int) -> list[float] | None:
        if not self.target.counts:
            return [np.nan] * count
        if self._places.size is not None:
            return self._size_rule.read_block(columns[self._places.size])
        constant = self._places.constant_size
        if constant is None:
            constant = np.nan if self.target.data_type == DEFECTIVES else 1.0
        return [constant] * count

    def _numbers_hold(self, values: list[float], sizes: list[float]) -> bool:
        numbers = np.asarray(values)
        if self.target.data_type == BETWEEN:
            return bool((numbers >= 0).all())
        if not self.target.counts:
            return True
        n = np.asarray(sizes)
        if not ((numbers >= 0) & (numbers == np.floor(numbers))).all():
            return False
        if not (np.isfinite(n) & (n > 0)).all():
            return False
        if self.target.data_type != DEFECTIVES:
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

    def _whole_strata(self, columns: list[tuple[Any, ...]]) -> list[int] | None:
        """The codes of the factors' values; None without factors, or for a closer look."""
        if not self._places.factors:
            return None
        known = self.found.combinations
        found = list(zip(*(columns[column] for column, _name in self._places.factors), strict=True))
        for values in dict.fromkeys(found):
            if values in known:
                continue
            if not all(not value or _sound_label(value) for value in values):
                return None
            self._code_of(values)
        return [known[values] for values in found]

    def _code_of(self, values: tuple[str, ...]) -> int:
        """The number of a combination; beyond the limit they are no longer told apart."""
        if self.too_many_strata:
            return self.found.combinations.setdefault(values, 0)
        return self.found.combinations.setdefault(values, len(self.found.combinations))

    # --- The slow way ------------------------------------------------------------------------

    def _take_singly(self, first: int, rows: list[list[Any]]) -> None:
        values: list[float] = []
        others: list[list[float]] = []
        sizes: list[float] = []
        times: list[int] = []
        numbers: list[int] = []
        codes: list[int] = []
        strata: list[int] = []
        for row, cells in enumerate(rows, first):
            if _is_blank(cells):
                self.found.blank += 1
                continue
            try:
                found = self._read_row(row, cells)
            except RowRefused as no:
                name = self._places.name(no.column)
                self.found.refused += 1
                self.report.refuse(row, name, no.value, no.code, cells, **no.params)
                continue
            self.found.ready += 1
            label = self.found.labels.setdefault(found.label, len(self.found.labels))
            stratum = self._code_of(found.factors)
            read = found.values[:1] if self._places.together else found.values
            for value in read:
                values.append(value)
                sizes.append(found.size)
                times.append(found.time)
                numbers.append(row)
                codes.append(label)
                strata.append(stratum)
            others.append(found.values[1:])
        if values:
            together = others if self._places.together else None
            self.found.add(values, sizes, times, numbers, codes, strata, together)

    def _read_row(self, row: int, cells: list[Any]) -> RowRead:
        cells = self._squared(cells)
        time = self._read_time(row, cells)
        label = self._read_label(cells)
        factors = tuple(self._read_factor(cells, column) for column, _ in self._places.factors)
        size = self._read_size(cells)
        if self._places.from_times:
            values = [0.0]
        else:
            values = [self._read_value(cells, column, size) for column in self._places.values]
        if len(values) > 1 and not label and not self._places.together:
            label = str(row)
        return RowRead(values, size, time, label, factors)

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

    def _read_factor(self, cells: list[Any], column: int) -> str:
        """The value of a factor; none is allowed."""
        value = "".join(sign for sign in as_text(cells[column]) if sign.isprintable()).strip()
        if len(value) > LABEL_LENGTH:
            raise RowRefused(column, value, "factor_long", most=LABEL_LENGTH)
        return value

    def _read_size(self, cells: list[Any]) -> float:
        if not self.target.counts:
            return np.nan
        column = self._places.size
        if column is None:
            if self._places.constant_size is None and self.target.data_type == DEFECTIVES:
                raise RowRefused(-1, "", "size_missing")
            return 1.0 if self._places.constant_size is None else self._places.constant_size
        try:
            size = self._size_rule.read(cells[column])
        except BadNumber as error:
            code = "size_empty" if error.code == "empty" else error.code
            raise RowRefused(column, cells[column], code) from error
        if size <= 0:
            raise RowRefused(column, cells[column], "size_not_positive")
        if self.target.data_type == DEFECTIVES and size != int(size):
            raise RowRefused(column, cells[column], "size_not_whole")
        return size

    def _read_value(self, cells: list[Any], column: int, size: float) -> float:
        try:
            value = self._numbers.read(cells[column])
        except BadNumber as error:
            raise RowRefused(column, cells[column], error.code) from error
        if self.target.data_type == BETWEEN and value < 0:
            raise RowRefused(column, cells[column], "between_negative")
        if not self.target.counts:
            return value
        if value < 0:
            raise RowRefused(column, cells[column], "count_negative")
        if value != int(value):
            raise RowRefused(column, cells[column], "count_not_whole")
        if self.target.data_type == DEFECTIVES and value > size:
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
