"""Two means: Welch's t-test and the paired t-test."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.evidence.checks import independence_check, normality_check, notices, present
from apps.stats.evidence.results import Comparison, Effect, Group, directed_verdict
from apps.stats.moments import (
    FloatArray,
    Sample,
    check_confidence,
    missing_notice,
    read_values,
    sample,
)


@dataclass(frozen=True, slots=True)
class TwoMeans:
    """Difference of two means with its standard error and degrees of freedom."""

    difference: float
    error: float
    df: float


def t_quantile(probability: float, df: float) -> float:
    """Return the quantile of Student's t.

    Parameters
    ----------
    probability : float
        Share of the distribution below the quantile, 0 to 1.
    df : float
        Degrees of freedom; may be a fraction.

    Returns
    -------
    float
        The quantile; infinite at 0 and 1.

    Raises
    ------
    InvalidSpecification
        If the probability is no share or the degrees of freedom are not above 0.

    References
    ----------
    NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.2 (table of critical values).

    Examples
    --------
    >>> round(t_quantile(0.975, 10), 3)
    2.228
    """
    if not 0.0 <= probability <= 1.0:
        raise InvalidSpecification(
            "not_a_share", {"name": "probability", "value": float(probability)}
        )
    if not df > 0.0:
        raise InvalidSpecification("df_not_positive", {"df": float(df)})
    if probability in (0.0, 1.0):
        return math.inf if probability else -math.inf
    found = float(special.stdtrit(df, probability))
    if math.isnan(found):  # so few degrees of freedom that no float holds the quantile
        raise InvalidSpecification("df_not_positive", {"df": float(df)})
    return found


def t_two_sided_p(statistic: float, df: float) -> float:
    """Return the two-sided p-value of a t statistic.

    Examples
    --------
    >>> round(t_two_sided_p(2.228139, 10), 4)
    0.05
    """
    return 2.0 * float(special.stdtr(df, -abs(statistic)))


def welch(before: Sample, after: Sample) -> TwoMeans:
    """Return difference, standard error and Welch-Satterthwaite degrees of freedom.

    Raises
    ------
    DegenerateData
        If neither group varies.

    Examples
    --------
    >>> round(welch(sample([1, 2, 3]), sample([2, 3, 4])).df, 6)
    4.0
    """
    parts = np.array([before.sd / math.sqrt(before.n), after.sd / math.sqrt(after.n)])
    error = float(np.hypot(*parts))
    if error == 0.0:
        raise DegenerateData("no_variation")
    shares = (parts / error) ** 2
    df = 1.0 / float(np.sum(shares**2 / np.array([before.n - 1, after.n - 1])))
    difference = (after.origin - before.origin) + (after.offset - before.offset)
    return TwoMeans(difference, error, df)


def compare_means(before: ArrayLike, after: ArrayLike, *, confidence: float = 0.95) -> Comparison:
    """Welch's t-test: did the mean change?

    Parameters
    ----------
    before, after : arrays of shape (n,) and (m,)
        Independent observations in the same unit; NaN is left out.
    confidence : float
        Confidence level of all intervals; one minus it is the error rate of the verdict.

    Returns
    -------
    Comparison
        ``estimate`` is mean(after) - mean(before); ``effect_size`` the difference over the root
        of the mean variance (Cohen's d for unequal variances).

    Raises
    ------
    NotEnoughData
        If a group has fewer than 2 values.
    DegenerateData
        If neither group varies.

    References
    ----------
    Welch (1947), The generalization of Student's problem, Biometrika 34, 28-35.
    Bonett (2008), Confidence intervals for standardized linear contrasts, Psychological Methods
    13, 99-109, for the interval of the effect size.

    Examples
    --------
    >>> result = compare_means([10, 11, 12, 11, 10], [13, 14, 13, 15, 14])
    >>> result.verdict, round(result.estimate.value, 6)
    ('higher', 3.0)
    """
    check_confidence(confidence)
    first, second = sample(before, name="before"), sample(after, name="after")
    means = welch(first, second)
    statistic = means.difference / means.error
    p_value = t_two_sided_p(statistic, means.df)
    half = t_quantile(0.5 + confidence / 2.0, means.df) * means.error
    checks = present(
        [
            normality_check(first, "normal:before"),
            normality_check(second, "normal:after"),
            independence_check(first.values, "independent:before"),
            independence_check(second.values, "independent:after"),
        ]
    )
    return Comparison(
        test="welch",
        statistic=statistic,
        df=means.df,
        p_value=p_value,
        confidence=confidence,
        estimate=Effect(
            "mean_difference", means.difference, means.difference - half, means.difference + half
        ),
        effect_size=cohen_d(first, second, means.difference, confidence),
        groups=(describe(first, "before"), describe(second, "after")),
        checks=checks,
        verdict=directed_verdict(p_value, means.difference, confidence),
        warnings=missing_notice([before, after]) + notices(checks, min(first.n, second.n)),
    )


def compare_paired_means(
    before: ArrayLike, after: ArrayLike, *, confidence: float = 0.95
) -> Comparison:
    """Paired t-test: did the mean of the same units change?

    Parameters
    ----------
    before, after : arrays of shape (n,)
        Two observations of each unit, in the same order; a pair with a NaN is left out.
    confidence : float
        Confidence level of all intervals.

    Returns
    -------
    Comparison
        ``estimate`` is the mean of after - before; ``effect_size`` that mean over the standard
        deviation of the differences, its interval from the noncentral t distribution.

    Raises
    ------
    InvalidSpecification
        If the lists differ in length.
    NotEnoughData
        With fewer than 2 complete pairs.
    DegenerateData
        If all differences are equal.

    References
    ----------
    Student (1908), The probable error of a mean, Biometrika 6, 1-25.
    Steiger, Fouladi (1997), Noncentrality interval estimation, for the effect size.

    Examples
    --------
    >>> round(compare_paired_means([1, 2, 3, 4], [2, 4, 4, 5]).statistic, 6)
    5.0
    """
    check_confidence(confidence)
    differences, missing = paired_differences(before, after)
    data = sample(differences, name="pairs")
    if data.sd == 0.0:
        raise DegenerateData("no_variation")
    df = data.n - 1
    error = data.sd / math.sqrt(data.n)
    statistic = data.mean / error
    p_value = t_two_sided_p(statistic, df)
    half = t_quantile(0.5 + confidence / 2.0, df) * error
    checks = present(
        [
            normality_check(data, "normal:differences"),
            independence_check(data.values, "independent:differences"),
        ]
    )
    low, high = noncentrality_interval(statistic, df, confidence)
    root = math.sqrt(data.n)
    return Comparison(
        test="paired_t",
        statistic=statistic,
        df=df,
        p_value=p_value,
        confidence=confidence,
        estimate=Effect("mean_difference", data.mean, data.mean - half, data.mean + half),
        effect_size=Effect("cohen_dz", statistic / root, low / root, high / root),
        groups=(describe(data, "differences"),),
        checks=checks,
        verdict=directed_verdict(p_value, data.mean, confidence),
        warnings=missing_notice([np.full(missing, np.nan)]) + notices(checks, data.n),
    )


def paired_differences(before: ArrayLike, after: ArrayLike) -> tuple[FloatArray, int]:
    """Return after - before of the complete pairs, and how many pairs were incomplete.

    Raises
    ------
    InvalidSpecification
        If the lists differ in length or are no flat lists.

    Examples
    --------
    >>> paired_differences([1, 2, 3], [2, float("nan"), 5])
    (array([1., 2.]), 1)
    """
    read_values(before, name="before")
    read_values(after, name="after")
    first, second = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if first.size != second.size:
        raise InvalidSpecification("lengths_differ", {"first": first.size, "second": second.size})
    complete = ~(np.isnan(first) | np.isnan(second))
    differences: FloatArray = second[complete] - first[complete]
    return differences, int(first.size - differences.size)


def noncentrality_interval(statistic: float, df: float, confidence: float) -> tuple[float, float]:
    """Return the noncentralities for which the t statistic lies on the edge of the interval.

    Examples
    --------
    >>> low, high = noncentrality_interval(2.0, 20, 0.95)
    >>> round(float(special.nctdtr(20, high, 2.0)), 4)
    0.025
    """
    if statistic < 0.0:
        low, high = noncentrality_interval(-statistic, df, confidence)
        return -high, -low
    tail = (1.0 - confidence) / 2.0

    def bound(probability: float) -> float:
        # The normal limit of the noncentral t brackets the root; far out it is also the answer.
        spread = 12.0 * math.sqrt(1.0 + statistic**2 / (2.0 * df)) + 12.0
        try:
            root = optimize.brentq(
                lambda shift: special.nctdtr(df, shift, statistic) - probability,
                statistic - spread,
                statistic + spread,
                xtol=1e-10,
            )
        except ValueError:
            quantile = float(special.ndtri(probability))
            root = statistic - quantile * math.sqrt(1.0 + statistic**2 / (2.0 * df))
        return float(root)

    return bound(1.0 - tail), bound(tail)


def describe(data: Sample, name: str) -> Group:
    """Return size, mean, standard deviation and median of a group.

    Examples
    --------
    >>> describe(sample([1, 2, 6]), "before").median
    2.0
    """
    median = data.origin + float(np.median(data.deviations))
    return Group(name, data.n, mean=data.mean, sd=data.sd, median=median)


def require(n: int, needed: int, name: str) -> None:
    """Refuse fewer than ``needed`` values.

    Raises
    ------
    NotEnoughData
        If ``n`` is below ``needed``.

    Examples
    --------
    >>> require(3, 2, "values")
    """
    if n < needed:
        raise NotEnoughData("too_few_values", {"name": name, "n": n, "needed": needed})


def cohen_d(first: Sample, second: Sample, difference: float, confidence: float) -> Effect:
    """Standardised difference for unequal variances with the interval of Bonett (2008)."""
    scale = float(np.hypot(first.sd, second.sd)) / math.sqrt(2.0)
    d = difference / scale
    shares = np.array([first.sd / scale, second.sd / scale]) ** 2
    dfs = np.array([first.n - 1, second.n - 1])
    variance = d**2 * float(np.sum(shares**2 / dfs)) / 8.0 + float(np.sum(shares / dfs))
    half = float(special.ndtri(0.5 + confidence / 2.0)) * math.sqrt(variance)
    return Effect("cohen_d", d, d - half, d + half)
