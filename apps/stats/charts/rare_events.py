"""g and t: units or time between rare events.

References
----------
Benneyan (2001), Health Care Management Science 4, 305-318 (g); Nelson (1994), Journal of Quality
Technology 26, 88-90 (t, by the power 1/3.6); Minitab and JMP draw probability limits.
"""

import math

import numpy as np

from apps.stats.errors import InvalidSpecification
from apps.stats.estimators import (
    MOVING_RANGE_ESTIMATORS,
    mean,
    moving_ranges,
    settle,
    sigma_from_moving_ranges,
)
from apps.stats.model import (
    ALL_PATTERNS,
    LIMIT_PATTERNS,
    ChartType,
    Estimate,
    Given,
    Options,
    Segment,
    Spread,
    Statistics,
    Track,
)
from apps.stats.results import FloatArray, Notice

# Nelson's power that makes exponential times nearly normal.
POWER = 1 / 3.6
# Half a center line's worth of points lies on each side only under probability limits.
_BALANCED = frozenset({"beyond", "one_side", "trend", "alternating", "longest_run", "crossings"})


def tail(width: float) -> float:
    """Chance of a normal value beyond `width` sigma on one side.

    Examples
    --------
    >>> round(tail(3.0), 6)
    0.00135
    """
    return 0.5 * math.erfc(width / math.sqrt(2.0))


def statistic_g(segment: Segment, options: Options) -> Statistics:
    """The counts between events."""
    return {"count": segment.values}


def sigma_g(segment: Segment, stats: Statistics, options: Options, given: Given) -> Estimate:
    """Mean count; standard deviation of the geometric distribution with that mean."""
    return settle(
        given,
        lambda: mean(segment.used(stats["count"])),
        lambda center: Spread(math.sqrt(center * (center + 1.0)), math.inf),
    )


def limits_g(
    segment: Segment, stats: Statistics, estimate: Estimate, options: Options
) -> tuple[Track, ...]:
    """Mean and sigma limits; or the median and the tail points of the geometric distribution."""
    if options.limits == "probability":
        low, center, high = (
            geometric_quantile(estimate.center, q)
            for q in (tail(options.width), 0.5, 1 - tail(options.width))
        )
        allowed = _BALANCED
    else:
        center = estimate.center
        low = float(np.maximum(0.0, center - options.width * estimate.sigma))
        high = center + options.width * estimate.sigma
        allowed = LIMIT_PATTERNS
    return (Track("count", stats["count"], center, estimate.sigma, low, high, allowed),)


def geometric_quantile(average: float, q: float) -> float:
    """Quantile, between whole numbers, of a geometric count from 0 with that mean.

    Examples
    --------
    >>> round(geometric_quantile(20.0, 0.5), 3)
    13.207
    """
    if average == 0 or math.isnan(average):
        return average
    return max(0.0, math.log1p(-q) / math.log1p(-1 / (average + 1)) - 1.0)


def statistic_t(segment: Segment, options: Options) -> Statistics:
    """The times, and their power that is nearly normal.

    Raises
    ------
    InvalidSpecification
        If a time is negative.
    """
    times = segment.values
    negative = np.flatnonzero(times < 0)
    if len(negative):
        at = int(negative[0])
        raise InvalidSpecification("value_negative", {"position": at, "value": float(times[at])})
    powered = times**POWER
    counted = segment.counted(powered)
    bridge = options.gaps == "bridge"
    return {
        "time": times,
        "power": powered,
        "moving_range": moving_ranges(counted, options.mr_length, bridge=bridge),
    }


def sigma_t(segment: Segment, stats: Statistics, options: Options, given: Given) -> Estimate:
    """Level and sigma on the scale of the powers; with probability limits, the mean time."""
    zeros = int(np.count_nonzero(stats["time"] == 0))
    notices = (Notice("zero_times", {"n": zeros}),) if zeros else ()
    if options.limits == "probability":
        found = settle(given, lambda: mean(segment.used(stats["time"])), Spread)
    else:
        bridge = options.gaps == "bridge"
        found = settle(
            given,
            lambda: mean(segment.used(stats["power"])),
            lambda _: sigma_from_moving_ranges(
                moving_ranges(segment.used(stats["power"]), options.mr_length, bridge=bridge),
                options,
            ),
        )
    return Estimate(found.center, found.sigma, found.df, found.extra, found.notices + notices)


def limits_t(
    segment: Segment, stats: Statistics, estimate: Estimate, options: Options
) -> tuple[Track, ...]:
    """Limits of the powers brought back to time; or the tail points of exponential times."""
    if options.limits == "probability":
        low, center, high = (
            -estimate.center * math.log(1 - q)
            for q in (tail(options.width), 0.5, 1 - tail(options.width))
        )
        return (Track("time", stats["time"], center, estimate.sigma, low, high, _BALANCED),)
    powered: FloatArray = stats["power"]
    reach = options.width * estimate.sigma
    low, high = float(np.maximum(0.0, estimate.center - reach)), estimate.center + reach
    track = Track(
        name="time",
        points=stats["time"],
        center=estimate.center ** (1 / POWER),
        sigma=math.nan,
        lcl=low ** (1 / POWER),
        ucl=high ** (1 / POWER),
        allowed=ALL_PATTERNS,
        judged=(powered, estimate.center, estimate.sigma, low, high),
    )
    return (track,)


_SETTINGS = ("width", "gaps", "limits")
G = ChartType(
    "g",
    statistic_g,
    sigma_g,
    limits_g,
    data="counts",
    settings=_SETTINGS,
    range_of_center=(0.0, math.inf),
)
T = ChartType(
    "t",
    statistic_t,
    sigma_t,
    limits_t,
    data="individuals",
    estimators=MOVING_RANGE_ESTIMATORS,
    settings=(*_SETTINGS, "printed", "mr_length", "screen"),
    range_of_center=(0.0, math.inf),
)
