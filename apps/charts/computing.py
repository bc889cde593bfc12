"""From values and settings to everything a chart shows; no database and no clock.

`recompute` reads what goes in and stores what comes out. Numbers are kept in the unit of the
data; what does not exist is None, so that the results can be stored as JSON.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps import stats
from apps.charts.choices import SUBGROUP_KINDS, ChartKind
from apps.charts.decimation import POINTS_SHOWN, decimated
from apps.charts.figures import Stretch, capability_figures, comparison_figures, phase_figures
from apps.charts.patterns import Pattern, patterns_of
from apps.measurements.choices import Subgrouping
from apps.measurements.selectors import Snapshot

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

POINTS_IN_BLOCK = 2_000
POINTS_ON_WALL = 30
# Over how many points the expected share of false alarms is stated.
FALSE_ALARM_POINTS = 100


@dataclass(frozen=True, slots=True)
class PhaseSetting:
    start_sequence: int
    name: str
    baseline_from: int | None = None
    baseline_to: int | None = None
    frozen: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ChartSetting:
    """What a person chose: chart, rules, estimator, phases, exclusions."""

    version: int
    kind: str
    rules: tuple[str, ...]
    estimator: str
    subgrouping: str
    subgroup_size: int | None
    phases: tuple[PhaseSetting, ...] = ()
    excluded: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Computed:
    """What is stored for a pair of versions. `problem` says why there is no chart."""

    n_points: int
    n_observations: int
    summary: dict[str, Any]
    content: dict[str, Any]
    blocks: tuple[dict[str, Any], ...] = ()
    overview: dict[str, Any] | None = None
    patterns: tuple[Pattern, ...] = ()
    sequences: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    digest: str = ""

    @property
    def problem(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.content.get("problem")
        return found


@dataclass(frozen=True, slots=True)
class Points:
    """Where each point begins: its observations, their sequence, time, label and number."""

    starts: IntArray
    sequence: IntArray
    time: FloatArray
    labels: NDArray[Any] | None
    excluded: NDArray[np.bool_]


def compute(setting: ChartSetting, data: Snapshot) -> Computed:
    """Everything the chart shows; data that gives no chart gives a result with a problem."""
    try:
        return _judged(setting, data)
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


def _judged(setting: ChartSetting, data: Snapshot) -> Computed:
    points = points_of(setting, data)
    phases = phases_of(setting, points)
    chart = _engine_chart(setting, data, points, phases)
    stretches = [
        Stretch.of(data, points.starts, points.excluded, phase.start, phase.stop)
        for phase in chart.phases
    ]
    patterns, n_patterns = patterns_of(
        chart, points.sequence, points.time, _last_sequences(points, data)
    )
    content = {
        "kind": setting.kind,
        "rules": list(chart.rules),
        "estimator": chart.estimator,
        "panels": [panel.name for panel in chart.panels],
        "phases": [
            _phase(chart, number, stretch, points, setting)
            for number, stretch in enumerate(stretches)
        ],
        "false_alarms": stats.false_alarm_rate(chart.rules, FALSE_ALARM_POINTS).rate,
        "warnings": [plain(notice) for notice in chart.warnings],
        "excluded": [int(s) for s in points.sequence[points.excluded]],
        "settings": dict(chart.settings),
        "specification": {"lsl": data.lsl, "target": data.target, "usl": data.usl},
    }
    newest = chart.phases[-1]
    content |= capability_figures(
        setting.kind, data, stretches, newest, stable=not _alarmed(patterns, newest.start)
    )
    if n_patterns > len(patterns):
        cut = stats.Notice("signals_cut", {"shown": len(patterns), "n": n_patterns})
        content["warnings"].append(plain(cut))
    content["comparison"] = comparison_figures(setting.kind, stretches)
    return Computed(
        n_points=chart.n_points,
        n_observations=int(np.isfinite(data.values).sum()),
        summary=_summary(chart, points, patterns),
        content=content,
        blocks=tuple(_block(chart, points, *part) for part in _parts(chart.n_points)),
        overview=_overview(chart, points, patterns),
        patterns=patterns,
        sequences=points.sequence,
        digest=_digest(chart),
    )


def _alarmed(patterns: Sequence[Pattern], start: int) -> bool:
    return any(pattern.last >= start for pattern in patterns)


# --- Points and phases ------------------------------------------------------------------------


def points_of(setting: ChartSetting, data: Snapshot) -> Points:
    """The first observation of each point, as the engine will cut the values."""
    n = len(data.values)
    starts = np.arange(n)
    if setting.kind in SUBGROUP_KINDS and n:
        if setting.subgrouping == Subgrouping.FIXED and setting.subgroup_size:
            starts = np.arange(0, n, setting.subgroup_size)
        elif setting.subgrouping == Subgrouping.COLUMN and data.subgroups is not None:
            changes = data.subgroups[1:] != data.subgroups[:-1]
            starts = np.flatnonzero(np.concatenate(([True], changes)))
    sequence = np.asarray(data.sequences, np.int64)[starts]
    labels = None if data.subgroups is None else np.asarray(data.subgroups)[starts]
    return Points(
        starts=starts,
        sequence=sequence,
        time=epochs(data.observed_at, n)[starts],
        labels=labels,
        excluded=np.isin(sequence, np.asarray(setting.excluded, np.int64)),
    )


def epochs(times: NDArray[Any] | None, n: int) -> FloatArray:
    """Seconds since 1970 as floats, NaN where no time was given."""
    if times is None:
        return np.full(n, np.nan)
    if times.dtype.kind == "M":
        seconds = times.astype("datetime64[us]").astype(np.int64) / 1e6
        return np.where(np.isnat(times), np.nan, seconds)
    return times.astype(np.float64)


def phases_of(setting: ChartSetting, points: Points) -> list[stats.Phase]:
    """The phases that have begun, the stretch before the first one among them."""
    found: dict[int, stats.Phase] = {}
    for phase in sorted(setting.phases, key=lambda phase: phase.start_sequence):
        start = int(np.searchsorted(points.sequence, phase.start_sequence))
        if start < len(points.sequence):
            found[start] = stats.Phase(start, phase.name, frozen=_frozen(phase))
    found.setdefault(0, stats.Phase(0))
    starts = sorted(found)
    settings = {
        int(np.searchsorted(points.sequence, phase.start_sequence)): phase
        for phase in setting.phases
    }
    return [
        _with_baseline(found[start], stop, settings.get(start))
        for start, stop in zip(starts, [*starts[1:], len(points.sequence)], strict=True)
    ]


def _with_baseline(phase: stats.Phase, stop: int, setting: PhaseSetting | None) -> stats.Phase:
    if setting is None or setting.frozen or setting.baseline_to is None:
        return phase
    first = phase.start + (setting.baseline_from or 0)
    last = min(phase.start + setting.baseline_to, stop)
    if first >= last:
        return phase
    return stats.Phase(phase.start, phase.name, baseline=(first, last))


def _frozen(phase: PhaseSetting) -> stats.FrozenLimits | None:
    if not phase.frozen:
        return None
    return stats.FrozenLimits(
        float(phase.frozen["center"]), float(phase.frozen["sigma"]), phase.frozen.get("extra") or {}
    )


def _engine_chart(
    setting: ChartSetting, data: Snapshot, points: Points, phases: list[stats.Phase]
) -> stats.ControlChart:
    grouped: dict[str, Any] = {}
    if setting.kind in SUBGROUP_KINDS:
        if setting.subgrouping == Subgrouping.FIXED:
            grouped["subgroup_size"] = setting.subgroup_size
        elif setting.subgrouping == Subgrouping.COLUMN:
            grouped["subgroups"] = data.subgroups
    elif setting.kind in {ChartKind.P, ChartKind.NP, ChartKind.U}:
        grouped["sizes"] = data.sizes
    return stats.chart(
        setting.kind,
        data.values,
        estimator=setting.estimator or None,
        rules=setting.rules,
        phases=phases,
        exclude=points.excluded,
        **grouped,
    )


def _last_sequences(points: Points, data: Snapshot) -> IntArray:
    """The last observation of each point."""
    stops = np.append(points.starts[1:], len(data.values)) - 1
    last: IntArray = np.asarray(data.sequences, np.int64)[stops]
    return last


# --- What is stored ---------------------------------------------------------------------------


def _phase(
    chart: stats.ControlChart,
    number: int,
    stretch: Stretch,
    points: Points,
    setting: ChartSetting,
) -> dict[str, Any]:
    phase = chart.phases[number]
    last = phase.stop - 1
    return {
        "name": phase.name,
        "start": phase.start,
        "stop": phase.stop,
        "points": phase.stop - phase.start,
        "sequence": int(points.sequence[phase.start]),
        "since": number_or_none(points.time[phase.start]),
        "until": number_or_none(points.time[last]),
        "center": number_or_none(phase.center),
        "sigma": number_or_none(phase.sigma),
        "df": number_or_none(phase.df),
        "n_used": phase.n_used,
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
        "frozen": {
            "center": number_or_none(phase.frozen.center),
            "sigma": number_or_none(phase.frozen.sigma),
            "extra": dict(phase.frozen.extra),
        },
    } | phase_figures(setting.kind, stretch)


def number_or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def numbers(values: FloatArray) -> list[float | None]:
    """Floats for JSON; what is not finite becomes None."""
    return [
        v if ok else None
        for v, ok in zip(values.tolist(), np.isfinite(values).tolist(), strict=True)
    ]


def line(values: FloatArray) -> float | list[float | None] | None:
    """A line as one number where it is level, as a list where it steps."""
    if len(values) and (np.all(values == values[0]) or bool(np.isnan(values).all())):
        return number_or_none(values[0])
    return numbers(values)


def _parts(n: int) -> list[tuple[int, int]]:
    starts = range(0, n, POINTS_IN_BLOCK)
    return [(first, min(first + POINTS_IN_BLOCK, n)) for first in starts]


def _block(chart: stats.ControlChart, points: Points, first: int, stop: int) -> dict[str, Any]:
    return {"count": stop - first} | _columns(chart, points, np.arange(first, stop))


def _columns(chart: stats.ControlChart, points: Points, at: IntArray) -> dict[str, Any]:
    times = points.time[at]
    return {
        "sequence": points.sequence[at].tolist(),
        "time": None if bool(np.isnan(times).all()) else numbers(times),
        "label": None if points.labels is None else [str(label) for label in points.labels[at]],
        "size": line(chart.panels[0].sizes[at]),
        "excluded": np.flatnonzero(points.excluded[at]).tolist(),
        "panels": [
            {
                "name": panel.name,
                "points": numbers(panel.points[at]),
                "center": line(panel.center[at]),
                "lcl": line(panel.lcl[at]),
                "ucl": line(panel.ucl[at]),
            }
            for panel in chart.panels
        ],
    }


def _overview(
    chart: stats.ControlChart, points: Points, patterns: Sequence[Pattern]
) -> dict[str, Any] | None:
    """Lowest and highest value of each stretch, with every signal, phase start and exclusion."""
    if chart.n_points <= POINTS_SHOWN:
        return None
    kept = [pattern.point for pattern in patterns]
    kept += [phase.start for phase in chart.phases] + [phase.stop - 1 for phase in chart.phases]
    kept += np.flatnonzero(points.excluded)[-POINTS_SHOWN:].tolist()
    at = decimated(chart.panels[0].points, POINTS_SHOWN // 4, kept)
    return {"index": at.tolist()} | _columns(chart, points, at)


def _summary(
    chart: stats.ControlChart, points: Points, patterns: Sequence[Pattern]
) -> dict[str, Any]:
    """What a card of the wall shows: the newest points of the first panel and their marks."""
    panel = chart.panels[0]
    first = max(0, chart.n_points - POINTS_ON_WALL)
    shown = slice(first, chart.n_points)
    present = np.flatnonzero(np.isfinite(panel.points))
    newest = int(present[-1]) if len(present) else chart.n_points - 1
    of_panel = [p for p in patterns if p.panel == panel.name and p.last >= first]
    return {
        "first": first,
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
                "first": pattern.first - first,
                "point": pattern.point - first,
                "last": pattern.last - first,
            }
            for pattern in of_panel
        ],
    }


def _digest(chart: stats.ControlChart) -> str:
    """SHA-256 over the plotted points and lines, byte for byte."""
    found = hashlib.sha256()
    for panel in chart.panels:
        found.update(panel.name.encode())
        for column in (panel.points, panel.center, panel.lcl, panel.ucl):
            found.update(np.ascontiguousarray(column, "<f8").tobytes())
    return found.hexdigest()
