"""Within-subgroup sigma for capability, with the degrees of freedom its estimator is worth."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from apps.stats.constants import c4, d2, d3, d4, equivalent_df
from apps.stats.errors import InvalidSpecification, NotEnoughData
from apps.stats.moments import FloatArray, root_mean_square

INDIVIDUAL_ESTIMATORS = ("mr-mean", "mr-median")
SUBGROUP_ESTIMATORS = ("pooled-sd", "rbar-mvlue", "rbar", "sbar-mvlue", "sbar")
# Moments of |difference| of neighbours, in sigmas squared: its variance, and the covariance of two
# ranges that share a value (correlation -1/2 between the differences).
MR_VARIANCE = 2.0 - 4.0 / math.pi
MR_COVARIANCE = (4.0 / math.pi) * (math.sqrt(0.75) + 0.5 * math.asin(0.5)) - 4.0 / math.pi
# For the median of the ranges: the chance that two ranges sharing a value both lie below the median
# (integral of the bivariate normal), and the median times the density there, for |Z|.
BOTH_BELOW_MEDIAN = 0.2766016182520897
MEDIAN_SLOPE = 0.6744897501960817 * 0.6355531453682138


@dataclass(frozen=True, slots=True)
class WithinSigma:
    """An estimate of the within sigma, its degrees of freedom and the estimator's name."""

    sigma: float
    df: float
    estimator: str


def within_sigma(
    values: ArrayLike,
    *,
    subgroups: ArrayLike | None = None,
    subgroup_size: int | None = None,
    estimator: str | None = None,
) -> WithinSigma:
    """Estimate sigma from the variation inside subgroups or between neighbours.

    Parameters
    ----------
    values : array of shape (n,)
        Observations in order of time; NaN is left out, and a moving range next to it too.
    subgroups : array of shape (n,), optional
        Labels; a subgroup is a run of equal labels.
    subgroup_size : int, optional
        Instead of labels: a constant size. The last subgroup may be smaller.
    estimator : str, optional
        As the charts name them: with subgroups "pooled-sd" (default), "rbar-mvlue", "rbar",
        "sbar-mvlue" or "sbar"; without, "mr-mean" (default) or "mr-median".

    Returns
    -------
    WithinSigma
        Sigma of single values, and equivalent degrees of freedom: those of a standard deviation
        with the same coefficient of variation (exact for "pooled-sd").

    Raises
    ------
    NotEnoughData
        If no subgroup or no neighbouring pair has two values.
    InvalidSpecification
        For an unknown estimator or labels that do not fit.

    References
    ----------
    Montgomery (2013), Introduction to Statistical Quality Control, 7th ed., chapter 6.
    Patnaik (1950), The use of mean range, Biometrika 37, for the equivalent degrees of freedom.

    Examples
    --------
    >>> round(within_sigma([10.0, 11.0, 10.0, 11.0]).sigma, 4)
    0.8862
    """
    array = np.asarray(values, dtype=np.float64)
    groups = _split(array, subgroups, subgroup_size)
    if groups is None:
        name = _choice(estimator or "mr-mean", INDIVIDUAL_ESTIMATORS)
        return _moving_range(array, name)
    name = _choice(estimator or "pooled-sd", SUBGROUP_ESTIMATORS)
    usable = [group for group in groups if group.size >= 2]
    if not usable:
        raise NotEnoughData("no_subgroup_of_two", {})
    if name == "pooled-sd":
        return _pooled(usable)
    estimates, variations = _ranges(usable) if name.startswith("rbar") else _sds(usable)
    return _combined(estimates, variations, name)


def _choice(name: str, known: Sequence[str]) -> str:
    if name not in known:
        raise InvalidSpecification("unknown_choice", {"value": name, "choices": ", ".join(known)})
    return name


def _split(
    array: FloatArray, subgroups: ArrayLike | None, subgroup_size: int | None
) -> list[FloatArray] | None:
    """Return the present values of each subgroup, or None for individual values."""
    if subgroups is not None:
        labels = np.asarray(subgroups)
        if labels.shape != array.shape:
            raise InvalidSpecification(
                "lengths_differ", {"first": array.size, "second": labels.size}
            )
        borders = np.flatnonzero(labels[1:] != labels[:-1]) + 1
    elif subgroup_size is None or subgroup_size == 1:
        return None
    elif subgroup_size < 1:
        raise InvalidSpecification("size_not_positive", {"size": int(subgroup_size)})
    else:
        borders = np.arange(subgroup_size, array.size, subgroup_size)
    groups = [part[~np.isnan(part)] for part in np.split(array, borders)]
    return None if all(group.size <= 1 for group in groups) and subgroups is None else groups


def _moving_range(array: FloatArray, name: str) -> WithinSigma:
    ranges = np.abs(np.diff(array))
    known = ~np.isnan(ranges)
    count = int(known.sum())
    if count == 0:
        raise NotEnoughData("no_neighbours", {})
    shared = int(np.count_nonzero(known[1:] & known[:-1]))
    if name == "mr-mean":
        variance = (MR_VARIANCE * count + 2.0 * MR_COVARIANCE * shared) / count**2
        df = equivalent_df(variance / d2(2) ** 2)
        return WithinSigma(float(np.mean(ranges[known])) / d2(2), df, name)
    below_both = 0.25 * count + 2.0 * (BOTH_BELOW_MEDIAN - 0.25) * shared
    df = equivalent_df(below_both / (count * MEDIAN_SLOPE) ** 2)
    return WithinSigma(float(np.median(ranges[known])) / d4(2), df, name)


def _pooled(groups: Sequence[FloatArray]) -> WithinSigma:
    """Pooled standard deviation over c4(df + 1)."""
    df = sum(group.size - 1 for group in groups)
    residuals = np.concatenate([(group - group[0]) - np.mean(group - group[0]) for group in groups])
    scale = float(np.max(np.abs(residuals)))
    if scale == 0.0:
        return WithinSigma(0.0, float(df), "pooled-sd")
    pooled = scale * math.sqrt(float(np.sum((residuals / scale) ** 2)) / df)
    return WithinSigma(pooled / c4(df + 1), float(df), "pooled-sd")


def _ranges(groups: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return range / d2 of each subgroup with its squared coefficient of variation."""
    estimates = [float(np.ptp(group)) / d2(group.size) for group in groups]
    variations = [(d3(group.size) / d2(group.size)) ** 2 for group in groups]
    return np.array(estimates), np.array(variations)


def _sds(groups: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return standard deviation / c4 of each subgroup with its squared variation."""
    estimates = [root_mean_square((g - g[0]) - np.mean(g - g[0])) / c4(g.size) for g in groups]
    variations = [(1.0 - c4(g.size) ** 2) / c4(g.size) ** 2 for g in groups]
    return np.array(estimates), np.array(variations)


def _combined(estimates: FloatArray, variations: FloatArray, name: str) -> WithinSigma:
    """Average the estimates: weighted by their precision (MVLUE), or plainly."""
    weights = 1.0 / variations if name.endswith("mvlue") else np.ones_like(variations)
    weights = weights / weights.sum()
    sigma, variation = float(np.dot(weights, estimates)), float(np.dot(weights**2, variations))
    return WithinSigma(sigma, equivalent_df(variation), name)
