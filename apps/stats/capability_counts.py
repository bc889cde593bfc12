"""Capability of counted characteristics: defective units and defects per unit."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from apps.stats.errors import InvalidSpecification, NotEnoughData
from apps.stats.intervals import Estimate, clopper_pearson, poisson_interval, read_count
from apps.stats.moments import FloatArray, check_confidence
from apps.stats.plain import Result
from apps.stats.results import Notice
from apps.stats.sigma_levels import upper_tail_z

FEWEST_SAMPLES = 25


@dataclass(frozen=True, slots=True)
class BinomialCapability(Result):
    """Share of defective units with what it is worth; Z is long-term and one tail.

    ``dispersion_p`` is the chi-square test that all samples share one rate: a small value says
    that the process was not the same all the time.

    Examples
    --------
    >>> binomial_capability([2, 3, 1], 50).share.value
    0.04
    """

    samples: int
    units: int
    defectives: int
    share: Estimate
    ppm: Estimate
    target: float | None
    meets_target: bool | None
    z: float | None
    z_lower: float | None
    z_upper: float | None
    dispersion_p: float | None
    warnings: tuple[Notice, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class PoissonCapability(Result):
    """Defects per unit with exact interval, the yield they imply, and the dispersion test.

    Examples
    --------
    >>> poisson_capability([3, 1, 2], 10).dpu.value
    0.2
    """

    samples: int
    units: float
    defects: int
    dpu: Estimate
    target: float | None
    meets_target: bool | None
    throughput_yield: Estimate
    dispersion_p: float | None
    warnings: tuple[Notice, ...] = field(default=())


def binomial_capability(
    defectives: ArrayLike,
    sizes: ArrayLike,
    *,
    target: float | None = None,
    confidence: float = 0.95,
    stable: bool | None = None,
) -> BinomialCapability:
    """Capability from defective units counted in samples.

    Parameters
    ----------
    defectives : array of shape (k,)
        Defective units in each sample; NaN leaves the sample out.
    sizes : int or array of shape (k,)
        Units in each sample.
    target : float, optional
        Highest share defective that is accepted. It is met where the upper bound of the interval
        is not above it.
    confidence : float
        Confidence level of the Clopper-Pearson interval.
    stable : bool, optional
        Verdict of the p chart; False adds a warning.

    Returns
    -------
    BinomialCapability
        Share with exact interval, parts per million, long-term Z and its bounds, dispersion test.

    Raises
    ------
    NotEnoughData
        Without a sample.
    InvalidSpecification
        If a count is no whole number, above its size, or a size is not positive.

    References
    ----------
    Clopper, Pearson (1934), Biometrika 26, 404-413.

    Examples
    --------
    >>> result = binomial_capability([2, 1, 3, 0, 2], 50)
    >>> round(result.share.value, 3), round(result.z, 3)
    (0.032, 1.852)
    """
    check_confidence(confidence)
    counts, units = _samples(defectives, sizes)
    if np.any(counts > units) or np.any(units % 1.0 != 0.0):
        raise InvalidSpecification("not_a_share", {"name": "share", "value": _worst(counts, units)})
    if target is not None and not 0.0 <= target <= 1.0:
        raise InvalidSpecification("not_a_share", {"name": "target", "value": float(target)})
    total, n = read_count(float(counts.sum()), "defectives"), int(units.sum())
    share = clopper_pearson(total, n, confidence)
    spread = share.value * (1.0 - share.value)
    dispersion = _dispersion_p(counts, units, share.value, spread)
    bound_only = total in (0, n)
    return BinomialCapability(
        samples=counts.size,
        units=n,
        defectives=total,
        share=share,
        ppm=share.scaled(1e6),
        target=target,
        meets_target=None if target is None else share.upper <= target,
        z=None if bound_only else upper_tail_z(share.value),
        z_lower=None if total == n else upper_tail_z(share.upper),
        z_upper=None if total == 0 else upper_tail_z(share.lower),
        dispersion_p=dispersion,
        warnings=_warnings(counts.size, total, dispersion, stable),
    )


def poisson_capability(
    defects: ArrayLike,
    sizes: ArrayLike,
    *,
    target: float | None = None,
    confidence: float = 0.95,
    stable: bool | None = None,
) -> PoissonCapability:
    """Capability from defects counted in samples.

    Parameters
    ----------
    defects : array of shape (k,)
        Defects in each sample; NaN leaves the sample out.
    sizes : float or array of shape (k,)
        Units (or area, or time) of each sample.
    target : float, optional
        Highest rate of defects per unit that is accepted.
    confidence : float
        Confidence level of the exact Poisson interval.
    stable : bool, optional
        Verdict of the u chart; False adds a warning.

    Returns
    -------
    PoissonCapability
        Rate with exact interval, the yield it implies, dispersion test.

    Raises
    ------
    NotEnoughData
        Without a sample.
    InvalidSpecification
        If a count is no whole number or a size is not positive.

    References
    ----------
    Garwood (1936), Biometrika 28, 437-442.

    Examples
    --------
    >>> round(poisson_capability([3, 1, 2], 10).dpu.value, 3)
    0.2
    """
    check_confidence(confidence)
    counts, units = _samples(defects, sizes)
    if target is not None and not target >= 0.0:
        raise InvalidSpecification("not_a_count", {"name": "target", "value": float(target)})
    total, exposure = read_count(float(counts.sum()), "defects"), float(units.sum())
    dpu = poisson_interval(total, exposure, confidence)
    dispersion = _dispersion_p(counts, units, dpu.value, dpu.value)
    return PoissonCapability(
        samples=counts.size,
        units=exposure,
        defects=total,
        dpu=dpu,
        target=target,
        meets_target=None if target is None else dpu.upper <= target,
        throughput_yield=Estimate(math.exp(-dpu.value), math.exp(-dpu.upper), math.exp(-dpu.lower)),
        dispersion_p=dispersion,
        warnings=_warnings(counts.size, total, dispersion, stable),
    )


def _samples(counts: ArrayLike, sizes: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return counts and sizes of the complete samples."""
    try:
        observed = np.asarray(counts, dtype=np.float64)
        given = np.asarray(sizes, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidSpecification("not_numbers", {"name": "counts"}) from error
    if observed.ndim != 1 or given.ndim > 1:
        raise InvalidSpecification("not_a_list", {"name": "counts"})
    units = np.full(observed.shape, float(given)) if given.ndim == 0 else given
    if units.shape != observed.shape:
        raise InvalidSpecification("lengths_differ", {"first": observed.size, "second": units.size})
    complete = ~(np.isnan(observed) | np.isnan(units))
    observed, units = observed[complete], units[complete]
    if observed.size == 0:
        raise NotEnoughData("too_few_values", {"name": "counts", "n": 0, "needed": 1})
    for size in units:
        if not 0.0 < size < 2.0**53:
            raise InvalidSpecification("size_not_positive", {"size": float(size)})
    for count in observed:
        read_count(float(count), "count")
    return observed, units


def _worst(counts: FloatArray, units: FloatArray) -> float:
    return float(np.max(counts / units))


def _dispersion_p(
    counts: FloatArray, units: FloatArray, rate: float, spread: float
) -> float | None:
    """P-value of the chi-square test of one common rate."""
    if counts.size < 2 or not spread > 0.0:
        return None
    distance = float(np.sum((counts - rate * units) ** 2 / (units * spread)))
    return float(special.gammaincc((counts.size - 1) / 2.0, distance / 2.0))


def _warnings(
    samples: int, total: int, dispersion: float | None, stable: bool | None
) -> tuple[Notice, ...]:
    found: list[Notice] = []
    if stable is False:
        found.append(Notice("unstable"))
    if samples < FEWEST_SAMPLES:
        found.append(Notice("few_samples", {"n": samples, "needed": FEWEST_SAMPLES}))
    if total == 0:
        found.append(Notice("no_defects"))
    if dispersion is not None and dispersion < 0.05:
        found.append(Notice("rates_differ", {"p_value": dispersion}))
    return tuple(found)
