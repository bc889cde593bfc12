"""Spread of two or more groups: Levene's test and Bonett's."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special, stats

from apps.stats.errors import DegenerateData, NotEnoughData
from apps.stats.evidence.checks import notices, order_checks
from apps.stats.evidence.means import describe, require
from apps.stats.evidence.results import Comparison, Effect, directed_verdict
from apps.stats.moments import FloatArray, Sample, check_confidence, missing_notice, sample

FEWEST_BONETT = 5


def levene_statistic(samples: Sequence[Sample]) -> tuple[float, int, int, float]:
    """Brown-Forsythe form of Levene's test: (F, df between, df within, p).

    Raises
    ------
    NotEnoughData
        With fewer than 2 groups, or no more values than groups.
    DegenerateData
        If no distance from a median differs from another.

    References
    ----------
    Brown, Forsythe (1974), Robust tests for the equality of variances, JASA 69, 364-367.

    Examples
    --------
    >>> levene_statistic([sample([1, 2, 3, 4]), sample([1, 3, 5, 7])])[1:3]
    (1, 6)
    """
    if len(samples) < 2:
        raise NotEnoughData("too_few_groups", {"n": len(samples), "needed": 2})
    distances = [np.abs(one.deviations - np.median(one.deviations)) for one in samples]
    means = np.array([float(np.mean(z)) for z in distances])
    sizes = np.array([z.size for z in distances])
    df_within = int(sizes.sum()) - len(samples)
    require(df_within, 1, "values")
    grand = float(np.dot(sizes, means) / sizes.sum())
    between = float(np.dot(sizes, (means - grand) ** 2))
    within = math.fsum(float(np.sum((z - m) ** 2)) for z, m in zip(distances, means, strict=True))
    if within == 0.0:
        raise DegenerateData("no_variation")
    df_between = len(samples) - 1
    f = (between / df_between) / (within / df_within)
    return f, df_between, df_within, f_tail(f, df_between, df_within)


def f_tail(statistic: float, df_between: float, df_within: float) -> float:
    """Return the upper tail of the F distribution.

    Examples
    --------
    >>> round(f_tail(4.964603, 1, 10), 6)
    0.05
    """
    return float(special.fdtrc(df_between, df_within, max(statistic, 0.0)))


def compare_variances(
    before: ArrayLike, after: ArrayLike, *, confidence: float = 0.95
) -> Comparison:
    """Levene's test (deviations from medians): did the spread change?

    Parameters
    ----------
    before, after : arrays of shape (n,) and (m,)
        Independent observations; NaN is left out.
    confidence : float
        Confidence level of all intervals.

    Returns
    -------
    Comparison
        ``estimate`` is the ratio of standard deviations after / before with Bonett's interval;
        ``effect_size`` its natural logarithm.

    Raises
    ------
    NotEnoughData
        If a group has fewer than 5 values.
    DegenerateData
        If a group does not vary.

    References
    ----------
    Brown, Forsythe (1974), JASA 69, 364-367. Bonett (2006), Computational Statistics & Data
    Analysis 50, 775-782.

    Examples
    --------
    >>> compare_variances([1, 2, 3, 4, 5, 6], [1, 5, 9, 13, 17, 21]).verdict
    'spread_higher'
    """
    check_confidence(confidence)
    first, second = _ready(before, "before"), _ready(after, "after")
    f, _df_between, df_within, p_value = levene_statistic([first, second])
    return _comparison(
        "levene", f, float(df_within), p_value, first, second, confidence, (before, after)
    )


def compare_variances_bonett(
    before: ArrayLike, after: ArrayLike, *, confidence: float = 0.95
) -> Comparison:
    """Bonett's test: did the spread change? Its verdict always agrees with its interval.

    Parameters
    ----------
    before, after, confidence
        As for :func:`compare_variances`.

    Returns
    -------
    Comparison
        As for :func:`compare_variances`; ``statistic`` is the normal quantile at which the
        interval touches a ratio of 1.

    Raises
    ------
    NotEnoughData, DegenerateData
        As for :func:`compare_variances`.

    References
    ----------
    Bonett (2006), Applied Psychological Measurement 30, 432-439; the error under each ratio:
    R package statpsych, ``ci.ratio.sd2``, and Minitab, 2 Variances, methods and formulas.

    Examples
    --------
    >>> result = compare_variances_bonett([1, 2, 3, 4, 5, 6], [1, 5, 9, 13, 17, 21])
    >>> result.estimate.value, result.estimate.lower > 1
    (4.0, True)
    """
    check_confidence(confidence)
    first, second = _ready(before, "before"), _ready(after, "after")
    z = _bonett_z(first, second)
    p_value = min(1.0, 2.0 * float(special.ndtr(-z)))
    return _comparison("bonett", z, None, p_value, first, second, confidence, (before, after))


def _ready(values: ArrayLike, name: str) -> Sample:
    data = sample(values, least=FEWEST_BONETT, name=name)
    if data.sd == 0.0:
        raise DegenerateData("no_variation")
    return data


def _fourth_moment(one: Sample) -> float:
    """Sum of the fourth powers around a trimmed mean, in standard deviations."""
    trim = 0.5 / math.sqrt(one.n - 4)
    middle = float(stats.trim_mean(one.deviations, min(trim, 0.49)))
    return float(np.sum(((one.deviations - middle) / one.sd) ** 4))


def _bonett_error(sizes: tuple[int, int], fourth: tuple[float, float], ratio: float) -> float:
    """Standard error of the log variance ratio where the true ratio of SDs is that times observed.

    Under a ratio, the values after are brought to the spread of those before and their kurtosis
    is pooled.  Only the relative size of the two matters: powers of a large ratio would overflow.
    """
    scale = (min(ratio, 1.0), min(1.0 / ratio, 1.0))
    above = sum(size**4 * moment for size, moment in zip(scale, fourth, strict=True))
    below = sum(size**2 * (n - 1) for size, n in zip(scale, sizes, strict=True))
    kurtosis = sum(sizes) * above / below**2
    return math.sqrt(sum((kurtosis - (n - 3) / n) / (n - 1) for n in sizes))


def _log_correction(first: Sample, second: Sample, z: float) -> float:
    """Log of Bonett's small-sample factor, for the ratio of variances after / before."""
    return math.log(second.n / (second.n - z)) - math.log(first.n / (first.n - z))


