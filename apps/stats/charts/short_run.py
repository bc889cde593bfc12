"""Z-MR: short runs of different parts on one chart, each value standardised by its own part.

References
----------
Montgomery, chapter 10.1; Wheeler, Short Run SPC; Minitab, Z-MR chart.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from apps.stats.charts.individuals import moving_range_track
from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.estimators import (
    MOVING_RANGE_ESTIMATORS,
    mean,
    moving_ranges,
    present,
    sigma_from_moving_ranges,
)
from apps.stats.model import (
    ALL_PATTERNS,
    SHEWHART_SETTINGS,
    ChartType,
    Estimate,
    Given,
    Options,
    Segment,
    Spread,
    Statistics,
    Track,
)
from apps.stats.results import FloatArray

PartScale = tuple[float, float]


def statistic(segment: Segment, options: Options) -> Statistics:
    """The values and the part of each."""
    return {"individuals": segment.values, "parts": segment.labels}


def sigma(segment: Segment, stats: Statistics, options: Options, given: Given) -> Estimate:
    """Level and sigma of each part.

    Sigma comes from moving ranges within runs of one part: of all parts together (`pooling`
    "all"), or of each part on its own ("parts").

    Raises
    ------
    NotEnoughData
        If a part has no two values in a row to take a sigma from.
    InvalidSpecification
        If frozen limits lack a part.
    """
    parts = [str(part) for part in np.unique(stats["parts"])]
    if given.extra is not None:
        scales = dict(given.extra.get("parts", {}))
        missing = [part for part in parts if part not in scales]
        if missing:
            raise InvalidSpecification("frozen_incomplete", {"kind": "z-mr", "missing": missing[0]})
        return Estimate(0.0, 1.0, extra={"parts": scales})
    values = segment.used(stats["individuals"])
    first, stop = segment.baseline or (0, segment.n_points)
    labels = stats["parts"][first:stop]
    ranges = _ranges_within_parts(values, labels)
    if given.sigma is None and len(present(ranges)) == 0:
        raise NotEnoughData("no_neighbours")
    common = None
    if given.sigma is not None:
        common = Spread(given.sigma)
    elif options.pooling == "all":
        common = sigma_from_moving_ranges(ranges, options)
    scales = {
        part: _scale(values, ranges, labels == part, common, given, options) for part in parts
    }
    df = math.nan if common is None else common.df
    return Estimate(0.0, 1.0, df, {"parts": {k: list(v) for k, v in scales.items()}})


def _ranges_within_parts(values: FloatArray, labels: np.ndarray[Any, Any]) -> FloatArray:
    ranges = moving_ranges(values)
    ranges[1:][labels[1:] != labels[:-1]] = np.nan
    return ranges


def _scale(
    values: FloatArray,
    ranges: FloatArray,
    rows: np.ndarray[Any, Any],
    common: Spread | None,
    given: Given,
    options: Options,
) -> PartScale:
    center = mean(values[rows]) if given.center is None else given.center
    spread = sigma_from_moving_ranges(ranges[rows], options) if common is None else common
    if spread.sigma == 0:
        raise DegenerateData("no_variation")
    return center, spread.sigma


def limits(
    segment: Segment, stats: Statistics, estimate: Estimate, options: Options
) -> tuple[Track, ...]:
    """Standardised values around 0 with sigma 1, and their moving ranges."""
    scores = standardised(stats["individuals"], stats["parts"], estimate.extra.get("parts", {}))
    counted = segment.counted(scores)
    ranges = moving_ranges(counted, bridge=options.gaps == "bridge")
    z = Track(
        name="standardized",
        points=scores,
        center=estimate.center,
        sigma=estimate.sigma,
        lcl=-options.width * estimate.sigma,
        ucl=options.width * estimate.sigma,
        allowed=ALL_PATTERNS,
    )
    return z, moving_range_track(ranges, estimate.sigma, 0.0, replace(options, mr_length=2))


def standardised(
    values: FloatArray, labels: np.ndarray[Any, Any], scales: Mapping[str, Any]
) -> FloatArray:
    """Each value less the level of its part, over the sigma of its part.

    Examples
    --------
    >>> standardised(np.array([5.0, 9.0]), np.array(["a", "b"]), {"a": (4, 1), "b": (9, 2)})
    array([1., 0.])
    """
    names, position = np.unique(labels, return_inverse=True)
    center = np.array([scales.get(str(name), (math.nan, math.nan))[0] for name in names])
    spread = np.array([scales.get(str(name), (math.nan, math.nan))[1] for name in names])
    scores: FloatArray = (values - center[position]) / spread[position]
    return scores


Z_MR = ChartType(
    kind="z-mr",
    statistic=statistic,
    sigma=sigma,
    limits=limits,
    data="parts",
    estimators=MOVING_RANGE_ESTIMATORS,
    settings=(*SHEWHART_SETTINGS, "screen", "pooling"),
    memory=lambda options: 1,
)
