"""Judging appended points by frozen limits, at a cost that depends on the appended points alone.

A state keeps only the last points that a pattern or a statistic can still reach back to, so ten
points cost the same after a thousand as after a million, and give exactly what a full run gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from apps.stats.engine import JudgedSegment, default_rules, judge_segment, read_options, spread
from apps.stats.errors import InvalidSpecification
from apps.stats.inputs import Data, read_data
from apps.stats.model import ChartType, Given, Options
from apps.stats.registry import chart_type
from apps.stats.results import FrozenLimits, IntArray, Panel, Signal, SignalTable
from apps.stats.rules.judge import Findings, join
from apps.stats.rules.patterns import WHOLE_SERIES, Hits
from apps.stats.rules.sets import Rule, RuleChoice, resolve


@dataclass(frozen=True, slots=True)
class ChartState:
    """What is needed to judge the next points; made by `begin`, replaced by each `extend`.

    Attributes
    ----------
    n_points
        Points judged so far.
    tail
        The last of them, as far as the next ones depend on them.
    counted_before
        Counted points ahead of the tail.
    carry
        State of a recursive statistic just before the tail.

    Examples
    --------
    >>> from apps.stats import FrozenLimits, begin, extend
    >>> extend(begin("i-mr", FrozenLimits(10.0, 1.0)), [10.5, 9.5]).state.n_points
    2
    """

    kind: str
    frozen: FrozenLimits
    rules: tuple[Rule, ...]
    options: Options
    n_points: int = 0
    tail: Data | None = None
    counted_before: int = 0
    carry: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Extension:
    """The appended points: panels of these points only, signals by their place in the whole.

    Examples
    --------
    >>> from apps.stats import FrozenLimits
    >>> extend(begin("i-mr", FrozenLimits(10.0, 1.0)), [10.5, 14.0]).signals[0].point
    1
    """

    first_point: int
    panels: tuple[Panel, ...]
    signal_table: SignalTable
    state: ChartState

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Every rule broken at the appended points."""
        return tuple(self.signal_table)


def begin(
    kind: str,
    frozen: FrozenLimits,
    *,
    rules: RuleChoice | None = None,
    grouped: bool | None = None,
    settings: Mapping[str, Any] | None = None,
    first_point: int = 0,
) -> ChartState:
    """A state before any point, for limits that are frozen.

    Parameters
    ----------
    kind
        The chart type.
    frozen
        The `frozen` of a `PhaseSummary`, or limits of one's own.
    rules
        As for `chart`; rules about a whole series (Anhoej) cannot be judged piece by piece.
    grouped
        Whether points are subgroups (ma, ewma, cusum and multivariate charts take either).
    settings
        The `settings` of a `ControlChart`, or none for the usual ones.
    first_point
        Place of the first appended point in the whole series.

    Returns
    -------
    ChartState
        The state that `extend` takes with the first points.

    Raises
    ------
    InvalidSpecification
        If the chart type or a rule is unknown or cannot be extended.

    References
    ----------
    Montgomery (2013), Introduction to Statistical Quality Control, 7th ed., section 6.2.3, for
    judging new points by the limits of earlier ones (phase II).

    Examples
    --------
    >>> state = begin("i-mr", FrozenLimits(10.0, 1.0))
    >>> first = extend(state, [10.5, 11.5])
    >>> [signal.point for signal in extend(first.state, [13.2]).signals]
    [2]
    """
    shape = chart_type(kind)
    options = read_options(shape, dict(settings or {}))
    several = shape.data == "subgroups" if grouped is None else grouped
    options = shape.with_estimator(options, None, grouped=several)
    chosen = resolve(rules if rules is not None else _local_rules(shape))
    whole = [rule.name for rule in chosen if rule.key in WHOLE_SERIES]
    if whole:
        raise InvalidSpecification("rules_not_incremental", {"rules": ", ".join(whole)})
    return ChartState(kind, frozen, chosen, options, n_points=first_point)


def _local_rules(shape: ChartType) -> tuple[str, ...]:
    return () if shape.limitless else default_rules(shape)


