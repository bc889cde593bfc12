"""Bias and linearity of a gauge against reference values."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from apps.stats.errors import DegenerateData, InvalidSpecification
from apps.stats.evidence.correlation import complete_pairs
from apps.stats.evidence.means import t_quantile, t_two_sided_p
from apps.stats.evidence.regression import Coefficient, regression
from apps.stats.evidence.results import Effect
from apps.stats.moments import (
    check_confidence,
    missing_notice,
    sample,
    shifted_moments,
)
from apps.stats.results import Notice
from apps.stats.verdicts import Judged


@dataclass(frozen=True, slots=True)
class BiasStudy(Judged):
    """Mean deviation from a reference with interval; ``verdict`` is "no_bias" or "biased"."""

    n: int
    reference: float
    mean: float
    bias: Effect
    repeatability: float
    statistic: float
    df: int
    p_value: float
    percent_tolerance: float | None
    confidence: float
    verdict: str
    warnings: tuple[Notice, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class LinearityStudy(Judged):
    """Bias as a straight line of the reference.

    ``verdict`` is "no_bias", "constant_bias" (the same everywhere) or "not_linear" (the bias
    changes over the range). ``by_reference`` holds (reference, n, bias, p-value) of each part.
    """

    n: int
    intercept: Coefficient
    slope: Coefficient
    sigma: float
    r_squared: float
    average_bias: BiasStudy
    by_reference: tuple[tuple[float, int, float, float | None], ...]
    confidence: float
    verdict: str
    warnings: tuple[Notice, ...] = field(default=())


def bias_study(
    values: ArrayLike,
    reference: float,
    *,
    tolerance: float | None = None,
    confidence: float = 0.95,
) -> BiasStudy:
    """Bias of repeated measurements of one reference part.

    Parameters
    ----------
    values : array of shape (n,)
        Measurements in the unit of the reference; NaN is left out.
    reference : float
        Accepted value of the part.
    tolerance : float, optional
        Width between the limits, for the share of the tolerance that the bias takes.
    confidence : float
        Confidence level of the interval.

    Returns
    -------
    BiasStudy
        Bias with interval and t-test, repeatability and verdict.

    Raises
    ------
    NotEnoughData
        With fewer than 2 values.
    DegenerateData
        If all values are equal (the gauge is then too coarse to judge).
    InvalidSpecification
        If the reference is not finite or the tolerance not positive.

    References
    ----------
    AIAG (2010), Measurement Systems Analysis, 4th ed., chapter III section B, bias.

    Examples
    --------
    >>> bias_study([5.9, 6.1, 6.0, 6.2, 5.8], 6.0).verdict
    'no_bias'
    """
    check_confidence(confidence)
    if not abs(reference) < 1e100:
        raise InvalidSpecification("limit_not_finite", {"name": "reference"})
    if tolerance is not None and not 0.0 < tolerance < math.inf:
        raise InvalidSpecification("tolerance_not_positive", {"tolerance": float(tolerance)})
    data = sample(values)
    if data.sd == 0.0:
        raise DegenerateData("no_variation")
    bias = data.below(reference)
    error, df = data.sd / math.sqrt(data.n), data.n - 1
    half = t_quantile(0.5 + confidence / 2.0, df) * error
    p_value = t_two_sided_p(bias / error, df)
    return BiasStudy(
        n=data.n,
        reference=float(reference),
        mean=data.mean,
        bias=Effect("bias", bias, bias - half, bias + half),
        repeatability=data.sd,
        statistic=bias / error,
        df=df,
        p_value=p_value,
        percent_tolerance=None if tolerance is None else 100.0 * abs(bias) / tolerance,
        confidence=confidence,
        verdict="biased" if p_value < 1.0 - confidence else "no_bias",
        warnings=missing_notice([values]),
    )


def linearity_study(
    values: ArrayLike, references: ArrayLike, *, confidence: float = 0.95
) -> LinearityStudy:
    """Does the bias change over the range of the gauge?

    Parameters
    ----------
    values, references : arrays of shape (n,)
        Each measurement with the accepted value of its part; pairs with a NaN are left out.
    confidence : float
        Confidence level of all intervals.

    Returns
    -------
    LinearityStudy
        The line of the bias, the average bias, the bias of each reference and the verdict.

    Raises
    ------
    NotEnoughData, DegenerateData, InvalidSpecification
        As for a regression; at least two different references are needed.

    References
    ----------
    AIAG (2010), Measurement Systems Analysis, 4th ed., chapter III section B, linearity.

    Examples
    --------
    >>> references = [2, 2, 4, 4, 6, 6]
    >>> linearity_study([2.1, 2.0, 4.3, 4.2, 6.5, 6.4], references).verdict
    'not_linear'
    """
    check_confidence(confidence)
    measured, accepted, missing = complete_pairs(values, references)
    deviations = measured - accepted
    fit = regression(deviations, {"reference": accepted}, confidence=confidence)
    average = bias_study(deviations, 0.0, confidence=confidence)
    intercept, slope = fit.coefficients
    verdict = average.verdict if average.verdict == "no_bias" else "constant_bias"
    if slope.p_value < 1.0 - confidence:
        verdict = "not_linear"
    found = missing_notice([np.full(missing, np.nan)])
    if np.unique(accepted).size < 5:
        found += (Notice("few_references", {"n": int(np.unique(accepted).size)}),)
    return LinearityStudy(
        n=fit.n,
        intercept=intercept,
        slope=slope,
        sigma=fit.sigma,
        r_squared=fit.r_squared,
        average_bias=average,
        by_reference=tuple(
            _one_reference(deviations[accepted == reference], float(reference))
            for reference in np.unique(accepted)
        ),
        confidence=confidence,
        verdict=verdict,
        warnings=found,
    )


def _one_reference(
    deviations: np.ndarray, reference: float
) -> tuple[float, int, float, float | None]:
    _shifted, origin, offset, sd = shifted_moments(deviations)
    bias, n = origin + offset, int(deviations.size)
    if n < 2 or sd == 0.0:
        return reference, n, bias, None
    return reference, n, bias, t_two_sided_p(bias / (sd / math.sqrt(n)), n - 1)
