"""Carrying a stored result on: appended points cost what was appended, not what is stored.

Where the limits of the newest phase are settled, appending changes nothing of the points before
but the last one (a subgroup that was not full yet). So the last two blocks are judged again by
the limits in force, and what they add to blocks, patterns, overview and figures is put to what
is stored. The result is the one that the whole chart would give, number by number; wherever that
is not certain there is none, and the whole chart is computed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from apps import stats
from apps.charts.carried import (
    CARRIED_NOTICES,
    Carried,
    label_key,
    limits_before,
    reach_of,
    rises,
)
from apps.charts.choices import VARIABLE_KINDS
from apps.charts.columns import Columns
from apps.charts.computing import (
    OF_POINTS,
    Blocks,
    Computed,
    alarmed,
    digests,
    overview_of,
    phase_end,
    plain,
    summary_of,
    warnings_of,
)
from apps.charts.decimation import POINTS_SHOWN
from apps.charts.figures import (
    EXACT_UP_TO,
    Stretch,
    beyond,
    capability_figures,
    comparison_figures,
    phase_figures,
    settled,
)
from apps.charts.judging import (
    POINTS_IN_BLOCK,
    ChartSetting,
    Judged,
    base_of,
    engine_chart,
    is_grouped_by_label,
    points_of,
)
from apps.charts.patterns import (
    MOST_PATTERNS,
    Before,
    KnownPattern,
    Open,
    Pattern,
    Patterns,
    in_order,
)
from apps.measurements.selectors import Snapshot

# Raised whenever what is carried, or how it is to be read, changes: an older one is not used.
FORMAT = 1
# What a result says beside its figures. Anything else in it cannot be carried on unread.
KNOWN = {
    "kind", "rules", "estimator", "panels", "phases", "false_alarms", "warnings", "excluded",
    "settings", "specification",
}  # fmt: skip
FIGURES = ("capability", "capability_problem", "histogram", "sigma_level", "beyond", "comparison")


@dataclass(frozen=True, slots=True)
class Stored:
    """A result as it is stored, with every signal of it that is present."""

    n_points: int
    content: dict[str, Any]
    overview: dict[str, Any] | None
    carried: Carried
    signals: tuple[KnownPattern, ...]


@dataclass(frozen=True, slots=True)
class Start:
    """From where observations are read again: a point, its first observation, what lies before."""

    point: int
    sequence: int
    observations: int
    counted: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of the newest phase, and those that say something of the whole chart."""

    phase: dict[str, Any]
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Continued(Computed):
    """Only what changed. Signals of `known` patterns stay, those `dropped` are too many now."""

    known: frozenset[int] = frozenset()
    dropped: frozenset[int] = frozenset()
    patterns_from: int = 0


def start_of(stored: Stored) -> Start:
    """Where to begin reading: a young phase is read whole, its figures need every value."""
    carried, newest = stored.carried, stored.content["phases"][-1]
    if newest["n"] <= EXACT_UP_TO and newest["start"] < carried.anchor:
        return Start(newest["start"], newest["sequence"], carried.phase_observations, 0)
    return Start(carried.anchor, carried.anchor_sequence, carried.observations, carried.counted)


def first_phase_wanted(stored: Stored) -> tuple[int, int] | None:
    """The observations (half-open) of the first phase, where the newest is compared with it."""
    phases = stored.content["phases"]
    if len(phases) < 2 or phases[-1]["n"] > EXACT_UP_TO or phases[0]["n"] > EXACT_UP_TO:
        return None
    return phases[0]["sequence"], phases[1]["sequence"]


def carry_on(
    setting: ChartSetting,
    stored: Stored,
    data: Snapshot,
    first_phase: Snapshot | None,
    newest_phase: Snapshot | None = None,
) -> Continued | None:
    """The result with the observations appended since; None where all have to be computed.

    `data` holds the observations from `start_of` on, `first_phase` those of the first phase and
    `newest_phase` those of the newest.

    Raises `FiguresWanted` where figures of the newest phase have to be found anew and its
    observations are not at hand.
    """
    limits = {"lsl": data.lsl, "target": data.target, "usl": data.usl}
    start = start_of(stored)
    if limits != stored.content["specification"] or not len(data.sequences):
        return None
    if int(data.sequences[0]) != start.sequence:
        return None
    try:
        judged = _judged(setting, stored, data, start)
        return _continued(setting, stored, judged, start, first_phase, newest_phase)
    except (stats.StatsError, CannotGoOn):
        return None


class CannotGoOn(Exception):
    """The appended points change more than what is carried on."""


class FiguresWanted(Exception):
    """The figures of the newest phase need its observations: these, and those of `first`."""

    def __init__(self, stored: Stored) -> None:
        super().__init__()
        phases = stored.content["phases"]
        self.newest: int = phases[-1]["sequence"]
        self.first: tuple[int, int] | None = None
        if len(phases) > 1:
            self.first = phases[0]["sequence"], phases[1]["sequence"]


