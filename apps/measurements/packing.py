"""How several variables measured together lie in one row: the first as the value, the rest packed.

The rest are little-endian float64 in the order of the characteristic's variables: eight bytes
each, read back into a matrix without looking at a single number.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FLOAT = np.dtype("<f8")
# Stands for a row whose other variables were never given.
MISSING = np.array([np.nan], FLOAT).tobytes()


def packed_type(variables: int) -> np.dtype[np.void]:
    """The dtype of one row's packed variables, for a bulk read of that many variables."""
    return np.dtype((np.void, max(variables - 1, 1) * FLOAT.itemsize))


def missing(variables: int) -> bytes:
    """What stands for a row without its other variables."""
    return MISSING * max(variables - 1, 1)


def unpack(values: NDArray[np.float64], packed: NDArray[np.void]) -> NDArray[np.float64]:
    """The matrix, one row per observation, from both parts."""
    others = np.ascontiguousarray(packed).view(FLOAT).reshape(len(values), -1)
    return np.column_stack([values, others]).astype(np.float64)


def unpacked(others: bytes | memoryview | None) -> list[float]:
    """The second and later variables of one row.

    >>> unpacked(np.array([2.0, 3.0], FLOAT).tobytes())
    [2.0, 3.0]
    """
    return [] if others is None else np.frombuffer(others, FLOAT).tolist()


def packed(others: Sequence[float]) -> bytes:
    """The second and later variables of one row, as they are stored.

    >>> unpacked(packed([2.0, 3.0]))
    [2.0, 3.0]
    """
    return np.asarray(others, FLOAT).tobytes()
