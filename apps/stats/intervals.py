"""Exact confidence intervals of a share and of a rate."""

from dataclasses import dataclass

from scipy import special

from apps.stats.errors import InvalidSpecification
from apps.stats.moments import check_confidence


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its confidence interval; a NaN bound cannot be stated.

    Examples
    --------
    >>> Estimate(0.04, 0.01, 0.09).value
    0.04
    """

    value: float
    lower: float
    upper: float

    def scaled(self, factor: float) -> "Estimate":
        """Return the same estimate in another unit."""
        return Estimate(self.value * factor, self.lower * factor, self.upper * factor)


def read_count(value: float, name: str) -> int:
    """Return a whole number of 0 or more.

    Raises
    ------
    InvalidSpecification
        If it is not one.

    Examples
    --------
    >>> read_count(3.0, "defects")
    3
    """
    if not (value >= 0 and value < 2**53 and float(value).is_integer()):
        raise InvalidSpecification("not_a_count", {"name": name, "value": float(value)})
    return int(value)


def clopper_pearson(count: int, n: int, confidence: float = 0.95) -> Estimate:
    """Exact interval of a share.

    Parameters
    ----------
    count, n : int
        Units with the property, and all units.
    confidence : float
        Confidence level. With no or all units the interval has one side only, and that side
        holds the whole error probability (the rule of three).

    Returns
    -------
    Estimate
        Share with its bounds.

    Raises
    ------
    InvalidSpecification
        If ``count`` is above ``n`` or ``n`` is 0.

    References
    ----------
    Clopper, Pearson (1934), The use of confidence or fiducial limits, Biometrika 26, 404-413.

    Examples
    --------
    >>> clopper_pearson(0, 300).upper < 3 / 300
    True
    """
    check_confidence(confidence)
    n = read_count(n, "n")
    count = read_count(count, "count")
    if n == 0:
        raise InvalidSpecification("no_units")
    if count > n:
        raise InvalidSpecification("not_a_share", {"name": "share", "value": count / n})
    error = 1.0 - confidence
    tail = error if count in (0, n) else error / 2.0
    lower = 0.0 if count == 0 else float(special.betaincinv(count, n - count + 1, tail))
    upper = 1.0 if count == n else float(special.betainccinv(count + 1, n - count, tail))
    return Estimate(count / n, lower, upper)


def poisson_interval(count: int, exposure: float, confidence: float = 0.95) -> Estimate:
    """Exact interval of a rate per unit of exposure.

    Parameters
    ----------
    count : int
        Number of events.
    exposure : float
        Units, area or time in which they were counted.
    confidence : float
        Confidence level; one-sided where no event was seen.

    Returns
    -------
    Estimate
        Rate per unit of exposure with its bounds.

    Raises
    ------
    InvalidSpecification
        If ``exposure`` is not positive.

    References
    ----------
    Garwood (1936), Fiducial limits for the Poisson distribution, Biometrika 28, 437-442.

    Examples
    --------
    >>> estimate = poisson_interval(10, 1.0)
    >>> round(estimate.lower, 3), round(estimate.upper, 3)
    (4.795, 18.39)
    """
    check_confidence(confidence)
    count = read_count(count, "count")
    if not 0.0 < exposure < float("inf"):
        raise InvalidSpecification("no_units")
    error = 1.0 - confidence
    tail = error if count == 0 else error / 2.0
    lower = 0.0 if count == 0 else float(special.gammaincinv(count, tail))
    upper = float(special.gammainccinv(count + 1, tail))
    return Estimate(count / exposure, lower / exposure, upper / exposure)