def _bonett_interval(first: Sample, second: Sample, confidence: float) -> Effect:
    """Interval of the ratio of SDs: all ratios that the test, made for that ratio, leaves standing.

    The interval of the paper takes the error under equal spreads throughout and is too short where
    the spreads differ; Bonett's own later program and Minitab take it under each ratio.
    """
    ratio = second.sd / first.sd
    z = float(special.ndtri(0.5 + confidence / 2.0))
    if z >= min(first.n, second.n):
        return Effect("sd_ratio", ratio, 0.0, math.inf)
    correction = _log_correction(first, second, z)
    sizes, fourth = (first.n, second.n), (_fourth_moment(first), _fourth_moment(second))
    # The pooled kurtosis is at most the sum of what either sample alone would give.
    most = sum(sizes) * sum(m / (n - 1) ** 2 for m, n in zip(fourth, sizes, strict=True))
    reach = 1.0 + abs(correction) + z * math.sqrt(most * sum(1 / (n - 1) for n in sizes))

    def bound(sign: float) -> float:
        """The ratio, as a multiple of the observed, whose own error just reaches the data."""

        def gap(log_variances: float) -> float:
            error = _bonett_error(sizes, fourth, math.exp(log_variances / 2.0))
            return log_variances - correction - sign * z * error

        return math.exp(float(optimize.brentq(gap, -reach, reach, xtol=1e-13)) / 2.0)

    return Effect("sd_ratio", ratio, ratio * bound(-1.0), ratio * bound(1.0))


def _bonett_z(first: Sample, second: Sample) -> float:
    fourth = (_fourth_moment(first), _fourth_moment(second))
    error = _bonett_error((first.n, second.n), fourth, first.sd / second.sd)
    log_ratio = 2.0 * math.log(second.sd / first.sd)

    def gap(z: float) -> float:
        return abs(log_ratio + _log_correction(first, second, z)) - z * error

    # The correction for small samples grows without bound towards z = n, so the gap may open again:
    # the first closing is the one that counts.
    if gap(0.0) <= 0.0:
        return 0.0
    grid = np.linspace(0.0, 0.999 * min(first.n, second.n), 400).tolist()
    for low, high in pairwise(grid):
        if gap(high) <= 0.0:
            return float(optimize.brentq(gap, low, high))
    return float(grid[-1])


def _comparison(
    test: str,
    statistic: float,
    df: float | None,
    p_value: float,
    first: Sample,
    second: Sample,
    confidence: float,
    raw: Sequence[ArrayLike],
) -> Comparison:
    ratio = _bonett_interval(first, second, confidence)
    checks = order_checks(before=first.values, after=second.values)
    logs: FloatArray = np.log([ratio.value, max(ratio.lower, 1e-300), ratio.upper])
    return Comparison(
        test=test,
        statistic=statistic,
        df=df,
        p_value=p_value,
        confidence=confidence,
        estimate=ratio,
        effect_size=Effect("log_sd_ratio", *(float(value) for value in logs)),
        groups=(describe(first, "before"), describe(second, "after")),
        checks=checks,
        verdict={"higher": "spread_higher", "lower": "spread_lower"}.get(
            directed_verdict(p_value, math.log(ratio.value), confidence), "no_spread_difference"
        ),
        warnings=missing_notice(raw) + notices(checks, min(first.n, second.n)),
    )
