"""Which of very many points to draw so that the picture keeps its extremes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

# Up to here every point is sent to the page.
POINTS_SHOWN = 4_000


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
