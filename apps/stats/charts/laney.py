"""Laney p' and u': proportions and rates whose level varies more than their sample sizes explain.

The points are standardised, the sigma of the standardised points is taken from their moving ranges,
and the limits are widened (or narrowed) by that factor, sigma Z.

References
----------
Laney (2002), Quality Engineering 14, 531-537.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from apps.stats import constants as table
from apps.stats.charts import attributes
from apps.stats.estimators import (
    MOVING_RANGE_ESTIMATORS,
    moving_ranges,
    settle,
    sigma_from_moving_ranges,
)
from apps.stats.model import (
    SHEWHART_SETTINGS,
    Estimate,
    Given,
    Options,
    Segment,
    Spread,
    Statistics,
)


def sigma(
    segment: Segment,
    stats: Statistics,
    options: Options,
    given: Given,
    *,
    unit_sigma: Callable[[float], float],
) -> Estimate:
    """Rate, and the sigma of one unit times sigma Z."""
    found: dict[str, float] = dict(given.extra or {})

    def spread(center: float) -> Spread:
        unit = unit_sigma(center)
        factor = sigma_z(segment, stats, options, center, unit)
        found["sigma_z"] = factor.sigma
        return replace(factor, sigma=unit * factor.sigma)

    estimate = settle(given, lambda: attributes.pooled_rate(segment, stats), spread)
    return replace(estimate, extra=found)


def sigma_z(
    segment: Segment, stats: Statistics, options: Options, center: float, unit_sigma: float
) -> Spread:
    """How many times more the rates vary than their sample sizes explain.

    Raises
    ------
    NotEnoughData
        If no two neighbouring points are counted.
    """
    if unit_sigma == 0:
        return Spread(1.0)
    sizes = 1.0 if stats["sizes"] is None else stats["sizes"]
    scores = (stats["rate"] - center) * np.sqrt(sizes) / unit_sigma
    ranges = moving_ranges(segment.used(scores), options.mr_length, bridge=options.gaps == "bridge")
    return sigma_from_moving_ranges(ranges, options)


def is_overdispersed(factor: Spread, n_points: int) -> bool:
    """Whether sigma Z exceeds 1.1, and 1 by more than three of its own standard errors.

    Examples
    --------
    >>> is_overdispersed(Spread(2.0), 25), is_overdispersed(Spread(1.2), 25)
    (True, False)
    """
    if n_points < 3:
        return False
    error = math.sqrt(table.mean_range_variance(n_points - 1))
    return factor.sigma > max(1.1, 1 + 3 * error)


_SETTINGS = (*SHEWHART_SETTINGS, "mr_length", "screen")
LANEY_P = replace(
    attributes.P,
    kind="laney-p",
    sigma=partial(sigma, unit_sigma=attributes.binomial_sigma),
    estimators=MOVING_RANGE_ESTIMATORS,
    settings=_SETTINGS,
)
LANEY_U = replace(
    attributes.U,
    kind="laney-u",
    sigma=partial(sigma, unit_sigma=attributes.poisson_sigma),
    estimators=MOVING_RANGE_ESTIMATORS,
    settings=_SETTINGS,
)
