"""What each column is taken for, with the reason; a person may change every guess."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from dataclasses import dataclass, field
from typing import Any

from apps.measurements.reader.findings import as_text, cut
from apps.measurements.reader.jobs import (
    BETWEEN,
    BY_COLUMN,
    DEFECTIVES,
    EVENTS,
    FACTOR,
    FIXED,
    SEVERAL,
    SIZE,
    SKIP,
    SUBGROUP,
    TIME,
    VALUE,
    Job,
    Target,
    target_of,
)
from apps.measurements.reader.numbers import (
    CLOCK,
    HOURS,
    MINUTES,
    PERCENT,
    PLAIN,
    RATIO,
    SECONDS_IN,
    BadNumber,
    NumberRule,
)
from apps.measurements.reader.times import DMY, MDY, ORDERS, PATTERNS, YMD

VALUE_WORDS = re.compile(
    r"value|measure|result|reading|wert|count|defect|fault|error|nonconform|reject|^[dcx]$"
    r"|值|數|数|不良|缺陷|缺點|缺点|不合格",
    re.IGNORECASE,
)
SIZE_WORDS = re.compile(
    r"^n$|size|units|inspected|checked|area|opportunit|total|trials|樣本|样本|面積|面积|檢驗|检验|總數|总数",
    re.IGNORECASE,
)
GROUP_WORDS = re.compile(
    r"subgroup|sample|batch|^lot|group|shift|樣本|样本|批|組|组|班", re.IGNORECASE
)
HALF = 0.5


@dataclass
class Column:
    """One column of the file: what it holds in the rows looked at, and what it is taken for."""

    index: int
    name: str
    cells: list[Any]
    role: str = SKIP
    why: str = "not_needed"
    why_params: dict[str, Any] = field(default_factory=dict)
    sure: bool = True
    numeric: float = 0.0
    times: dict[str, float] = field(default_factory=dict)

    @property
    def filled(self) -> list[Any]:
        return [cell for cell in self.cells if as_text(cell).strip()]

    def take(self, role: str, why: str, *, sure: bool = True, **params: Any) -> None:
        self.role, self.why, self.why_params, self.sure = role, why, params, sure

    def as_json(self) -> dict[str, Any]:
        samples: list[str] = []
        for cell in self.filled:
            text = cut(as_text(cell))
            if text not in samples:
                samples.append(text)
            if len(samples) == 3:
                break
        return {
            "index": self.index,
            "name": self.name,
            "samples": samples,
            "role": self.role,
            "why": {"code": self.why, "params": self.why_params},
            "sure": self.sure,
        }


@dataclass(frozen=True)
class Rules:
    """How numbers and times are written in this file, and which of it is only a guess."""

    number: NumberRule
    date_order: str
    guesses: list[dict[str, Any]]
    # The way of writing of each other characteristic's column, by its key.
    others: dict[str, NumberRule] = field(default_factory=dict)

    def number_of(self, target: Target) -> NumberRule:
        return self.others[target.key] if target.key else self.number


def measure(columns: list[Column], rule: NumberRule) -> None:
    """How much of each column reads as numbers, and as times in each order."""
    for column in columns:
        filled = column.filled
        if not filled:
            continue
        column.numeric = sum(reads(rule, cell) for cell in filled) / len(filled)
        column.times = {
            order: sum(is_time(cell, order) for cell in filled) / len(filled) for order in ORDERS
        }


def find_rules(columns: list[Column], job: Job, delimiter: str) -> Rules:
    """Decimal mark, thousands separator, way of writing and order of dates."""
    guesses: list[dict[str, Any]] = []
    chosen = job.reading
    wanted = _columns_of_numbers(columns, job)
    decimal, thousands, sure = _marks(_texts_for_rules(wanted), delimiter)
    if "decimal" in chosen:
        decimal, thousands = chosen["decimal"], chosen.get("thousands", "")
    elif not sure:
        guesses.append({"code": "marks", "params": {"decimal": decimal, "thousands": thousands}})

    def rule(way: str, unit: str) -> NumberRule:
        return NumberRule(decimal=decimal, thousands=thousands, format=way, unit=unit)

    texts, unit = _texts_for_rules(_columns_of(wanted, job.target, job)), job.target.unit
    way, way_sure = _format(texts, unit)
    if "format" in chosen:
        way = chosen["format"]
        if way in {MINUTES, HOURS} and unit not in SECONDS_IN:
            way = PLAIN
    elif not way_sure:
        guesses.append(_format_guess(way, texts, rule(way, unit)))
    others = {}
    for other in job.others:
        texts = _texts_for_rules(_columns_of(wanted, other, job))
        found, _sure = _format(texts, other.unit) if texts else (PLAIN, True)
        others[other.key] = rule(found, other.unit)
        if found != PLAIN:
            guesses.append(_format_guess(found, texts, others[other.key]))
    order, order_sure = _date_order(columns)
    if "date_order" in chosen:
        order = chosen["date_order"]
    elif not order_sure:
        guesses.append({"code": "date_order", "params": {"order": order}})
    return Rules(number=rule(way, unit), date_order=order, guesses=guesses, others=others)


def _format_guess(way: str, texts: list[str], rule: NumberRule) -> dict[str, Any]:
    """The way of writing, shown on a text of the file and what it is read as."""
    sample = next((text for text in texts if reads(rule, text)), "")
    value = f"{rule.read(sample):.6g}" if sample else ""
    return {"code": "format", "params": {"format": way, "sample": sample, "value": value}}


def find_roles(columns: list[Column], job: Job, date_order: str) -> None:
    """Give every column its role: the chosen one, or the best guess."""
    chosen, target = job.chosen_roles, job.target
    if chosen:
        for column in columns:
            role = chosen.get(column.index, SKIP)
            if role[:1].isdigit() and target_of(role, job.targets) is None:
                column.take(SKIP, "other_gone", sure=False)
            elif job.profile:
                column.take(role, "profile", name=job.profile)
            else:
                column.take(role, "chosen")
        return
    _find_time(columns, date_order)
    _find_factors(columns, job.targets)
    _find_others(columns, job)
    if target.data_type == SEVERAL:
        _find_variables(columns, target)
    else:
        _find_values(columns, target)
    if target.data_type == BETWEEN and not any(column.role == VALUE for column in columns):
        _find_events(columns, target)
    if target.counts:
        _find_size(columns, target)
    if target.subgrouping == BY_COLUMN:
        _find_subgroup(columns)
    for column in columns:
        if column.role == SKIP and column.why == "not_needed":
            _describe(column)


def _find_factors(columns: list[Column], targets: list[Target]) -> None:
    """Columns that bear the name of a factor."""
    names = list(dict.fromkeys(name for target in targets for name in target.factors))
    for name in names:
        for column in columns:
            if column.role == SKIP and _same_name(column.name, name):
                column.take(f"{FACTOR}{name}", "same_name", name=name)
                break


def _find_others(columns: list[Column], job: Job) -> None:
    """Columns that bear the name or the code of another characteristic.

    Only where the first one has a column of its own name as well: else the file may hold one
    series under a name that happens to be another's.
    """
    own = _words_of(job.target)
    if not any(column.name.strip().casefold() in own for column in columns):
        return
    for other in job.others:
        words = _words_of(other) - own
        for column in columns:
            if (
                other.data_type not in {DEFECTIVES, SEVERAL}
                and column.role == SKIP
                and column.numeric >= HALF
                and column.name.strip().casefold() in words
            ):
                column.take(other.role(VALUE), "other_name", sure=False, name=other.name)
                break


def _words_of(target: Target) -> set[str]:
    names = (target.name, target.code, *target.variables)
    return {name.strip().casefold() for name in names if name.strip()}


def _find_variables(columns: list[Column], target: Target) -> None:
    """By name; else, when there are just as many columns of numbers, in their order."""
    free = [column for column in columns if column.role == SKIP and column.numeric >= HALF]
    roles = target.value_roles
    named = [
        next((column for column in free if _same_name(column.name, name)), None)
        for name in target.variables
    ]
    if all(named):
        for column, role, name in zip(named, roles, target.variables, strict=True):
            if column is not None:
                column.take(role, "same_name", name=name)
        return
    measured = [column for column in free if not _is_index(column)]
    for found in (measured, free):
        if len(found) == len(roles):
            for column, role, name in zip(found, roles, target.variables, strict=True):
                column.take(role, "in_order", sure=False, name=name)
            return


def _find_events(columns: list[Column], target: Target) -> None:
    """No column of values: the times of the events themselves say how far apart they are."""
    for column in columns:
        if column.role == TIME and target.unit in SECONDS_IN:
            column.take(EVENTS, "events", sure=False)
            return


def _find_time(columns: list[Column], order: str) -> None:
    for column in columns:
        if column.times.get(order, 0.0) > HALF:
            count = sum(is_time(cell, order) for cell in column.filled)
            column.take(TIME, "times", count=count, total=len(column.cells))
            return


def _find_values(columns: list[Column], target: Target) -> None:
    free = [column for column in columns if column.role == SKIP and column.numeric >= HALF]
    wide = _wide(free, target)
    if wide:
        for column in wide:
            column.take(VALUE, "wide", sure=False, count=len(wide))
        return
    if not free:
        _find_doubtful_value(columns, target)
        return
    named = [column for column in free if column.name.strip().casefold() in _words_of(target)]
    worded = [
        column
        for column in free
        if VALUE_WORDS.search(column.name) and not SIZE_WORDS.search(column.name)
    ]
    measured = [column for column in free if not _is_index(column)]
    best = (named or worded or measured or free)[0]
    count = round(best.numeric * len(best.filled))
    only = len(measured) == 1 or bool(named or worded)
    best.take(VALUE, "numbers", sure=only, count=count, total=len(best.cells))


def _find_doubtful_value(columns: list[Column], target: Target) -> None:
    """A column that is named for it, or the only one, though few of its cells are numbers."""
    for column in columns:
        named = _same_name(column.name, target.name) or VALUE_WORDS.search(column.name)
        if column.role == SKIP and column.numeric > 0 and (named or len(columns) == 1):
            count = round(column.numeric * len(column.filled))
            column.take(VALUE, "numbers", sure=False, count=count, total=len(column.cells))
            return


def _wide(columns: list[Column], target: Target) -> list[Column]:
    """Columns such as x1 … x5: a subgroup in each row."""
    if target.subgrouping != FIXED or not target.subgroup_size:
        return []
    by_stem: dict[str, list[Column]] = {}
    for column in columns:
        found = re.fullmatch(r"(.*?)[ _.-]?(\d{1,3})", column.name)
        if found:
            by_stem.setdefault(found.group(1).lower(), []).append(column)
    for family in by_stem.values():
        if len(family) == target.subgroup_size:
            return family
    return []


def _find_size(columns: list[Column], target: Target) -> None:
    value = next((column for column in columns if column.role == VALUE), None)
    free = [column for column in columns if column.role == SKIP and column.numeric > HALF]
    worded = [column for column in free if SIZE_WORDS.search(column.name)]
    if worded:
        worded[0].take(SIZE, "size_name")
    elif target.data_type == DEFECTIVES and value is not None:
        larger = [column for column in free if _never_below(column, value)]
        if larger:
            larger[0].take(SIZE, "size_larger", sure=False)


def _find_subgroup(columns: list[Column]) -> None:
    free = [column for column in columns if column.role == SKIP and column.filled]
    worded = [column for column in free if GROUP_WORDS.search(column.name)]
    repeated = [column for column in free if 1 < len(_distinct(column)) < len(column.filled)]
    for found, sure in ((worded, True), (repeated, False)):
        if found:
            count = len(_distinct(found[0]))
            found[0].take(SUBGROUP, "distinct", sure=sure, count=count)
            return


def _describe(column: Column) -> None:
    empty = len(column.cells) - len(column.filled)
    if empty > len(column.cells) * HALF:
        column.take(SKIP, "mostly_empty", count=empty, total=len(column.cells))
    else:
        column.take(SKIP, "distinct", count=len(_distinct(column)))


def _distinct(column: Column) -> set[str]:
    return {as_text(cell) for cell in column.filled}


def _same_name(name: str, characteristic: str) -> bool:
    return bool(name) and name.strip().casefold() == characteristic.strip().casefold()


def _is_index(column: Column) -> bool:
    """1, 2, 3, … or 1, 1, 1, 2, 2, 2, …: a number of the row or of the sample."""
    try:
        numbers = [float(as_text(cell)) for cell in column.filled]
    except ValueError:
        return False
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    return len(numbers) > 2 and 1.0 in steps and steps <= {0.0, 1.0}


def _never_below(column: Column, value: Column) -> bool:
    pairs = zip(column.cells, value.cells, strict=False)
    try:
        return all(
            float(as_text(size)) >= float(as_text(count))
            for size, count in pairs
            if as_text(size).strip() and as_text(count).strip()
        )
    except ValueError:
        return False


def reads(rule: NumberRule, cell: object) -> bool:
    try:
        rule.read(cell)
    except BadNumber:
        return False
    return True


def is_time(cell: object, order: str) -> bool:
    if isinstance(cell, dt.date):
        return True
    return isinstance(cell, str) and PATTERNS[order].fullmatch(cell.strip()) is not None


def _columns_of_numbers(columns: list[Column], job: Job) -> list[Column]:
    """The columns that are read as numbers, as chosen; all that hold no times, if none is."""
    chosen = job.chosen_roles
    wanted = [
        column
        for column in columns
        if target_of(chosen.get(column.index, SKIP), job.targets) is not None
        and not chosen[column.index].endswith(EVENTS)
    ]
    if wanted or chosen:
        return wanted
    return [
        column for column in columns if max(_share_of_times(column).values(), default=0.0) < HALF
    ]


def _columns_of(columns: list[Column], target: Target, job: Job) -> list[Column]:
    """Those of them that belong to one characteristic; before anything is chosen, to the first."""
    chosen = job.chosen_roles
    if not chosen:
        return [] if target.key else columns
    roles = set(target.value_roles)
    return [column for column in columns if chosen.get(column.index) in roles]


def _texts_for_rules(columns: list[Column]) -> list[str]:
    """Texts that look like numbers of some kind."""
    return [
        cell.strip()
        for column in columns
        for cell in column.cells
        if isinstance(cell, str) and re.fullmatch(r"[+-]?[\d.,: \u00a0'%]*\d[\d.,%]*", cell.strip())
    ]


def _share_of_times(column: Column) -> dict[str, float]:
    filled = column.filled
    return {
        order: sum(is_time(cell, order) for cell in filled) / max(len(filled), 1)
        for order in ORDERS
    }


def _marks(texts: list[str], delimiter: str) -> tuple[str, str, bool]:
    """Decimal mark, thousands separator, and whether the texts leave no doubt."""
    both = [text for text in texts if "." in text and "," in text]
    if both:
        decimal = "." if both[0].rindex(".") > both[0].rindex(",") else ","
        return decimal, "," if decimal == "." else ".", True
    commas = [text for text in texts if "," in text]
    points = [text for text in texts if "." in text]
    spaced = any(re.search(r"\d[ \u00a0]\d{3}", text) for text in texts)
    if commas and not points:
        grouped = all(re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+%?", text) for text in commas)
        if not grouped:
            return ",", " " if spaced else "", True
        return (",", "", False) if delimiter == ";" else (".", ",", False)
    if any(re.fullmatch(r"[+-]?\d{1,3}(\.\d{3}){2,}%?", text) for text in points):
        return ",", ".", False
    return ".", " " if spaced else "", not (commas and points)


def _format(texts: list[str], unit: str) -> tuple[str, bool]:
    clocks = [text for text in texts if CLOCK.fullmatch(text)]
    if clocks and len(clocks) >= len(texts) * HALF and unit.strip().lower() in SECONDS_IN:
        long = SECONDS_IN[unit.strip().lower()] > 60
        return (HOURS if long else MINUTES), all(text.count(":") == 2 for text in clocks)
    percents = [text for text in texts if text.endswith("%")]
    if percents and len(percents) >= len(texts) * HALF:
        return (PERCENT, True) if unit.strip() == "%" else (RATIO, False)
    return PLAIN, True


def _date_order(columns: list[Column]) -> tuple[str, bool]:
    best, sure = YMD, True
    for column in columns:
        shares = _share_of_times(column)
        if shares[YMD] >= HALF:
            return YMD, True
        if max(shares[DMY], shares[MDY]) < HALF:
            continue
        firsts, seconds = _first_two(column)
        if any(number > 12 for number in firsts):
            return DMY, True
        if any(number > 12 for number in seconds):
            return MDY, True
        best, sure = DMY, False
    return best, sure


def _first_two(column: Column) -> tuple[list[int], list[int]]:
    found = [
        re.match(r"(\d{1,2})[./-](\d{1,2})[./-]", cell.strip())
        for cell in column.filled
        if isinstance(cell, str)
    ]
    pairs = [(int(match.group(1)), int(match.group(2))) for match in found if match]
    return [first for first, _ in pairs], [second for _, second in pairs]
