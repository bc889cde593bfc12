"""What a result hands to the points that follow it, and when it can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps import stats
from apps.charts.choices import VARIABLE_KINDS, ChartKind
from apps.charts.columns import number_or_none
from apps.charts.judging import ChartSetting, Judged, base_of
from apps.charts.patterns import Before, resolved
from apps.measurements.choices import Subgrouping
from apps.stats.model import Options
from apps.stats.registry import chart_type
from apps.stats.rules.patterns import WHOLE_SERIES

# With fewer observations the whole chart costs as little as carrying it on.
CARRIED_FROM = 10_000
CARRIED_KINDS = frozenset(
    {ChartKind.I_MR, ChartKind.XBAR_R, ChartKind.XBAR_S}
    | {ChartKind.P, ChartKind.NP, ChartKind.C, ChartKind.U}
)
CARRIED_SUBGROUPS = frozenset({Subgrouping.INDIVIDUALS, Subgrouping.FIXED, Subgrouping.COLUMN})
# What the engine may warn of: of limits that are settled, or counted on by `warnings_of`.
CARRIED_NOTICES = frozenset(
    {"few_points", "rules_left_out", "zero_sigma", "overdispersed", "small_expected_counts"}
    | {"large_ranges", "single_subgroups"}
)


@dataclass(frozen=True, slots=True)
class Carried:
    """What the next points need to know of those before `base`, where a block begins.

    Points before `base` can no longer change. To judge those after it, observations are read
    from `anchor_sequence` on, the first one of the point `anchor`.
    """

    base: int
    anchor: int
    anchor_sequence: int
    # Observations before the anchor, and those of the newest phase among them that count.
    observations: int
    counted: int
    # Observations before the newest phase; whether points of a single value lie before the base.
    phase_observations: int
    singles: int
    # Of each panel: the upper limits of the newest phase before the base, the two lowest.
    limits: tuple[tuple[float | None, ...], ...]
    digest: bytes
    before: Before
    newest_label: str | None = None


def carried_of(judged: Judged, before: Before, digest: bytes, *, by_label: bool) -> Carried:
    """What a whole chart leaves for the points that follow."""
    points, phase = judged.points, judged.chart.phases[-1]
    base = base_of(judged.n_points)
    anchor = max(0, base - reach_of(judged.chart))
    observations = int(points.starts[anchor])
    newest = judged.stretches()[-1]
    return Carried(
        base=base,
        anchor=anchor,
        anchor_sequence=int(points.sequence[anchor]),
        observations=observations,
        counted=int(np.searchsorted(newest.positions, observations)),
        phase_observations=int(points.starts[phase.start]),
        singles=int(np.count_nonzero(judged.chart.panels[0].sizes[:base] == 1)),
        limits=limits_before(judged.chart, base, [()] * len(judged.chart.panels)),
        digest=digest,
        before=before,
        newest_label=newest_label(points.labels) if by_label else None,
    )


def goes_on(setting: ChartSetting, judged: Judged) -> bool:
    """Whether appended points can be judged without those before: the limits are settled.

    They are where the newest phase has frozen limits, or a baseline that ended before the newest
    point. The kinds and subgroups are those held to it by tests/charts/test_recompute_appended.py.
    """
    chart, last = judged.chart, judged.n_points - 1
    begun = int(judged.points.sequence[-1])
    if (
        len(judged.data.values) < CARRIED_FROM
        or setting.kind not in CARRIED_KINDS
        or setting.subgrouping not in CARRIED_SUBGROUPS
        or judged.data.factors
        or judged.data.variables
        or any(phase.start_sequence > begun for phase in setting.phases)
        or any(one.key in WHOLE_SERIES for rule in chart.rules for one in resolved(rule))
        or any(notice.code not in CARRIED_NOTICES for notice in chart.warnings)
        or not all(
            np.isfinite(phase.frozen.center) and np.isfinite(phase.frozen.sigma)
            for phase in chart.phases
        )
    ):
        return False
    newest = max(setting.phases, key=lambda phase: phase.start_sequence, default=None)
    if newest is None:
        return False
    if newest.frozen:
        return True
    ends = chart.phases[-1].start + (newest.baseline_to or 0)
    settled = newest.baseline_to is not None and (newest.baseline_from or 0) < newest.baseline_to
    return settled and setting.kind in VARIABLE_KINDS and ends <= last


def limits_before(
    chart: stats.ControlChart, stop: int, known: Sequence[tuple[float | None, ...]]
) -> tuple[tuple[float | None, ...], ...]:
    """Of each panel, the two lowest different upper limits of the newest phase before a point."""
    start = chart.phases[-1].start
    found = []
    for panel, limits in zip(chart.panels, known, strict=True):
        new = np.unique(panel.ucl[start : max(stop, start)])[:2]
        both = {*limits, *(number_or_none(limit) for limit in new)}
        found.append(tuple(sorted(both, key=lambda limit: (limit is None, limit))[:2]))
    return tuple(found)


def reach_of(chart: stats.ControlChart) -> int:
    """How many points before a point its statistic and its patterns depend on."""
    shape = chart_type(chart.kind)
    longest = max((one.length for rule in chart.rules for one in resolved(rule)), default=1)
    return longest + shape.memory(Options(**dict(chart.settings)))


def newest_label(labels: NDArray[Any] | None) -> str | None:
    """The last label, where each label is greater than the one before; else None.

    Whole numbers go by their size, others by their letters.
    """
    if labels is None or not len(labels):
        return None
    keys = [label_key(str(label)) for label in labels]
    rising = all(a is not None and b is not None and rises(a, b) for a, b in pairwise(keys))
    return str(labels[-1]) if rising and keys[-1] is not None else None


def label_key(label: str) -> tuple[int, str] | None:
    """Sorts labels; None for one without a place in an order."""
    if label.isascii() and label.isdigit() and len(label) < 19:
        return int(label), ""
    return (-1, label) if label else None


def rises(before: tuple[int, str], after: tuple[int, str]) -> bool:
    """Whether a label comes after another of its own sort."""
    return (before[0] < 0) == (after[0] < 0) and before < after
