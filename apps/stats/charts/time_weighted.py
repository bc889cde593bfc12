"""Moving average, EWMA and tabular CUSUM, of single values or of subgroup means.

References
----------
NIST/SEMATECH e-Handbook 6.3.2.3 and 6.3.2.4; Montgomery, chapter 9; Roberts (1959); Page (1954);
Lucas and Crosier (1982) for the head start.
"""

import math

import numpy as np

from apps.stats.arl import cusum_arl, ewma_arl
from apps.stats.charts.individuals import baseline_ranges, counted_ranges
from apps.stats.charts.xbar import grand_mean
from apps.stats.estimators import (
    MOVING_RANGE_ESTIMATORS,
    RANGE_ESTIMATORS,
    mean,
    settle,
    sigma_from_moving_ranges,
    sigma_within,
)
from apps.stats.model import (
    LIMIT_PATTERNS,
    ChartType,
    Estimate,
    Given,
    Lines,
    Options,
    Segment,
    Statistics,
    Track,
)
from apps.stats.results import FloatArray, IntArray
from apps.stats.rules.patterns import ABOVE, BELOW
from apps.stats.windows import BLOCK, cumulative_sum_above_zero, recursion, window_sum


def statistic(segment: Segment, options: Options) -> Statistics:
    """The values or subgroup means, the counted ones among them, and one over their sizes."""
    if segment.starts is None:
        points, shares = segment.values, np.ones(segment.n_points)
    else:
        sizes = segment.subgroups.sizes
        points, shares = segment.subgroups.means, 1.0 / np.where(sizes > 0, sizes, np.nan)
    kept = np.flatnonzero(~np.isnan(segment.counted(points)))
    return {"individuals": points, "kept": kept, "shares": shares[kept]}


def sigma(segment: Segment, stats: Statistics, options: Options, given: Given) -> Estimate:
    """Level and within sigma as on an I-MR or an Xbar chart."""
    if segment.starts is None:
        ranges = {**stats, "moving_range": counted_ranges(segment, segment.values, options)}
        return settle(
            given,
            lambda: mean(segment.used(segment.values)),
            lambda _: sigma_from_moving_ranges(baseline_ranges(segment, ranges, options), options),
        )
    return settle(
        given,
        lambda: grand_mean(segment, stats["individuals"]),
        lambda _: sigma_within(segment, options),
    )


def placed(segment: Segment, stats: Statistics, values: FloatArray) -> FloatArray:
    """Values of the counted points at their places, NaN elsewhere."""
    result = np.full(segment.n_points, np.nan)
    result[stats["kept"]] = values
    return result


def moving_average_limits(
    segment: Segment, stats: Statistics, estimate: Estimate, options: Options
) -> tuple[Track, ...]:
    """Mean of the last `span` points; wider limits while there are fewer."""
    deviations, shares = stats["individuals"][stats["kept"]] - estimate.center, stats["shares"]
    counts = _trailing(np.ones(len(deviations)), options.span)
    averages = estimate.center + _trailing(deviations, options.span) / counts
    spread = estimate.sigma * np.sqrt(_trailing(shares, options.span)) / counts
    return (_limited("moving_average", segment, stats, averages, spread, estimate, options),)


def _trailing(values: FloatArray, span: int) -> FloatArray:
    """Sum of the last `span` values, of fewer at the start."""
    head = np.cumsum(values[: span - 1])
    return np.concatenate((head, window_sum(values, span)))


def ewma_limits(
    segment: Segment, stats: Statistics, estimate: Estimate, options: Options
) -> tuple[Track, ...]:
    """Exponential average from the center; its exact standard deviation, or the asymptotic one."""
    weight, keep = options.weight, 1.0 - options.weight
    deviations = stats["individuals"][stats["kept"]] - estimate.center
    before = segment.carry or (0.0, 0.0)
    averages = recursion(weight * deviations, keep, before[0])
    stats["deviation"] = placed(segment, stats, averages)
    factor = recursion(weight**2 * stats["shares"], keep**2, before[1])
    stats["factor"] = placed(segment, stats, factor)
    if options.steady:
        factor = stats["shares"] * (weight / (2 - weight))
    spread = estimate.sigma * np.sqrt(factor)
    levels = estimate.center + averages
    return (_limited("ewma", segment, stats, levels, spread, estimate, options),)


def ewma_carry(
    stats: Statistics, tracks: tuple[Track, ...], point: int, start: int
) -> tuple[float, ...]:
    """Average and variance factor at a point, from which the next ones follow."""
    return float(stats["deviation"][point]), float(stats["factor"][point])


def _limited(
    name: str,
    segment: Segment,
    stats: Statistics,
    averages: FloatArray,
    spread: FloatArray,
    estimate: Estimate,
    options: Options,
) -> Track:
    sigma_of_points = placed(segment, stats, spread)
    reach = options.width * sigma_of_points
    return Track(
        name=name,
        points=placed(segment, stats, averages),
        center=estimate.center,
        sigma=sigma_of_points,
        lcl=estimate.center - reach,
        ucl=estimate.center + reach,
        allowed=LIMIT_PATTERNS,
    )


