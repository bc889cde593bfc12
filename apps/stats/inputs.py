"""Reading what the caller passes: shapes, sizes, subgroups, phases; refusals in plain words."""

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apps.stats.errors import InvalidSpecification, NotEnoughData
from apps.stats.model import ChartType, Given, Segment
from apps.stats.results import BoolArray, FloatArray, FrozenLimits, IntArray, Notice, Phase


@dataclass(frozen=True, slots=True)
class Data:
    """Checked input: observations, where each point starts, and what belongs to each point."""

    values: FloatArray
    starts: IntArray | None
    sizes: FloatArray | None
    labels: NDArray[np.str_] | None
    excluded: BoolArray | None
    notices: tuple[Notice, ...] = ()

    @property
    def n_points(self) -> int:
        """Number of points."""
        return len(self.values) if self.starts is None else len(self.starts)

    def segment(self, start: int, stop: int, baseline: tuple[int, int] | None) -> Segment:
        """The points from start up to stop as one phase; baseline counts from its first point."""
        return Segment(
            values=self.values[self._observation(start) : self._observation(stop)],
            starts=None if self.starts is None else self.starts[start:stop] - self.starts[start],
            sizes=None if self.sizes is None else self.sizes[start:stop],
            labels=None if self.labels is None else self.labels[start:stop],
            excluded=_any(None if self.excluded is None else self.excluded[start:stop]),
            baseline=baseline,
        )

    def _observation(self, point: int) -> int:
        if self.starts is None:
            return point
        return int(self.starts[point]) if point < len(self.starts) else len(self.values)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A phase with its end, its baseline counted from its start, and what is given for it."""

    start: int
    stop: int
    name: str
    baseline: tuple[int, int] | None
    given: Given


def read_data(
    kind: ChartType,
    values: ArrayLike,
    *,
    sizes: ArrayLike | float | None = None,
    subgroups: ArrayLike | None = None,
    subgroup_size: int | None = None,
    parts: ArrayLike | None = None,
    exclude: ArrayLike | None = None,
) -> Data:
    """Check the input of a chart of that type.

    Raises
    ------
    NotEnoughData
        If there is no value.
    InvalidSpecification
        If something has the wrong shape, length or sign, or does not belong to that chart.
    """
    read = floats(values, "values", dimensions=2 if kind.data == "rows" else 1)
    if len(read) == 0:
        raise NotEnoughData("no_values")
    starts, notices = _read_starts(kind, len(read), subgroups, subgroup_size)
    n_points = len(read) if starts is None else len(starts)
    read_sizes = _read_sizes(kind, sizes, n_points)
    if kind.data == "counts":
        _check_counts(read, read_sizes, bounded=kind.bounded)
    missing = int(np.count_nonzero(np.isnan(read)))
    if missing:
        notices = (*notices, Notice("missing_values", {"n": missing}))
    labels = _read_parts(kind, parts, n_points)
    return Data(read, starts, read_sizes, labels, _read_mask(exclude, n_points), notices)


def floats(values: ArrayLike, what: str, *, dimensions: int = 1) -> FloatArray:
    """A copy of the values as float64; None and masked entries become NaN.

    Raises
    ------
    InvalidSpecification
        If an entry is no number or infinite, or the shape is another.

    Examples
    --------
    >>> floats([1, None, 3], "values")
    array([ 1., nan,  3.])
    """
    try:
        if isinstance(values, np.ma.MaskedArray):
            values = np.ma.filled(values.astype(np.float64), np.nan)
        if np.asarray(values).dtype.kind in "cSUmM":
            raise InvalidSpecification("not_numeric", {"what": what})
        read = np.array(values, dtype=np.float64)
    except InvalidSpecification:
        raise
    except (TypeError, ValueError, OverflowError):
        raise InvalidSpecification("not_numeric", {"what": what}) from None
    if read.ndim != dimensions:
        raise InvalidSpecification(
            "wrong_shape", {"what": what, "expected": dimensions, "got": read.ndim}
        )
    if not math.isfinite(float(np.sum(read))):
        infinite = np.flatnonzero(np.isinf(read).reshape(len(read), -1).any(axis=1))
        if len(infinite):
            raise InvalidSpecification("not_finite", {"what": what, "position": int(infinite[0])})
    return read


def runs(labels: NDArray[Any]) -> IntArray:
    """Where each run of equal labels starts.

    Examples
    --------
    >>> runs(np.array(["a", "a", "b", "a"]))
    array([0, 2, 3])
    """
    changes = np.flatnonzero(labels[1:] != labels[:-1]) + 1
    return np.concatenate((np.zeros(1, np.int64), changes))


def _read_starts(
    kind: ChartType, n: int, subgroups: ArrayLike | None, subgroup_size: int | None
) -> tuple[IntArray | None, tuple[Notice, ...]]:
    if subgroups is None and subgroup_size is None:
        if kind.data == "subgroups":
            raise InvalidSpecification("no_subgroups", {"kind": kind.kind})
        return None, ()
    if kind.data not in ("subgroups", "observations", "rows"):
        raise InvalidSpecification("subgroups_not_used", {"kind": kind.kind})
    if subgroups is None:
        size = whole_number(subgroup_size, "subgroup_size")
        return np.arange(0, n, size), ()
    if subgroup_size is not None:
        raise InvalidSpecification("subgroups_twice")
    labels = _labels(subgroups, n, "subgroups")
    starts = runs(labels)
    of_points = labels[starts]
    back = len(starts) - len(
        np.unique(of_points.astype(str) if labels.dtype == object else of_points)
    )
    return starts, (Notice("labels_repeat", {"n": back}),) if back else ()


def whole_number(value: object, code: str) -> int:
    """A whole number of 1 or more.

    Raises
    ------
    InvalidSpecification
        With that code, for anything else.
    """
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= 1:
        return int(value)
    raise InvalidSpecification(code, {"value": str(value)})


def _read_sizes(kind: ChartType, sizes: ArrayLike | float | None, n: int) -> FloatArray | None:
    if sizes is None:
        if kind.sizes == "needed":
            raise InvalidSpecification("sizes_needed", {"kind": kind.kind})
        return None
    if kind.sizes == "none":
        instead = "u" if kind.kind == "c" else "p or u"
        raise InvalidSpecification("sizes_not_used", {"kind": kind.kind, "instead": instead})
    if isinstance(sizes, float | int | np.integer | np.floating):
        read = np.repeat(floats([float(sizes)], "sizes"), n)
    else:
        read = floats(sizes, "sizes")
    _check_length(read, n, "sizes", "point")
    negative = np.flatnonzero(read < 0)
    if len(negative):
        at = int(negative[0])
        raise InvalidSpecification("size_negative", {"position": at, "value": float(read[at])})
    return read


def _check_counts(counts: FloatArray, sizes: FloatArray | None, *, bounded: bool) -> None:
    _refuse_first(counts < 0, "count_negative", counts)
    _refuse_first((counts != np.floor(counts)) & ~np.isnan(counts), "count_not_whole", counts)
    if sizes is None:
        return
    unsized = (np.isnan(sizes) | (sizes == 0)) & (counts > 0)
    _refuse_first(unsized, "size_missing", counts)
    if bounded:
        over = np.flatnonzero(counts > sizes)
        if len(over):
            at = int(over[0])
            raise InvalidSpecification(
                "count_above_size",
                {"position": at, "value": float(counts[at]), "size": float(sizes[at])},
            )


def _refuse_first(wrong: BoolArray, code: str, values: FloatArray) -> None:
    if bool(wrong.any()):
        at = int(np.argmax(wrong))
        raise InvalidSpecification(code, {"position": at, "value": float(values[at])})


def _read_parts(kind: ChartType, parts: ArrayLike | None, n: int) -> NDArray[np.str_] | None:
    if kind.data != "parts":
        if parts is not None:
            raise InvalidSpecification("parts_not_used", {"kind": kind.kind})
        return None
    if parts is None:
        raise InvalidSpecification("parts_needed")
    return _labels(parts, n, "parts").astype(np.str_)


def _labels(values: ArrayLike, n: int, what: str) -> NDArray[Any]:
    try:
        labels = np.asarray(values)
    except ValueError:
        raise InvalidSpecification(
            "wrong_shape", {"what": what, "expected": 1, "got": "uneven"}
        ) from None
    _check_length(labels, n, what, "value")
    return labels


def _read_mask(exclude: ArrayLike | None, n: int) -> BoolArray | None:
    if exclude is None:
        return None
    mask = np.asarray(exclude)
    if mask.dtype != np.bool_:
        raise InvalidSpecification("not_numeric", {"what": "exclude"})
    _check_length(mask, n, "exclude", "point")
    return _any(mask)


def _any(mask: BoolArray | None) -> BoolArray | None:
    return mask if mask is not None and bool(mask.any()) else None


def _check_length(array: NDArray[Any], n: int, what: str, per: str) -> None:
    if array.ndim != 1:
        raise InvalidSpecification("wrong_shape", {"what": what, "expected": 1, "got": array.ndim})
    if len(array) != n:
        raise InvalidSpecification(
            "wrong_length", {"what": what, "got": len(array), "expected": n, "per": per}
        )


def read_stretches(
    n_points: int,
    phases: Sequence[Phase],
    baseline: tuple[int | None, int | None] | None,
    given: Given,
) -> tuple[Stretch, ...]:
    """The phases with their ends; a baseline of the whole chart belongs to the phase around it.

    Raises
    ------
    InvalidSpecification
        If phases are out of order or a baseline leaves its phase.
    """
    ordered = list(phases)
    if not ordered or _place(ordered[0].start) > 0:
        ordered.insert(0, Phase(0))
    starts = [_place(phase.start) for phase in ordered]
    for before, start in zip([-1, *starts], starts, strict=False):
        if not before < start < n_points or start < 0:
            raise InvalidSpecification("phase_order", {"n_points": n_points, "start": start})
    stops = [*starts[1:], n_points]
    common = None if baseline is None else _filled(baseline, n_points)
    owner = _owner(common, starts, stops)
    return tuple(
        _stretch(phase, stop, common if number == owner else None, given)
        for number, (phase, stop) in enumerate(zip(ordered, stops, strict=True))
    )


def _filled(baseline: tuple[int | None, int | None], n_points: int) -> tuple[int, int]:
    first, stop = baseline
    return (0 if first is None else _place(first), n_points if stop is None else _place(stop))


def _place(value: object) -> int:
    """A whole number that counts points.

    Raises
    ------
    InvalidSpecification
        If it is anything else.
    """
    try:
        return operator.index(value)  # type: ignore[arg-type]  # raises TypeError, told below
    except TypeError:
        raise InvalidSpecification(
            "option_range",
            {"option": "a point", "expected": "a whole number", "value": str(value)},
        ) from None


def _owner(common: tuple[int, int] | None, starts: list[int], stops: list[int]) -> int | None:
    if common is None:
        return None
    for number, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        if start <= common[0] < stop:
            return number
    raise InvalidSpecification(
        "baseline_range", {"first": common[0], "stop": common[1], "low": 0, "high": stops[-1]}
    )


def _stretch(phase: Phase, stop: int, common: tuple[int, int] | None, given: Given) -> Stretch:
    baseline = phase.baseline or common
    if phase.frozen is not None:
        if phase.baseline is not None:
            raise InvalidSpecification("baseline_and_frozen")
        given = _from_frozen(phase.frozen)
    if baseline is not None:
        first, last = _place(baseline[0]), _place(baseline[1])
        if not phase.start <= first < last <= stop:
            raise InvalidSpecification(
                "baseline_range",
                {"first": first, "stop": last, "low": phase.start, "high": stop},
            )
        baseline = (first - phase.start, last - phase.start)
        if baseline == (0, stop - phase.start):
            baseline = None
    return Stretch(phase.start, stop, phase.name, baseline, given)


def _from_frozen(frozen: FrozenLimits) -> Given:
    return Given(frozen.center, frozen.sigma, frozen.extra)


def check_given(kind: ChartType, given: Given) -> None:
    """Refuse a given center or sigma that cannot be one.

    Raises
    ------
    InvalidSpecification
        If sigma is not above 0, or center is not finite or outside what the statistic can be.
    """
    for name, number in (("center", given.center), ("sigma", given.sigma)):
        if number is not None and not isinstance(number, float | int | np.integer | np.floating):
            raise InvalidSpecification("not_numeric", {"what": name})
    if given.center is not None:
        if not math.isfinite(given.center):
            raise InvalidSpecification("center_not_finite", {"value": str(given.center)})
        low, high = kind.range_of_center
        if not low <= given.center <= high:
            raise InvalidSpecification(
                "center_out_of_range", {"low": low, "high": high, "value": given.center}
            )
    if given.sigma is None or kind.limitless:
        return
    # A process without a single defect has counts without spread, and limits at zero.
    least_allowed = given.sigma >= 0 if kind.data == "counts" else given.sigma > 0
    if not (math.isfinite(given.sigma) and least_allowed):
        raise InvalidSpecification("sigma_not_positive", {"value": str(given.sigma)})
