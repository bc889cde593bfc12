"""Means, ranges and standard deviations of subgroups of any sizes, missing values left out."""

from functools import cached_property

import numpy as np

from apps.stats.results import BoolArray, FloatArray, IntArray

# Up to this size the columns of equal subgroups are combined one by one, which keeps every
# operation long and contiguous in its result.
_MOST_COLUMNS = 30


class Subgroups:
    """Observations cut into consecutive subgroups.

    Parameters
    ----------
    values
        The observations, NaN where missing.
    starts
        Position of the first observation of each subgroup, rising from 0.

    Examples
    --------
    >>> two = Subgroups(np.array([1.0, 3.0, 4.0, np.nan]), np.array([0, 2]))
    >>> two.means, two.sizes
    (array([2., 4.]), array([2, 1]))
    """

    def __init__(self, values: FloatArray, starts: IntArray) -> None:
        lengths = np.diff(starts, append=len(values))
        present = ~np.isnan(values)
        if bool(present.all()):
            self.values, self.sizes = values, lengths
        else:
            self.values = values[present]
            before = np.concatenate(([0], np.cumsum(present)))
            self.sizes = before[starts + lengths] - before[starts]
        size = int(self.sizes[0]) if len(self.sizes) else 0
        self._table: FloatArray | None = None
        if 1 <= size <= _MOST_COLUMNS and bool((self.sizes == size).all()):
            self._table = self.values.reshape(-1, size)
        self._filled: BoolArray = self.sizes > 0
        self._starts = (np.cumsum(self.sizes) - self.sizes)[self._filled]

    @property
    def n_points(self) -> int:
        """Number of subgroups."""
        return len(self.sizes)

    @cached_property
    def means(self) -> FloatArray:
        """Mean of each subgroup, corrected once so that equal values give exactly that value."""
        rough = self._combined(np.add) / self._at_least(1)
        return rough + self._sums(self._deviations(rough)) / self._at_least(1)

    @cached_property
    def ranges(self) -> FloatArray:
        """Range of each subgroup; NaN under two values."""
        ranges = self._combined(np.maximum) - self._combined(np.minimum)
        return np.where(self.sizes >= 2, ranges, np.nan)

    @cached_property
    def sds(self) -> FloatArray:
        """Sample standard deviation of each subgroup by two passes; NaN under two values."""
        squares = self._sums(self._deviations(self.means) ** 2)
        return np.sqrt(np.where(self.sizes >= 2, squares / self._at_least(2, minus=1), np.nan))

    def _at_least(self, smallest: int, minus: int = 0) -> FloatArray:
        return np.where(self.sizes >= smallest, self.sizes - minus, np.nan)

    def _deviations(self, levels: FloatArray) -> FloatArray:
        if self._table is not None:
            deviations: FloatArray = self._table - levels[:, None]
            return deviations
        return self.values - np.repeat(levels, self.sizes)

    def _sums(self, entries: FloatArray) -> FloatArray:
        return _per_subgroup(np.add, entries, self)

    def _combined(self, ufunc: np.ufunc) -> FloatArray:
        return _per_subgroup(ufunc, self.values if self._table is None else self._table, self)


def _per_subgroup(ufunc: np.ufunc, entries: FloatArray, groups: Subgroups) -> FloatArray:
    if entries.ndim == 2:
        total = entries[:, 0].copy()
        for column in range(1, entries.shape[1]):
            ufunc(total, entries[:, column], out=total)
        return total
    result = np.full(groups.n_points, np.nan)
    if len(groups._starts):
        result[groups._filled] = ufunc.reduceat(entries, groups._starts)
    return result
