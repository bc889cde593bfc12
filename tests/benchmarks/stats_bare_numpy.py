"""The eight Nelson rules in bare numpy, as one would write them at a prompt: the floor to beat.

No types, no spans, no missing values, no phases.  `stats_speed` checks that it marks the same
points as the engine before it compares the times.
"""

import numpy as np


def counts(mask, length):
    """How many of each `length` neighbours hold, by one cumulative sum."""
    total = np.cumsum(mask, dtype=np.int32)
    windows = total[length - 1 :].copy()
    windows[1:] -= total[:-length]
    return windows


def ends(found, length):
    return np.flatnonzero(found) + length - 1


def individuals(x):
    center = x.mean()
    sigma = np.abs(np.diff(x)).mean() * np.sqrt(np.pi) / 2
    return center, sigma


def nelson(x, center, sigma):
    """The points marked by each of the eight rules."""
    z = (x - center) / sigma
    up, down = np.diff(x) > 0, np.diff(x) < 0
    turns = (up[:-1] & down[1:]) | (down[:-1] & up[1:])
    marked = {1: np.flatnonzero(np.abs(z) > 3)}
    marked[2] = ends((counts(z > 0, 9) == 9) | (counts(z < 0, 9) == 9), 9)
    marked[3] = ends((counts(up, 5) == 5) | (counts(down, 5) == 5), 6 - 1) + 1
    marked[4] = ends(counts(turns, 12) == 12, 12) + 2
    high, low = z > 2, z < -2
    marked[5] = ends(((counts(high, 3) >= 2) & high[2:]) | ((counts(low, 3) >= 2) & low[2:]), 3)
    above, below = z > 1, z < -1
    marked[6] = ends(
        ((counts(above, 5) >= 4) & above[4:]) | ((counts(below, 5) >= 4) & below[4:]), 5
    )
    beyond = np.abs(z) > 1
    marked[7] = ends(counts(beyond, 15) == 0, 15)
    eight = counts(beyond, 8) == 8
    marked[8] = ends(eight & (counts(above, 8) < 8) & (counts(below, 8) < 8), 8)
    return marked


def xbar_r(x, n):
    groups = x.reshape(-1, n)
    means = groups.mean(axis=1)
    ranges = groups.max(axis=1) - groups.min(axis=1)
    return means, ranges, means.mean(), ranges.mean()
