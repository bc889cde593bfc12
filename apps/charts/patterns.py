"""From single broken rules to patterns: points in a row that break one rule are one pattern."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps import stats

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

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


def patterns_of(
    chart: stats.ControlChart, sequence: IntArray, time: FloatArray, last_sequence: IntArray
) -> tuple[tuple[Pattern, ...], int]:
    """The newest patterns of a chart in the order of their completion, and how many there are."""
    table = chart.signal_table
    borders = np.array([phase.start for phase in chart.phases])
    found: list[Pattern] = []
    total = 0
    for panel_number, panel_name in enumerate(table.panels):
        for rule_number, rule_name in enumerate(table.rules):
            rows = np.flatnonzero((table.panel == panel_number) & (table.rule == rule_number))
            if not len(rows):
                continue
            rows = rows[np.argsort(table.point[rows], kind="stable")]
            hits = Hits(table.point[rows], table.first[rows], table.side[rows])
            phase = np.searchsorted(borders, hits.point, side="right")
            panel = chart.panel(panel_name)
            run = is_run(rule_name)
            stretches = hits.stretches(phase)
            total += len(stretches)
            for begin, end in stretches[-MOST_PATTERNS:]:
                first, point = int(hits.first[begin]), int(hits.point[begin])
                last = int(hits.point[end])
                found.append(
                    Pattern(
                        panel=panel_name,
                        rule=rule_name,
                        side=stats_side(int(hits.side[begin])),
                        first=first,
                        point=point,
                        last=last,
                        sequence=int(sequence[first]),
                        last_sequence=int(last_sequence[last]),
                        started=_time(time[first]),
                        ended=_time(time[last]),
                        details=_details(panel, first, last, run),
                    )
                )
    found.sort(key=lambda pattern: (pattern.last, pattern.rule))
    return tuple(found[-MOST_PATTERNS:]), total


@dataclass(frozen=True, slots=True)
class Hits:
    """The completing points of one rule on one panel, in order."""

    point: IntArray
    first: IntArray
    side: IntArray

    def stretches(self, phase: IntArray) -> list[tuple[int, int]]:
        """First and last hit of each pattern: neighbours on one side, in one phase."""
        goes_on = (
            ((self.point[1:] == self.point[:-1] + 1) | (self.first[1:] <= self.point[:-1]))
            & (self.side[1:] == self.side[:-1])
            & (phase[1:] == phase[:-1])
        )
        begins = np.flatnonzero(np.concatenate(([True], ~goes_on)))
        ends = np.append(begins[1:], len(self.point)) - 1
        return list(zip(begins.tolist(), ends.tolist(), strict=True))


def stats_side(number: int) -> str:
    return ("", "above", "below")[number]


def is_run(rule: str) -> bool:
    """Whether a rule is about several points rather than one."""
    return any(one.key != "beyond" for one in resolved(rule))


def resolved(rule: str) -> tuple[stats.Rule, ...]:
    """The engine's rule of that name; empty for a name it no longer knows."""
    set_name, _colon, number = rule.partition(":")
    try:
        return tuple(one for one in stats.rule_set(set_name) if str(one.number) == number)
    except stats.StatsError:
        return ()


def _time(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _details(panel: stats.Panel, first: int, last: int, run: bool) -> dict[str, Any]:
    shown = panel.points[first : last + 1]
    shown = shown[np.isfinite(shown)]
    return {
        "run": run,
        "value": _time(panel.points[last]),
        "mean": float(shown.mean()) if len(shown) else None,
        "center": _time(panel.center[last]),
        "lcl": _time(panel.lcl[last]),
        "ucl": _time(panel.ucl[last]),
    }
