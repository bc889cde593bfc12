"""Estimates of the level and of the within sigma of a process.

Every estimate of sigma is that of a single unit, unbiased for normal data, and carries the degrees
of freedom that its own precision is worth.
"""

import math
from collections.abc import Callable

import numpy as np

from apps.stats import constants as table
from apps.stats.errors import InvalidSpecification, NotEnoughData
from apps.stats.model import Estimate, Given, Options, Segment, Spread
from apps.stats.results import BoolArray, FloatArray, IntArray, Notice
from apps.stats.windows import window_max, window_min

MOVING_RANGE_ESTIMATORS = ("mr-mean", "mr-median")
RANGE_ESTIMATORS = ("rbar-mvlue", "rbar", "pooled-sd", "sbar-mvlue", "sbar")
SD_ESTIMATORS = ("sbar-mvlue", "sbar", "pooled-sd", "rbar-mvlue", "rbar")

# Subgroups above this size waste information when only their range is used (Montgomery, 6.3).
LARGE_RANGE_SIZE = 10
RECOMMENDED_POINTS = 20


def mean(values: FloatArray) -> float:
    """Mean of the present values, by two passes; exact for equal values.

    Raises
    ------
    NotEnoughData
        If no value is present.

    Examples
    --------
    >>> mean(np.array([0.7, np.nan, 0.7, 0.7])) == 0.7
    True
    """
    there = present(values)
    if len(there) == 0:
        raise NotEnoughData("too_few_points", {"needed": 1, "got": 0})
    rough = float(np.mean(there))
    return rough + float(np.mean(there - rough))


def present(values: FloatArray) -> FloatArray:
    """The values that are there; no copy where none, or only the first, is missing.

    Examples
    --------
    >>> present(np.array([np.nan, 2.0, 3.0]))
    array([2., 3.])
    """
    for candidate in (values, values[1:]):
        if not math.isnan(float(np.sum(candidate))):
            return candidate
    return values[~np.isnan(values)]


def moving_ranges(values: FloatArray, length: int = 2, *, bridge: bool = False) -> FloatArray:
    """Range of each value and the `length` - 1 before it; NaN where one of them is missing.

    With `bridge` a missing value is skipped over instead.

    Examples
    --------
    >>> moving_ranges(np.array([1.0, 4.0, np.nan, 2.0, 3.0]))
    array([nan,  3., nan, nan,  1.])
    >>> moving_ranges(np.array([1.0, 4.0, np.nan, 2.0, 3.0]), bridge=True)
    array([nan,  3., nan,  2.,  1.])
    """
    result = np.full(len(values), np.nan)
    if bridge:
        present = np.flatnonzero(~np.isnan(values))
        result[present] = moving_ranges(values[present], length)
    elif length == 2:
        np.abs(np.subtract(values[1:], values[:-1], out=result[1:]), out=result[1:])
    elif len(values) >= length:
        result[length - 1 :] = window_max(values, length) - window_min(values, length)
    return result


def sigma_from_moving_ranges(ranges: FloatArray, options: Options) -> Spread:
    """Mean or median moving range over its expectation.

    Parameters
    ----------
    ranges
        Moving ranges of `options.mr_length`, NaN where undefined.
    options
        `estimator` is mr-mean or mr-median; `screen` drops ranges above their own upper limit once.

    Raises
    ------
    NotEnoughData
        If there is no range.

    References
    ----------
    NIST/SEMATECH e-Handbook 6.3.2.2; Nelson (1982) for the screening.
    """
    ranges = present(ranges)
    if len(ranges) == 0:
        raise NotEnoughData("too_few_points", {"needed": options.mr_length, "got": 1})
    length, printed = options.mr_length, options.printed
    d2, d3 = table.d2(length, printed=printed), table.d3(length, printed=printed)
    if options.screen:
        kept = ranges[ranges <= mean(ranges) * (1 + 3 * d3 / d2)]
        ranges = kept if len(kept) else ranges
    if options.estimator == "mr-median":
        sigma = float(np.median(ranges)) / table.d4(length, printed=printed)
    else:
        sigma = mean(ranges) / d2
    return Spread(sigma, table.equivalent_df(table.mean_range_variance(len(ranges))))


