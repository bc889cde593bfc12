"""The control chart: read, estimate, draw the lines, judge."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.estimators import few_points, points_used
from apps.stats.inputs import Data, Stretch, check_given, read_data, read_stretches
from apps.stats.model import ChartType, Estimate, Given, Lines, Options, Segment, Statistics, Track
from apps.stats.registry import chart_type
from apps.stats.results import (
    ControlChart,
    FloatArray,
    FrozenLimits,
    Notice,
    Panel,
    Phase,
    PhaseSummary,
    SignalTable,
)
from apps.stats.rules.judge import Findings, join, judge
from apps.stats.rules.sets import DEFAULT_RULES, Rule, RuleChoice, resolve

RUN_CHART_RULES = ("anhoej:1", "anhoej:2")


@dataclass(frozen=True, slots=True)
class JudgedSegment:
    """One phase with its lines and its findings, positions counted from its first point."""

    stats: Statistics
    tracks: tuple[Track, ...]
    estimate: Estimate
    findings: tuple[Findings, ...]
    n_used: int
    notices: tuple[Notice, ...]


def chart(
    kind: str,
    values: ArrayLike,
    *,
    sizes: ArrayLike | float | None = None,
    subgroups: ArrayLike | None = None,
    subgroup_size: int | None = None,
    parts: ArrayLike | None = None,
    center: float | None = None,
    sigma: float | None = None,
    estimator: str | None = None,
    rules: RuleChoice | None = None,
    phases: Sequence[Phase] = (),
    exclude: ArrayLike | None = None,
    baseline: tuple[int | None, int | None] | None = None,
    **choices: Any,
) -> ControlChart:
    """Judge a series by a control chart.

    Parameters
    ----------
    kind
        One of `apps.stats.registry.CHART_TYPES`.
    values : (n,) or (n, p) array
        Observations in time order, NaN or None where missing: single values, counts, or rows of p
        variables for t2 and mewma.
    sizes : (n,) array or number
        Sample size or area of opportunity of each point (p, np, u and Laney charts).
    subgroups : (n,) array
        Label of each observation; a run of equal labels is one subgroup.
    subgroup_size
        Instead of labels: so many observations each (the last may be smaller).
    parts : (n,) array
        The product or part of each value (z-mr).
    center, sigma
        Known level and standard deviation of one unit, used as they stand.
    estimator
        How sigma is estimated; the first of `chart_type(kind).estimators` unless named.
    rules
        A set name, ``"set:1,2"``, ``"none"`` or a sequence of these and of `Rule`; beyond the
        limits and nine on one side unless named (Anhoej's rules for a run chart).
    phases
        Stretches with limits of their own; no pattern and no moving range crosses a border.
    exclude : (points,) bool array
        Points shown but counted in nothing.
    baseline
        Half-open range of points that set the limits.
    **choices
        The fields of `apps.stats.model.Options` that the chart uses: `width` (sigma to the
        limits), `printed`, `gaps`, `mr_length`, `screen`, `weight`, `steady`, `shift`, `decision`,
        `head_start`, `span`, `alpha`, `limits`, `arl`, `pooling`.

    Returns
    -------
    ControlChart
        Panels, signals, phases and notices.

    Raises
    ------
    NotEnoughData
        If the points do not suffice for limits.
    DegenerateData
        If the numbers overflow or carry no information.
    InvalidSpecification
        If the request contradicts itself or the data.

    References
    ----------
    Montgomery, Introduction to Statistical Quality Control; NIST/SEMATECH e-Handbook, chapter 6.

    Examples
    --------
    >>> judged = chart("i-mr", [5.0, 6.0, 5.5, 6.5, 5.0, 6.0, 12.0])
    >>> [(signal.panel, signal.rule, signal.point) for signal in judged.signals]
    [('individuals', 'nelson:1', 6), ('moving_range', 'nelson:1', 6)]
    >>> round(float(judged.panels[0].ucl[0]), 3)
    11.446
    """
    shape = chart_type(kind)
    options = read_options(shape, choices)
    chosen = resolve(rules if rules is not None else default_rules(shape))
    given = Given(center, sigma)
    with np.errstate(all="ignore"):
        data = read_data(
            shape,
            values,
            sizes=sizes,
            subgroups=subgroups,
            subgroup_size=subgroup_size,
            parts=parts,
            exclude=exclude,
        )
        options = shape.with_estimator(options, estimator, grouped=data.starts is not None)
        stretches = read_stretches(data.n_points, phases, baseline, given)
        judged = _judge_all(shape, data, stretches, options, chosen)
        notices = left_out(judged, chosen) if rules is not None else ()
        return _assembled(shape, data, stretches, judged, options, chosen, notices)


def default_rules(shape: ChartType) -> tuple[str, ...]:
    """The rules of a chart for which none are named."""
    return RUN_CHART_RULES if shape.limitless else DEFAULT_RULES


def read_options(shape: ChartType, choices: dict[str, Any]) -> Options:
    """Options of a chart type from keyword arguments.

    Raises
    ------
    InvalidSpecification
        If a choice is unknown to that chart or out of range.
    """
    known = shape.settings
    for name, value in choices.items():
        if name not in known:
            raise InvalidSpecification(
                "unknown_option",
                {"value": name, "option": f"{shape.kind} charts", "known": ", ".join(known)},
            )
        _check_option(name, value)
    return Options(**choices)


_RANGES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "width": ("above 0", lambda v: 0 < v < math.inf),
    "weight": ("above 0 and at most 1", lambda v: 0 < v <= 1),
    "shift": ("0 or more", lambda v: 0 <= v < math.inf),
    "decision": ("above 0", lambda v: 0 < v < math.inf),
    "head_start": ("0 or more", lambda v: 0 <= v < math.inf),
    "alpha": ("between 0 and 0.5", lambda v: 0 < v < 0.5),
    "arl": ("above 1", lambda v: 1 < v < math.inf),
    "span": ("a whole number of 2 or more", lambda v: isinstance(v, int) and v >= 2),
    "mr_length": ("a whole number from 2 to 100", lambda v: isinstance(v, int) and 2 <= v <= 100),
    "gaps": ("break or bridge", lambda v: v in ("break", "bridge")),
    "pooling": ("all or parts", lambda v: v in ("all", "parts")),
    "limits": ("sigma or probability", lambda v: v in ("sigma", "probability")),
    "printed": ("true or false", lambda v: isinstance(v, bool)),
    "screen": ("true or false", lambda v: isinstance(v, bool)),
    "steady": ("true or false", lambda v: isinstance(v, bool)),
}


def _check_option(name: str, value: Any) -> None:
    if name not in _RANGES:
        return
    expected, holds = _RANGES[name]
    try:
        fits = bool(holds(value))
    except TypeError:
        fits = False
    if not fits:
        raise InvalidSpecification(
            "option_range", {"option": name, "expected": expected, "value": str(value)}
        )


def judge_segment(
    shape: ChartType,
    segment: Segment,
    given: Given,
    options: Options,
    rules: Sequence[Rule],
) -> JudgedSegment:
    """One phase: statistic, sigma, limits, rules.

    Raises
    ------
    NotEnoughData, DegenerateData, InvalidSpecification
        As `chart` does.
    """
    check_given(shape, given)
    stats = shape.statistic(segment, options)
    estimate = shape.sigma(segment, stats, options, given)
    _check_estimate(shape, estimate)
    tracks = shape.limits(segment, stats, estimate, options)
    n_used = (
        0
        if given.center is not None and given.sigma is not None
        else points_used(segment, tracks[0].points)
    )
    notices = estimate.notices + few_points(n_used)
    if estimate.sigma == 0:
        notices += (Notice("zero_sigma"),)
    bridge = options.gaps == "bridge"
    findings = judge(tracks, rules, segment.excluded, bridge=bridge)
    return JudgedSegment(stats, tracks, estimate, findings, n_used, notices)


def _check_estimate(shape: ChartType, estimate: Estimate) -> None:
    needed = [estimate.center] if shape.limitless else [estimate.center, estimate.sigma]
    needed += [entry for entry in estimate.extra.values() if isinstance(entry, float)]
    if not all(math.isfinite(number) for number in needed):
        raise DegenerateData("overflow")


def _judge_all(
    shape: ChartType,
    data: Data,
    stretches: Sequence[Stretch],
    options: Options,
    rules: Sequence[Rule],
) -> list[JudgedSegment]:
    """Every phase; one that is still too short for limits of its own is shown without lines."""
    judged: list[JudgedSegment] = []
    failures: list[NotEnoughData] = []
    for stretch in stretches:
        segment = data.segment(stretch.start, stretch.stop, stretch.baseline)
        try:
            judged.append(judge_segment(shape, segment, stretch.given, options, rules))
        except NotEnoughData as failure:
            failures.append(failure)
            judged.append(_without_lines(shape, segment, stretch, options))
    if len(failures) == len(stretches):
        raise failures[0]
    return judged


def _without_lines(
    shape: ChartType, segment: Segment, stretch: Stretch, options: Options
) -> JudgedSegment:
    unknown = Estimate(math.nan, math.nan)
    stats = shape.statistic(segment, options)
    tracks = shape.limits(segment, stats, unknown, options)
    notice = Notice("phase_too_short", {"phase": stretch.name or str(stretch.start)})
    return JudgedSegment(stats, tracks, unknown, (), 0, (notice,))


def _assembled(
    shape: ChartType,
    data: Data,
    stretches: Sequence[Stretch],
    judged: Sequence[JudgedSegment],
    options: Options,
    rules: Sequence[Rule],
    notices: tuple[Notice, ...],
) -> ControlChart:
    panels = tuple(
        _panel(
            [
                (each.tracks[number], stretch)
                for each, stretch in zip(judged, stretches, strict=True)
            ]
        )
        for number in range(len(judged[0].tracks))
    )
    offsets = [stretch.start for stretch in stretches]
    names = tuple(panel.name for panel in panels)
    table = join([each.findings for each in judged], offsets, names, rules)
    n_points = data.n_points
    starts = np.arange(n_points) if data.starts is None else data.starts
    excluded = np.zeros(n_points, bool) if data.excluded is None else data.excluded
    return ControlChart(
        kind=shape.kind,
        n_points=n_points,
        panels=panels,
        signal_table=table,
        phases=tuple(
            _summary(shape, stretch, each) for stretch, each in zip(stretches, judged, strict=True)
        ),
        estimator=options.estimator,
        rules=tuple(rule.name for rule in rules),
        excluded=excluded,
        subgroup_starts=starts,
        warnings=_unique(
            [
                *data.notices,
                *notices,
                *(notice for each in judged for notice in each.notices),
            ]
        ),
        settings={name: getattr(options, name) for name in shape.settings},
        details=_details(shape, data, stretches, judged, options, table),
    )


def _details(
    shape: ChartType,
    data: Data,
    stretches: Sequence[Stretch],
    judged: Sequence[JudgedSegment],
    options: Options,
    table: SignalTable,
) -> dict[str, Any]:
    """What the chart type has to say of the points that signal, and of each phase."""
    details: dict[str, Any] = {}
    if shape.design is not None:
        details["design"] = shape.design(options)
    if shape.describe is not None:
        details["signals"] = []
        for stretch, each in zip(stretches, judged, strict=True):
            within = (table.point >= stretch.start) & (table.point < stretch.stop)
            points = np.unique(table.point[within])
            if len(points):
                segment = data.segment(stretch.start, stretch.stop, stretch.baseline)
                told = shape.describe(segment, each.estimate, options, points - stretch.start)
                details["signals"] += [
                    {"point": int(point)} | {name: row[i].tolist() for name, row in told.items()}
                    for i, point in enumerate(points)
                ]
    if any(each.estimate.extra for each in judged):
        details["phases"] = [dict(each.estimate.extra) for each in judged]
    return details


def left_out(judged: Sequence[JudgedSegment], rules: Sequence[Rule]) -> tuple[Notice, ...]:
    """A notice of the rules that hold on no panel of the chart."""
    allowed = frozenset[str]().union(*(track.allowed for each in judged for track in each.tracks))
    names = [rule.name for rule in rules if rule.key not in allowed]
    return (Notice("rules_left_out", {"rules": ", ".join(names)}),) if names else ()


def _unique(notices: Sequence[Notice]) -> tuple[Notice, ...]:
    return tuple({str(notice): notice for notice in notices}.values())


def _panel(parts: Sequence[tuple[Track, Stretch]]) -> Panel:
    lengths = [stretch.stop - stretch.start for _, stretch in parts]
    tracks = [track for track, _ in parts]
    lines = {
        name: spread([getattr(track, name) for track in tracks], lengths)
        for name in ("points", "center", "lcl", "ucl", "sigma")
    }
    sizes = spread([1.0 if track.sizes is None else track.sizes for track in tracks], lengths)
    return Panel(name=tracks[0].name, sizes=sizes, **lines)


def spread(parts: Sequence[Lines], lengths: Sequence[int]) -> FloatArray:
    """One read-only array from the lines of each phase; a single number costs no memory."""
    arrays = [
        np.broadcast_to(np.asarray(part, dtype=np.float64), (length,))
        for part, length in zip(parts, lengths, strict=True)
    ]
    joined = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    joined = joined.view()
    joined.setflags(write=False)
    return joined


def _summary(shape: ChartType, stretch: Stretch, judged: JudgedSegment) -> PhaseSummary:
    estimate, level = judged.estimate, judged.tracks[0]
    center = estimate.center
    if level.judged is not None and isinstance(level.center, float):
        center = level.center  # judged on another scale than the one shown
    return PhaseSummary(
        start=stretch.start,
        stop=stretch.stop,
        name=stretch.name,
        center=center,
        sigma=estimate.sigma,
        df=estimate.df,
        n_used=judged.n_used,
        frozen=FrozenLimits(estimate.center, estimate.sigma, estimate.extra),
    )
