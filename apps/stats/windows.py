"""Moving windows and running recursions over long series without a loop over their points.

Each result depends on its own window only, through a fixed order of operations, so the same points
give the same bits whether they come in one piece or appended to earlier ones.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from apps.stats.results import BoolArray, FloatArray

Scalar = TypeVar("Scalar", bound=np.generic)

# Points per block of a recursion; appended points recompute at most one block.
BLOCK = 128


def window_all(mask: BoolArray, length: int) -> BoolArray:
    """Whether all of each `length` neighbours hold; entry i is the window ending at i+length-1.

    Examples
    --------
    >>> window_all(np.array([True, True, True, False]), 2)
    array([ True,  True, False])
    """
    return _overlapping(mask, length, np.logical_and)


def window_max(values: FloatArray, length: int) -> FloatArray:
    """Largest of each `length` neighbours.

    Examples
    --------
    >>> window_max(np.array([1.0, 3.0, 2.0]), 2)
    array([3., 3.])
    """
    return _overlapping(values, length, np.maximum)


def window_min(values: FloatArray, length: int) -> FloatArray:
    """Smallest of each `length` neighbours."""
    return _overlapping(values, length, np.minimum)


def _overlapping(
    values: NDArray[Scalar], length: int, combine: Callable[..., NDArray[Scalar]]
) -> NDArray[Scalar]:
    if len(values) < length:
        return values[:0]
    done, result = 1, values
    while done < length:
        step = min(done, length - done)
        result = combine(result[:-step], result[step:])
        done += step
    return result


def window_sum(values: NDArray[Any], length: int) -> NDArray[Any]:
    """Sum of each `length` neighbours, by doubling: the cost grows with log2(length).

    Examples
    --------
    >>> window_sum(np.array([1.0, 2.0, 3.0, 4.0]), 3)
    array([6., 9.])
    """
    if len(values) < length:
        return values[:0]
    count = len(values) - length + 1
    total: NDArray[Any] | None = None
    power, size, offset = values, 1, 0
    while True:
        if length & size:
            piece = power[offset : offset + count]
            total = piece if total is None else total + piece
            offset += size
        if 2 * size > length:
            break
        power = power[:-size] + power[size:]
        size *= 2
    assert total is not None
    return total


def window_count(mask: BoolArray, length: int) -> NDArray[np.uint8] | NDArray[np.uint32]:
    """How many of each `length` neighbours hold.

    Examples
    --------
    >>> window_count(np.array([True, False, True, True]), 3)
    array([2, 2], dtype=uint8)
    """
    if length < 256:
        return window_sum(mask.view(np.uint8), length)
    return window_sum(mask.astype(np.uint32), length)


def recursion(inputs: FloatArray, keep: float, start: float) -> FloatArray:
    """r[i] = inputs[i] + keep * r[i-1], from `start`; in blocks of `BLOCK`.

    Within a block each step doubles the reach of the sums, all blocks at once.

    Examples
    --------
    >>> recursion(np.array([1.0, 0.0]), 0.5, 4.0)
    array([3. , 1.5])
    """
    rows = _in_blocks(inputs)
    step, factor = 1, keep
    while step < BLOCK and factor != 0.0:
        shifted = rows[:, :-step] * factor
        rows[:, step:] += shifted
        step, factor = 2 * step, factor * factor
    fade = np.cumprod(np.full(BLOCK, keep))
    carried, levels = start, []
    for end in rows[:, -1].tolist():
        levels.append(carried)
        carried = end + float(fade[-1]) * carried
    averaged: FloatArray = rows + np.array(levels)[:, None] * fade
    return averaged.ravel()[: len(inputs)]


def cumulative_sum_above_zero(steps: FloatArray, start: float) -> FloatArray:
    """s[i] = max(0, s[i-1] + steps[i]), from `start`; in blocks of `BLOCK`.

    Within a block s = max(start + P, P - running minimum of P), P the plain cumulative sum.

    Examples
    --------
    >>> cumulative_sum_above_zero(np.array([1.0, -3.0, 2.0]), 0.5)
    array([1.5, 0. , 2. ])
    """
    plain = np.cumsum(_in_blocks(steps), axis=1)
    fresh = plain - np.minimum.accumulate(plain, axis=1)
    carried, levels = start, []
    ends = zip(plain[:, -1].tolist(), fresh[:, -1].tolist(), strict=True)
    for end_plain, end_fresh in ends:
        levels.append(carried)
        carried = max(carried + end_plain, end_fresh)
    summed: FloatArray = np.maximum(np.array(levels)[:, None] + plain, fresh)
    return summed.ravel()[: len(steps)]


def _in_blocks(values: FloatArray) -> FloatArray:
    blocks = -(-len(values) // BLOCK)
    padded = np.zeros(blocks * BLOCK)
    padded[: len(values)] = values
    return padded.reshape(blocks, BLOCK)
