"""Laney p' and u': proportions and rates whose level varies more than their sample sizes explain.

The points are standardised, the sigma of the standardised points is taken from their moving ranges,
and the limits are widened (or narrowed) by that factor, sigma Z.

References
----------
Laney (2002), Quality Engineering 14, 531-537.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from apps.stats.charts import attributes
from apps.stats.charts.dispersion import sigma_z
from apps.stats.estimators import MOVING_RANGE_ESTIMATORS, settle
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