def _judged(setting: ChartSetting, stored: Stored, data: Snapshot, start: Start) -> Judged:
    """The last points judged by the limits that are stored."""
    points = points_of(setting, data)
    if points.factors or set(stored.content) - KNOWN - set(FIGURES):
        raise CannotGoOn
    phases = []
    for phase in stored.content["phases"]:
        if phase["stop"] > start.point:
            frozen = phase["frozen"]
            limits = stats.FrozenLimits(frozen["center"], frozen["sigma"], frozen["extra"])
            first = max(phase["start"] - start.point, 0)
            phases.append(stats.Phase(first, phase["name"], frozen=limits))
    chart = engine_chart(setting, data, points, phases)
    known = {notice["text"] for notice in stored.content["warnings"]}
    for notice in chart.warnings:
        new = notice.code not in OF_POINTS and str(notice) not in known
        if new or notice.code not in CARRIED_NOTICES:
            raise CannotGoOn
    if not bool(np.isfinite(chart.panels[0].points).any()):
        raise CannotGoOn
    return Judged(chart, points, data, start.point)


def _continued(
    setting: ChartSetting,
    stored: Stored,
    judged: Judged,
    start: Start,
    first_phase: Snapshot | None,
    newest_phase: Snapshot | None,
) -> Continued:
    carried, offset = stored.carried, start.point
    label = _newest_label(setting, stored, judged)
    patterns = judged.patterns(carried.before)
    present, dropped = _present(stored, patterns, judged)
    figures = _figures(setting, stored, judged, start, first_phase, newest_phase, present)
    base, n_points = base_of(judged.n_points), judged.n_points
    sizes = judged.chart.panels[0].sizes
    singles = carried.singles + int(np.count_nonzero(sizes[carried.base - offset :] == 1))
    columns = judged.columns
    tail = columns.part(slice(carried.base - offset, None))
    digest, base_digest = digests(tail, carried.digest, carried.base, base)
    phases = [*stored.content["phases"][:-1], _newest_phase(stored, judged) | figures.phase]
    large = [plain(one) for one in judged.chart.warnings if one.code == "large_ranges"]
    kept = {key: value for key, value in stored.content.items() if key not in FIGURES}
    content = kept | {
        "phases": phases,
        "warnings": warnings_of(
            [*stored.content["warnings"], *large], judged.chart.kind, singles, patterns.total
        ),
        **figures.content,
    }
    from_block = (stored.n_points - 1) // POINTS_IN_BLOCK
    return Continued(
        n_points=n_points,
        n_observations=start.observations + len(judged.data.values),
        summary=summary_of(judged, present),
        content=content,
        blocks=Blocks(columns, from_block * POINTS_IN_BLOCK, offset),
        blocks_from=from_block,
        overview=_overview(stored, judged, phases, present),
        patterns=patterns.newest,
        known=frozenset(one.pk for one in present if isinstance(one, KnownPattern)),
        dropped=dropped,
        patterns_from=carried.base,
        sequences=judged.points.sequence,
        offset=offset,
        digest=digest,
        carried=_carried(stored, judged, start, patterns.before, base_digest, label),
    )


def _newest_label(setting: ChartSetting, stored: Stored, judged: Judged) -> str | None:
    """The last label; that none of the new ones was there before shows by their order."""
    labels = judged.points.labels
    if not is_grouped_by_label(setting) or labels is None:
        return None
    if stored.carried.newest_label is None:
        raise CannotGoOn
    before = label_key(stored.carried.newest_label)
    newest = [str(label) for label in labels[stored.n_points - 1 - judged.offset :]]
    if newest[0] != stored.carried.newest_label:
        raise CannotGoOn
    for label in newest[1:]:
        after = label_key(label)
        if before is None or after is None or not rises(before, after):
            raise CannotGoOn
        before = after
    return newest[-1]


def _present(
    stored: Stored, patterns: Patterns, judged: Judged
) -> tuple[list[Pattern | KnownPattern], frozenset[int]]:
    """Every pattern of the whole chart that is shown, and the stored ones that no longer are."""
    base = stored.carried.base
    prolonged = {pattern.key for pattern in patterns.newest}
    known = [one for one in stored.signals if one.last < base and one.key not in prolonged]
    every: list[Pattern | KnownPattern] = [*known, *patterns.newest]
    together = in_order(every, judged.chart.signal_table.panels)
    present = together[-MOST_PATTERNS:]
    if len(present) != min(patterns.total, MOST_PATTERNS):
        raise CannotGoOn
    dropped = {one.pk for one in together[:-MOST_PATTERNS] if isinstance(one, KnownPattern)}
    if any(isinstance(one, Pattern) for one in together[:-MOST_PATTERNS]):
        raise CannotGoOn
    return present, frozenset(dropped)


