"""Points, phases and the engine's chart of them: a whole series, or the last points of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps import stats
from apps.charts.choices import COUNT_KINDS, SUBGROUP_KINDS, SUMMED_KINDS, ChartKind
from apps.charts.columns import Columns
from apps.charts.figures import Stretch
from apps.charts.patterns import Before, Patterns, Series, patterns_of
from apps.charts.stratifying import Factor, factors_of
from apps.measurements.choices import Subgrouping
from apps.measurements.selectors import Snapshot

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

POINTS_IN_BLOCK = 2_000


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
class Points:
    """Where each point begins: its observations, their sequence, time, label and number."""

    starts: IntArray
    sequence: IntArray
    time: FloatArray
    labels: NDArray[Any] | None
    excluded: NDArray[np.bool_]
    factors: tuple[Factor, ...] = ()
    # Each variable at each point, where several are measured together.
    variables: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A chart of the points from `offset` on, with what names them."""

    chart: stats.ControlChart
    points: Points
    data: Snapshot
    offset: int = 0

    @property
    def n_points(self) -> int:
        """Points of the whole chart."""
        n: int = self.chart.n_points
        return self.offset + n

    @property
    def columns(self) -> Columns:
        points = self.points
        return Columns.of(
            self.chart,
            sequence=points.sequence,
            time=points.time,
            labels=points.labels,
            excluded=points.excluded,
            factors=tuple(factor.points for factor in points.factors),
            variables=points.variables,
        )

    def patterns(self, before: Before) -> Patterns:
        series = Series(
            self.chart,
            self.points.sequence,
            last_sequences(self.points, self.data),
            self.points.time,
            self.data.variables,
            self.offset,
        )
        return patterns_of(series, before, next_at=base_of(self.n_points))

    def stretches(self) -> list[Stretch]:
        points = self.points
        return [
            Stretch.of(self.data, points.starts, points.excluded, phase.start, phase.stop)
            for phase in self.chart.phases
        ]


def points_of(setting: ChartSetting, data: Snapshot) -> Points:
    """The first observation of each point, as the engine will cut the values."""
    n = len(data.values)
    starts = np.arange(n)
    if n and grouped_by(setting) == Subgrouping.FIXED:
        starts = np.arange(0, n, setting.subgroup_size or 1)
    elif n and grouped_by(setting) and data.subgroups is not None:
        changes = data.subgroups[1:] != data.subgroups[:-1]
        starts = np.flatnonzero(np.concatenate(([True], changes)))
    # Where each observation is a point, its columns are those of the points: not copied.
    places = slice(None) if len(starts) == n else starts
    sequence = np.asarray(data.sequences, np.int64)[places]
    if n and setting.subgrouping == Subgrouping.WINDOW:
        # By time, the first observation of a point need not be the one that came in first.
        sequence = np.minimum.reduceat(np.asarray(data.sequences, np.int64), starts)
    labels = None if data.subgroups is None else np.asarray(data.subgroups)[places]
    return Points(
        starts=starts,
        sequence=sequence,
        time=epochs(data.observed_at, n)[places],
        labels=labels,
        excluded=np.isin(sequence, np.asarray(setting.excluded, np.int64)),
        factors=factors_of(data, starts),
        variables=_variables(data, starts),
    )


def grouped_by(setting: ChartSetting) -> str:
    """How observations make points: empty where each is a point of its own."""
    if setting.subgrouping == Subgrouping.INDIVIDUALS:
        return ""
    if setting.kind in SUBGROUP_KINDS or setting.kind == ChartKind.T2:
        return setting.subgrouping
    by_time = setting.kind in SUMMED_KINDS and setting.subgrouping == Subgrouping.WINDOW
    return setting.subgrouping if by_time else ""


def is_grouped_by_label(setting: ChartSetting) -> bool:
    return grouped_by(setting) == Subgrouping.COLUMN


def _variables(data: Snapshot, starts: IntArray) -> FloatArray | None:
    """The mean of each variable at each point."""
    if data.rows is None or not len(data.rows):
        return None
    lengths = np.diff(starts, append=len(data.rows))
    means: FloatArray = np.add.reduceat(data.rows, starts, axis=0) / lengths[:, None]
    return means


def place_of(sequences: IntArray, sequence: int) -> int:
    """The point that an observation begins, or the first one after it."""
    at = int(np.searchsorted(sequences, sequence))
    if at < len(sequences) and sequences[at] == sequence:
        return at
    # Points that stand in the order of their time may not be in that of their observations.
    found = np.flatnonzero(sequences == sequence)
    return int(found[0]) if len(found) else at


def epochs(times: NDArray[Any] | None, n: int) -> FloatArray:
    """Seconds since 1970 as floats, NaN where no time was given."""
    if times is None:
        return np.full(n, np.nan)
    if times.dtype.kind == "M":
        seconds = times.astype("datetime64[us]").astype(np.int64) / 1e6
        return np.where(np.isnat(times), np.nan, seconds)
    return np.asarray(times, np.float64)


def phases_of(setting: ChartSetting, points: Points) -> list[stats.Phase]:
    """The phases that have begun, the stretch before the first one among them."""
    found: dict[int, stats.Phase] = {}
    for phase in sorted(setting.phases, key=lambda phase: phase.start_sequence):
        start = place_of(points.sequence, phase.start_sequence)
        if start < len(points.sequence):
            found[start] = stats.Phase(start, phase.name, frozen=_frozen(phase))
    found.setdefault(0, stats.Phase(0))
    starts = sorted(found)
    settings = {place_of(points.sequence, phase.start_sequence): phase for phase in setting.phases}
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


def engine_chart(
    setting: ChartSetting, data: Snapshot, points: Points, phases: list[stats.Phase]
) -> stats.ControlChart:
    values, given = _engine_data(setting, data, points)
    if setting.kind == ChartKind.G:
        # Counts between events are skewed: limits at the tails, the median as center line.
        given["limits"] = "probability"
    return stats.chart(
        setting.kind,
        values,
        estimator=setting.estimator or None,
        rules=setting.rules,
        phases=phases,
        exclude=points.excluded,
        **given,
    )


def _engine_data(
    setting: ChartSetting, data: Snapshot, points: Points
) -> tuple[FloatArray, dict[str, Any]]:
    """Values as the engine takes them for that chart, and what goes with them."""
    values = data.values if data.rows is None else data.rows
    grouping = grouped_by(setting)
    if setting.kind in COUNT_KINDS:
        sizes = data.sizes
        if grouping and len(values):
            values = np.add.reduceat(values, points.starts)
            sizes = None if sizes is None else np.add.reduceat(sizes, points.starts)
        return values, {} if setting.kind == ChartKind.C else {"sizes": sizes}
    if grouping == Subgrouping.FIXED:
        return values, {"subgroup_size": setting.subgroup_size}
    return values, {"subgroups": data.subgroups} if grouping else {}


def last_sequences(points: Points, data: Snapshot) -> IntArray:
    """The last observation of each point."""
    sequences = np.asarray(data.sequences, np.int64)
    if len(points.starts) == len(sequences):
        return sequences
    last: IntArray = np.maximum.reduceat(sequences, points.starts)
    return last


def base_of(n_points: int) -> int:
    """Where the last block but one begins: of the points before it nothing changes any more."""
    return max(0, (n_points - 1) // POINTS_IN_BLOCK - 1) * POINTS_IN_BLOCK
