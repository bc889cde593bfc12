"""Intervals of the components of a gauge study by generalised inference.

The mean squares are independent multiples of chi-square variables, so each true expected mean
square is the observed one times its degrees of freedom over such a variable.  Drawn evenly, these
give every component and every share of the study its distribution, floors at zero included.

References
----------
Hamada, Weerahandi (2000), Measurement system assessment via generalized inference, Journal of
Quality Technology 32, 241-253.  Burdick, Borror, Montgomery (2005), Design and Analysis of Gauge R&R
Studies, SIAM.
"""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import special
from scipy.stats import qmc

from apps.stats.moments import FloatArray
from apps.stats.msa.results import AnovaLine, ComponentBounds, categories_of, grouped

# Evenly spread points: a fixed sequence, so that the same study has the same intervals.
_POWER_OF_TWO = 13
_SEED = 20_000  # of the scrambling only

Variances = Mapping[str, FloatArray]


def expected_squares(table: tuple[AnovaLine, ...]) -> dict[str, FloatArray]:
    """Draws of the expected mean square of each line but the total.

    Examples
    --------
    >>> drawn = expected_squares((AnovaLine("part", 9, 18.0, 2.0), AnovaLine("total", 9, 18.0, 2.0)))
    >>> list(drawn), bool(drawn["part"].min() > 0)
    (['part'], True)
    """
    lines = [line for line in table if line.source != "total"]
    spread = qmc.Sobol(len(lines), rng=np.random.default_rng(_SEED)).random_base2(_POWER_OF_TWO)
    spread = np.clip(spread, 1e-12, 1.0 - 1e-12)
    return {
        line.source: line.sum_of_squares / (2.0 * special.gammaincinv(line.df / 2.0, shares))
        for line, shares in zip(lines, spread.T, strict=True)
    }


def component_bounds(
    table: tuple[AnovaLine, ...],
    variances_of: Callable[[Variances], Mapping[str, FloatArray]],
    *,
    confidence: float,
    multiplier: float,
    tolerance: float | None,
) -> tuple[dict[str, ComponentBounds], tuple[int, int]]:
    """Limits of every component by name, and of the number of distinct categories.

    Parameters
    ----------
    table : tuple of AnovaLine
        The analysis of variance the components come from.
    variances_of : callable
        The components from the mean squares by name.
    confidence : float
        Two-sided confidence level.
    multiplier, tolerance
        As for the study.
    """
    drawn = variances_of(expected_squares(table))
    named = grouped({name: np.maximum(values, 0.0) for name, values in drawn.items()})
    ends = [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0]
    total = named["total"]

    def limits(values: FloatArray) -> tuple[float, float]:
        low, high = np.quantile(values, ends).tolist()
        return low, high

    found = {}
    for name, values in named.items():
        sd = limits(np.sqrt(values))
        share = limits(np.divide(values, total, out=np.zeros_like(values), where=total > 0.0))
        found[name] = ComponentBounds(
            sd=sd,
            percent_contribution=(100.0 * share[0], 100.0 * share[1]),
            percent_study=(100.0 * share[0] ** 0.5, 100.0 * share[1] ** 0.5),
            percent_tolerance=None
            if tolerance is None
            else (100.0 * multiplier * sd[0] / tolerance, 100.0 * multiplier * sd[1] / tolerance),
        )
    part = found["part"].percent_contribution
    return found, (categories_of(part[0]), categories_of(part[1]))
