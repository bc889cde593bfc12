"""Within-subgroup sigma for capability, with the degrees of freedom its estimator is worth."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apps.stats.constants import c4, d2, d3, d4, equivalent_df
from apps.stats.errors import InvalidSpecification, NotEnoughData
from apps.stats.moments import FloatArray

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
    """An estimate of the within sigma, its degrees of freedom and the estimator's name.

    Examples
    --------
    >>> within_sigma([1.0, 2.0, 1.0, 2.0]).estimator
    'mr-mean'
    """

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
    starts = _starts(array, subgroups, subgroup_size)
    if starts is None:
        name = _choice(estimator or "mr-mean", INDIVIDUAL_ESTIMATORS)
        return _moving_range(array, name)
    name = _choice(estimator or "pooled-sd", SUBGROUP_ESTIMATORS)
    groups = _groups(array, starts)
    if name == "pooled-sd":
        return _pooled(groups)
    return _combined(*(_ranges(groups) if name.startswith("rbar") else _sds(groups)), name)


@dataclass(frozen=True, slots=True)
class _Groups:
    """Subgroups of two or more, one after the other: deviations from each one's first value."""

    deviations: FloatArray
    starts: NDArray[np.intp]
    sizes: NDArray[np.intp]

    def residuals(self) -> FloatArray:
        """Return the deviations from the mean of the own subgroup."""
        means = np.add.reduceat(self.deviations, self.starts) / self.sizes
        residuals: FloatArray = self.deviations - np.repeat(means, self.sizes)
        return residuals


def _groups(array: FloatArray, starts: NDArray[np.intp]) -> _Groups:
    """Leave out missing values and subgroups that hold fewer than two.

    Raises
    ------
    NotEnoughData
        If no subgroup is left.
    """
    labels = np.zeros(array.size, dtype=np.intp)
    labels[starts[1:]] = 1
    labels = np.cumsum(labels)
    present = ~np.isnan(array)
    sizes = np.bincount(labels[present], minlength=starts.size)
    kept = array[present & (sizes[labels] >= 2)]
    sizes = sizes[sizes >= 2]
    if sizes.size == 0:
        raise NotEnoughData("only_single_subgroups")
    own_starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return _Groups(kept - np.repeat(kept[own_starts], sizes), own_starts, sizes)


def _choice(name: str, known: Sequence[str]) -> str:
    if name not in known:
        raise InvalidSpecification("unknown_choice", {"value": name, "choices": ", ".join(known)})
    return name


def _starts(
    array: FloatArray, subgroups: ArrayLike | None, subgroup_size: int | None
) -> NDArray[np.intp] | None:
    """Return the first position of each subgroup, or None for individual values."""
    if subgroups is not None:
        labels = np.asarray(subgroups)
        if labels.shape != array.shape:
            raise InvalidSpecification(
                "lengths_differ", {"first": array.size, "second": labels.size}
            )
        return np.concatenate([[0], np.flatnonzero(labels[1:] != labels[:-1]) + 1])
    if subgroup_size is None or subgroup_size == 1:
        return None
    if subgroup_size < 1:
        raise InvalidSpecification("size_not_positive", {"size": int(subgroup_size)})
    return np.arange(0, array.size, subgroup_size)


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


def _pooled(groups: _Groups) -> WithinSigma:
    """Pooled standard deviation over c4(df + 1)."""
    df = int(groups.deviations.size - groups.sizes.size)
    residuals = groups.residuals()
    scale = float(np.max(np.abs(residuals)))
    if scale == 0.0:
        return WithinSigma(0.0, float(df), "pooled-sd")
    pooled = scale * math.sqrt(float(np.sum((residuals / scale) ** 2)) / df)
    return WithinSigma(pooled / c4(df + 1), float(df), "pooled-sd")


def _ranges(groups: _Groups) -> tuple[FloatArray, FloatArray]:
    """Return range / d2 of each subgroup with its squared coefficient of variation."""
    highest = np.maximum.reduceat(groups.deviations, groups.starts)
    ranges = highest - np.minimum.reduceat(groups.deviations, groups.starts)
    expected, spread = _per_size(d2, groups.sizes), _per_size(d3, groups.sizes)
    return ranges / expected, (spread / expected) ** 2


def _sds(groups: _Groups) -> tuple[FloatArray, FloatArray]:
    """Return standard deviation / c4 of each subgroup with its squared variation."""
    residuals = groups.residuals()
    scale = float(np.max(np.abs(residuals))) or 1.0
    squares = np.add.reduceat((residuals / scale) ** 2, groups.starts)
    expected = _per_size(c4, groups.sizes)
    estimates = scale * np.sqrt(squares / (groups.sizes - 1)) / expected
    return estimates, (1.0 - expected**2) / expected**2


def _per_size(constant: Callable[[int], float], sizes: NDArray[np.intp]) -> FloatArray:
    """Return a constant for each subgroup, computed once per size."""
    distinct, places = np.unique(sizes, return_inverse=True)
    return np.array([constant(int(size)) for size in distinct])[places]


def _combined(estimates: FloatArray, variations: FloatArray, name: str) -> WithinSigma:
    """Average the estimates: weighted by their precision (MVLUE), or plainly."""
    weights = 1.0 / variations if name.endswith("mvlue") else np.ones_like(variations)
    weights = weights / weights.sum()
    sigma, variation = float(np.dot(weights, estimates)), float(np.dot(weights**2, variations))
    return WithinSigma(sigma, equivalent_df(variation), name)
