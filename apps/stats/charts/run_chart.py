"""The run chart: values around their median, judged by runs and crossings.

References
----------
Anhoej and Olesen (2014), PLoS ONE 9, e113825; the R package qicharts2.
"""

import math

import numpy as np

from apps.stats.errors import NotEnoughData
from apps.stats.model import ChartType, Estimate, Given, Options, Segment, Statistics, Track
from apps.stats.results import FloatArray

MEDIAN_PATTERNS = frozenset({"longest_run", "crossings", "one_side", "trend", "alternating"})


def statistic(segment: Segment, options: Options) -> Statistics:
    """The values."""
    return {"run": segment.values}


def sigma(segment: Segment, stats: Statistics, options: Options, given: Given) -> Estimate:
    """The median, or the given center; a run chart has no sigma."""
    center = median(segment.used(stats["run"])) if given.center is None else given.center
    return Estimate(center, math.nan)


def median(values: FloatArray) -> float:
    """Median of the present values.

    Raises
    ------
    NotEnoughData
        If there is none.

    Examples
    --------
    >>> median(np.array([3.0, np.nan, 1.0]))
    2.0
    """
    present = values[~np.isnan(values)]
    if len(present) == 0:
        raise NotEnoughData("too_few_points", {"needed": 1, "got": 0})
    return float(np.median(present))


def limits(
    segment: Segment, stats: Statistics, estimate: Estimate, options: Options
) -> tuple[Track, ...]:
    """The median line alone."""
    nothing = math.nan
    return (
        Track("run", stats["run"], estimate.center, nothing, nothing, nothing, MEDIAN_PATTERNS),
    )


RUN = ChartType(
    kind="run",
    statistic=statistic,
    sigma=sigma,
    limits=limits,
    data="individuals",
    limitless=True,
    settings=("gaps",),
)
