"""Tests of normality: Anderson-Darling, Shapiro-Wilk and Ryan-Joiner, each with its p-value."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from apps.stats.errors import DegenerateData, InvalidSpecification
from apps.stats.moments import FloatArray, Sample, is_constant, missing_notice, sample
from apps.stats.plain import Result
from apps.stats.results import Notice

TESTS = ("anderson-darling", "shapiro-wilk", "ryan-joiner")
LARGEST_SHAPIRO = 5000
LEAST_ANDERSON_DARLING = 8


@dataclass(frozen=True, slots=True)
class Normality(Result):
    """A test of normality: its name, statistic and p-value; a small p speaks against normality.

    Examples
    --------
    >>> normality([1, 2, 3, 4, 5, 6, 7, 8]).is_plausible()
    True
    """

    test: str
    n: int
    statistic: float
    p_value: float
    warnings: tuple[Notice, ...] = field(default=())

    def is_plausible(self, alpha: float = 0.05) -> bool:
        """True where the test does not speak against normality at ``alpha``."""
        return self.p_value >= alpha


def normality(values: ArrayLike, *, test: str = "anderson-darling") -> Normality:
    """Test whether the values may come from a normal distribution.

    Parameters
    ----------
    values : array of shape (n,)
        Observations in any unit; NaN is left out.
    test : str
        "anderson-darling", "shapiro-wilk" or "ryan-joiner".

    Returns
    -------
    Normality
        Statistic and p-value. For Anderson-Darling the statistic is A-squared, unadjusted.

    Raises
    ------
    NotEnoughData
        With fewer than 8 values (Shapiro-Wilk 3, Ryan-Joiner 5).
    DegenerateData
        If all values are equal.
    InvalidSpecification
        If the test is unknown.

    References
    ----------
    D'Agostino, Stephens (1986), Goodness-of-Fit Techniques, table 4.9 (Anderson-Darling).
    Royston (1995), Applied Statistics 44, algorithm AS R94 (Shapiro-Wilk).
    Ryan, Joiner (1976), Normal probability plots and tests for normality; p-value after
    Royston (1993), Statistics in Medicine 12, 181-184, for the square of the same correlation.

    Examples
    --------
    >>> result = normality([148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236])
    >>> round(result.statistic, 3), round(result.p_value, 3)
    (0.947, 0.01)
    """
    compute = {
        "anderson-darling": anderson_darling,
        "shapiro-wilk": shapiro_wilk,
        "ryan-joiner": ryan_joiner,
    }.get(test)
    if compute is None:
        raise InvalidSpecification("unknown_choice", {"value": test, "choices": ", ".join(TESTS)})
    return compute(values)


def anderson_darling(values: ArrayLike) -> Normality:
    """Anderson-Darling test with mean and standard deviation estimated; see :func:`normality`.

    Parameters
    ----------
    values : array of shape (n,)
        Observations in any unit; NaN is left out.

    Returns
    -------
    Normality
        A-squared (unadjusted) and its p-value.

    Raises
    ------
    NotEnoughData
        With fewer than 8 values.
    DegenerateData
        If all values are equal.

    References
    ----------
    D'Agostino, Stephens (1986), Goodness-of-Fit Techniques, table 4.9.

    Examples
    --------
    >>> round(anderson_darling([1, 2, 3, 4, 5, 6, 7, 8]).p_value, 3)
    0.961
    """
    data = _ready(values, least=LEAST_ANDERSON_DARLING)
    statistic = anderson_darling_statistic(_standardised(data))
    p_value = anderson_darling_p(statistic, data.n)
    return Normality(
        "anderson-darling", data.n, statistic, p_value, missing_notice([np.asarray(values)])
    )


def anderson_darling_statistic(z: FloatArray) -> float:
    """Return A-squared of sorted standardised values, tails taken as logarithms.

    Examples
    --------
    >>> round(anderson_darling_statistic(np.array([-1.0, 0.0, 1.0])), 4)
    0.1895
    """
    return empirical_a_squared(special.log_ndtr(z), special.log_ndtr(-z))


def empirical_a_squared(log_cdf: FloatArray, log_sf: FloatArray) -> float:
    """Return the Anderson-Darling distance from the logs of both tails of the sorted values.

    Examples
    --------
    >>> u = np.array([0.25, 0.5, 0.75])
    >>> round(empirical_a_squared(np.log(u), np.log1p(-u)), 4)
    0.2694
    """
    n = log_cdf.size
    weights = 2.0 * np.arange(1, n + 1) - 1.0
    return float(-n - np.sum(weights * (log_cdf + log_sf[::-1])) / n)


def anderson_darling_p(statistic: float, n: int) -> float:
    """Return the p-value of A-squared for a normal with both parameters estimated.

    Examples
    --------
    >>> [round(anderson_darling_p(a, 10**9), 3) for a in (0.631, 0.752, 0.873, 1.035)]
    [0.1, 0.05, 0.025, 0.01]
    """
    adjusted = statistic * (1.0 + 0.75 / n + 2.25 / n**2)
    if adjusted >= 0.6:
        # Past 13 the fitted parabola is far below any probability worth a figure.
        capped = min(adjusted, 13.0)
        return math.exp(1.2937 - 5.709 * capped + 0.0186 * capped**2)
    if adjusted > 0.34:
        return math.exp(0.9177 - 4.279 * adjusted - 1.38 * adjusted**2)
    if adjusted > 0.2:
        return 1.0 - math.exp(-8.318 + 42.796 * adjusted - 59.938 * adjusted**2)
    return 1.0 - math.exp(-13.436 + 101.14 * adjusted - 223.73 * adjusted**2)


def shapiro_wilk(values: ArrayLike) -> Normality:
    """Shapiro-Wilk test; see :func:`normality`.

    Parameters
    ----------
    values : array of shape (n,)
        Observations in any unit; NaN is left out.

    Returns
    -------
    Normality
        W and its p-value.

    Raises
    ------
    NotEnoughData
        With fewer than 3 values.
    DegenerateData
        If all values are equal.
    InvalidSpecification
        With more than 5000 values.

    References
    ----------
    Royston (1995), Applied Statistics 44, 547-551, algorithm AS R94.

    Examples
    --------
    >>> round(shapiro_wilk([148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236]).statistic, 2)
    0.79
    """
    data = _ready(values, least=3)
    notices = missing_notice([np.asarray(values)])
    if data.n > LARGEST_SHAPIRO:
        raise InvalidSpecification(
            "shapiro_large_sample", {"n": data.n, "largest": LARGEST_SHAPIRO}
        )
    statistic, p_value = stats.shapiro(_standardised(data))
    return Normality("shapiro-wilk", data.n, float(statistic), float(p_value), notices)


def ryan_joiner(values: ArrayLike) -> Normality:
    """Ryan-Joiner test: correlation of the sorted values with Blom's normal scores.

    Parameters
    ----------
    values : array of shape (n,)
        Observations in any unit; NaN is left out.

    Returns
    -------
    Normality
        The correlation and its p-value.

    Raises
    ------
    NotEnoughData
        With fewer than 5 values.
    DegenerateData
        If all values are equal.

    References
    ----------
    Ryan, Joiner (1976), Normal probability plots and tests for normality. Royston (1993),
    Statistics in Medicine 12, 181-184.

    Examples
    --------
    >>> round(ryan_joiner([1, 2, 3, 4, 5, 6, 7, 8]).statistic, 4)
    0.9949
    """
    data = _ready(values, least=5)
    scores = normal_scores(data.n)
    z = _standardised(data)
    correlation = float(np.dot(z, scores) / math.sqrt(float(np.dot(z, z) * np.dot(scores, scores))))
    p_value = _royston_francia_p(correlation**2, data.n)
    return Normality(
        "ryan-joiner", data.n, correlation, p_value, missing_notice([np.asarray(values)])
    )


def normal_scores(n: int) -> FloatArray:
    """Return Blom's expected places of n sorted standard normal values.

    Examples
    --------
    >>> normal_scores(3).round(4)
    array([-0.8694,  0.    ,  0.8694])
    """
    scores: FloatArray = special.ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    return scores


def _royston_francia_p(squared: float, n: int) -> float:
    """P-value of the squared correlation with Blom scores (Royston 1993)."""
    if squared >= 1.0:
        return 1.0
    log_n = math.log(n)
    mean = -1.2725 + 1.0521 * (math.log(log_n) - log_n)
    sd = 1.0308 - 0.26758 * (math.log(log_n) + 2.0 / log_n)
    return float(special.ndtr(-(math.log1p(-squared) - mean) / sd))


def _ready(values: ArrayLike, *, least: int) -> Sample:
    data = sample(values, least=least)
    if is_constant(data):
        raise DegenerateData("no_variation")
    return data


def _standardised(data: Sample) -> FloatArray:
    return np.sort((data.deviations - data.offset) / data.sd)
