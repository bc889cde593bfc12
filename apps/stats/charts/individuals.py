"""I-MR: single values and their moving ranges.

References
----------
NIST/SEMATECH e-Handbook 6.3.2.2; Montgomery, Introduction to Statistical Quality Control, 6.4.
"""

import numpy as np

from apps.stats import constants as table
from apps.stats.errors import NotEnoughData
from apps.stats.estimators import (
    MOVING_RANGE_ESTIMATORS,
    mean,
    moving_ranges,
    present,
    settle,
    sigma_from_moving_ranges,
)
from apps.stats.model import (
    ALL_PATTERNS,
    LIMIT_PATTERNS,
    SHEWHART_SETTINGS,
    ChartType,
    Estimate,
    Given,
    Options,
    Segment,
    Statistics,
    Track,
)
from apps.stats.results import FloatArray


def statistic(segment: Segment, options: Options) -> Statistics:
    """The values and the moving ranges between counted neighbours."""
    ranges = counted_ranges(segment, segment.values, options)
    return {"individuals": segment.values, "moving_range": ranges}


def sigma(segment: Segment, stats: Statistics, options: Options, given: Given) -> Estimate:
    """Mean of the values, sigma from their moving ranges."""
    return settle(
        given,
        lambda: mean(segment.used(stats["individuals"])),
        lambda _: sigma_from_moving_ranges(baseline_ranges(segment, stats, options), options),
    )


def limits(
    segment: Segment, stats: Statistics, estimate: Estimate, options: Options
) -> tuple[Track, ...]:
    """Values within `width` sigma; moving ranges within the limits of ranges of that length."""
    reach = options.width * estimate.sigma
    individuals = Track(
        name="individuals",
        points=stats["individuals"],
        center=estimate.center,
        sigma=estimate.sigma,
        lcl=estimate.center - reach,
        ucl=estimate.center + reach,
        allowed=ALL_PATTERNS,
    )
    return individuals, moving_range_track(
        stats["moving_range"], estimate.sigma, estimate.center, options
    )


def counted_ranges(segment: Segment, points: FloatArray, options: Options) -> FloatArray:
    """Moving ranges of the counted points, NaN beside a gap unless gaps are bridged."""
    counted = segment.counted(points)
    return moving_ranges(counted, options.mr_length, bridge=options.gaps == "bridge")


def baseline_ranges(segment: Segment, stats: Statistics, options: Options) -> FloatArray:
    """The moving ranges that lie wholly inside the baseline.

    Raises
    ------
    NotEnoughData
        If there are values enough, but a gap lies between any two of them.
    """
    ranges: FloatArray = stats["moving_range"]
    used = segment.used(stats["individuals"])
    if segment.baseline is not None:
        ranges = moving_ranges(used, options.mr_length, bridge=options.gaps == "bridge")
    if len(present(ranges)) == 0 and len(present(used)) >= options.mr_length:
        raise NotEnoughData("no_neighbours")
    return ranges


def moving_range_track(
    ranges: FloatArray, sigma_of_values: float, level: float, options: Options
) -> Track:
    """Moving ranges with their limits; neighbours share a value, so only the limits are judged."""
    d2 = table.d2(options.mr_length, printed=options.printed)
    d3 = table.d3(options.mr_length, printed=options.printed)
    center, spread = d2 * sigma_of_values, d3 * sigma_of_values
    return Track(
        name="moving_range",
        points=ranges,
        center=center,
        sigma=spread,
        lcl=float(np.maximum(0.0, center - options.width * spread)),
        ucl=center + options.width * spread,
        allowed=LIMIT_PATTERNS,
        level=level,
    )


I_MR = ChartType(
    kind="i-mr",
    statistic=statistic,
    sigma=sigma,
    limits=limits,
    data="individuals",
    estimators=MOVING_RANGE_ESTIMATORS,
    settings=(*SHEWHART_SETTINGS, "mr_length", "screen"),
    memory=lambda options: options.mr_length - 1,
)
