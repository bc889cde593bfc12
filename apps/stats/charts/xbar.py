"""Xbar-R and Xbar-S: subgroup means with ranges or standard deviations, of any sizes.

References
----------
Montgomery, Introduction to Statistical Quality Control, 6.2 and 6.3; ASTM E2587.
"""

import numpy as np

from apps.stats import constants as table
from apps.stats.estimators import (
    LARGE_RANGE_SIZE,
    RANGE_ESTIMATORS,
    SD_ESTIMATORS,
    check_range_sizes,
    settle,
    sigma_within,
    weighted_mean,
)
from apps.stats.model import (
    ALL_PATTERNS,
    INDEPENDENT_PATTERNS,
    ChartType,
    Estimate,
    Given,
    Lines,
    Options,
    Segment,
    Statistics,
    Track,
)
from apps.stats.results import FloatArray, IntArray, Notice


def statistic_r(segment: Segment, options: Options) -> Statistics:
    """Means and ranges."""
    check_range_sizes(segment.subgroups.sizes)
    return {"mean": segment.subgroups.means, "range": segment.subgroups.ranges}


def statistic_s(segment: Segment, options: Options) -> Statistics:
    """Means and standard deviations."""
    return {"mean": segment.subgroups.means, "sd": segment.subgroups.sds}


def sigma(segment: Segment, stats: Statistics, options: Options, given: Given) -> Estimate:
    """Grand mean weighted by subgroup size; sigma within subgroups."""
    estimate = settle(
        given,
        lambda: grand_mean(segment, stats["mean"]),
        lambda _: sigma_within(segment, options),
    )
    notices = estimate.notices + _size_notices(segment.subgroups.sizes, ranged="range" in stats)
    return Estimate(estimate.center, estimate.sigma, estimate.df, estimate.extra, notices)


def grand_mean(segment: Segment, means: FloatArray) -> float:
    """Mean of all counted observations of the baseline."""
    sizes = segment.used(segment.subgroups.sizes.astype(float))
    return weighted_mean(segment.used(means), sizes)


def limits_r(
    segment: Segment, stats: Statistics, estimate: Estimate, options: Options
) -> tuple[Track, ...]:
    """Limits of means by sigma / sqrt(n); of ranges by d2(n) and d3(n)."""
    sizes = segment.subgroups.sizes
    spread = spread_track("range", stats["range"], sizes, ("d2", "d3"), estimate, options)
    return mean_track(stats["mean"], sizes, estimate, options), spread


def limits_s(
    segment: Segment, stats: Statistics, estimate: Estimate, options: Options
) -> tuple[Track, ...]:
    """Limits of means by sigma / sqrt(n); of standard deviations by c4(n) and c5(n)."""
    sizes = segment.subgroups.sizes
    spread = spread_track("sd", stats["sd"], sizes, ("c4", "c5"), estimate, options)
    return mean_track(stats["mean"], sizes, estimate, options), spread


def mean_track(means: FloatArray, sizes: IntArray, estimate: Estimate, options: Options) -> Track:
    """Subgroup means, each with the limits of its own size."""
    size = one_or_each(sizes)
    sigma_of_means: Lines = estimate.sigma / np.sqrt(np.where(np.equal(size, 0), np.nan, size))
    reach = options.width * sigma_of_means
    return Track(
        name="mean",
        points=means,
        center=estimate.center,
        sigma=sigma_of_means,
        lcl=estimate.center - reach,
        ucl=estimate.center + reach,
        allowed=ALL_PATTERNS,
        sizes=sizes.astype(float),
    )


def spread_track(
    name: str,
    points: FloatArray,
    sizes: IntArray,
    names: tuple[str, str],
    estimate: Estimate,
    options: Options,
) -> Track:
    """Ranges or standard deviations, each with the limits of its own size."""
    distinct = np.atleast_1d(one_or_each(sizes)).astype(np.int64)
    center, spread = (
        estimate.sigma * table.per_size(constant, distinct, printed=options.printed)
        for constant in names
    )
    if len(distinct) == 1:
        center, spread = center[0], spread[0]
    return Track(
        name=name,
        points=points,
        center=center,
        sigma=spread,
        lcl=np.maximum(0.0, center - options.width * spread),
        ucl=center + options.width * spread,
        allowed=INDEPENDENT_PATTERNS,
        sizes=sizes.astype(float),
        level=estimate.center,
    )


def one_or_each(sizes: IntArray) -> IntArray | int:
    """One number where all sizes are equal, so that lines stay one number too."""
    if len(sizes) and bool((sizes == sizes[0]).all()):
        return int(sizes[0])
    return sizes


def _size_notices(sizes: IntArray, *, ranged: bool) -> tuple[Notice, ...]:
    notices = []
    single, largest = int(np.count_nonzero(sizes == 1)), int(sizes.max(initial=0))
    if single:
        notices.append(Notice("single_subgroups", {"n": single}))
    if ranged and largest > LARGE_RANGE_SIZE:
        notices.append(Notice("large_ranges", {"n": largest, "limit": LARGE_RANGE_SIZE}))
    return tuple(notices)


XBAR_R = ChartType(
    kind="xbar-r",
    statistic=statistic_r,
    sigma=sigma,
    limits=limits_r,
    data="subgroups",
    estimators=RANGE_ESTIMATORS,
)
XBAR_S = ChartType(
    kind="xbar-s",
    statistic=statistic_s,
    sigma=sigma,
    limits=limits_s,
    data="subgroups",
    estimators=SD_ESTIMATORS,
)
