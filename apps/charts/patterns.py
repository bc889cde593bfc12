"""From single broken rules to patterns: points in a row that break one rule are one pattern.

Patterns are found from a point on. What lies before it is given as the pattern each rule left
open there, so that appended points cost what was appended; a whole chart begins at point 0 with
nothing open, by the same code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from apps import stats

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

Parts = Callable[[int], dict[str, Any]]

# A chart of a million noisy points may break rules ten thousand times; nobody explains those.
MOST_PATTERNS = 500


@dataclass(frozen=True, slots=True)
class Pattern:
    """One rule broken over a stretch: where it begins, is completed, and last holds."""

    panel: str
    rule: str
    side: str
    first: int
    point: int
    last: int
    sequence: int
    last_sequence: int
    started: float | None
    ended: float | None
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str, int]:
        return (self.panel, self.rule, self.side, self.sequence)

    @property
    def is_run(self) -> bool:
        """Whether it takes several points to break this rule."""
        return bool(self.details["run"])


@dataclass(frozen=True, slots=True)
class KnownPattern:
    """A stored pattern that lies too far back to change."""

    pk: int
    panel: str
    rule: str
    side: str
    first: int
    point: int
    last: int
    sequence: int

    @property
    def key(self) -> tuple[str, str, str, int]:
        return (self.panel, self.rule, self.side, self.sequence)

    @property
    def is_run(self) -> bool:
        return is_run(self.rule)


@dataclass(frozen=True, slots=True)
class Open:
    """The last pattern of one rule before a point, which the next points may prolong.

    `total` is the exact sum of its `count` points up to there, as floats that do not overlap.
    """

    panel: str
    rule: str
    side: int
    first: int
    point: int
    last: int
    sequence: int
    started: float | None
    total: tuple[float, ...]
    count: int

    @classmethod
    def read(cls, stored: dict[str, Any]) -> Open:
        return cls(**{**stored, "total": tuple(float(part) for part in stored["total"])})


@dataclass(frozen=True, slots=True)
class Before:
    """What was found before the point `at`: how many patterns, and the open one of each rule."""

    at: int = 0
    count: int = 0
    open: Mapping[tuple[str, str], Open] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Series:
    """The judged points from `offset` on, with what names them; positions are of the whole."""

    chart: stats.ControlChart
    sequence: IntArray
    last_sequence: IntArray
    time: FloatArray
    variables: Sequence[str] = ()
    offset: int = 0

    def values(self, panel: str, first: int, stop: int) -> FloatArray:
        points: FloatArray = self.chart.panel(panel).points
        return points[first - self.offset : stop - self.offset]


@dataclass(frozen=True, slots=True)
class Patterns:
    """The newest patterns in the order of their completion, how many there are in all, and what
    to know before the point asked for."""

    newest: tuple[Pattern, ...]
    total: int
    before: Before


def patterns_of(series: Series, before: Before, *, next_at: int) -> Patterns:
    """The patterns that hold at or after `before.at`.

    Where several variables are judged together, `details["parts"]` holds by how much the newest
    point of the pattern would lie lower without each of them, the largest first.
    """
    chart, offset = series.chart, series.offset
    table = chart.signal_table
    borders = np.array([phase.start for phase in chart.phases]) + offset
    reach = max((one.length for rule in table.rules for one in resolved(rule)), default=1)
    parts = _parts(chart, series.variables)
    found: list[Pattern] = []
    total, count = before.count, before.count
    still_open: dict[tuple[str, str], Open] = {}
    for panel_number, panel_name in enumerate(table.panels):
        for rule_number, rule_name in enumerate(table.rules):
            name = (panel_name, rule_name)
            rows = np.flatnonzero((table.panel == panel_number) & (table.rule == rule_number))
            rows = rows[np.argsort(table.point[rows], kind="stable")]
            rows = rows[table.point[rows] + offset >= before.at]
            rule = _OneRule(
                series,
                name,
                Hits(table.point[rows] + offset, table.first[rows] + offset, table.side[rows]),
                before.open.get(name),
                before.at,
            )
            groups = rule.groups(borders)
            total += len(groups) - rule.was_open
            found += [
                rule.pattern(*group, parts)
                for group in groups[-MOST_PATTERNS:]
                if rule.holds(group)
            ]
            early = rule.until(next_at)
            groups = early.groups(borders)
            count += len(groups) - rule.was_open
            if groups and early.last_point >= next_at - reach:
                still_open[name] = early.left_open(groups[-1], next_at)
    newest = in_order(found, table.panels)[-MOST_PATTERNS:]
    return Patterns(tuple(newest), total, Before(next_at, count, still_open))


AnyPattern = TypeVar("AnyPattern", bound=Pattern | KnownPattern)


def in_order(found: Iterable[AnyPattern], panels: Sequence[str]) -> list[AnyPattern]:
    """Patterns in the order of their completion."""
    order = {panel: number for number, panel in enumerate(panels)}
    return sorted(found, key=lambda each: (each.last, each.rule, order[each.panel]))


@dataclass(frozen=True, slots=True)
class Hits:
    """The completing points of one rule on one panel, in order."""

    point: IntArray
    first: IntArray
    side: IntArray

    def stretches(self, phase: IntArray) -> list[tuple[int, int]]:
        """First and last hit of each pattern: neighbours on one side, in one phase."""
        if not len(self.point):
            return []
        goes_on = (
            ((self.point[1:] == self.point[:-1] + 1) | (self.first[1:] <= self.point[:-1]))
            & (self.side[1:] == self.side[:-1])
            & (phase[1:] == phase[:-1])
        )
        begins = np.flatnonzero(np.concatenate(([True], ~goes_on)))
        ends = np.append(begins[1:], len(self.point)) - 1
        return list(zip(begins.tolist(), ends.tolist(), strict=True))


class _OneRule:
    """The hits of one rule on one panel, the open pattern before them as the first hit."""

    def __init__(
        self, series: Series, name: tuple[str, str], hits: Hits, open_: Open | None, at: int
    ) -> None:
        self.series, self.name, self.open, self.at = series, name, open_, at
        self.new = hits
        self.was_open = open_ is not None
        self.hits = hits
        if open_ is not None:
            ahead = (open_.last, open_.first, open_.side)
            self.hits = Hits(
                *(
                    np.concatenate(([value], column))
                    for value, column in zip(
                        ahead, (hits.point, hits.first, hits.side), strict=True
                    )
                )
            )

    @property
    def last_point(self) -> int:
        return int(self.hits.point[-1])

    def until(self, stop: int) -> _OneRule:
        early = self.new.point < stop
        hits = Hits(self.new.point[early], self.new.first[early], self.new.side[early])
        return _OneRule(self.series, self.name, hits, self.open, self.at)

    def groups(self, borders: IntArray) -> list[tuple[int, int]]:
        return self.hits.stretches(np.searchsorted(borders, self.hits.point, side="right"))

    def holds(self, group: tuple[int, int]) -> bool:
        """Whether the pattern has a hit of its own; the open one alone is known already."""
        return not (self.was_open and group == (0, 0))

    def _joined(self, begin: int) -> Open | None:
        return self.open if begin == 0 else None

    def _sum(self, begin: int, stop: int) -> tuple[tuple[float, ...], int]:
        """Exact sum and number of the pattern's points before `stop`."""
        joined = self._joined(begin)
        first = self.at if joined else int(self.hits.first[begin])
        shown = self.series.values(self.name[0], first, stop)
        shown = shown[np.isfinite(shown)]
        total, count = (joined.total, joined.count) if joined else ((), 0)
        return exact_sum((*total, *shown.tolist())), count + len(shown)

    def left_open(self, group: tuple[int, int], stop: int) -> Open:
        begin, end = group
        joined = self._joined(begin)
        first = joined.first if joined else int(self.hits.first[begin])
        total, count = self._sum(begin, stop)
        return Open(
            *self.name,
            side=int(self.hits.side[begin]),
            first=first,
            point=joined.point if joined else int(self.hits.point[begin]),
            last=int(self.hits.point[end]),
            sequence=joined.sequence if joined else self._sequence(first),
            started=joined.started if joined else self._time(first),
            total=total,
            count=count,
        )

    def pattern(self, begin: int, end: int, parts: Parts) -> Pattern:
        joined = self._joined(begin)
        first = joined.first if joined else int(self.hits.first[begin])
        last = int(self.hits.point[end])
        panel = self.series.chart.panel(self.name[0])
        total, count = self._sum(begin, last + 1)
        place = last - self.series.offset
        return Pattern(
            *self.name,
            side=stats_side(int(self.hits.side[begin])),
            first=first,
            point=joined.point if joined else int(self.hits.point[begin]),
            last=last,
            sequence=joined.sequence if joined else self._sequence(first),
            last_sequence=int(self.series.last_sequence[place]),
            started=joined.started if joined else self._time(first),
            ended=self._time(last),
            details={
                "run": is_run(self.name[1]),
                "value": _finite(panel.points[place]),
                "mean": _mean(total, count),
                "center": _finite(panel.center[place]),
                "lcl": _finite(panel.lcl[place]),
                "ucl": _finite(panel.ucl[place]),
            }
            | parts(place),
        )

    def _sequence(self, point: int) -> int:
        return int(self.series.sequence[point - self.series.offset])

    def _time(self, point: int) -> float | None:
        return _finite(self.series.time[point - self.series.offset])


