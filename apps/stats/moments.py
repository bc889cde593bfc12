"""Mean and spread that stay exact for values far from zero, and the reading of raw input.

Every value is first moved by the first one. That subtraction is exact in floating point for values
of similar size, so 1e9 plus noise keeps all the digits its noise has.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.results import Notice

FloatArray = NDArray[np.float64]
# Beyond these magnitudes fourth powers and products leave the range of floating point.
LARGEST = 1e60
SMALLEST = 1e-60


@dataclass(frozen=True, slots=True)
class Sample:
    """Clean values with their moments; ``deviations`` are measured from ``origin``.

    Attributes
    ----------
    values, deviations : float arrays of shape (n,)
        The values without missing ones, and the same minus ``origin``.
    origin : float
        The first value; every difference is taken from here.
    offset : float
        Mean of the deviations, so that the mean is ``origin + offset``.
    sd : float
        Standard deviation with n - 1, NaN for a single value.
    """

    values: FloatArray
    deviations: FloatArray
    origin: float
    offset: float
    sd: float

    @property
    def n(self) -> int:
        return int(self.values.size)

    @property
    def mean(self) -> float:
        return self.origin + self.offset

    @property
    def variance(self) -> float:
        return self.sd * self.sd

    def above(self, limit: float) -> float:
        """Distance of ``limit`` above the mean, without cancellation."""
        return (limit - self.origin) - self.offset

    def below(self, limit: float) -> float:
        """Distance of ``limit`` below the mean."""
        return self.offset - (limit - self.origin)


def read_values(values: ArrayLike, *, name: str = "values") -> tuple[FloatArray, int]:
    """Return the present values as a flat float array, and how many were missing (NaN).

    Raises
    ------
    InvalidSpecification
        If the input is not a flat list of numbers.
    DegenerateData
        If a value is infinite or beyond 1e60.

    Examples
    --------
    >>> read_values([1, 2, float("nan")])
    (array([1., 2.]), 1)
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidSpecification("not_numbers", {"name": name}) from error
    if array.ndim != 1:
        raise InvalidSpecification("not_a_list", {"name": name})
    present = array[~np.isnan(array)]
    if not np.isfinite(present).all():
        raise DegenerateData("infinite_values", {"name": name})
    if present.size and float(np.max(np.abs(present))) > LARGEST:
        raise DegenerateData("values_too_large", {"name": name})
    return present, int(array.size - present.size)


def shifted_moments(values: FloatArray) -> tuple[FloatArray, float, float, float]:
    """Return (deviations, origin, offset, sd) of a non-empty array.

    Examples
    --------
    >>> shifted_moments(np.array([1e9 + 1, 1e9 + 2, 1e9 + 3]))[1:]
    (1000000001.0, 1.0, 1.0)
    """
    origin = float(values[0])
    deviations = values - origin
    if 0.0 < float(np.max(np.abs(deviations))) < SMALLEST:
        raise DegenerateData("values_too_small")
    offset = float(np.mean(deviations))
    return deviations, origin, offset, root_mean_square(deviations - offset)


def root_mean_square(residuals: FloatArray) -> float:
    """Return sqrt(sum(r^2) / (n - 1)) of residuals, scaled so that tiny ones do not vanish.

    The square of the residuals' sum divided by n is taken off (corrected two-pass sum).

    Examples
    --------
    >>> root_mean_square(np.array([-1.0, 0.0, 1.0]))
    1.0
    """
    n = residuals.size
    if n < 2:
        return float("nan")
    scale = float(np.max(np.abs(residuals)))
    if scale == 0.0:
        return 0.0
    unit = residuals / scale
    total = float(np.dot(unit, unit)) - float(np.sum(unit)) ** 2 / n
    return scale * float(np.sqrt(max(total, 0.0) / (n - 1)))


def sample(values: ArrayLike, *, least: int = 2, name: str = "values") -> Sample:
    """Read values, leave missing ones out and take their moments.

    Parameters
    ----------
    values : array of shape (n,)
        Observations; NaN stands for missing.
    least : int
        Fewest present values that make sense for the caller.

    Raises
    ------
    NotEnoughData
        If fewer than ``least`` values are present.

    Examples
    --------
    >>> sample([2.0, 4.0, 6.0]).mean, sample([2.0, 4.0, 6.0]).sd
    (4.0, 2.0)
    """
    present, _missing = read_values(values, name=name)
    if present.size < max(least, 1):
        raise NotEnoughData(
            "too_few_values", {"name": name, "n": int(present.size), "needed": max(least, 1)}
        )
    deviations, origin, offset, sd = shifted_moments(present)
    return Sample(present, deviations, origin, offset, sd)


def missing_notice(values: Sequence[ArrayLike]) -> tuple[Notice, ...]:
    """Return a notice that says how many values were missing, if any were.

    Examples
    --------
    >>> str(missing_notice([[1.0, float("nan")]])[0])
    '1 missing values were left out.'
    """
    missing = sum(int(np.isnan(np.asarray(one, dtype=np.float64)).sum()) for one in values)
    return (Notice("missing_left_out", {"n": missing}),) if missing else ()


def is_constant(data: Sample) -> bool:
    """True where all values are equal.

    Examples
    --------
    >>> is_constant(sample([2.0, 2.0]))
    True
    """
    return bool(np.all(data.deviations == 0.0))


def check_confidence(confidence: float) -> None:
    """Refuse a confidence level outside (0, 1).

    Raises
    ------
    InvalidSpecification
        If ``confidence`` is not strictly between 0 and 1.

    Examples
    --------
    >>> check_confidence(0.95)
    """
    if not 0.0 < confidence < 1.0:
        raise InvalidSpecification("confidence_outside", {"confidence": float(confidence)})
