"""Sample size for precision: how many observations make a figure known to within a margin."""

import math

from scipy import optimize, special

from apps.stats.errors import InvalidSpecification
from apps.stats.moments import check_confidence
from apps.stats.power import MOST, SampleSize

# Spread over margin: beyond it the sample would have more than 1e12 units.
LARGEST_RATIO = 1e6


def sample_size_for_mean(
    margin: float, sd: float, *, confidence: float = 0.95, population: int | None = None
) -> SampleSize:
    """Observations to know a mean to within a margin (Student's t).

    Parameters
    ----------
    margin : float
        Half width of the interval, in the unit of ``sd``.
    sd : float
        Standard deviation of single values.
    confidence : float
        Confidence level of the interval.
    population : int, optional
        Size of a finite population.

    Returns
    -------
    SampleSize
        ``exact`` before rounding up; the power does not apply.

    Raises
    ------
    InvalidSpecification
        If a figure makes no sense.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., chapter 4.

    Examples
    --------
    >>> sample_size_for_mean(0.5, 1.0).n
    18
    """
    check_confidence(confidence)
    if not (0.0 < sd < math.inf and 0.0 < margin < math.inf):
        raise InvalidSpecification("power_figures")

    def half_width(n: float) -> float:
        quantile = float(special.stdtrit(n - 1.0, 0.5 + confidence / 2.0))
        return quantile * sd / math.sqrt(n)

    low, high = 1.0 + 1e-3, 4.0
    while half_width(high) > margin:
        high *= 2.0
        if high > MOST:
            raise InvalidSpecification("size_out_of_reach")
    exact = (
        low
        if half_width(low) < margin
        else float(optimize.brentq(lambda n: half_width(n) - margin, low, high))
    )
    return _of_population(max(exact, 2.0), population)


def sample_size_for_share(
    margin: float = 0.05,
    *,
    share: float = 0.5,
    confidence: float = 0.95,
    population: int | None = None,
) -> SampleSize:
    """Units to know a share to within a margin (normal approximation).

    Parameters
    ----------
    margin : float
        Half width of the interval.
    share : float
        The share expected; 0.5 is the safe choice.
    confidence : float
        Confidence level of the interval.
    population : int, optional
        Size of a finite population.

    Returns
    -------
    SampleSize
        ``n`` is rounded up; the table of Krejcie and Morgan rounds ``exact`` to the nearest.

    Raises
    ------
    InvalidSpecification
        If a figure makes no sense.

    References
    ----------
    Krejcie, Morgan (1970), Educational and Psychological Measurement 30, 607-610.
    Cochran (1977), Sampling Techniques, 3rd ed., chapter 4.

    Examples
    --------
    >>> sample_size_for_share(population=1000).n, sample_size_for_share().n
    (278, 385)
    """
    check_confidence(confidence)
    if not (0.0 < margin < 1.0 and 0.0 < share < 1.0):
        raise InvalidSpecification("power_figures")
    z = float(special.ndtri(0.5 + confidence / 2.0))
    ratio = z * math.sqrt(share * (1.0 - share)) / margin
    if ratio > LARGEST_RATIO:
        raise InvalidSpecification("power_figures")
    return _of_population(ratio * ratio, population)


def _of_population(endless: float, population: int | None) -> SampleSize:
    """Shrink a sample size for a finite population (Cochran's correction)."""
    exact = endless
    if population is not None:
        if population < 1:
            raise InvalidSpecification("size_not_positive", {"size": float(population)})
        exact = endless * population / (endless + population - 1.0)
    n = math.ceil(exact - 1e-9)
    return SampleSize(n if population is None else min(n, population), exact, None)
