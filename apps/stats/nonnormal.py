"""Choice of a distribution by Anderson-Darling, and capability without the normal model."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from apps.stats.capability_normal import Specification, read_specification
from apps.stats.distributions import FAMILIES, Family, Params
from apps.stats.errors import DegenerateData, InvalidSpecification
from apps.stats.johnson import TYPES, johnson_family
from apps.stats.moments import FloatArray, is_constant, missing_notice, sample
from apps.stats.normality_tests import empirical_a_squared
from apps.stats.plain import Result
from apps.stats.results import Notice

ALL_FAMILIES: Mapping[str, Family] = {
    **FAMILIES,
    **{family.name: family for family in map(johnson_family, TYPES)},
}
METHODS = ("percentile", "z-score")
FEWEST_VALUES = 8
FEW_VALUES = 100
# The share of a normal distribution below mean - 3 sigma, which ISO 22514-2 carries over.
LOW_SHARE = float(special.ndtr(-3.0))


@dataclass(frozen=True, slots=True)
class Fit(Result):
    """A fitted distribution; parameters by name, A-squared and its p-value (None: no table).

    Examples
    --------
    >>> Fit("exponential", (("mean", 3.0),), 0.2, None).values
    (3.0,)
    """

    name: str
    parameters: tuple[tuple[str, float], ...]
    a_squared: float
    p_value: float | None

    @property
    def values(self) -> Params:
        """Parameters without their names."""
        return tuple(value for _name, value in self.parameters)


@dataclass(frozen=True, slots=True)
class NonnormalCapability(Result):
    """Capability by a fitted distribution; an index that the limits do not define is None.

    ``low``, ``median`` and ``high`` are the quantiles at 0.135, 50 and 99.865 percent.
    ``ranking`` holds every distribution that could be fitted, the closest first.

    Examples
    --------
    >>> found = nonnormal_capability([1, 2, 2, 3, 4, 4, 5, 9], usl=30, distribution="gamma")
    >>> found.distribution.name
    'gamma'
    """

    n: int
    method: str
    specification: Specification
    distribution: Fit
    low: float
    median: float
    high: float
    pp: float | None
    ppk: float | None
    ppl: float | None
    ppu: float | None
    z_bench: float
    observed_below: int
    observed_above: int
    expected_ppm: float
    expected_ppm_below: float
    expected_ppm_above: float
    ranking: tuple[Fit, ...]
    warnings: tuple[Notice, ...] = field(default=())


def fit_distributions(
    values: ArrayLike, *, families: Sequence[str] = tuple(ALL_FAMILIES)
) -> tuple[Fit, ...]:
    """Fit distributions and rank them by Anderson-Darling, the closest first.

    Parameters
    ----------
    values : array of shape (n,)
        Observations; NaN is left out. Families for positive values are skipped where a value is
        zero or below.
    families : sequence of str
        Keys of ``ALL_FAMILIES``.

    Returns
    -------
    tuple of Fit
        Parameters by maximum likelihood (Johnson: by quantiles).

    Raises
    ------
    NotEnoughData
        With fewer than 8 values.
    DegenerateData
        If all values are equal, or no family can be fitted.
    InvalidSpecification
        If a family is unknown.

    References
    ----------
    D'Agostino, Stephens (1986), Goodness-of-Fit Techniques, chapter 4.

    Examples
    --------
    >>> waits = [0.1, 0.3, 0.4, 0.7, 0.9, 1.2, 1.6, 2.1, 2.9, 4.6]
    >>> [fit.name for fit in fit_distributions(waits, families=["normal", "exponential"])]
    ['exponential', 'normal']
    """
    data = sample(values, least=FEWEST_VALUES)
    if is_constant(data):
        raise DegenerateData("no_variation")
    ordered = np.sort(data.values)
    fits = [_fit(_family(name), ordered) for name in families]
    usable = [fit for fit in fits if fit is not None]
    if not usable:
        raise DegenerateData("nothing_fits")
    return tuple(sorted(usable, key=lambda fit: fit.a_squared))


def nonnormal_capability(
    values: ArrayLike,
    *,
    lsl: float | None = None,
    usl: float | None = None,
    lsl_is_bound: bool = False,
    usl_is_bound: bool = False,
    distribution: str | None = None,
    method: str = "percentile",
    stable: bool | None = None,
) -> NonnormalCapability:
    """Capability of values that follow another distribution than the normal.

    Parameters
    ----------
    values : array of shape (n,)
        Observations in the unit of the limits; NaN is left out.
    lsl, usl, lsl_is_bound, usl_is_bound
        As for :func:`apps.stats.capability_normal.capability`.
    distribution : str, optional
        A key of ``ALL_FAMILIES``; by default the closest by Anderson-Darling.
    method : str
        "percentile" (ISO 22514-2: distances in quantiles) or "z-score" (the normal values of the
        tail shares).
    stable : bool, optional
        Verdict of the control chart; False adds a warning.

    Returns
    -------
    NonnormalCapability
        Overall indices, quantiles, expected parts per million and the ranking.

    Raises
    ------
    NotEnoughData, DegenerateData, InvalidSpecification
        As for the fit and the limits.

    References
    ----------
    ISO 22514-2:2017, Statistical methods in process management - Capability and performance.
    Clements (1989), Process capability calculations for non-normal distributions, Quality
    Progress 22, 95-100.

    Examples
    --------
    >>> waits = [0.1, 0.3, 0.4, 0.7, 0.9, 1.2, 1.6, 2.1, 2.9, 4.6]
    >>> result = nonnormal_capability(waits, usl=12.0, distribution="exponential")
    >>> round(result.ppk, 4), result.pp is None
    (1.2537, True)
    """
    if method not in METHODS:
        raise InvalidSpecification(
            "unknown_choice", {"value": method, "choices": ", ".join(METHODS)}
        )
    spec = read_specification(lsl, usl, lsl_is_bound=lsl_is_bound, usl_is_bound=usl_is_bound)
    if distribution is not None:
        _family(distribution)
    ranking = fit_distributions(values)
    chosen = next((fit for fit in ranking if distribution in (None, fit.name)), None)
    if chosen is None:
        raise DegenerateData("does_not_fit", {"distribution": str(distribution)})
    data = sample(values)
    low, median, high = quantiles(chosen, [LOW_SHARE, 0.5, 1.0 - LOW_SHARE])
    log_below, log_above = _log_outside(chosen, spec)
    indices = indices_of(chosen, spec, method)
    below, above = 1e6 * math.exp(log_below), 1e6 * math.exp(log_above)
    return NonnormalCapability(
        n=data.n,
        method=method,
        specification=spec,
        distribution=chosen,
        low=low,
        median=median,
        high=high,
        pp=indices[0],
        ppk=worst_of(indices),
        ppl=indices[1],
        ppu=indices[2],
        z_bench=-float(special.ndtri_exp(min(float(np.logaddexp(log_below, log_above)), 0.0))),
        observed_below=0 if spec.lsl is None else int(np.sum(data.values < spec.lsl)),
        observed_above=0 if spec.usl is None else int(np.sum(data.values > spec.usl)),
        expected_ppm=below + above,
        expected_ppm_below=below,
        expected_ppm_above=above,
        ranking=ranking,
        warnings=missing_notice([values]) + _warnings(data.n, chosen, stable),
    )


def quantiles(fit: Fit, shares: Sequence[float]) -> tuple[float, ...]:
    """Return the quantiles of a fitted distribution; infinite where it does not reach them.

    Raises
    ------
    InvalidSpecification
        If a share is not strictly between 0 and 1.

    Examples
    --------
    >>> quantiles(Fit("exponential", (("mean", 2.0),), 0.0, None), [0.5])
    (1.3862943611198906,)
    """
    for share in shares:
        if not 0.0 < share < 1.0:
            raise InvalidSpecification("not_a_share", {"name": "share", "value": float(share)})
    found = _family(fit.name).quantile(np.asarray(shares, dtype=np.float64), fit.values)
    return tuple(float(value) for value in found)


def log_tails(fit: Fit, limit: float) -> tuple[float, float]:
    """Return the logs of the shares below and above a limit.

    Examples
    --------
    >>> round(log_tails(Fit("exponential", (("mean", 2.0),), 0.0, None), 6.0)[1], 12)
    -3.0
    """
    below, above = _family(fit.name).log_tails(np.array([float(limit)]), fit.values)
    return float(below[0]), float(above[0])


def indices_of(
    fit: Fit, specification: Specification, method: str
) -> tuple[float | None, float | None, float | None]:
    """Return Pp, Ppl and Ppu of a fitted distribution by one of ``METHODS``.

    Examples
    --------
    >>> fit = Fit("normal", (("mean", 0.0), ("sd", 1.0)), 0.0, None)
    >>> round(indices_of(fit, Specification(usl=3.0), "z-score")[2], 9)
    1.0
    """
    if method == "z-score":
        return _z_indices(specification, fit)
    return _percentile_indices(specification, *quantiles(fit, [LOW_SHARE, 0.5, 1.0 - LOW_SHARE]))


def worst_of(indices: Sequence[float | None]) -> float | None:
    """Return the smaller one-sided index of (Pp, Ppl, Ppu), None where there is neither.

    Examples
    --------
    >>> worst_of((1.2, 0.9, None))
    0.9
    """
    return min((index for index in indices[1:] if index is not None), default=None)


def refit(fit: Fit, values: FloatArray) -> Fit | None:
    """Fit the same family to other values; None where it cannot describe them.

    Examples
    --------
    >>> refit(Fit("exponential", (("mean", 2.0),), 0.0, None), np.array([1.0, 3.0, 5.0])).values
    (3.0,)
    """
    return _fit(_family(fit.name), np.sort(values))


def _family(name: str) -> Family:
    family = ALL_FAMILIES.get(name)
    if family is None:
        raise InvalidSpecification(
            "unknown_choice", {"value": name, "choices": ", ".join(ALL_FAMILIES)}
        )
    return family


def _fit(family: Family, ordered: FloatArray) -> Fit | None:
    if family.positive and ordered[0] <= 0.0:
        return None
    params = family.fit(ordered)
    if not params or not all(map(math.isfinite, params)):
        return None
    log_cdf, log_sf = family.log_tails(ordered, params)
    a_squared = empirical_a_squared(log_cdf, log_sf)
    if not math.isfinite(a_squared):
        return None
    named = tuple(zip(family.parameter_names, params, strict=True))
    return Fit(family.name, named, a_squared, family.p_value(a_squared, ordered.size, params))


def _log_outside(fit: Fit, spec: Specification) -> tuple[float, float]:
    below = -math.inf if spec.judged_lsl is None else log_tails(fit, spec.judged_lsl)[0]
    above = -math.inf if spec.judged_usl is None else log_tails(fit, spec.judged_usl)[1]
    return below, above


def _percentile_indices(
    spec: Specification, low: float, median: float, high: float
) -> tuple[float | None, float | None, float | None]:
    lower = upper = both = None
    if spec.judged_lsl is not None and math.isfinite(low):
        lower = (median - spec.judged_lsl) / (median - low)
    if spec.judged_usl is not None and math.isfinite(high):
        upper = (spec.judged_usl - median) / (high - median)
    if spec.judged_lsl is not None and spec.judged_usl is not None and math.isfinite(high - low):
        both = (spec.judged_usl - spec.judged_lsl) / (high - low)
    return both, lower, upper


def _z_indices(spec: Specification, fit: Fit) -> tuple[float | None, float | None, float | None]:
    """Return the indices from normal values; None where the distribution ends before the limit."""
    below, above = _log_outside(fit, spec)
    lower = None if below == -math.inf else -float(special.ndtri_exp(below)) / 3.0
    upper = None if above == -math.inf else -float(special.ndtri_exp(above)) / 3.0
    both = None if lower is None or upper is None else (lower + upper) / 2.0
    return both, lower, upper


def _warnings(n: int, chosen: Fit, stable: bool | None) -> tuple[Notice, ...]:
    found: list[Notice] = []
    if stable is False:
        found.append(Notice("unstable"))
    if n < FEW_VALUES:
        found.append(Notice("few_values_for_tails", {"n": n, "needed": FEW_VALUES}))
    if chosen.p_value is not None and chosen.p_value < 0.05:
        found.append(Notice("poor_fit", {"distribution": chosen.name, "p_value": chosen.p_value}))
    return tuple(found)
