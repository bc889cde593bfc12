"""Means, ranges and standard deviations of subgroups of any sizes, missing values left out."""

from functools import cached_property

import numpy as np

from apps.stats.results import BoolArray, FloatArray, IntArray

# Up to this size the columns of equal subgroups are combined one by one, which keeps every
# operation long; the order is that of ufunc.reduceat, so both ways give the same bits.
_MOST_COLUMNS = 8


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
        self.values, self.sizes = values, np.diff(starts, append=len(values))
        present = ~np.isnan(values)
        if not bool(present.all()):
            before = np.concatenate(([0], np.cumsum(present)))
            self.values, self.sizes = (
                values[present],
                np.diff(before[np.append(starts, len(values))]),
            )
        size = int(self.sizes[0]) if len(self.sizes) else 0
        self.equal = bool((self.sizes == size).all())
        self._table: FloatArray | None = None
        if self.equal and 1 <= size <= _MOST_COLUMNS:
            self._table = self.values.reshape(-1, size)

    @cached_property
    def _filled(self) -> BoolArray:
        return self.sizes > 0

    @cached_property
    def _starts(self) -> IntArray:
        starts: IntArray = (np.cumsum(self.sizes) - self.sizes)[self._filled]
        return starts

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
    def mean_remainders(self) -> FloatArray:
        """What the mean of each subgroup is short of, being one float: differences need it."""
        return self._sums(self._deviations(self.means)) / self._at_least(1)

    @cached_property
    def ranges(self) -> FloatArray:
        """Range of each subgroup; NaN under two values."""
        ranges: FloatArray = self._combined(np.maximum) - self._combined(np.minimum)
        if self._table is not None and self._table.shape[1] >= 2:
            return ranges
        return np.where(self.sizes >= 2, ranges, np.nan)

    @cached_property
    def sds(self) -> FloatArray:
        """Sample standard deviation of each subgroup by two passes; NaN under two values."""
        squares = self._sums(self._deviations(self.means) ** 2)
        return np.sqrt(np.where(self.sizes >= 2, squares / self._at_least(2, minus=1), np.nan))

    def _at_least(self, smallest: int, minus: int = 0) -> FloatArray | float:
        if self._table is not None and self._table.shape[1] >= smallest:
            return float(self._table.shape[1] - minus)
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
        if entries.shape[1] == 1:
            return entries[:, 0].copy()
        rest = entries[:, 1].copy()
        for column in range(2, entries.shape[1]):
            ufunc(rest, entries[:, column], out=rest)
        combined: FloatArray = ufunc(entries[:, 0], rest, out=rest)
        return combined
    result = np.full(groups.n_points, np.nan)
    if len(groups._starts):
        result[groups._filled] = ufunc.reduceat(entries, groups._starts)
    return result