def cusum_limits(
    segment: Segment, stats: Statistics, estimate: Estimate, options: Options
) -> tuple[Track, ...]:
    """Upper and lower arm, both positive and in the unit of the data; no reset after a signal.

    A pattern begins with the first point after its arm was last at zero.
    """
    values = stats["individuals"][stats["kept"]]
    single = segment.starts is None
    spread: Lines = estimate.sigma if single else estimate.sigma * np.sqrt(stats["shares"])
    start = options.head_start * estimate.sigma
    before = segment.carry or (start, 0.0, start, 0.0)
    arms = []
    for side, name, away in ((ABOVE, "cusum_upper", 1.0), (BELOW, "cusum_lower", -1.0)):
        steps = away * (values - estimate.center) - options.shift * spread
        level, began = before[2 * (side - 1)], int(before[2 * side - 1])
        sums = cumulative_sum_above_zero(steps, level)
        first = _run_starts(sums, stats["kept"], level, began)
        limit = options.decision * spread
        arms.append(_arm(name, side, segment, stats, sums, first, limit, spread))
    return tuple(arms)


def _run_starts(sums: FloatArray, kept: IntArray, level: float, began: int) -> IntArray:
    """The point at which each run above zero began; `began` where it did so before this piece."""
    before = np.concatenate(([level], sums[:-1]))
    rises = (sums > 0) & (before == 0)
    first: IntArray = np.maximum.accumulate(np.where(rises, kept, began))
    return np.where(sums > 0, first, kept)


def _arm(
    name: str,
    side: int,
    segment: Segment,
    stats: Statistics,
    sums: FloatArray,
    run_starts: IntArray,
    limit: Lines,
    spread: Lines,
) -> Track:
    first = np.arange(segment.n_points)
    first[stats["kept"]] = run_starts
    varying = isinstance(limit, np.ndarray)
    return Track(
        name=name,
        points=placed(segment, stats, sums),
        center=0.0,
        sigma=placed(segment, stats, np.asarray(spread)) if varying else spread,
        lcl=math.nan,
        ucl=placed(segment, stats, np.asarray(limit)) if varying else limit,
        allowed=LIMIT_PATTERNS,
        pattern_first=first,
        side=side,
    )


def cusum_carry(
    stats: Statistics, tracks: tuple[Track, ...], point: int, start: int
) -> tuple[float, ...]:
    """Both sums, and where their runs began, counted from `start`."""
    carried: list[float] = []
    for track in tracks:
        assert track.pattern_first is not None
        carried += [float(track.points[point]), float(track.pattern_first[point] - start)]
    return tuple(carried)


def ewma_design(options: Options) -> dict[str, float]:
    """Points to a signal, on average: without a change and after a shift of one sigma of a point.

    For the asymptotic limits; the exact ones differ in the first few points only.
    """
    return {
        "arl_in_control": ewma_arl(options.weight, options.width),
        "arl_one_sigma_shift": ewma_arl(options.weight, options.width, shift=1.0),
    }


def cusum_design(options: Options) -> dict[str, float]:
    """Points to a signal, on average: without a change and after a shift of one sigma of a point."""
    design = (options.shift, options.decision)
    return {
        "arl_in_control": cusum_arl(*design, head_start=options.head_start),
        "arl_one_sigma_shift": cusum_arl(*design, head_start=options.head_start, shift=1.0),
    }


MOVING_AVERAGE = ChartType(
    kind="ma",
    statistic=statistic,
    sigma=sigma,
    limits=moving_average_limits,
    data="observations",
    estimators=MOVING_RANGE_ESTIMATORS,
    grouped_estimators=RANGE_ESTIMATORS,
    settings=("width", "printed", "gaps", "mr_length", "screen", "span"),
    memory=lambda options: options.span - 1,
)
EWMA = ChartType(
    kind="ewma",
    statistic=statistic,
    sigma=sigma,
    limits=ewma_limits,
    data="observations",
    estimators=MOVING_RANGE_ESTIMATORS,
    grouped_estimators=RANGE_ESTIMATORS,
    settings=("width", "printed", "gaps", "mr_length", "screen", "weight", "steady"),
    block=BLOCK,
    carry=ewma_carry,
    design=ewma_design,
)
CUSUM = ChartType(
    kind="cusum",
    statistic=statistic,
    sigma=sigma,
    limits=cusum_limits,
    data="observations",
    estimators=MOVING_RANGE_ESTIMATORS,
    grouped_estimators=RANGE_ESTIMATORS,
    settings=("printed", "gaps", "mr_length", "screen", "shift", "decision", "head_start"),
    block=BLOCK,
    carry=cusum_carry,
    design=cusum_design,
)
