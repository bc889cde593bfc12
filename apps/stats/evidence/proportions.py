"""Two shares: independent samples, and pairs."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import special, stats

from apps.stats.errors import InvalidSpecification
from apps.stats.evidence.checks import expected_check
from apps.stats.evidence.results import Comparison, Effect, Group, directed_verdict
from apps.stats.intervals import Estimate, read_count
from apps.stats.moments import check_confidence
from apps.stats.results import Notice

SMALL_EXPECTED = 5.0


def wilson_interval(count: int, n: int, confidence: float = 0.95) -> Estimate:
    """Score interval of a share.

    Returns
    -------
    Estimate
        Share with its bounds.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212.

    Parameters
    ----------
    count, n : int
        Units with the property, and all units (n above 0).
    confidence : float
        Two-sided confidence level.

    Raises
    ------
    InvalidSpecification
        If the confidence level, the count or n makes no sense.

    Examples
    --------
    >>> estimate = wilson_interval(81, 263)
    >>> round(estimate.lower, 4), round(estimate.upper, 4)
    (0.2553, 0.3662)
    """
    check_confidence(confidence)
    count, n = read_share((count, n), "count")
    z = float(special.ndtri(0.5 + confidence / 2.0))
    share = count / n
    middle = (share + z * z / (2.0 * n)) / (1.0 + z * z / n)
    half = z / (1.0 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4.0 * n * n))
    lower = 0.0 if count == 0 else max(0.0, middle - half)
    upper = 1.0 if count == n else min(1.0, middle + half)
    return Estimate(share, lower, upper)


def compare_proportions(
    before: Sequence[float], after: Sequence[float], *, confidence: float = 0.95
) -> Comparison:
    """Did the share of units with a property change?

    Parameters
    ----------
    before, after : pairs (count, n)
        Units with the property, and all units.
    confidence : float
        Confidence level of all intervals.

    Returns
    -------
    Comparison
        ``estimate`` is the difference of the shares with Newcombe's score interval;
        ``effect_size`` Cohen's h. The test is the pooled z-test where all expected counts reach
        5, otherwise Fisher's exact test (the statistic is then the odds ratio).

    Raises
    ------
    InvalidSpecification
        If a count is no whole number, above n, or n is 0.

    References
    ----------
    Newcombe (1998), Interval estimation for the difference between independent proportions,
    Statistics in Medicine 17, 873-890, method 10.

    Examples
    --------
    >>> result = compare_proportions((56, 70), (48, 80))
    >>> round(result.estimate.lower, 4), round(result.estimate.upper, 4)
    (-0.3339, -0.0524)
    """
    check_confidence(confidence)
    (x1, n1), (x2, n2) = read_share(before, "before"), read_share(after, "after")
    p1, p2 = x1 / n1, x2 / n2
    pooled = (x1 + x2) / (n1 + n2)
    smallest = min(n1, n2) * min(pooled, 1.0 - pooled)
    if smallest >= SMALL_EXPECTED:
        test = "two_proportion_z"
        statistic = (p2 - p1) / math.sqrt(pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2))
        p_value = 2.0 * float(special.ndtr(-abs(statistic)))
    else:
        test = "fisher_exact"
        table = [[x2, n2 - x2], [x1, n1 - x1]]
        statistic = _odds_ratio(table)
        p_value = fisher_p((x1, n1), (x2, n2))
    z = float(special.ndtri(0.5 + confidence / 2.0))
    h = 2.0 * (math.asin(math.sqrt(p2)) - math.asin(math.sqrt(p1)))
    half = z * math.sqrt(1.0 / n1 + 1.0 / n2)
    return Comparison(
        test=test,
        statistic=statistic,
        df=None,
        p_value=p_value,
        confidence=confidence,
        estimate=newcombe_difference((x1, n1), (x2, n2), confidence),
        effect_size=Effect("cohen_h", h, max(h - half, -math.pi), min(h + half, math.pi)),
        groups=(_group("before", x1, n1), _group("after", x2, n2)),
        checks=(expected_check(smallest),),
        verdict=directed_verdict(p_value, p2 - p1, confidence),
        warnings=(Notice("small_expected", {"smallest": smallest}),)
        if test == "fisher_exact"
        else (),
    )


def newcombe_difference(
    before: tuple[int, int], after: tuple[int, int], confidence: float
) -> Effect:
    """Return after - before of two shares with the hybrid score interval.

    Examples
    --------
    >>> round(newcombe_difference((48, 80), (56, 70), 0.95).lower, 4)
    0.0524
    """
    first, second = wilson_interval(*before, confidence), wilson_interval(*after, confidence)
    difference = second.value - first.value
    lower = difference - math.hypot(second.value - second.lower, first.upper - first.value)
    upper = difference + math.hypot(second.upper - second.value, first.value - first.lower)
    return Effect("share_difference", difference, lower, upper)


def compare_paired_proportions(
    only_before: int, only_after: int, both: int, neither: int, *, confidence: float = 0.95
) -> Comparison:
    """McNemar's exact test: did the share change in the same units?

    Parameters
    ----------
    only_before, only_after, both, neither : int
        Units with the property only before, only after, at both times, at none.
    confidence : float
        Confidence level of all intervals.

    Returns
    -------
    Comparison
        ``estimate`` is the difference of the shares with the interval of Bonett and Price;
        ``effect_size`` the share of changed units that gained the property, exact interval.

    Raises
    ------
    InvalidSpecification
        If a count is no whole number or there are no units.

    References
    ----------
    McNemar (1947), Psychometrika 12, 153-157, with the exact binomial distribution.
    Bonett, Price (2012), Adjusted Wald confidence interval for a difference of binomial
    proportions based on paired data, J. Educational and Behavioral Statistics 37, 479-488.

    Examples
    --------
    >>> round(compare_paired_proportions(150, 86, 794, 570).p_value, 6)
    3.7e-05
    """
    check_confidence(confidence)
    counts = [
        read_count(count, name)
        for count, name in (
            (only_before, "only_before"),
            (only_after, "only_after"),
            (both, "both"),
            (neither, "neither"),
        )
    ]
    n = sum(counts)
    if n == 0:
        raise InvalidSpecification("no_units")
    lost, gained = counts[0], counts[1]
    changed = lost + gained
    p_value = float(stats.binomtest(gained, changed).pvalue) if changed else 1.0
    z = float(special.ndtri(0.5 + confidence / 2.0))
    adjusted = ((gained + 1) / (n + 2), (lost + 1) / (n + 2))
    middle = adjusted[0] - adjusted[1]
    half = z * math.sqrt((adjusted[0] + adjusted[1] - middle**2) / (n + 2))
    difference = (gained - lost) / n
    share = stats.binomtest(gained, changed).proportion_ci(confidence) if changed else (0.0, 1.0)
    return Comparison(
        test="mcnemar_exact",
        statistic=float(gained),
        df=None,
        p_value=p_value,
        confidence=confidence,
        estimate=Effect(
            "share_difference", difference, max(-1.0, middle - half), min(1.0, middle + half)
        ),
        effect_size=Effect(
            "gained_share", gained / changed if changed else math.nan, share[0], share[1]
        ),
        groups=(_group("before", lost + counts[2], n), _group("after", gained + counts[2], n)),
        checks=(),
        verdict=directed_verdict(p_value, difference, confidence),
    )


def read_share(pair: Sequence[float], name: str) -> tuple[int, int]:
    """Return (count, n) as whole numbers.

    Raises
    ------
    InvalidSpecification
        If it is no pair, the count is above n, or n is 0.

    Examples
    --------
    >>> read_share((3, 10), "before")
    (3, 10)
    """
    if len(pair) != 2:
        raise InvalidSpecification("not_a_pair", {"name": name})
    count, n = read_count(pair[0], name), read_count(pair[1], name)
    if n == 0:
        raise InvalidSpecification("no_units")
    if count > n:
        raise InvalidSpecification("not_a_share", {"name": name, "value": count / n})
    return count, n


def fisher_p(before: tuple[int, int], after: tuple[int, int]) -> float:
    """Return the two-sided p-value of Fisher's exact test.

    All tables with the same margins that are no more likely than the one seen are added up. The
    chances come from the ratio of neighbours, so that large samples lose no digits.

    References
    ----------
    Fisher (1935), The Design of Experiments, chapter 2.

    Examples
    --------
    >>> round(fisher_p((1, 4), (3, 4)), 6)
    0.485714
    """
    (x1, n1), (x2, n2) = before, after
    total = x1 + x2
    low, high = max(0, total - n1), min(total, n2)
    if low == high:
        return 1.0
    k = np.arange(low, high, dtype=np.float64)
    steps = np.log((total - k) * (n2 - k)) - np.log((k + 1.0) * (n1 - total + k + 1.0))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    chances = np.exp(logs - logs.max())
    seen = chances[x2 - low]
    return min(1.0, float(chances[chances <= seen * (1.0 + 1e-7)].sum() / chances.sum()))


def _odds_ratio(table: list[list[int]]) -> float:
    (a, b), (c, d) = table
    if b * c == 0:
        return math.inf if a * d > 0 else math.nan
    return a * d / (b * c)


def _group(name: str, count: int, n: int) -> Group:
    return Group(name, n, mean=count / n, count=count, exposure=float(n))
