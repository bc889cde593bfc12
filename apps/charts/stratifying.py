"""Telling values apart by a factor: which level each point has, and what each level amounts to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps import stats
from apps.charts.choices import COUNT_KINDS, DEFECTIVES_KINDS, RATE_KINDS, ChartKind
from apps.charts.figures import Stretch
from apps.measurements.selectors import Snapshot

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

# More levels than these cannot be told apart by eye; the rest share one sign.
MOST_LEVELS = 8
NOT_GIVEN, MIXED = -1, -2
# Fewer values than these of a level do not go into the test.
FEWEST_VALUES = 2


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor with its levels, the most frequent first.

    Codes number the levels; one past the last stands for all further levels together, `NOT_GIVEN`
    for an observation of which it is not known, `MIXED` for a point that holds several levels.
    """

    name: str
    levels: tuple[str, ...]
    further: int
    observations: IntArray
    points: IntArray


def factors_of(data: Snapshot, starts: IntArray) -> tuple[Factor, ...]:
    """The factors of which any value is known, with the codes of observations and points."""
    if data.strata is None or not len(data.strata) or not data.combinations:
        return ()
    found = []
    for name in data.factors:
        names = [values.get(name, "") for values in data.combinations]
        levels, codes = _coded(names, data.strata)
        if not levels:
            continue
        shown = levels[:MOST_LEVELS]
        codes = np.minimum(codes, len(shown))
        found.append(
            Factor(name, tuple(shown), len(levels) - len(shown), codes, _of_points(codes, starts))
        )
    return tuple(found)


def _coded(names: Sequence[str], strata: IntArray) -> tuple[list[str], IntArray]:
    """Levels by how often they occur, and the level of each observation."""
    counts = np.bincount(strata[strata >= 0], minlength=len(names))
    total: dict[str, int] = {}
    for name, count in zip(names, counts.tolist(), strict=True):
        if name and count:
            total[name] = total.get(name, 0) + count
    levels = sorted(total, key=lambda name: (-total[name], name))
    place = {name: code for code, name in enumerate(levels)}
    # The last entry serves the observations without a combination, whose stratum is -1.
    of_stratum = np.array([*(place.get(name, NOT_GIVEN) for name in names), NOT_GIVEN], np.int64)
    return levels, of_stratum[strata]


def _of_points(codes: IntArray, starts: IntArray) -> IntArray:
    """The level that all observations of a point share."""
    low = np.minimum.reduceat(codes, starts)
    return np.where(low == np.maximum.reduceat(codes, starts), low, MIXED)


# --- Figures ------------------------------------------------------------------------------------


def factor_figures(
    kind: str, factors: Sequence[Factor], data: Snapshot, stretch: Stretch
) -> list[dict[str, Any]]:
    """For each factor: its levels with their figures in the newest phase, and whether they differ."""
    return [_figures(kind, factor, data, stretch) for factor in factors]


def _figures(kind: str, factor: Factor, data: Snapshot, stretch: Stretch) -> dict[str, Any]:
    codes = factor.observations[stretch.positions]
    groups = [np.flatnonzero(codes == code) for code in range(len(factor.levels))]
    levels = [
        {"name": name} | _level(kind, stretch, rows, data)
        for name, rows in zip(factor.levels, groups, strict=True)
    ]
    return {
        "name": factor.name,
        "levels": levels,
        "further": factor.further,
        "not_given": int(np.count_nonzero(codes == NOT_GIVEN)),
        "p_value": _p_value(kind, factor.levels, stretch, groups),
    }


def _level(kind: str, stretch: Stretch, rows: IntArray, data: Snapshot) -> dict[str, Any]:
    values = stretch.values[rows]
    found: dict[str, Any] = {"n": len(values), "value": None, "sd": None}
    if kind == ChartKind.T2 or not len(values):
        return found
    if kind in COUNT_KINDS:
        units = (
            float(len(values)) if stretch.sizes is None else float(np.nansum(stretch.sizes[rows]))
        )
        per_sample = kind in {ChartKind.C, ChartKind.NP}
        exposure = float(len(values)) if per_sample else units
        return found | {
            "units": units,
            "value": float(values.sum()) / exposure if exposure else None,
        }
    sd = float(values.std(ddof=1)) if len(values) > 1 else None
    return found | {"value": float(values.mean()), "sd": sd}


def _p_value(
    kind: str, names: Sequence[str], stretch: Stretch, groups: Sequence[IntArray]
) -> float | None:
    """How often chance alone would set the levels this far apart; None where it cannot be told."""
    if kind == ChartKind.T2:
        return None
    kept = {
        name: rows
        for name, rows in zip(names, groups, strict=True)
        if len(rows) >= (1 if kind in COUNT_KINDS else FEWEST_VALUES)
    }
    if len(kept) < 2:
        return None
    try:
        found = _tested(kind, stretch, kept)
    except stats.StatsError:
        return None
    return found if found is not None and np.isfinite(found) else None


def _tested(kind: str, stretch: Stretch, groups: Mapping[str, IntArray]) -> float | None:
    if kind in DEFECTIVES_KINDS and stretch.sizes is not None:
        bad = np.array([stretch.values[rows].sum() for rows in groups.values()])
        units = np.array([np.nansum(stretch.sizes[rows]) for rows in groups.values()])
        return float(stats.chi_square(np.column_stack([bad, units - bad])).p_value)
    if kind in COUNT_KINDS:
        return _rates_tested(kind, stretch, list(groups.values()))
    # By ranks, for skewed values too; analysis of variance costs a second with its eight groups.
    values = {name: stretch.values[rows] for name, rows in groups.items()}
    return float(stats.kruskal_wallis(values).p_value)


def _rates_tested(kind: str, stretch: Stretch, groups: Sequence[IntArray]) -> float | None:
    """Two rates against each other; more than two have no exact test here."""
    if len(groups) != 2:
        return None
    pairs = []
    for rows in groups:
        by_size = kind in RATE_KINDS and stretch.sizes is not None
        exposure = (
            float(np.nansum(stretch.sizes[rows]))
            if by_size and stretch.sizes is not None
            else float(len(rows))
        )
        pairs.append((int(stretch.values[rows].sum()), exposure))
    return float(stats.compare(pairs[0], pairs[1], kind="rates").p_value)