def exact_sum(values: Iterable[float]) -> tuple[float, ...]:
    """Floats whose sum is that of the values without any rounding; largest first.

    So a sum that was interrupted goes on as if it had not been.

    >>> exact_sum([1e16, 1.0, 1e-9])
    (1e+16, 1.000000001, -8.274037099909037e-17)
    """
    left = list(values)
    parts: list[float] = []
    try:
        while part := math.fsum(left):
            parts.append(part)
            left.append(-part)
    except OverflowError:
        return (math.inf,)
    return tuple(parts)


def _mean(total: Sequence[float], count: int) -> float | None:
    return _finite(math.fsum(total) / count) if count else None


def stats_side(number: int) -> str:
    return ("", "above", "below")[number]


def is_run(rule: str) -> bool:
    """Whether a rule is about several points rather than one."""
    return any(one.key != "beyond" for one in resolved(rule))


@cache
def resolved(rule: str) -> tuple[stats.Rule, ...]:
    """The engine's rule of that name; empty for a name it no longer knows."""
    set_name, _colon, number = rule.partition(":")
    try:
        return tuple(one for one in stats.rule_set(set_name) if str(one.number) == number)
    except stats.StatsError:
        return ()


def _parts(chart: stats.ControlChart, variables: Sequence[str]) -> Parts:
    """For a point that signals: what each variable contributes to it."""
    told = {
        entry["point"]: entry["contributions"]
        for entry in chart.details.get("signals", ())
        if "contributions" in entry
    }

    def of(point: int) -> dict[str, Any]:
        if point not in told:
            return {}
        pairs = zip(variables, told[point], strict=True)
        return {"parts": sorted(map(list, pairs), key=lambda pair: -pair[1])}

    return of


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
