"""Confidence intervals of capability indices."""

import math
from dataclasses import dataclass

from scipy import special

from apps.stats.errors import InvalidSpecification

LARGEST_POWER = 700.0  # of e, within what a float holds


@dataclass(frozen=True, slots=True)
class Index:
    """An index with its two-sided confidence interval (a NaN bound cannot be stated).

    Examples
    --------
    >>> Index(1.33, 1.1, 1.5).lower
    1.1
    """

    value: float
    lower: float
    upper: float


def chi_square_quantile(probability: float, df: float) -> float:
    """Return the quantile of the chi-square distribution; ``df`` may be a fraction.

    Examples
    --------
    >>> round(chi_square_quantile(0.95, 10), 4)
    18.307
    """
    return 2.0 * float(special.gammaincinv(df / 2.0, probability))


def chi_square_interval(value: float, df: float, confidence: float = 0.95) -> Index:
    """Interval of an index that is a constant over a standard deviation (Cp, Pp, Cpm).

    Parameters
    ----------
    value : float
        The index, no unit.
    df : float
        Degrees of freedom of the standard deviation it was computed with.
    confidence : float
        Two-sided confidence level.

    Raises
    ------
    InvalidSpecification
        If ``df`` is not positive.

    References
    ----------
    Montgomery (2013), Introduction to Statistical Quality Control, 7th ed., equation 8.20.

    Examples
    --------
    >>> index = chi_square_interval(2.2857, 19)
    >>> round(index.lower, 2), round(index.upper, 2)
    (1.56, 3.01)
    """
    _check_df(df)
    alpha = 1.0 - confidence
    lower = value * math.sqrt(chi_square_quantile(alpha / 2.0, df) / df)
    upper = value * math.sqrt(chi_square_quantile(1.0 - alpha / 2.0, df) / df)
    return Index(value, lower, upper)


def bissell_interval(value: float, n: int, df: float, confidence: float = 0.95) -> Index:
    """Interval of an index with an estimated mean (Cpk, Ppk and their one-sided parts).

    Parameters
    ----------
    value : float
        The index, no unit.
    n : int
        Number of observations behind the mean.
    df : float
        Degrees of freedom of the standard deviation.
    confidence : float
        Two-sided confidence level.

    References
    ----------
    Bissell (1990), How reliable is your capability index?, Applied Statistics 39, 331-340.

    Examples
    --------
    >>> index = bissell_interval(1.663, 125, 124)
    >>> round(index.lower, 3), round(index.upper, 3)
    (1.448, 1.878)
    """
    _check_df(df)
    quantile = float(special.ndtri(0.5 + confidence / 2.0))
    half = quantile * math.sqrt(1.0 / (9.0 * n) + value * value / (2.0 * df))
    return Index(value, value - half, value + half)


def bench_interval(
    z_lower: float | None,
    z_upper: float | None,
    bench: float,
    *,
    n: int,
    df: float,
    confidence: float = 0.95,
) -> Index:
    """Interval of a benchmark Z from the errors of the mean and of sigma (delta method).

    Parameters
    ----------
    z_lower, z_upper : float or None
        Distances of the limits from the mean in standard deviations; None where there is none.
    bench : float
        The benchmark Z of the two.
    n : int
        Number of observations behind the mean.
    df : float
        Degrees of freedom of the standard deviation.
    confidence : float
        Two-sided confidence level.

    Raises
    ------
    InvalidSpecification
        If ``df`` is not positive.

    References
    ----------
    Bissell (1990), Applied Statistics 39, 331-340, of which this is three times the interval where
    there is one limit.

    Examples
    --------
    >>> bench, one_sided = bench_interval(None, 3.9, 3.9, n=125, df=124), bissell_interval(1.3, 125, 124)
    >>> round(bench.lower, 6) == round(3 * one_sided.lower, 6)
    True
    """
    _check_df(df)
    by_mean = by_sigma = 0.0
    for z, sign in ((z_lower, -1.0), (z_upper, 1.0)):
        if z is not None:
            # How fast Z falls as this tail grows: the ratio of the two normal densities.  A Z above
            # zero never exceeds the distance of either limit but by rounding.
            power = 0.5 * (bench - z) * (bench + z)
            weight = math.exp(min(power, 0.0 if bench > 0.0 else LARGEST_POWER))
            by_mean += sign * weight
            by_sigma += weight * z if weight > 0.0 else 0.0
    error = math.sqrt(by_mean * by_mean / n + by_sigma * by_sigma / (2.0 * df))
    half = float(special.ndtri(0.5 + confidence / 2.0)) * error
    return Index(bench, bench - half, bench + half)


def boyles_interval(value: float, n: int, offset_in_sd: float, confidence: float = 0.95) -> Index:
    """Interval of Cpm, whose degrees of freedom grow with the distance from target.

    Parameters
    ----------
    value : float
        Cpm, no unit.
    n : int
        Number of observations.
    offset_in_sd : float
        (mean - target) / standard deviation.

    References
    ----------
    Boyles (1991), The Taguchi capability index, Journal of Quality Technology 23, 17-26.

    Examples
    --------
    >>> boyles_interval(1.5, 12, 0.0) == chi_square_interval(1.5, 12)
    True
    """
    squared = offset_in_sd * offset_in_sd
    df = n if math.isinf(squared) else n * (1.0 + squared) ** 2 / (1.0 + 2.0 * squared)
    return chi_square_interval(value, df, confidence)


def _check_df(df: float) -> None:
    if not df > 0.0:
        raise InvalidSpecification("df_not_positive", {"df": float(df)})
