"""Whether counts vary more than their sample sizes explain (Laney's sigma Z).

References
----------
Laney (2002), Quality Engineering 14, 531-537.
"""

import math

import numpy as np

from apps.stats import constants as table
from apps.stats.estimators import moving_ranges, sigma_from_moving_ranges
from apps.stats.model import Options, Segment, Spread, Statistics

# Below this sigma Z the limits of a Laney chart and of the plain one hardly differ.
LEAST_SIGMA_Z = 1.1


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
    return factor.sigma > max(LEAST_SIGMA_Z, 1 + 3 * error)