def sigma_within(segment: Segment, options: Options) -> Spread:
    """Sigma within subgroups by the estimator of the options.

    Raises
    ------
    NotEnoughData
        If no subgroup holds two values.

    References
    ----------
    Burr (1969) for the minimum-variance linear weights d2^2/d3^2 and c4^2/(1 - c4^2).
    """
    groups = segment.subgroups
    use = segment.used(np.where(groups.sizes >= 2, 1.0, np.nan)) == 1.0
    if not bool(use.any()):
        raise NotEnoughData("only_single_subgroups")
    sizes = _used_sizes(segment, groups.sizes)[use]
    printed = options.printed
    if options.estimator == "pooled-sd":
        return _pooled(_used(segment, groups.sds, use), sizes, printed=printed)
    ranged = options.estimator.startswith("rbar")
    if ranged:
        check_range_sizes(sizes)
    location, scale = ("d2", "d3") if ranged else ("c4", "c5")
    statistic = _used(segment, groups.ranges if ranged else groups.sds, use)
    return _linear(
        statistic / table.per_size(location, sizes, printed=printed),
        table.per_size(scale, sizes, printed=printed)
        / table.per_size(location, sizes, printed=printed),
        weighted=options.estimator.endswith("mvlue"),
    )


def _linear(estimates: FloatArray, relative_sd: FloatArray, *, weighted: bool) -> Spread:
    """Combine unbiased estimates, weighting each by its precision or not at all."""
    if weighted and bool((relative_sd != relative_sd[0]).any()):
        weights = relative_sd**-2
        sigma = float(np.sum(weights * estimates) / np.sum(weights))
        return Spread(sigma, table.equivalent_df(1 / float(np.sum(weights))))
    variance = float(np.sum(relative_sd**2)) / len(estimates) ** 2
    return Spread(mean(estimates), table.equivalent_df(variance))


def _pooled(sds: FloatArray, sizes: IntArray, *, printed: bool) -> Spread:
    df = int(np.sum(sizes - 1))
    pooled = math.sqrt(float(np.sum((sizes - 1) * sds**2)) / df)
    return Spread(pooled / table.c4(df + 1, printed=printed), float(df))


def check_range_sizes(sizes: IntArray) -> None:
    """Refuse ranges of subgroups so large that the range says almost nothing.

    Raises
    ------
    InvalidSpecification
        If a subgroup holds more than 100 values.
    """
    largest = int(sizes.max(initial=0))
    if largest > table.LARGEST_RANGE_SIZE:
        raise InvalidSpecification(
            "subgroups_too_large", {"largest": table.LARGEST_RANGE_SIZE, "got": largest}
        )


def _used_sizes(segment: Segment, sizes: IntArray) -> IntArray:
    return sizes if segment.baseline is None else sizes[slice(*segment.baseline)]


def _used(segment: Segment, statistic: FloatArray, use: BoolArray) -> FloatArray:
    return segment.used(statistic)[use]


def weighted_mean(points: FloatArray, weights: FloatArray) -> float:
    """Mean of the present points by weight, two passes.

    Raises
    ------
    NotEnoughData
        If no point has weight.

    Examples
    --------
    >>> weighted_mean(np.array([1.0, 4.0]), np.array([2.0, 1.0]))
    2.0
    """
    present = ~np.isnan(points) & (weights > 0)
    if not bool(present.any()):
        raise NotEnoughData("too_few_points", {"needed": 1, "got": 0})
    values, shares = points[present], weights[present] / np.sum(weights[present])
    rough = float(np.sum(values * shares))
    return rough + float(np.sum((values - rough) * shares))


def settle(given: Given, level: Callable[[], float], spread: Callable[[float], Spread]) -> Estimate:
    """The given center and sigma as they stand; what is not given is estimated."""
    center = level() if given.center is None else given.center
    found = spread(center) if given.sigma is None else Spread(given.sigma)
    return Estimate(center, found.sigma, found.df, dict(given.extra or {}), found.notices)


def points_used(segment: Segment, points: FloatArray) -> int:
    """How many present points set the limits."""
    return len(present(segment.used(points)))


def few_points(n_used: int) -> tuple[Notice, ...]:
    """A notice where limits rest on too few points to be final."""
    if 0 < n_used < RECOMMENDED_POINTS:
        return (Notice("few_points", {"n": n_used, "recommended": RECOMMENDED_POINTS}),)
    return ()
