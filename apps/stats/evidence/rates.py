"""Two rates of events, such as defects per thousand units or falls per month."""

import math
from collections.abc import Sequence

from scipy import special, stats

from apps.stats.errors import InvalidSpecification
from apps.stats.evidence.results import Comparison, Effect, Group, directed_verdict
from apps.stats.intervals import Estimate, read_count
from apps.stats.moments import check_confidence


def compare_rates(
    before: Sequence[float], after: Sequence[float], *, confidence: float = 0.95
) -> Comparison:
    """Exact comparison of two Poisson rates.

    Parameters
    ----------
    before, after : pairs (events, exposure)
        Number of events, and the units, area or time they were counted in.
    confidence : float
        Confidence level of all intervals.

    Returns
    -------
    Comparison
        ``estimate`` is the difference of the rates (interval by combining the two exact ones),
        ``effect_size`` the ratio after / before with its exact interval. Without an event before
        the ratio has no upper bound and is infinite or undefined.

    Raises
    ------
    InvalidSpecification
        If a count is no whole number or an exposure is not positive.

    References
    ----------
    Przyborowski, Wilenski (1940), Homogeneity of results in testing samples from Poisson series,
    Biometrika 31, 313-323 (conditional binomial test).
    Zou, Donner (2008), Statistics in Medicine 27, 1693-1702 (interval of the difference).

    Examples
    --------
    >>> result = compare_rates((21, 3011), (11, 800))
    >>> round(result.p_value, 5), round(result.effect_size.value, 6)
    (0.07967, 1.971488)
    """
    check_confidence(confidence)
    (x1, t1), (x2, t2) = read_rate(before, "before"), read_rate(after, "after")
    total = x1 + x2
    share = t2 / (t1 + t2)
    p_value = float(stats.binomtest(x2, total, share).pvalue) if total else 1.0
    difference = x2 / t2 - x1 / t1
    return Comparison(
        test="poisson_exact",
        statistic=float(x2),
        df=None,
        p_value=min(1.0, p_value),
        confidence=confidence,
        estimate=_difference((x1, t1), (x2, t2), confidence),
        effect_size=_ratio((x1, t1), (x2, t2), confidence),
        groups=tuple(
            Group(name, count, mean=count / time, count=count, exposure=time)
            for name, count, time in (("before", x1, t1), ("after", x2, t2))
        ),
        checks=(),
        verdict=directed_verdict(p_value, difference, confidence),
    )


def read_rate(pair: Sequence[float], name: str) -> tuple[int, float]:
    """Return (events, exposure).

    Raises
    ------
    InvalidSpecification
        If it is no pair, the events are no whole number or the exposure is not positive.

    Examples
    --------
    >>> read_rate((3, 12.5), "before")
    (3, 12.5)
    """
    if len(pair) != 2:
        raise InvalidSpecification("not_a_pair", {"name": name})
    exposure = float(pair[1])
    if not 0.0 < exposure < 1e100:
        raise InvalidSpecification("no_units")
    return read_count(pair[0], name), exposure


def two_sided_poisson(count: int, exposure: float, confidence: float) -> Estimate:
    """Garwood interval with an equal tail on each side, also at zero events.

    Examples
    --------
    >>> round(two_sided_poisson(0, 1.0, 0.95).upper, 4)
    3.6889
    """
    tail = (1.0 - confidence) / 2.0
    lower = 0.0 if count == 0 else float(special.gammaincinv(count, tail))
    upper = float(special.gammainccinv(count + 1, tail))
    return Estimate(count / exposure, lower / exposure, upper / exposure)


def _difference(before: tuple[int, float], after: tuple[int, float], confidence: float) -> Effect:
    first, second = (two_sided_poisson(*pair, confidence) for pair in (before, after))
    difference = second.value - first.value
    lower = difference - math.hypot(second.value - second.lower, first.upper - first.value)
    upper = difference + math.hypot(second.upper - second.value, first.value - first.lower)
    return Effect("rate_difference", difference, lower, upper)


def _ratio(before: tuple[int, float], after: tuple[int, float], confidence: float) -> Effect:
    """Ratio after / before, its interval from the exact one of the share of events after."""
    (x1, t1), (x2, t2) = before, after
    total = x1 + x2
    if total == 0:
        return Effect("rate_ratio", math.nan, 0.0, math.inf)
    tail = (1.0 - confidence) / 2.0
    low = 0.0 if x2 == 0 else float(special.betaincinv(x2, x1 + 1, tail))
    odds_low = low / (1.0 - low) * t1 / t2
    odds_high = math.inf
    if x1 > 0:
        left = float(special.betaincinv(x1, x2 + 1, tail))
        odds_high = (1.0 - left) / left * t1 / t2
    value = math.inf if x1 == 0 else (x2 / t2) / (x1 / t1)
    return Effect("rate_ratio", value, odds_low, odds_high)
