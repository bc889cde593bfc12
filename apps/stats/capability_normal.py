"""Process capability of a measured characteristic under the normal model."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from apps.stats.capability_intervals import (
    Index,
    bench_interval,
    bissell_interval,
    boyles_interval,
    chi_square_interval,
)
from apps.stats.capability_within import WithinSigma, within_sigma
from apps.stats.errors import DegenerateData, InvalidSpecification
from apps.stats.moments import (
    LARGEST,
    Sample,
    check_confidence,
    is_constant,
    missing_notice,
    sample,
)
from apps.stats.normality_tests import LEAST_ANDERSON_DARLING, Normality, anderson_darling
from apps.stats.plain import Result
from apps.stats.results import Notice

FEWEST_VALUES = 30
FEWEST_DISTINCT = 5


@dataclass(frozen=True, slots=True)
class Specification:
    """Limits of a characteristic; a bound is a limit that nature sets and nothing can cross."""

    lsl: float | None = None
    target: float | None = None
    usl: float | None = None
    lsl_is_bound: bool = False
    usl_is_bound: bool = False

    @property
    def two_sided(self) -> bool:
        """True where both limits may be crossed."""
        return self.judged_lsl is not None and self.judged_usl is not None

    @property
    def judged_lsl(self) -> float | None:
        """Lower limit if it can be crossed."""
        return None if self.lsl_is_bound else self.lsl

    @property
    def judged_usl(self) -> float | None:
        """Upper limit if it can be crossed."""
        return None if self.usl_is_bound else self.usl


@dataclass(frozen=True, slots=True)
class Capability(Result):
    """Capability figures; an index that the limits do not define is None.

    ``cp*`` use the within-subgroup sigma (potential), ``pp*`` the overall one (performance).
    ``observed_*`` are counts, ``expected_ppm_*`` parts per million of a normal distribution.

    Examples
    --------
    >>> round(capability([9.0, 10.0, 11.0, 10.0, 9.0, 11.0], lsl=6, usl=14).ppk.value, 3)
    1.491
    """

    n: int
    mean: float
    sigma_within: float
    sigma_overall: float
    df_within: float
    estimator: str
    confidence: float
    lsl: float | None
    target: float | None
    usl: float | None
    cp: Index | None
    cpk: Index | None
    cpl: Index | None
    cpu: Index | None
    pp: Index | None
    ppk: Index | None
    ppl: Index | None
    ppu: Index | None
    cpm: Index | None
    z_bench_within: float | None
    z_bench_overall: float | None
    z_bench_within_interval: Index | None
    z_bench_overall_interval: Index | None
    observed_below: int
    observed_above: int
    expected_ppm_within: float | None
    expected_ppm_within_below: float | None
    expected_ppm_within_above: float | None
    expected_ppm_overall: float
    expected_ppm_overall_below: float
    expected_ppm_overall_above: float
    normality: Normality | None
    warnings: tuple[Notice, ...] = field(default=())

    @property
    def observed_ppm(self) -> float:
        """Observed parts per million outside the limits."""
        return 1e6 * (self.observed_below + self.observed_above) / self.n

    @property
    def z_st(self) -> float | None:
        """Short-term Z: the benchmark Z of the within sigma."""
        return self.z_bench_within

    @property
    def z_lt(self) -> float | None:
        """Long-term Z: the benchmark Z of the overall sigma."""
        return self.z_bench_overall

    @property
    def expected_yield(self) -> float:
        """Expected share inside the limits, with the overall sigma."""
        return 1.0 - self.expected_ppm_overall / 1e6

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return Result.to_dict(self) | {
            "observed_ppm": self.observed_ppm,
            "z_st": self.z_st,
            "z_lt": self.z_lt,
            "expected_yield": self.expected_yield,
        }


def capability(
    values: ArrayLike,
    *,
    lsl: float | None = None,
    usl: float | None = None,
    target: float | None = None,
    lsl_is_bound: bool = False,
    usl_is_bound: bool = False,
    sigma_within: float | None = None,
    df_within: float | None = None,
    subgroups: ArrayLike | None = None,
    subgroup_size: int | None = None,
    estimator: str | None = None,
    confidence: float = 0.95,
    stable: bool | None = None,
) -> Capability:
    """Capability and performance indices of normally distributed values.

    Parameters
    ----------
    values : array of shape (n,)
        Observations in order of time, in the unit of the limits; NaN is left out.
    lsl, usl : float, optional
        Specification limits; at least one. A limit marked as bound (``lsl_is_bound``) is one that
        nature sets, such as zero for a duration: nothing is judged against it.
    target : float, optional
        Target value; Cpm is given only with a target and both limits.
    sigma_within, df_within : float, optional
        Within-subgroup sigma with its degrees of freedom, where a chart has estimated it.
    subgroups, subgroup_size, estimator
        How to estimate it otherwise; see :func:`apps.stats.capability_within.within_sigma`.
    confidence : float
        Two-sided confidence level of all intervals.
    stable : bool, optional
        Verdict of the control chart; False adds a warning.

    Returns
    -------
    Capability
        Indices with intervals, Z values, observed and expected parts per million, warnings.

    Raises
    ------
    NotEnoughData
        With fewer than 2 values.
    DegenerateData
        If all values are equal or one is infinite.
    InvalidSpecification
        Without limits, with crossed limits or with a target outside them.

    Notes
    -----
    Cpm is min(USL - T, T - LSL) / (3 sqrt(s^2 + (mean - T)^2)); with the target in the middle
    this is the usual (USL - LSL) / (6 sqrt(...)).

    References
    ----------
    NIST/SEMATECH e-Handbook of Statistical Methods, section 6.1.6.
    Montgomery (2013), Introduction to Statistical Quality Control, 7th ed., chapter 8.

    Examples
    --------
    >>> result = capability([9.9, 10.1, 10.0, 10.2, 9.8, 10.0, 10.1, 9.9], lsl=9.4, usl=10.6)
    >>> round(result.ppk.value, 3), result.warnings[0].code
    (1.528, 'few_values')
    """
    check_confidence(confidence)
    specification = read_specification(
        lsl, usl, target, lsl_is_bound=lsl_is_bound, usl_is_bound=usl_is_bound
    )
    data = sample(values, least=2)
    if is_constant(data):
        raise DegenerateData("no_variation")
    within = _within(values, sigma_within, df_within, subgroups, subgroup_size, estimator)
    judged = anderson_darling(data.values) if data.n >= LEAST_ANDERSON_DARLING else None
    notices = missing_notice([values]) + _warnings(data, specification, within, judged, stable)
    return Capability(
        n=data.n,
        mean=data.mean,
        sigma_within=within.sigma,
        sigma_overall=data.sd,
        df_within=within.df,
        estimator=within.estimator,
        confidence=confidence,
        lsl=lsl,
        target=target,
        usl=usl,
        **_indices(data, specification, "c", within.sigma, within.df, confidence),
        **_indices(data, specification, "p", data.sd, data.n - 1, confidence),
        cpm=_cpm(data, specification, confidence),
        **_expected(data, specification, "within", within.sigma, within.df, confidence),
        **_expected(data, specification, "overall", data.sd, data.n - 1, confidence),
        observed_below=_count(data.values, specification.lsl, below=True),
        observed_above=_count(data.values, specification.usl, below=False),
        normality=judged,
        warnings=notices,
    )


def read_specification(
    lsl: float | None,
    usl: float | None,
    target: float | None = None,
    *,
    lsl_is_bound: bool = False,
    usl_is_bound: bool = False,
) -> Specification:
    """Check limits and target and return them together.

    Raises
    ------
    InvalidSpecification
        If no limit can be crossed, limits are crossed or not finite, or the target lies outside.

    Examples
    --------
    >>> read_specification(1.0, 3.0, 2.0).two_sided
    True
    """
    for name, limit in (("lsl", lsl), ("usl", usl), ("target", target)):
        if limit is not None and not abs(limit) <= LARGEST:
            raise InvalidSpecification("limit_not_finite", {"name": name})
    read = Specification(
        None if lsl is None else float(lsl),
        None if target is None else float(target),
        None if usl is None else float(usl),
        lsl_is_bound,
        usl_is_bound,
    )
    if read.judged_lsl is None and read.judged_usl is None:
        raise InvalidSpecification("no_limits", {})
    if read.lsl is not None and read.usl is not None and read.lsl >= read.usl:
        raise InvalidSpecification("limits_crossed", {"lsl": read.lsl, "usl": read.usl})
    low = -np.inf if read.lsl is None else read.lsl
    high = np.inf if read.usl is None else read.usl
    if read.target is not None and not low <= read.target <= high:
        raise InvalidSpecification("target_outside", {"target": read.target})
    return read


def bench_z(z_lower: float | None, z_upper: float | None) -> tuple[float, float, float]:
    """Return (ppm below, ppm above, benchmark Z) from the distances to the limits in sigmas.

    The benchmark Z leaves the whole expected share of both tails in one tail. Tails are added as
    logarithms, so that it stays a number far beyond the smallest probability.

    Parameters
    ----------
    z_lower, z_upper : float or None
        Distances of the limits from the mean in sigmas; None where there is no limit.

    Returns
    -------
    tuple of float
        Parts per million below and above, and the benchmark Z (no unit); minus infinity where both
        tails are full.

    Raises
    ------
    InvalidSpecification
        If a distance is not a number.

    References
    ----------
    Montgomery (2013), Introduction to Statistical Quality Control, 7th ed., section 8.3.

    Examples
    --------
    >>> [round(x, 3) for x in bench_z(3.0, 3.0)]
    [1349.898, 1349.898, 2.782]
    """
    for name, z in (("z_lower", z_lower), ("z_upper", z_upper)):
        if z is not None and np.isnan(z):
            raise InvalidSpecification("not_numbers", {"name": name})
    log_below = -np.inf if z_lower is None else float(special.log_ndtr(-z_lower))
    log_above = -np.inf if z_upper is None else float(special.log_ndtr(-z_upper))
    bench = -float(special.ndtri_exp(min(np.logaddexp(log_below, log_above), 0.0)))
    return 1e6 * float(np.exp(log_below)), 1e6 * float(np.exp(log_above)), bench


def _within(
    values: ArrayLike,
    sigma: float | None,
    df: float | None,
    subgroups: ArrayLike | None,
    subgroup_size: int | None,
    estimator: str | None,
) -> WithinSigma:
    if sigma is None:
        return within_sigma(
            values, subgroups=subgroups, subgroup_size=subgroup_size, estimator=estimator
        )
    if not (np.isfinite(sigma) and sigma > 0.0):
        raise InvalidSpecification("sigma_not_positive", {"sigma": float(sigma)})
    present = int(np.isfinite(np.asarray(values, dtype=np.float64)).sum())
    given_df = float(present - 1) if df is None else float(df)
    if not given_df > 0.0:
        raise InvalidSpecification("df_not_positive", {"df": given_df})
    return WithinSigma(float(sigma), given_df, estimator or "given")


def _sides(data: Sample, spec: Specification, sigma: float) -> tuple[float | None, float | None]:
    """Return the distances of the crossable limits from the mean, in sigmas."""
    lower = None if spec.judged_lsl is None else data.below(spec.judged_lsl) / sigma
    upper = None if spec.judged_usl is None else data.above(spec.judged_usl) / sigma
    return lower, upper


def _indices(
    data: Sample, spec: Specification, prefix: str, sigma: float, df: float, confidence: float
) -> dict[str, Any]:
    """Return the four indices of one sigma under the names Capability gives them."""
    names = [f"{prefix}p", f"{prefix}pk", f"{prefix}pl", f"{prefix}pu"]
    if not sigma > 0.0:
        return dict.fromkeys(names)
    z_lower, z_upper = _sides(data, spec, sigma)
    both = None
    if spec.lsl is not None and spec.usl is not None and spec.two_sided:
        both = chi_square_interval((spec.usl - spec.lsl) / sigma / 6.0, df, confidence)
    one_sided = [
        None if z is None else bissell_interval(z / 3.0, data.n, df, confidence)
        for z in (z_lower, z_upper)
    ]
    worst = min((index for index in one_sided if index is not None), key=lambda i: i.value)
    return dict(zip(names, [both, worst, *one_sided], strict=True))


def _cpm(data: Sample, spec: Specification, confidence: float) -> Index | None:
    if spec.target is None or spec.lsl is None or spec.usl is None or not spec.two_sided:
        return None
    offset = data.above(spec.target)
    nearest = min(spec.usl - spec.target, spec.target - spec.lsl)
    value = nearest / (3.0 * float(np.hypot(data.sd, offset)))
    return boyles_interval(value, data.n, offset / data.sd, confidence)


def _expected(
    data: Sample, spec: Specification, kind: str, sigma: float, df: float, confidence: float
) -> dict[str, Any]:
    names = [f"expected_ppm_{kind}{end}" for end in ("_below", "_above", "")]
    benchmark, interval = f"z_bench_{kind}", f"z_bench_{kind}_interval"
    if not sigma > 0.0:
        return dict.fromkeys([*names, benchmark, interval])
    sides = _sides(data, spec, sigma)
    below, above, bench = bench_z(*sides)
    return dict(zip(names, [below, above, below + above], strict=True)) | {
        benchmark: bench,
        interval: bench_interval(*sides, bench, n=data.n, df=df, confidence=confidence),
    }


def _count(
    values: np.ndarray[Any, np.dtype[np.float64]], limit: float | None, *, below: bool
) -> int:
    if limit is None:
        return 0
    return int(np.count_nonzero(values < limit if below else values > limit))


def _warnings(
    data: Sample,
    spec: Specification,
    within: WithinSigma,
    judged: Normality | None,
    stable: bool | None,
) -> tuple[Notice, ...]:
    found: list[Notice] = []
    if stable is False:
        found.append(Notice("unstable", {}))
    if data.n < FEWEST_VALUES:
        found.append(Notice("few_values", {"n": data.n, "needed": FEWEST_VALUES}))
    if judged is not None and not judged.is_plausible():
        found.append(Notice("not_normal", {"p_value": judged.p_value}))
    if not within.sigma > 0.0:
        found.append(Notice("no_within_variation", {}))
    distinct = int(np.unique(data.values).size)
    if distinct < FEWEST_DISTINCT:
        found.append(Notice("few_distinct_values", {"distinct": distinct}))
    if _crosses_bound(data, spec):
        found.append(Notice("beyond_bound", {}))
    return tuple(found)


def _crosses_bound(data: Sample, spec: Specification) -> bool:
    under = spec.lsl_is_bound and _count(data.values, spec.lsl, below=True)
    over = spec.usl_is_bound and _count(data.values, spec.usl, below=False)
    return bool(under or over)
