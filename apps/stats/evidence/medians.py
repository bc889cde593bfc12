"""Comparisons of medians: the sign test and Mood's test."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from apps.stats.errors import DegenerateData
from apps.stats.evidence.checks import expected_check, notices, order_checks
from apps.stats.evidence.means import describe, paired_differences
from apps.stats.evidence.proportions import newcombe_difference
from apps.stats.evidence.ranks import from_common_origin, order_effect
from apps.stats.evidence.results import Comparison, Effect, directed_verdict
from apps.stats.intervals import clopper_pearson
from apps.stats.moments import FloatArray, check_confidence, missing_notice, sample
from apps.stats.results import Notice


def compare_signs(before: ArrayLike, after: ArrayLike, *, confidence: float = 0.95) -> Comparison:
    """Sign test: did more units rise than fall?

    Parameters
    ----------
    before, after : arrays of shape (n,)
        Two observations of each unit; pairs with a NaN or without change are left out.
    confidence : float
        Confidence level of all intervals.

    Returns
    -------
    Comparison
        ``statistic`` is the number of increases; ``estimate`` the median change with the interval
        of order statistics; ``effect_size`` the share of increases, exact interval.

    Raises
    ------
    NotEnoughData, DegenerateData, InvalidSpecification
        As for :func:`compare_paired_ranks`.

    References
    ----------
    Hollander, Wolfe, Chicken (2014), section 3.4 to 3.6.

    Examples
    --------
    >>> round(compare_signs([1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6, 7.5]).p_value, 5)
    0.03125
    """
    check_confidence(confidence)
    differences, missing = paired_differences(before, after)
    data = sample(differences, name="pairs")
    up, down = int(np.sum(differences > 0)), int(np.sum(differences < 0))
    if up + down == 0:
        raise DegenerateData("no_variation")
    p_value = float(stats.binomtest(up, up + down).pvalue)
    share = clopper_pearson(up, up + down, confidence)
    checks = order_checks(differences=differences)
    return Comparison(
        test="sign",
        statistic=float(up),
        df=None,
        p_value=p_value,
        confidence=confidence,
        estimate=_median_interval(np.sort(differences), confidence),
        effect_size=Effect("share_of_increases", share.value, share.lower, share.upper),
        groups=(describe(data, "differences"),),
        checks=checks,
        verdict=directed_verdict(p_value, up - down, confidence),
        warnings=missing_notice([np.full(missing, np.nan)]) + notices(checks, data.n),
    )


def compare_medians(before: ArrayLike, after: ArrayLike, *, confidence: float = 0.95) -> Comparison:
    """Mood's median test: does the share of values above the common median differ?

    Parameters
    ----------
    before, after : arrays of shape (n,) and (m,)
        Independent observations in the same unit; NaN is left out.
    confidence : float
        Confidence level of all intervals.

    Returns
    -------
    Comparison
        ``statistic`` is the chi-square without continuity correction; ``estimate`` the difference
        of the medians with the interval of Price and Bonett; ``effect_size`` the difference of
        the shares above the common median, score interval.

    Raises
    ------
    NotEnoughData
        If a group has fewer than 2 values.
    DegenerateData
        If no value lies above the common median.

    References
    ----------
    Mood (1954), Annals of Mathematical Statistics 25, 514-522.
    Price, Bonett (2002), Distribution-free confidence intervals for difference and ratio of
    medians, J. Statistical Computation and Simulation 72, 119-124.

    Examples
    --------
    >>> compare_medians([1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]).statistic
    12.0
    """
    check_confidence(confidence)
    first, second = sample(before, name="before"), sample(after, name="after")
    x, y = from_common_origin(first, second)
    middle = float(np.median(np.concatenate([x, y])))
    above = (int(np.sum(x > middle)), int(np.sum(y > middle)))
    if sum(above) == 0:
        raise DegenerateData("nothing_above_median")
    table = np.array([[above[0], x.size - above[0]], [above[1], y.size - above[1]]])
    outcome = stats.chi2_contingency(table, correction=False)
    p_value = float(outcome.pvalue)
    smallest = float(outcome.expected_freq.min())
    checks = order_checks(before=first.values, after=second.values)
    share = newcombe_difference((above[0], x.size), (above[1], y.size), confidence)
    return Comparison(
        test="mood_median",
        statistic=float(outcome.statistic),
        df=1.0,
        p_value=p_value,
        confidence=confidence,
        estimate=_median_difference(x, y, confidence),
        effect_size=Effect("share_above_median", share.value, share.lower, share.upper),
        groups=(describe(first, "before"), describe(second, "after")),
        checks=(*checks, expected_check(smallest)),
        verdict=directed_verdict(p_value, share.value, confidence),
        warnings=missing_notice([before, after])
        + notices(checks, min(x.size, y.size))
        + ((Notice("small_expected_cells", {"smallest": smallest}),) if smallest < 5 else ()),
    )


def _median_interval(ordered: FloatArray, confidence: float) -> Effect:
    """Median with the widest pair of order statistics needed for the level."""
    n = ordered.size
    k = int(stats.binom.ppf((1.0 - confidence) / 2.0, n, 0.5))
    if k < 1:
        return Effect("median_change", float(np.median(ordered)), -math.inf, math.inf)
    return order_effect("median_change", ordered, k)


def _median_difference(x: FloatArray, y: FloatArray, confidence: float) -> Effect:
    difference = float(np.median(y)) - float(np.median(x))
    half = float(special.ndtri(0.5 + confidence / 2.0)) * math.hypot(
        _median_error(x), _median_error(y)
    )
    return Effect("median_difference", difference, difference - half, difference + half)


def _median_error(values: FloatArray) -> float:
    """Standard error of a median from two order statistics (Price and Bonett 2002)."""
    n = values.size
    ordered = np.sort(values)
    place = max(1, round((n + 1) / 2.0 - math.sqrt(n)))
    outside = 2.0 * float(stats.binom.cdf(place - 1, n, 0.5))
    z = max(float(special.ndtri(1.0 - min(outside, 0.99) / 2.0)), 1e-3)
    return float(ordered[n - place] - ordered[place - 1]) / (2.0 * z)
