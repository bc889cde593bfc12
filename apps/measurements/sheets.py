"""The data sheet: which columns a characteristic asks for, and what was typed into them.

A row is one observation, or one subgroup where so many values in a row make one. What was typed
is read by the same grammar as a file; each cell that cannot be read is named with its reason.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from django.utils.translation import gettext as _

from apps.measurements.choices import COUNTED_TYPES, DataType, Subgrouping
from apps.measurements.models import Characteristic, Stratum
from apps.measurements.reader.numbers import BadNumber, NumberRule
from apps.measurements.reader.times import AHEAD, EPOCH, MICROSECOND, BadTime, TimeRule
from apps.measurements.wording.sheet import cell_words

MOST_ROWS = 500
LONGEST_CELL = 100
LABEL_LENGTH = FACTOR_LENGTH = 64
KNOWN_VALUES = 200
CLOCK_ONLY = re.compile(r"\d{1,2}:\d{2}(:\d{2})?", re.ASCII)

Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the sheet. `counted`: each filled cell of it is an observation."""

    key: str
    kind: Literal["time", "number", "text", "factor"]
    label: str
    required: bool = True
    counted: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A cell that cannot be stored, or (a warning) one that is stored as said."""

    row: int
    key: str
    code: str
    what: str
    remedy: str
    warning: bool = False

    @property
    def text(self) -> str:
        return _("%(what)s. %(remedy)s") % {"what": self.what, "remedy": self.remedy}


@dataclass(slots=True)
class Sheet:
    """The rows that were filled in; `rows` says in which row of the sheet each value stands."""

    rows: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    sizes: list[float | None] = field(default_factory=list)
    subgroups: list[str] = field(default_factory=list)
    times: list[dt.datetime] = field(default_factory=list)
    others: list[list[float]] = field(default_factory=list)
    factors: list[dict[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if not problem.warning]


# --- Columns ----------------------------------------------------------------------------------


def columns_of(characteristic: Characteristic) -> list[Column]:
    """What a row asks for, in the order of the sheet."""
    columns = [Column("time", "time", _("Time"), required=False)]
    if characteristic.subgrouping == Subgrouping.COLUMN:
        columns.append(Column("subgroup", "text", _("Subgroup")))
    columns += _number_columns(characteristic)
    known = _known_values(characteristic)
    columns += [
        Column(f"f{place}", "factor", name, required=False, choices=tuple(known.get(name, ())))
        for place, name in enumerate(characteristic.factors)
    ]
    return columns


def _number_columns(characteristic: Characteristic) -> list[Column]:
    unit = characteristic.unit
    if characteristic.data_type == DataType.SEVERAL:
        return [
            Column(f"n{place}", "number", name, counted=place == 0)
            for place, name in enumerate(characteristic.variables)
        ]
    if characteristic.data_type == DataType.DEFECTIVES:
        return [
            Column("n0", "number", _("Defective units"), counted=True),
            Column("size", "number", _("Sample size")),
        ]
    if characteristic.data_type == DataType.DEFECTS:
        return [
            Column("n0", "number", _("Defects"), counted=True),
            Column("size", "number", _("Units or area"), required=False),
        ]
    size = characteristic.subgroup_size
    if characteristic.subgrouping == Subgrouping.FIXED and size:
        return [
            Column(f"n{place}", "number", _("Value %(n)d") % {"n": place + 1}, counted=True)
            for place in range(size)
        ]
    label = _("Value, %(unit)s") % {"unit": unit} if unit else _("Value")
    return [Column("n0", "number", label, counted=True)]


def _known_values(characteristic: Characteristic) -> dict[str, list[str]]:
    """The values each factor has had so far."""
    if not characteristic.factors:
        return {}
    found: dict[str, set[str]] = {}
    strata = Stratum.objects.filter(characteristic=characteristic).order_by("-pk")
    for values in strata.values_list("values", flat=True)[:KNOWN_VALUES]:
        for name, value in values.items():
            found.setdefault(name, set()).add(str(value))
    return {name: sorted(values) for name, values in found.items()}


# --- Reading ----------------------------------------------------------------------------------


def read_sheet(
    characteristic: Characteristic, typed: Sequence[Typed], *, decimal: str, now: dt.datetime
) -> Sheet:
    """What was typed as numbers, times and labels; rows without any value are passed over."""
    reading = _Reading(characteristic, NumberRule(decimal=decimal), now)
    for number, row in enumerate(typed):
        reading.take(number, row)
    reading.check_whole()
    return reading.sheet


def is_blank(row: Typed) -> bool:
    """Whether nothing but the time and the factors is filled in: these may stand there already."""
    return not any(
        text.strip() for key, text in row.items() if key[:1] in {"n", "s"} and isinstance(text, str)
    )


def digest_of(typed: Sequence[Typed], decimal: str) -> str:
    """SHA-256 of what was typed, without the rows left empty."""
    filled = [dict(sorted(row.items())) for row in typed if not is_blank(row)]
    text = json.dumps([decimal, filled], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class _Reading:
    """One pass over the rows."""

    def __init__(
        self, characteristic: Characteristic, numbers: NumberRule, now: dt.datetime
    ) -> None:
        self.characteristic = characteristic
        self.columns = columns_of(characteristic)
        self.numbers, self.now = numbers, now
        self.times = TimeRule(zone_name=characteristic.zone.key)
        self.sheet = Sheet()

    def take(self, number: int, row: Typed) -> None:
        if is_blank(row):
            return
        before = len(self.sheet.errors)
        cells = {column.key: self._cell(number, column, row) for column in self.columns}
        if len(self.sheet.errors) > before:
            return
        self._check_counts(number, cells)
        if len(self.sheet.errors) > before:
            return
        self._add(number, cells)

    def _cell(self, number: int, column: Column, row: Typed) -> object:
        text = str(row.get(column.key) or "").strip()
        if len(text) > LONGEST_CELL:
            self._wrong(number, column.key, "cell_long", most=LONGEST_CELL)
            return None
        if column.kind == "time":
            return self._time(number, text)
        if column.kind == "number":
            return self._number(number, column, text)
        return self._text(number, column, text)

    def _number(self, number: int, column: Column, text: str) -> float | None:
        if not text:
            if column.required:
                self._wrong(number, column.key, "size_empty" if column.key == "size" else "empty")
            return None
        try:
            return self.numbers.read(text)
        except BadNumber as error:
            self._wrong(number, column.key, error.code)
            return None

    def _time(self, number: int, text: str) -> dt.datetime:
        """Now where nothing is given; a clock reading alone is of today."""
        if not text:
            return self.now
        if CLOCK_ONLY.fullmatch(text):
            today = self.now.astimezone(self.characteristic.zone).date()
            text = f"{today.isoformat()} {text}"
        try:
            us, twice = self.times.read(text)
        except BadTime as error:
            self._wrong(number, "time", error.code)
            return self.now
        moment = EPOCH + us * MICROSECOND
        if moment > self.now + AHEAD:
            self._wrong(number, "time", "time_ahead")
        if twice:
            self._wrong(number, "time", "time_fold", warning=True)
        return moment

    def _text(self, number: int, column: Column, text: str) -> str:
        if not text and column.required:
            self._wrong(number, column.key, "label_empty")
        if len(text) > LABEL_LENGTH:
            code = "label_long" if column.kind == "text" else "factor_long"
            self._wrong(number, column.key, code, most=LABEL_LENGTH)
        if not text.isprintable():
            self._wrong(number, column.key, "not_text")
        return text

    def _check_counts(self, number: int, cells: Mapping[str, object]) -> None:
        value, size = cells.get("n0"), cells.get("size")
        data_type = self.characteristic.data_type
        if not isinstance(value, float):
            return
        if data_type == DataType.BETWEEN and value < 0:
            self._wrong(number, "n0", "negative_between")
        if data_type not in COUNTED_TYPES:
            return
        if value < 0:
            self._wrong(number, "n0", "count_negative")
        elif value != int(value):
            self._wrong(number, "n0", "count_not_whole")
        if isinstance(size, float):
            self._check_size(number, value, size)

    def _check_size(self, number: int, value: float, size: float) -> None:
        if size <= 0:
            self._wrong(number, "size", "size_not_positive")
        elif self.characteristic.data_type == DataType.DEFECTIVES:
            if size != int(size):
                self._wrong(number, "size", "size_not_whole")
            elif value > size:
                self._wrong(number, "n0", "count_exceeds_size", size=f"{size:g}")

    def check_whole(self) -> None:
        """A size stands in every row or in none: without it a count is one of a whole unit."""
        sizes = self.sheet.sizes
        if any(size is not None for size in sizes):
            for number, size in zip(self.sheet.rows, sizes, strict=True):
                if size is None:
                    self._wrong(number, "size", "size_empty")

    def _add(self, number: int, cells: Mapping[str, object]) -> None:
        sheet, several = self.sheet, self.characteristic.data_type == DataType.SEVERAL
        numbers = [
            value
            for column in self.columns
            if column.key.startswith("n") and isinstance(value := cells[column.key], float)
        ]
        size, time = cells.get("size"), cells["time"]
        factors = {
            column.label: str(cells[column.key])
            for column in self.columns
            if column.kind == "factor" and cells[column.key]
        }
        for value in numbers[:1] if several else numbers:
            sheet.rows.append(number)
            sheet.values.append(value)
            sheet.sizes.append(size if isinstance(size, float) else None)
            sheet.subgroups.append(str(cells.get("subgroup") or ""))
            sheet.times.append(time if isinstance(time, dt.datetime) else self.now)
            sheet.others.append(numbers[1:] if several else [])
            sheet.factors.append(factors)

    def _wrong(
        self, number: int, key: str, code: str, *, warning: bool = False, **params: object
    ) -> None:
        what, remedy = cell_words(code, params)
        self.sheet.problems.append(Problem(number, key, code, what, remedy, warning))
