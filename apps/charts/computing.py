"""From values and settings to everything a chart shows; no database and no clock.

`recompute` reads what goes in and stores what comes out. Numbers are kept in the unit of the
data; what does not exist is None, so that the results can be stored as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from apps import stats
from apps.charts.carried import Carried, carried_of, goes_on
from apps.charts.choices import (
    SUBGROUP_KINDS,
)
from apps.charts.columns import Columns, chained, line, number_or_none, numbers
from apps.charts.decimation import POINTS_SHOWN, extremes, stretch_width
from apps.charts.figures import (
    beyond,
    capability_figures,
    comparison_figures,
    phase_figures,
)
from apps.charts.judging import (
    POINTS_IN_BLOCK,
    ChartSetting,
    Judged,
    Points,
    base_of,
    engine_chart,
    is_grouped_by_label,
    phases_of,
    points_of,
)
from apps.charts.patterns import (
    MOST_PATTERNS,
    Before,
    KnownPattern,
    Pattern,
)
from apps.charts.stratifying import factor_figures
from apps.measurements.selectors import Snapshot

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

POINTS_ON_WALL = 30
# Over how many points the expected share of false alarms is stated.
FALSE_ALARM_POINTS = 100
# Notices of the engine about single points: said once, of the whole chart, and last.
OF_POINTS = ("large_ranges", "single_subgroups")


@dataclass(frozen=True)
class Blocks(Sequence[dict[str, Any]]):
    """The blocks of the points from `first` on, each packed when it is asked for.

    As lists, all blocks at once take several times the memory of their columns, which begin with
    point `offset`.
    """

    columns: Columns
    first: int = 0
    offset: int = 0

    @property
    def _begins(self) -> range:
        return range(self.first, self.offset + len(self.columns), POINTS_IN_BLOCK)

    def __len__(self) -> int:
        return len(self._begins)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...

    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(index, slice):
            return [self._packed(begin) for begin in self._begins[index]]
        return self._packed(self._begins[index])

    def _packed(self, begin: int) -> dict[str, Any]:
        at = begin - self.offset
        points = self.columns.part(slice(at, at + POINTS_IN_BLOCK))
        return {"count": len(points)} | points.packed()


@dataclass(frozen=True, slots=True)
class Computed:
    """What is stored for a pair of versions. `problem` says why there is no chart.

    `blocks` begin with number `blocks_from`, and `sequences` with point `offset`: of a result
    that was carried on only the last ones are new.
    """

    n_points: int
    n_observations: int
    summary: dict[str, Any]
    content: dict[str, Any]
    blocks: Sequence[dict[str, Any]] = ()
    overview: dict[str, Any] | None = None
    patterns: tuple[Pattern, ...] = ()
    sequences: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    digest: str = ""
    carried: Carried | None = None
    blocks_from: int = 0
    offset: int = 0

    @property
    def problem(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.content.get("problem")
        return found


def compute(setting: ChartSetting, data: Snapshot) -> Computed:
    """Everything the chart shows; data that gives no chart gives a result with a problem."""
    try:
        return _computed(setting, data)
    except stats.StatsError as error:
        content = {"kind": setting.kind, "rules": list(setting.rules), "problem": plain(error)}
        return Computed(
            n_points=0,
            n_observations=len(data.values),
            summary={"problem": plain(error)},
            content=content,
        )


def plain(message: stats.StatsError | stats.Notice) -> dict[str, Any]:
    """Code and figures of an error or a notice, and the English sentence for the record."""
    return {"code": message.code, "params": dict(message.params), "text": str(message)}


def _computed(setting: ChartSetting, data: Snapshot) -> Computed:
    points = points_of(setting, data)
    phases = phases_of(setting, points)
    chart = engine_chart(setting, data, points, phases)
    judged = Judged(chart, points, data)
    patterns = judged.patterns(Before())
    stretches = judged.stretches()
    newest = chart.phases[-1]
    last = stretches[-1].settled()
    settled = [*stretches[:-1], last]
    content = {
        "kind": setting.kind,
        "rules": list(chart.rules),
        "estimator": chart.estimator,
        "panels": [panel.name for panel in chart.panels],
        "phases": [
            _phase(chart, number, points) | phase_figures(setting.kind, stretch)
            for number, stretch in enumerate(settled)
        ],
        "false_alarms": stats.false_alarm_rate(chart.rules, FALSE_ALARM_POINTS).rate,
        "warnings": warnings_of(
            [plain(notice) for notice in (*chart.warnings, *_of_data(data))],
            chart.kind,
            int(np.count_nonzero(chart.panels[0].sizes == 1)),
            patterns.total,
        ),
        "excluded": [int(s) for s in points.sequence[points.excluded]],
        "settings": dict(chart.settings),
        "specification": {"lsl": data.lsl, "target": data.target, "usl": data.usl},
    }
    if data.variables:
        content["variables"] = list(data.variables)
    if points.factors:
        content["factors"] = factor_figures(setting.kind, points.factors, data, stretches[-1])
    stable = not alarmed(patterns.newest, newest.start)
    content |= capability_figures(setting.kind, data, last, newest.sigma, newest.df, stable=stable)
    if content.get("capability"):
        content["beyond"] = [beyond(each.values, data.lsl, data.usl) for each in settled]
    content["comparison"] = (
        comparison_figures(setting.kind, settled[0], last) if len(settled) > 1 else None
    )
    columns = judged.columns
    digest, base_digest = digests(columns, b"", 0, base_of(judged.n_points))
    return Computed(
        n_points=judged.n_points,
        n_observations=int(np.isfinite(data.values).sum()),
        summary=summary_of(judged, patterns.newest),
        content=content,
        blocks=Blocks(columns),
        overview=overview_of(None, columns, content["phases"], patterns.newest),
        patterns=patterns.newest,
        sequences=points.sequence,
        digest=digest,
        carried=(
            carried_of(judged, patterns.before, base_digest, by_label=is_grouped_by_label(setting))
            if goes_on(setting, judged)
            else None
        ),
    )


def _of_data(data: Snapshot) -> list[stats.Notice]:
    return [stats.Notice("untimed_left_out", {"n": data.untimed})] if data.untimed else []


def alarmed(patterns: Sequence[Pattern | KnownPattern], start: int) -> bool:
    return any(pattern.last >= start for pattern in patterns)


def _phase(chart: stats.ControlChart, number: int, points: Points) -> dict[str, Any]:
    phase = chart.phases[number]
    return {
        "name": phase.name,
        "start": phase.start,
        "points": phase.stop - phase.start,
        "sequence": int(points.sequence[phase.start]),
        "since": number_or_none(points.time[phase.start]),
        "center": number_or_none(phase.center),
        "sigma": number_or_none(phase.sigma),
        "df": number_or_none(phase.df),
        "n_used": phase.n_used,
        "frozen": {
            "center": number_or_none(phase.frozen.center),
            "sigma": number_or_none(phase.frozen.sigma),
            "extra": dict(phase.frozen.extra),
        },
    } | phase_end(chart, phase, points, 0)


def phase_end(
    chart: stats.ControlChart, phase: stats.PhaseSummary, points: Points, offset: int
) -> dict[str, Any]:
    """Where a phase ends, with the lines there."""
    last = phase.stop - 1
    return {
        "stop": offset + phase.stop,
        "until": number_or_none(points.time[last]),
        "panels": [
            {
                "name": panel.name,
                "center": number_or_none(panel.center[last]),
                "lcl": number_or_none(panel.lcl[last]),
                "ucl": number_or_none(panel.ucl[last]),
                "varies": bool(np.unique(panel.ucl[phase.start : phase.stop]).size > 1),
            }
            for panel in chart.panels
        ],
    }


def warnings_of(
    found: Sequence[dict[str, Any]], kind: str, singles: int, n_patterns: int
) -> list[dict[str, Any]]:
    """What the engine warns of, in an order that does not depend on when points came in.

    `singles` counts the points of a single value.
    """
    kept = [notice for notice in found if notice["code"] not in (*OF_POINTS, "signals_cut")]
    largest = [notice for notice in found if notice["code"] == "large_ranges"]
    if largest:
        kept.append(max(largest, key=lambda notice: float(notice["params"]["n"])))
    if kind in SUBGROUP_KINDS and singles:
        kept.append(plain(stats.Notice("single_subgroups", {"n": singles})))
    if n_patterns > MOST_PATTERNS:
        cut = stats.Notice("signals_cut", {"shown": MOST_PATTERNS, "n": n_patterns})
        kept.append(plain(cut))
    return kept


def parts(first: int, n: int) -> list[tuple[int, int]]:
    """The blocks from the one that begins at `first`."""
    return [(each, min(each + POINTS_IN_BLOCK, n)) for each in range(first, n, POINTS_IN_BLOCK)]


def digests(columns: Columns, before: bytes, first: int, base: int) -> tuple[str, bytes]:
    """The digest of the whole chart, and the one up to `base`; columns begin at point `first`."""
    at_base = before
    for start, stop in parts(0, len(columns)):
        if first + start == base:
            at_base = before
        before = chained(before, columns.part(slice(start, stop)))
    return before.hex(), at_base


def overview_of(
    index: IntArray | None,
    columns: Columns,
    phases: Sequence[dict[str, Any]],
    patterns: Sequence[Pattern | KnownPattern],
) -> dict[str, Any] | None:
    """Lowest and highest value of each stretch, with every signal, phase start and exclusion.

    `index` says which points of the chart the columns hold: those of an earlier overview and
    what followed; None is all of them.
    """
    n = len(columns) if index is None else int(index[-1]) + 1
    if n <= POINTS_SHOWN:
        return None
    excluded = np.flatnonzero(columns.excluded)[-POINTS_SHOWN:]
    kept = {pattern.point for pattern in patterns}
    kept |= {phase["start"] for phase in phases} | {phase["stop"] - 1 for phase in phases}
    places = np.asarray(sorted(kept), np.int64)
    if index is not None:
        places = np.searchsorted(index, places)
    at = extremes(index, columns.level, width=stretch_width(n), cut=base_of(n))
    at = np.unique(np.concatenate((at, places, excluded)))
    shown = at if index is None else index[at]
    return {"index": shown.tolist()} | columns.part(at).packed()


def summary_of(judged: Judged, patterns: Sequence[Pattern | KnownPattern]) -> dict[str, Any]:
    """What a card of the wall shows: the newest points of the first panel and their marks."""
    chart, points, offset = judged.chart, judged.points, judged.offset
    panel = chart.panels[0]
    first = max(0, chart.n_points - POINTS_ON_WALL)
    shown = slice(first, chart.n_points)
    present = np.flatnonzero(np.isfinite(panel.points))
    newest = int(present[-1]) if len(present) else chart.n_points - 1
    at = offset + first
    of_panel = [p for p in patterns if p.panel == panel.name and p.last >= at]
    return {
        "first": at,
        "panel": panel.name,
        "value": number_or_none(panel.points[newest]),
        "size": number_or_none(panel.sizes[newest]),
        "time": number_or_none(points.time[newest]),
        "center": number_or_none(panel.center[newest]),
        "lcl": number_or_none(panel.lcl[newest]),
        "ucl": number_or_none(panel.ucl[newest]),
        "points": numbers(panel.points[shown]),
        "centers": line(panel.center[shown]),
        "lcls": line(panel.lcl[shown]),
        "ucls": line(panel.ucl[shown]),
        "excluded": np.flatnonzero(points.excluded[shown]).tolist(),
        "phase_starts": [p.start - first for p in chart.phases if p.start > first],
        "patterns": [
            {
                "run": pattern.is_run,
                "first": pattern.first - at,
                "point": pattern.point - at,
                "last": pattern.last - at,
            }
            for pattern in of_panel
        ],
    }
