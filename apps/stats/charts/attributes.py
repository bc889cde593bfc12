"""p, np, c and u: counts of defective units and of defects.

The sigma of an estimate is that of a sample of one unit, so a point's own sigma follows from its
sample size alone, and frozen or given limits need no more than center and sigma.

References
----------
Montgomery, Introduction to Statistical Quality Control, chapter 7; NIST/SEMATECH e-Handbook 6.3.3.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from apps.stats.charts.dispersion import is_overdispersed, sigma_z
from apps.stats.errors import NotEnoughData
from apps.stats.estimators import points_used, settle
from apps.stats.model import (
    ALL_PATTERNS,
    ChartType,
    Estimate,
    Given,
    Lines,
    Options,
    Segment,
    Spread,
    Statistics,
    Track,
)
from apps.stats.results import FloatArray, Notice

# Below this expected count the normal approximation behind three-sigma limits is rough.
SMALL_EXPECTED_COUNT = 5.0


def binomial_sigma(center: float) -> float:
    """Standard deviation of one unit that is defective with probability `center`."""
    return math.sqrt(max(0.0, center * (1.0 - center)))


def poisson_sigma(center: float) -> float:
    """Standard deviation of the defects of one unit of area."""
    return math.sqrt(max(0.0, center))


def statistic(segment: Segment, options: Options) -> Statistics:
    """Counts, sample sizes and counts per unit."""
    sizes = segment.sizes
    if sizes is None:
        return {"count": segment.values, "sizes": None, "rate": segment.values}
    safe = np.where(sizes > 0, sizes, np.nan)
    return {
        "count": np.where(sizes > 0, segment.values, np.nan),
        "sizes": safe,
        "rate": segment.values / safe,
    }


def sigma(
    segment: Segment,
    stats: Statistics,
    options: Options,
    given: Given,
    *,
    unit_sigma: Callable[[float], float],
) -> Estimate:
    """Total count over total size; sigma by the distribution of the count."""

    def spread(center: float) -> Spread:
        unit = unit_sigma(center)
        notices = _size_notice(stats, center) + _dispersion(segment, stats, options, center, unit)
        return Spread(unit, math.inf, notices)

    return settle(given, lambda: pooled_rate(segment, stats), spread)


def _dispersion(
    segment: Segment, stats: Statistics, options: Options, center: float, unit: float
) -> tuple[Notice, ...]:
    """A notice where the points vary more than their sample sizes explain."""
    try:
        factor = sigma_z(segment, stats, replace(options, estimator="mr-mean"), center, unit)
    except NotEnoughData:
        return ()
    if not is_overdispersed(factor, points_used(segment, stats["rate"])):
        return ()
    return (Notice("overdispersed", {"sigma_z": factor.sigma}),)


def pooled_rate(segment: Segment, stats: Statistics) -> float:
    """Total count over total sample size of the baseline.

    Raises
    ------
    NotEnoughData
        If the baseline holds no sample.
    """
    counts = segment.used(stats["count"])
    present = ~np.isnan(counts)
    if not bool(present.any()):
        raise NotEnoughData("too_few_points", {"needed": 1, "got": 0})
    if stats["sizes"] is None:
        return float(np.sum(counts[present])) / int(np.count_nonzero(present))
    sizes = segment.used(stats["sizes"])
    return float(np.sum(counts[present])) / float(np.sum(sizes[present]))


def _size_notice(stats: Statistics, center: float) -> tuple[Notice, ...]:
    sizes: FloatArray | None = stats["sizes"]
    smallest = 1.0 if sizes is None else float(np.nanmin(sizes, initial=math.inf))
    expected = center * smallest
    if 0 < expected < SMALL_EXPECTED_COUNT:
        return (
            Notice("small_expected_counts", {"expected": expected, "limit": SMALL_EXPECTED_COUNT}),
        )
    return ()


def rate_limits(
    segment: Segment,
    stats: Statistics,
    estimate: Estimate,
    options: Options,
    *,
    name: str,
    largest: float,
) -> tuple[Track, ...]:
    """Limits of a rate by sigma / sqrt(n), clipped to what a rate can be."""
    sizes = stats["sizes"]
    spread: Lines = estimate.sigma / np.sqrt(_one_or_each(sizes))
    track = clipped_track(name, stats["rate"], estimate.center, spread, options, largest)
    return (_with_sizes(track, sizes),)


def count_limits(
    segment: Segment,
    stats: Statistics,
    estimate: Estimate,
    options: Options,
) -> tuple[Track, ...]:
    """Limits of a count: n times the rate, sigma by sqrt(n), clipped to 0 and n."""
    sizes = stats["sizes"]
    if sizes is None:
        args = (estimate.center, estimate.sigma, options, math.inf)
        return (clipped_track("count", stats["count"], *args),)
    size = _one_or_each(sizes)
    track = clipped_track(
        "count",
        stats["count"],
        estimate.center * size,
        estimate.sigma * np.sqrt(size),
        options,
        size,
    )
    return (_with_sizes(track, sizes),)


def clipped_track(
    name: str,
    points: FloatArray,
    center: Lines,
    spread: Lines,
    options: Options,
    largest: Lines,
) -> Track:
    """A panel whose limits stay within 0 and the largest possible value."""
    return Track(
        name=name,
        points=points,
        center=center,
        sigma=spread,
        lcl=np.maximum(0.0, center - options.width * spread),
        ucl=np.minimum(largest, center + options.width * spread),
        allowed=ALL_PATTERNS,
    )


def _one_or_each(sizes: FloatArray) -> Lines:
    if len(sizes) and bool((sizes == sizes[0]).all()):
        return float(sizes[0])
    return sizes


def _with_sizes(track: Track, sizes: FloatArray) -> Track:
    return Track(
        track.name,
        track.points,
        track.center,
        track.sigma,
        track.lcl,
        track.ucl,
        track.allowed,
        sizes,
    )


_binomial = partial(sigma, unit_sigma=binomial_sigma)
_poisson = partial(sigma, unit_sigma=poisson_sigma)

P = ChartType(
    "p",
    statistic,
    _binomial,
    partial(rate_limits, name="proportion", largest=1.0),
    data="counts",
    sizes="needed",
    bounded=True,
    range_of_center=(0.0, 1.0),
)
NP = ChartType(
    "np",
    statistic,
    _binomial,
    count_limits,
    data="counts",
    sizes="needed",
    bounded=True,
    range_of_center=(0.0, 1.0),
)
C = ChartType(
    "c", statistic, _poisson, count_limits, data="counts", range_of_center=(0.0, math.inf)
)
U = ChartType(
    "u",
    statistic,
    _poisson,
    partial(rate_limits, name="rate", largest=math.inf),
    data="counts",
    sizes="needed",
    range_of_center=(0.0, math.inf),
)
