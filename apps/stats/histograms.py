"""Histogram with a deterministic choice of bins."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from apps.stats.errors import InvalidSpecification
from apps.stats.moments import FloatArray, missing_notice, sample
from apps.stats.plain import Result
from apps.stats.results import Notice

FEWEST_BINS = 5
MOST_BINS = 60


@dataclass(frozen=True, slots=True)
class Histogram(Result):
    """Bin edges (k + 1, ascending) and counts (k); a bin holds its lower edge, the last both.

    Examples
    --------
    >>> histogram([1, 1, 2, 3, 3, 3], bins=2).counts.tolist()
    [2, 4]
    """

    edges: FloatArray
    counts: np.ndarray[Any, np.dtype[np.int64]]
    warnings: tuple[Notice, ...] = field(default=())

    @property
    def n(self) -> int:
        """Number of values counted."""
        return int(self.counts.sum())

    @property
    def width(self) -> float:
        """Width of a bin, in the unit of the values."""
        return float(self.edges[1] - self.edges[0])


def histogram(values: ArrayLike, *, bins: int | None = None) -> Histogram:
    """Count values in bins of equal width.

    Parameters
    ----------
    values : array of shape (n,)
        Observations in any unit; NaN is left out.
    bins : int, optional
        Number of bins. By default the Freedman-Diaconis width, with at least 5 and at most 60
        bins, and never finer than the resolution of the data.

    Returns
    -------
    Histogram
        Edges and counts; the same values always give the same bins.

    Raises
    ------
    NotEnoughData
        Without a value.
    InvalidSpecification
        If ``bins`` is not a positive whole number.

    References
    ----------
    Freedman, Diaconis (1981), On the histogram as a density estimator, Z. Wahrsch. 57, 453-476.

    Examples
    --------
    >>> result = histogram([1, 1, 2, 2, 2, 3, 3, 4, 5])
    >>> result.counts.tolist(), result.edges.tolist()
    ([2, 3, 2, 1, 1], [0.5, 1.5, 2.5, 3.5, 4.5, 5.5])
    """
    data = sample(values, least=1)
    notices = missing_notice([values])
    low, high = float(data.deviations.min()), float(data.deviations.max())
    if low == high:
        notices += (Notice("constant_values", {}),)
        half = max(abs(data.origin) * 0.05, 0.5)
        return Histogram(
            np.array([data.origin - half, data.origin + half]), np.array([data.n]), notices
        )
    step = _resolution(data.deviations)
    if bins is None:
        edges = _edges_on_grid(low, high, step, _chosen_bins(data.deviations))
    elif bins < 1:
        raise InvalidSpecification("bins_not_positive", {"bins": int(bins)})
    else:
        edges = np.linspace(low, high, int(bins) + 1)
    counts, edges = np.histogram(data.deviations, bins=edges)
    return Histogram(data.origin + edges, counts.astype(np.int64), notices)


def _chosen_bins(values: FloatArray) -> int:
    """Freedman-Diaconis number of bins, kept between the floor and the ceiling."""
    spread = float(np.ptp(values))
    quartiles = np.quantile(values, [0.25, 0.75])
    width = 2.0 * float(quartiles[1] - quartiles[0]) / values.size ** (1.0 / 3.0)
    sturges = math.ceil(math.log2(values.size)) + 1
    wanted = sturges if width <= spread / MOST_BINS else math.ceil(spread / width)
    return min(max(wanted, FEWEST_BINS), MOST_BINS)


def _resolution(values: FloatArray) -> float:
    """Smallest step between different values when the data lie on a grid, else 0."""
    distinct = np.unique(values)
    steps = np.diff(distinct)
    smallest = float(steps.min())
    if smallest < 1e-9 * float(distinct[-1] - distinct[0]):
        return 0.0
    multiples = steps / smallest
    on_grid = np.abs(multiples - np.round(multiples)) < 1e-3
    return smallest if distinct.size <= 1000 and bool(on_grid.all()) else 0.0


def _edges_on_grid(low: float, high: float, step: float, bins: int) -> FloatArray:
    """Return edges half a step outside the data, each bin a whole number of steps wide.

    Bins that are no multiple of the resolution hold one step more or less in turn, which draws a
    comb that is not in the data.
    """
    if step == 0.0 or (high - low) / step > 1e9:
        return np.linspace(low, high, bins + 1)
    steps = round((high - low) / step) + 1
    per_bin = max(1, round(steps / bins))
    needed = math.ceil(steps / per_bin)
    return np.asarray(low - step / 2.0 + step * per_bin * np.arange(needed + 1), dtype=np.float64)