def _figures(
    setting: ChartSetting,
    stored: Stored,
    judged: Judged,
    start: Start,
    first_phase: Snapshot | None,
    newest_phase: Snapshot | None,
    present: list[Pattern | KnownPattern],
) -> Figures:
    """The figures anew where all their values are at hand, else as stored while they hold."""
    kind, phase, data = setting.kind, stored.content["phases"][-1], judged.data
    stretch = judged.stretches()[-1]
    before = any(signal.last >= phase["start"] for signal in stored.signals)
    alarm = alarmed(present, phase["start"])
    if start.point > phase["start"]:
        n = start.counted + stretch.n
        if settled(n) == phase["n"] and (alarm == before or kind not in VARIABLE_KINDS):
            unchanged = {key: value for key, value in stored.content.items() if key in FIGURES}
            return Figures({}, unchanged)
        if newest_phase is None:
            raise FiguresWanted(stored)
        stretch = _whole(setting, newest_phase)
        if newest_phase.data_version != data.data_version or stretch.n != n:
            raise CannotGoOn
    newest = stretch.settled()
    sigma, df = (np.nan if phase[name] is None else phase[name] for name in ("sigma", "df"))
    found = capability_figures(kind, data, newest, sigma, df, stable=not alarm)
    if found.get("capability"):
        if "beyond" not in stored.content:
            raise CannotGoOn
        found["beyond"] = [
            *stored.content["beyond"][:-1],
            beyond(newest.values, data.lsl, data.usl),
        ]
    found["comparison"] = None
    if len(stored.content["phases"]) > 1:
        if first_phase is None or first_phase.data_version != data.data_version:
            raise CannotGoOn
        found["comparison"] = comparison_figures(kind, _whole(setting, first_phase), newest)
    return Figures(phase_figures(kind, newest), found)


def _whole(setting: ChartSetting, data: Snapshot) -> Stretch:
    points = points_of(setting, data)
    return Stretch.of(data, points.starts, points.excluded, 0, len(points.starts))


def _newest_phase(stored: Stored, judged: Judged) -> dict[str, Any]:
    old: dict[str, Any] = stored.content["phases"][-1]
    ended = phase_end(judged.chart, judged.chart.phases[-1], judged.points, judged.offset)
    every = limits_before(judged.chart, judged.chart.n_points, stored.carried.limits)
    for panel, limits in zip(ended["panels"], every, strict=True):
        panel["varies"] = len(limits) > 1
    return old | ended | {"points": ended["stop"] - old["start"]}


def _overview(
    stored: Stored,
    judged: Judged,
    phases: list[dict[str, Any]],
    present: list[Pattern | KnownPattern],
) -> dict[str, Any] | None:
    if judged.n_points <= POINTS_SHOWN:
        return None
    if stored.overview is None:
        raise CannotGoOn
    base = stored.carried.base
    index = np.asarray(stored.overview["index"], np.int64)
    early = index < base
    columns = Columns.unpacked(stored.overview).part(early)
    columns = columns.followed_by(judged.columns.part(slice(base - judged.offset, None)))
    index = np.concatenate((index[early], np.arange(base, judged.n_points)))
    return overview_of(index, columns, phases, present)


def _carried(
    stored: Stored,
    judged: Judged,
    start: Start,
    before: Before,
    digest: bytes,
    newest_label: str | None,
) -> Carried:
    old, offset = stored.carried, start.point
    base = base_of(judged.n_points)
    anchor = max(0, base - reach_of(judged.chart))
    at = int(judged.points.starts[anchor - offset])
    sizes = judged.chart.panels[0].sizes[old.base - offset : base - offset]
    return replace(
        old,
        base=base,
        anchor=anchor,
        anchor_sequence=int(judged.points.sequence[anchor - offset]),
        observations=start.observations + at,
        counted=start.counted + int(np.searchsorted(judged.stretches()[-1].positions, at)),
        singles=old.singles + int(np.count_nonzero(sizes == 1)),
        limits=limits_before(judged.chart, base - offset, old.limits),
        digest=digest,
        before=before,
        newest_label=newest_label,
    )


# --- As JSON ----------------------------------------------------------------------------------


def to_json(carried: Carried) -> dict[str, Any]:
    plain_fields = {
        field.name: getattr(carried, field.name)
        for field in fields(carried)
        if field.name not in ("digest", "before")
    }
    return plain_fields | {
        "digest": carried.digest.hex(),
        "count": carried.before.count,
        "open": [asdict(one) for one in carried.before.open.values()],
    }


def from_json(stored: dict[str, Any]) -> Carried:
    names = {field.name for field in fields(Carried)} - {"digest", "before", "limits"}
    open_ = [Open.read(one) for one in stored["open"]]
    before = Before(stored["base"], stored["count"], {(one.panel, one.rule): one for one in open_})
    return Carried(
        **{name: stored[name] for name in names},
        limits=tuple(tuple(limits) for limits in stored["limits"]),
        digest=bytes.fromhex(stored["digest"]),
        before=before,
    )