def extend(
    state: ChartState,
    values: ArrayLike,
    *,
    sizes: ArrayLike | float | None = None,
    subgroups: ArrayLike | None = None,
    subgroup_size: int | None = None,
    parts: ArrayLike | None = None,
    exclude: ArrayLike | None = None,
) -> Extension:
    """Judge appended points.

    Parameters
    ----------
    state
        From `begin` or from the extension before.
    values, sizes, subgroups, subgroup_size, parts, exclude
        As for `chart`, of the appended points only; subgroups are appended whole.

    Returns
    -------
    Extension
        What `chart` would say of these points with the same frozen limits, and the next state.

    Raises
    ------
    NotEnoughData, DegenerateData, InvalidSpecification
        As `chart` does.

    References
    ----------
    Montgomery (2013), Introduction to Statistical Quality Control, 7th ed., section 6.2.3.

    Examples
    --------
    >>> state = begin("i-mr", FrozenLimits(10.0, 1.0))
    >>> for value in [10.5] * 8:
    ...     state = extend(state, [value]).state
    >>> extend(state, [10.5]).signals[0]
    Signal(panel='individuals', rule='nelson:2', point=8, first=0, last=8, side='above')
    """
    shape = chart_type(state.kind)
    given = Given(state.frozen.center, state.frozen.sigma, state.frozen.extra)
    with np.errstate(all="ignore"):
        new = read_data(
            shape,
            values,
            sizes=sizes,
            subgroups=subgroups,
            subgroup_size=subgroup_size,
            parts=parts,
            exclude=exclude,
        )
        data = new if state.tail is None else _joined(state.tail, new)
        segment = replace(data.segment(0, data.n_points, None), carry=state.carry)
        judged = judge_segment(shape, segment, given, state.options, state.rules)
        old = data.n_points - new.n_points
        panels = tuple(_new_part(track, data.n_points, old) for track in _spread(judged, data))
        table = _new_signals(judged, state, old)
        following = _next_state(shape, state, data, judged, new.n_points)
    return Extension(state.n_points, panels, table, following)


def _joined(tail: Data, new: Data) -> Data:
    starts = None
    if tail.starts is not None and new.starts is not None:
        starts = np.concatenate((tail.starts, new.starts + len(tail.values)))
    elif (tail.starts is None) != (new.starts is None):
        raise InvalidSpecification("subgroups_differ")
    excluded = None
    if tail.excluded is not None or new.excluded is not None:
        excluded = np.concatenate([_mask(tail), _mask(new)])
    return Data(
        values=np.concatenate((tail.values, new.values)),
        starts=starts,
        sizes=_both(tail.sizes, new.sizes),
        labels=_both(tail.labels, new.labels),
        excluded=excluded,
    )


def _mask(data: Data) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.zeros(data.n_points, bool) if data.excluded is None else data.excluded


def _both(first: Any, second: Any) -> Any:
    return None if first is None or second is None else np.concatenate((first, second))


def _spread(judged: JudgedSegment, data: Data) -> list[Panel]:
    """The panels of tail and new points together."""
    length = [data.n_points]
    return [
        Panel(
            name=track.name,
            points=spread([track.points], length),
            center=spread([track.center], length),
            lcl=spread([track.lcl], length),
            ucl=spread([track.ucl], length),
            sigma=spread([track.sigma], length),
            sizes=spread([1.0 if track.sizes is None else track.sizes], length),
        )
        for track in judged.tracks
    ]


def _new_part(panel: Panel, n_points: int, old: int) -> Panel:
    names = ("points", "center", "lcl", "ucl", "sigma", "sizes")
    return Panel(panel.name, **{name: getattr(panel, name)[old:n_points] for name in names})


def _new_signals(judged: JudgedSegment, state: ChartState, old: int) -> SignalTable:
    found = []
    for each in judged.findings:
        fresh = each.hits.points >= old
        hits = Hits(each.hits.points[fresh], each.hits.first[fresh], each.hits.side[fresh])
        found.append(Findings(each.panel, each.rule, hits))
    names = tuple(track.name for track in judged.tracks)
    return join([found], [state.n_points - old], names, state.rules)


def _next_state(
    shape: ChartType, state: ChartState, data: Data, judged: JudgedSegment, added: int
) -> ChartState:
    """Keep what the next points can reach: the longest pattern and the memory of the statistic."""
    counted = _counted(data, judged)
    longest = max((rule.length for rule in state.rules), default=1)
    reach = longest - 1 + shape.memory(state.options)
    total = state.counted_before + len(counted)
    kept_from = max(0, total - reach)
    kept_from -= kept_from % shape.block
    skipped = kept_from - state.counted_before
    carry = state.carry
    if skipped == 0 and shape.carry is not None:
        start = 0
    else:
        start = int(counted[skipped]) if skipped < len(counted) else data.n_points
    if skipped > 0 and shape.carry is not None:
        carry = shape.carry(judged.stats, judged.tracks, int(counted[skipped - 1]), start)
    return replace(
        state,
        n_points=state.n_points + added,
        tail=_tail(data, start),
        counted_before=kept_from,
        carry=carry,
    )


def _counted(data: Data, judged: JudgedSegment) -> IntArray:
    there = ~np.isnan(judged.tracks[0].points)
    if data.excluded is not None:
        there &= ~data.excluded
    return np.flatnonzero(there)


def _tail(data: Data, start: int) -> Data | None:
    if start >= data.n_points:
        return None
    segment = data.segment(start, data.n_points, None)
    return Data(
        values=segment.values.copy(),
        starts=segment.starts,
        sizes=None if segment.sizes is None else segment.sizes.copy(),
        labels=segment.labels,
        excluded=segment.excluded,
    )
