"""Sample size and power: how many observations a question needs."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy import optimize, special

from apps.stats.errors import InvalidSpecification
from apps.stats.plain import Result

MOST = 10**9
ALTERNATIVES = ("two-sided", "one-sided")


@dataclass(frozen=True, slots=True)
class SampleSize(Result):
    """Observations needed (per group where there are two).

    ``exact`` is the solution before rounding up; ``power`` what ``n`` gives (None where the
    question is one of precision).

    Examples
    --------
    >>> sample_size_means(1.0, 1.0, power=0.9).n
    23
    """

    n: int
    exact: float
    power: float | None


def power_of_means(
    n: float,
    difference: float,
    sd: float,
    *,
    alpha: float = 0.05,
    alternative: str = "two-sided",
    design: str = "two-sample",
) -> float:
    """Power of a t-test, from the noncentral t distribution.

    Parameters
    ----------
    n : float
        Observations per group (pairs for "paired"); at least 2.
    difference : float
        Difference of the means that shall be found, in the unit of ``sd``.
    sd : float
        Standard deviation of single values (of the differences for "paired").
    alpha : float
        Error rate of the test.
    alternative : str
        "two-sided" or "one-sided".
    design : str
        "two-sample", "one-sample" or "paired".

    Returns
    -------
    float
        Chance that the test finds the difference.

    Raises
    ------
    InvalidSpecification
        If a figure makes no sense.

    References
    ----------
    Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, 2nd ed., chapter 2.

    Examples
    --------
    >>> round(power_of_means(20, 1.0, 1.0), 6)
    0.868953
    """
    _check_test(alpha, alternative)
    if design not in ("two-sample", "one-sample", "paired"):
        raise InvalidSpecification(
            "unknown_choice", {"value": design, "choices": "two-sample, one-sample, paired"}
        )
    if not (0.0 < sd < math.inf and math.isfinite(difference) and 2.0 <= n <= MOST):
        raise InvalidSpecification("power_figures")
    groups = 2.0 if design == "two-sample" else 1.0
    df = groups * (n - 1.0)
    shift = abs(difference) / sd * math.sqrt(n / groups)
    tails = 2.0 if alternative == "two-sided" else 1.0
    critical = float(special.stdtrit(df, 1.0 - alpha / tails))
    if shift > 37.0 + critical:
        return 1.0
    # The other tail matters only for small shifts; nctdtr is accurate there.
    power = 1.0 - float(special.nctdtr(df, shift, critical))
    if alternative == "two-sided" and shift < 5.0:
        power += float(special.nctdtr(df, shift, -critical))
    return min(max(power, 0.0), 1.0)


def sample_size_means(
    difference: float,
    sd: float,
    *,
    power: float = 0.9,
    alpha: float = 0.05,
    alternative: str = "two-sided",
    design: str = "two-sample",
) -> SampleSize:
    """Observations per group to find a difference of means; see :func:`power_of_means`.

    Parameters
    ----------
    difference, sd, alpha, alternative, design
        As for :func:`power_of_means`.
    power : float
        Chance of finding the difference that is asked for.

    Returns
    -------
    SampleSize
        Observations per group.

    Raises
    ------
    InvalidSpecification
        If a figure makes no sense or no size up to 1e9 is enough.

    References
    ----------
    Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, 2nd ed., chapter 2.

    Examples
    --------
    >>> sample_size_means(1.0, 1.0, power=0.9).n
    23
    """
    _check_target(power, alpha)
    if difference == 0.0:
        raise InvalidSpecification("no_difference_to_find")
    return _solve(
        lambda n: power_of_means(
            n, difference, sd, alpha=alpha, alternative=alternative, design=design
        ),
        power,
        least=2.0,
    )


def power_of_proportions(
    n: float, before: float, after: float, *, alpha: float = 0.05, alternative: str = "two-sided"
) -> float:
    """Power of the comparison of two shares (normal approximation without correction).

    Parameters
    ----------
    n : float
        Units per group.
    before, after : float
        The two shares.
    alpha, alternative
        As for :func:`power_of_means`.

    Returns
    -------
    float
        Chance that the test finds the change.

    Raises
    ------
    InvalidSpecification
        If a figure makes no sense.

    References
    ----------
    Fleiss, Levin, Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed., chapter 4.

    Examples
    --------
    >>> round(power_of_proportions(50, 0.50, 0.75), 6)
    0.740166
    """
    _check_test(alpha, alternative)
    for name, share in (("before", before), ("after", after)):
        if not 0.0 <= share <= 1.0:
            raise InvalidSpecification("not_a_share", {"name": name, "value": float(share)})
    if not 1.0 <= n <= MOST:
        raise InvalidSpecification("power_figures")
    middle = (before + after) / 2.0
    null = math.sqrt(2.0 * middle * (1.0 - middle))
    own = math.sqrt(before * (1.0 - before) + after * (1.0 - after))
    return _normal_power(math.sqrt(n) * abs(after - before), null, own, alpha, alternative)


def sample_size_proportions(
    before: float,
    after: float,
    *,
    power: float = 0.9,
    alpha: float = 0.05,
    alternative: str = "two-sided",
) -> SampleSize:
    """Units per group to find a change of a share; see :func:`power_of_proportions`.

    Parameters
    ----------
    before, after, alpha, alternative
        As for :func:`power_of_proportions`.
    power : float
        Chance of finding the change that is asked for.

    Returns
    -------
    SampleSize
        Units per group.

    Raises
    ------
    InvalidSpecification
        If a figure makes no sense or the shares are equal.

    References
    ----------
    Fleiss, Levin, Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed., chapter 4.

    Examples
    --------
    >>> sample_size_proportions(0.50, 0.75, power=0.9).n
    77
    """
    _check_target(power, alpha)
    if before == after:
        raise InvalidSpecification("no_difference_to_find")
    return _solve(
        lambda n: power_of_proportions(n, before, after, alpha=alpha, alternative=alternative),
        power,
        least=1.0,
    )


def power_of_rates(
    exposure: float,
    before: float,
    after: float,
    *,
    alpha: float = 0.05,
    alternative: str = "two-sided",
) -> float:
    """Power of the comparison of two Poisson rates (normal approximation).

    Parameters
    ----------
    exposure : float
        Units, area or time observed in each group.
    before, after : float
        The two rates per unit of exposure.
    alpha, alternative
        As for :func:`power_of_means`.

    Returns
    -------
    float
        Chance that the test finds the change.

    Raises
    ------
    InvalidSpecification
        If a figure makes no sense.

    References
    ----------
    Gu, Ng, Tang, Schucany (2008), Testing the ratio of two Poisson rates, Biometrical Journal 50,
    283-298 (their W1 statistic for equal exposures).

    Examples
    --------
    >>> round(power_of_rates(100, 0.20, 0.40), 4)
    0.733
    """
    _check_test(alpha, alternative)
    if not (0.0 <= before < math.inf and 0.0 <= after < math.inf and 0.0 < exposure <= MOST):
        raise InvalidSpecification("power_figures")
    spread = math.sqrt(before + after)
    return _normal_power(
        math.sqrt(exposure) * abs(after - before), spread, spread, alpha, alternative
    )


def sample_size_rates(
    before: float,
    after: float,
    *,
    power: float = 0.9,
    alpha: float = 0.05,
    alternative: str = "two-sided",
) -> SampleSize:
    """Units of exposure per group to find a change of a rate; see :func:`power_of_rates`.

    ``n`` is rounded up to whole units; choose the unit of exposure accordingly.

    Parameters
    ----------
    before, after, alpha, alternative
        As for :func:`power_of_rates`.
    power : float
        Chance of finding the change that is asked for.

    Returns
    -------
    SampleSize
        Exposure per group.

    Raises
    ------
    InvalidSpecification
        If a figure makes no sense or the rates are equal.

    References
    ----------
    Gu, Ng, Tang, Schucany (2008), Biometrical Journal 50, 283-298.

    Examples
    --------
    >>> sample_size_rates(0.20, 0.40, power=0.8).n
    118
    """
    _check_target(power, alpha)
    if before == after:
        raise InvalidSpecification("no_difference_to_find")
    return _solve(
        lambda t: power_of_rates(t, before, after, alpha=alpha, alternative=alternative),
        power,
        least=1e-6,
    )


def _normal_power(
    distance: float, null: float, own: float, alpha: float, alternative: str
) -> float:
    """Power of a normal test whose spread is ``null`` without and ``own`` with the difference."""
    if own == 0.0:
        return 1.0 if distance > 0.0 else alpha
    tails = 2.0 if alternative == "two-sided" else 1.0
    critical = float(special.ndtri(1.0 - alpha / tails)) * null
    return float(special.ndtr((distance - critical) / own))


def _solve(power_at: Callable[[float], float], power: float, *, least: float) -> SampleSize:
    """Find the smallest size with the power asked for."""
    if power_at(least) >= power:
        exact = least
    else:
        high = max(4.0, 2.0 * least)
        while power_at(high) < power:
            high *= 2.0
            if high > MOST:
                raise InvalidSpecification("size_out_of_reach")
        exact = float(optimize.brentq(lambda n: power_at(n) - power, least, high, rtol=1e-12))
    n = math.ceil(exact - 1e-9)
    return SampleSize(n, exact, power_at(float(n)))


def _check_test(alpha: float, alternative: str) -> None:
    if not 0.0 < alpha < 1.0:
        raise InvalidSpecification("not_a_share", {"name": "alpha", "value": float(alpha)})
    if alternative not in ALTERNATIVES:
        choices = ", ".join(ALTERNATIVES)
        raise InvalidSpecification("unknown_choice", {"value": alternative, "choices": choices})


def _check_target(power: float, alpha: float) -> None:
    if not alpha < power < 1.0:
        raise InvalidSpecification("power_target", {"power": float(power)})
