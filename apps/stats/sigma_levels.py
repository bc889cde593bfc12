"""Defects per unit and opportunity, yields, and the sigma level they are worth."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from scipy import special

from apps.stats.errors import InvalidSpecification
from apps.stats.intervals import Estimate, clopper_pearson, poisson_interval, read_count
from apps.stats.plain import Result
from apps.stats.results import Notice

SHIFT = 1.5
FEW_OPPORTUNITIES = 50


@dataclass(frozen=True, slots=True)
class SigmaLevel(Result):
    """Defect figures with exact intervals, and the level they are worth.

    ``z`` is the long-term level with no shift: one normal tail of size ``dpo``. ``z_shifted`` is
    the same plus 1.5, the figure that "six sigma" speaks of. With no defect (or only defects) the
    data give a bound and no level: ``bound_only`` is True and ``z`` is None.

    Examples
    --------
    >>> sigma_level(20, 500, opportunities=10).dpmo.value
    4000.0
    """

    defects: int
    units: float
    opportunities: int
    confidence: float
    dpu: Estimate
    dpo: Estimate
    dpmo: Estimate
    yield_: float
    throughput_yield: float
    z: float | None
    z_lower: float | None
    z_upper: float | None
    z_shifted: float | None
    bound_only: bool
    warnings: tuple[Notice, ...] = field(default=())


def sigma_level(
    defects: int, units: int, *, opportunities: int = 1, confidence: float = 0.95
) -> SigmaLevel:
    """Sigma level of counted defects.

    Parameters
    ----------
    defects : int
        Defects found in all units.
    units : int
        Units inspected.
    opportunities : int
        Chances for a defect in one unit.
    confidence : float
        Confidence level; Poisson interval for defects per unit, Clopper-Pearson per opportunity.

    Returns
    -------
    SigmaLevel
        ``yield_`` is the share of opportunities without a defect, ``throughput_yield`` the share
        of units without one if defects fall at random, exp(-dpu).

    Raises
    ------
    InvalidSpecification
        If there are no units, more defects than opportunities, or a figure is no whole number.

    References
    ----------
    Breyfogle (2003), Implementing Six Sigma, 2nd ed., chapter 9.

    Examples
    --------
    >>> result = sigma_level(66807, 1_000_000)
    >>> round(result.z, 3), round(result.z_shifted, 3)
    (1.5, 3.0)
    >>> sigma_level(0, 300).z is None
    True
    """
    defects, units = read_count(defects, "defects"), read_count(units, "units")
    opportunities = read_count(opportunities, "opportunities")
    chances = units * opportunities
    if chances == 0:
        raise InvalidSpecification("no_units")
    if defects > chances:
        raise InvalidSpecification(
            "more_defects_than_opportunities", {"defects": defects, "chances": chances}
        )
    dpu = poisson_interval(defects, units, confidence)
    dpo = clopper_pearson(defects, chances, confidence)
    bound_only = defects in (0, chances)
    z = None if bound_only else upper_tail_z(dpo.value)
    return SigmaLevel(
        defects=defects,
        units=units,
        opportunities=opportunities,
        confidence=confidence,
        dpu=dpu,
        dpo=dpo,
        dpmo=dpo.scaled(1e6),
        yield_=1.0 - dpo.value,
        throughput_yield=throughput_yield(dpu.value),
        z=z,
        z_lower=None if defects == chances else upper_tail_z(dpo.upper),
        z_upper=None if defects == 0 else upper_tail_z(dpo.lower),
        z_shifted=None if z is None else z + SHIFT,
        bound_only=bound_only,
        warnings=_warnings(defects, chances),
    )


def upper_tail_z(share: float) -> float:
    """Return the normal quantile that leaves ``share`` in the upper tail.

    Examples
    --------
    >>> round(upper_tail_z(0.0013499), 3)
    3.0
    """
    return -float(special.ndtri(share))


def dpmo_to_sigma(dpmo: float, *, shift: float = SHIFT) -> float:
    """Return the sigma level of a DPMO: the one-tail normal quantile plus ``shift``.

    Parameters
    ----------
    dpmo : float
        Defects per million opportunities.
    shift : float
        Added to the long-term level; 0 gives the level as it is.

    Returns
    -------
    float
        The level.

    Raises
    ------
    InvalidSpecification
        If DPMO is not strictly between 0 and a million.

    References
    ----------
    Breyfogle (2003), Implementing Six Sigma, 2nd ed., table S.

    Examples
    --------
    >>> round(dpmo_to_sigma(3.4), 2)
    6.0
    """
    if not 0.0 < dpmo < 1e6:
        raise InvalidSpecification("not_a_share", {"name": "dpmo / 1e6", "value": dpmo / 1e6})
    return upper_tail_z(dpmo / 1e6) + shift


def sigma_to_dpmo(level: float, *, shift: float = SHIFT) -> float:
    """Return the DPMO of a sigma level; the inverse of :func:`dpmo_to_sigma`.

    Parameters
    ----------
    level : float
        Sigma level, the shift included.
    shift : float
        Taken off the level first.

    Returns
    -------
    float
        Defects per million opportunities, one tail.

    Raises
    ------
    InvalidSpecification
        If the level is not a finite number.

    References
    ----------
    Breyfogle (2003), Implementing Six Sigma, 2nd ed., table S.

    Examples
    --------
    >>> [round(sigma_to_dpmo(level)) for level in (2, 3, 4, 5)]
    [308538, 66807, 6210, 233]
    """
    if not math.isfinite(level):
        raise InvalidSpecification("limit_not_finite", {"name": "level"})
    return 1e6 * float(special.ndtr(shift - level))


def throughput_yield(dpu: float) -> float:
    """Return the share of units without defect when defects fall at random, exp(-dpu).

    Parameters
    ----------
    dpu : float
        Defects per unit.

    Returns
    -------
    float
        Share of units, 0 to 1.

    Raises
    ------
    InvalidSpecification
        If ``dpu`` is negative.

    References
    ----------
    Breyfogle (2003), Implementing Six Sigma, 2nd ed., chapter 9.

    Examples
    --------
    >>> round(throughput_yield(1.0), 4)
    0.3679
    """
    if not dpu >= 0.0:
        raise InvalidSpecification("not_a_count", {"name": "dpu", "value": float(dpu)})
    return math.exp(-dpu)


@dataclass(frozen=True, slots=True)
class ProcessStep:
    """One step of a process: units that entered it, and those right at the first attempt.

    Examples
    --------
    >>> rolled_throughput_yield([ProcessStep(100, 90), ProcessStep(90, 45)]).rolled
    0.45
    """

    entered: int
    good_first_time: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class RolledYield(Result):
    """Yield of a chain of steps.

    ``rolled`` is the chance of passing every step at the first attempt, ``normalised`` the same
    per step (geometric mean), ``total_dpu`` the defects per unit it implies.

    Examples
    --------
    >>> round(rolled_throughput_yield([ProcessStep(100, 90), ProcessStep(90, 81)]).rolled, 3)
    0.81
    """

    step_yields: tuple[float, ...]
    rolled: float
    normalised: float
    total_dpu: float | None
    weakest_step: int


def first_time_yield(entered: int, good_first_time: int) -> float:
    """Return the share of units right at the first attempt, without rework.

    Parameters
    ----------
    entered, good_first_time : int
        Units that entered the step, and those right without rework.

    Returns
    -------
    float
        Share of units, 0 to 1.

    Raises
    ------
    InvalidSpecification
        If nothing entered or more came out good than entered.

    References
    ----------
    Breyfogle (2003), Implementing Six Sigma, 2nd ed., chapter 9.

    Examples
    --------
    >>> first_time_yield(200, 180)
    0.9
    """
    return _step_yield(ProcessStep(entered, good_first_time), 1)


def rolled_throughput_yield(steps: Sequence[ProcessStep]) -> RolledYield:
    """Yield of a chain of steps, each judged by the units that entered that step.

    Parameters
    ----------
    steps : sequence of ProcessStep
        In process order.

    Returns
    -------
    RolledYield
        Yield of each step, rolled and normalised yield, and the weakest step.

    Raises
    ------
    InvalidSpecification
        Without a step, or if a step makes no sense.

    References
    ----------
    Harry, Schroeder (2000), Six Sigma, chapter 5; Breyfogle (2003), chapter 9.

    Examples
    --------
    >>> chain = [ProcessStep(100, 90), ProcessStep(95, 76), ProcessStep(90, 81)]
    >>> round(rolled_throughput_yield(chain).rolled, 3)
    0.648
    """
    if not steps:
        raise InvalidSpecification("no_steps")
    yields = tuple(_step_yield(step, place) for place, step in enumerate(steps, start=1))
    rolled = math.prod(yields)
    return RolledYield(
        step_yields=yields,
        rolled=rolled,
        normalised=normalised_yield(rolled, len(yields)),
        total_dpu=-math.fsum(map(math.log, yields)) if rolled > 0.0 else None,
        weakest_step=yields.index(min(yields)),
    )


def normalised_yield(rolled: float, steps: int) -> float:
    """Return the yield per step that gives ``rolled`` over ``steps`` equal steps.

    Parameters
    ----------
    rolled : float
        Yield of the whole chain, 0 to 1.
    steps : int
        Number of steps.

    Returns
    -------
    float
        Yield of one step.

    Raises
    ------
    InvalidSpecification
        If the yield is no share or there is no step.

    References
    ----------
    Breyfogle (2003), Implementing Six Sigma, 2nd ed., chapter 9.

    Examples
    --------
    >>> round(normalised_yield(0.729, 3), 6)
    0.9
    """
    if not 0.0 <= rolled <= 1.0:
        raise InvalidSpecification("not_a_share", {"name": "yield", "value": float(rolled)})
    if not 1 <= steps < math.inf:
        raise InvalidSpecification("no_steps")
    return float(rolled ** (1.0 / steps))


def _step_yield(step: ProcessStep, place: int) -> float:
    entered = read_count(step.entered, "entered")
    good = read_count(step.good_first_time, "good_first_time")
    if entered == 0:
        raise InvalidSpecification("no_units")
    if good > entered:
        raise InvalidSpecification(
            "more_good_than_entered", {"step": place, "good": good, "entered": entered}
        )
    return good / entered


def _warnings(defects: int, chances: int) -> tuple[Notice, ...]:
    found: list[Notice] = []
    if defects == 0:
        found.append(Notice("no_defects"))
    if defects == chances:
        found.append(Notice("all_defective"))
    if chances < FEW_OPPORTUNITIES:
        found.append(Notice("few_units", {"n": chances}))
    return tuple(found)
