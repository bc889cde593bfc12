"""How sure a non-normal capability is: parametric bootstrap with a fixed seed."""

import numpy as np

from apps.stats.capability_intervals import Index
from apps.stats.errors import DegenerateData, InvalidSpecification
from apps.stats.moments import check_confidence
from apps.stats.nonnormal import (
    NonnormalCapability,
    indices_of,
    quantiles,
    refit,
    worst_of,
)

FEWEST_DRAWS, MOST_DRAWS = 100, 20_000
# Fewer usable draws than this share, and the interval would describe only the easy ones.
USABLE_SHARE = 0.9


def nonnormal_ppk_interval(
    result: NonnormalCapability,
    *,
    draws: int = 400,
    seed: int = 20,
    confidence: float = 0.95,
) -> Index:
    """Interval of Ppk: samples from the fitted distribution, fitted and judged again.

    Parameters
    ----------
    result : NonnormalCapability
        The capability whose Ppk is in question.
    draws : int
        Samples drawn, 100 to 20000.
    seed : int
        Start of the random numbers; the same seed gives the same interval.
    confidence : float
        Two-sided confidence level. The choice of the family is taken as given.

    Returns
    -------
    Index
        Ppk with the percentile interval of the draws.

    Raises
    ------
    DegenerateData
        If Ppk does not exist, or too few draws could be fitted.
    InvalidSpecification
        If the number of draws or the confidence level makes no sense.

    References
    ----------
    Efron, Tibshirani (1993), An Introduction to the Bootstrap, sections 6.5 and 13.3.

    Examples
    --------
    >>> from apps.stats.nonnormal import nonnormal_capability
    >>> waits = [0.1, 0.3, 0.4, 0.7, 0.9, 1.2, 1.6, 2.1, 2.9, 4.6]
    >>> found = nonnormal_ppk_interval(
    ...     nonnormal_capability(waits, usl=12.0, distribution="exponential"))
    >>> found.lower < found.value < found.upper
    True
    """
    check_confidence(confidence)
    if not FEWEST_DRAWS <= draws <= MOST_DRAWS:
        raise InvalidSpecification(
            "draws_out_of_range", {"draws": int(draws), "least": FEWEST_DRAWS, "most": MOST_DRAWS}
        )
    if result.ppk is None:
        raise DegenerateData("no_index")
    generator = np.random.default_rng(seed)
    found: list[float] = []
    for _draw in range(draws):
        shares = generator.uniform(1e-12, 1.0 - 1e-12, result.n)
        fit = refit(result.distribution, np.array(quantiles(result.distribution, shares.tolist())))
        ppk = None
        if fit is not None:
            ppk = worst_of(indices_of(fit, result.specification, result.method))
        if ppk is not None:
            found.append(ppk)
    if len(found) < USABLE_SHARE * draws:
        raise DegenerateData("does_not_fit", {"distribution": result.distribution.name})
    lower, upper = np.quantile(found, [0.5 - confidence / 2.0, 0.5 + confidence / 2.0])
    return Index(result.ppk, float(lower), float(upper))
