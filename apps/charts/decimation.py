"""Which of very many points to draw so that the picture keeps its extremes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

# Up to here every point is sent to the page.
POINTS_SHOWN = 4_000
AT_A_TIME = 1 << 17


def decimated(
    values: NDArray[np.float64], stretches: int, keep: Iterable[int] = ()
) -> NDArray[np.int64]:
    """Positions of the lowest and highest value of each stretch, and those to keep, rising.

    >>> decimated(np.array([1.0, 5.0, 2.0, 0.0, 3.0, 9.0]), 2).tolist()
    [0, 1, 3, 5]
    """
    n = len(values)
    if n <= 2 * stretches:
        return np.arange(n)
    edges = np.linspace(0, n, stretches + 1).astype(np.int64)[:-1]
    # A missing value is neither lowest nor highest; a stretch of missing values has no extremes.
    lengths = np.diff(edges, append=n)
    owner = np.repeat(np.arange(stretches), lengths)
    found = [np.fromiter(keep, np.int64)]
    for filled, extreme in ((np.inf, np.minimum), (-np.inf, np.maximum)):
        known = np.where(np.isfinite(values), values, filled)
        best = extreme.reduceat(known, edges)
        hits = np.flatnonzero((known == best[owner]) & np.isfinite(known))
        _, first = np.unique(owner[hits], return_index=True)
        found.append(hits[first])
    kept = np.unique(np.concatenate(found))
    return kept[(kept >= 0) & (kept < n)]


def stretch_width(n: int, stretches: int = POINTS_SHOWN // 4) -> int:
    """Points in a stretch of an overview: a power of two, so that a growing chart only ever
    joins neighbouring stretches, never cuts them anew.

    >>> [stretch_width(n, 4) for n in (3, 4, 5, 8, 9, 16, 17)]
    [1, 1, 2, 2, 4, 4, 8]
    """
    width = 1
    while width * stretches < n:
        width *= 2
    return width


def extremes(
    index: NDArray[np.int64] | None, values: NDArray[np.float64], *, width: int, cut: int
) -> NDArray[np.int64]:
    """Where in `index` each stretch has its first lowest and first highest value, rising.

    `index` names points of the whole chart, rising; points that are not extreme in their stretch
    may be missing from it; None is every point. Stretches are cut once more at `cut`, from where
    on points may still change: so what is kept of the points before it is enough when they do.

    >>> extremes(np.arange(6), np.array([1.0, 5.0, 2.0, 0.0, 3.0, 9.0]), width=4, cut=6).tolist()
    [1, 3, 4, 5]
    """
    if index is not None:
        return _extremes(index, values, width, cut)
    # Whole stretches at a time, so that a long chart takes little memory beside its points.
    step = width * max(1, AT_A_TIME // width)
    found = [np.empty(0, np.int64)]
    for first in range(0, len(values), step):
        part = values[first : first + step]
        found.append(first + _extremes(np.arange(first, first + len(part)), part, width, cut))
    return np.concatenate(found)


def _extremes(
    index: NDArray[np.int64], values: NDArray[np.float64], width: int, cut: int
) -> NDArray[np.int64]:
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return known
    piece = 2 * (index[known] // width) + (index[known] >= cut)
    _, first = np.unique(piece, return_index=True)
    owner = np.repeat(np.arange(len(first)), np.diff(first, append=len(known)))
    found = []
    for extreme in (np.minimum, np.maximum):
        best = extreme.reduceat(values[known], first)
        hits = np.flatnonzero(values[known] == best[owner])
        _, each = np.unique(owner[hits], return_index=True)
        found.append(known[hits[each]])
    return np.unique(np.concatenate(found))
