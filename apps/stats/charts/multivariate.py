"""Hotelling T2 and MEWMA: several variables judged together.

References
----------
Montgomery, chapter 11; Tracy, Young and Mason (1992) for individual observations; Holmes and Mergen
(1993) for successive differences; Lowry et al. (1992), Technometrics 34; Runger, Alt and
Montgomery (1996) for the decomposition.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from apps.stats.arl import mewma_limit
from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.model import (
    LIMIT_PATTERNS,
    ChartType,
    Estimate,
    Given,
    Lines,
    Options,
    Segment,
    Statistics,
    Track,
)
from apps.stats.results import FloatArray, IntArray
from apps.stats.subgroups import Subgroups
from apps.stats.windows import BLOCK, recursion

# A correlation matrix with a larger condition number has lost more than half its digits.
_LARGEST_CONDITION = 1e8


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean vector and covariance of one observation, from `points` points and `df` differences."""

    mean: FloatArray
    covariance: FloatArray
    points: float
    df: float


def statistic(segment: Segment, options: Options) -> Statistics:
    """Rows, or means of subgroups of rows; a row with a gap counts as missing."""
    complete = np.isnan(segment.values).sum(axis=1) == 0
    rows = np.where(complete[:, None], segment.values, np.nan)
    if segment.starts is None:
        return {"rows": rows, "sizes": complete.astype(np.float64)}
    groups = [Subgroups(column, segment.starts) for column in rows.T]
    means = np.column_stack([group.means for group in groups])
    return {"rows": means, "sizes": groups[0].sizes.astype(np.float64), "observations": rows}


def sigma(segment: Segment, stats: Statistics, options: Options, given: Given) -> Estimate:
    """Mean vector and covariance of the baseline, kept as the extra of the estimate.

    Raises
    ------
    NotEnoughData
        If there are too few complete rows for that many variables.
    DegenerateData
        If the variables are linearly dependent.
    InvalidSpecification
        If frozen limits lack the moments, or center or sigma is given as one number.
    """
    if given.extra is not None:
        return Estimate(0.0, 1.0, extra=_checked_extra(given.extra, stats["rows"].shape[1]))
    if given.center is not None or given.sigma is not None:
        raise InvalidSpecification(
            "unknown_option", {"value": "center", "option": "t2 and mewma", "known": "frozen"}
        )
    moments = _moments(segment, stats, options)
    extra = {
        "mean": moments.mean.tolist(),
        "covariance": moments.covariance.tolist(),
        "points": moments.points,
        "df": moments.df,
        "phase": 1.0,
    }
    return Estimate(0.0, 1.0, moments.df, extra)


def _checked_extra(extra: Any, variables: int) -> dict[str, Any]:
    for name in ("mean", "covariance", "points", "df"):
        if name not in extra:
            raise InvalidSpecification("frozen_incomplete", {"kind": "t2", "missing": name})
    if np.shape(extra["covariance"]) != (variables, variables):
        raise InvalidSpecification(
            "wrong_shape",
            {"what": "values", "expected": len(extra["mean"]), "got": variables},
        )
    return {**extra, "phase": 2.0}


def _moments(segment: Segment, stats: Statistics, options: Options) -> Moments:
    used = segment.used(stats["rows"])
    present = used[~np.isnan(used).any(axis=1)]
    points, variables = present.shape
    if segment.starts is not None:
        covariance, df = _within(segment, stats)
    elif options.estimator == "successive-differences":
        steps = np.diff(used, axis=0)
        steps = steps[~np.isnan(steps).any(axis=1)]
        _need(len(steps) + 1, variables)
        covariance, df = steps.T @ steps / (2 * len(steps)), float(points - 1)
    else:
        _need(points, variables)
        covariance, df = np.atleast_2d(np.cov(present.T)), float(points - 1)
    if points == 0:
        _need(0, variables)
    _check_covariance(covariance)
    rough = present.mean(axis=0)
    center = rough + (present - rough).mean(axis=0)
    return Moments(center, covariance, float(points), df)


def _within(segment: Segment, stats: Statistics) -> tuple[FloatArray, float]:
    """Covariance within subgroups, pooled over those of two rows or more."""
    sizes = segment.used(stats["sizes"])
    assert segment.starts is not None
    rows, means = stats["observations"], stats["rows"]
    lengths = np.diff(segment.starts, append=len(rows))
    point = np.repeat(np.arange(len(lengths)), lengths)
    counted = segment.counted(stats["sizes"])
    chosen = ~np.isnan(counted[point]) & ~np.isnan(rows).any(axis=1)
    if segment.baseline is not None:
        chosen &= (point >= segment.baseline[0]) & (point < segment.baseline[1])
    deviations = rows[chosen] - means[point[chosen]]
    df = float(np.nansum(np.maximum(sizes - 1, 0)))
    _need(int(df), rows.shape[1])
    return deviations.T @ deviations / df, df


def _need(rows: int, variables: int) -> None:
    if rows < variables + 2:
        raise NotEnoughData(
            "too_few_rows", {"needed": variables + 2, "variables": variables, "got": rows}
        )


def _check_covariance(covariance: FloatArray) -> None:
    scale = np.sqrt(np.diag(covariance))
    if not bool((scale > 0).all()) or not bool(np.isfinite(covariance).all()):
        raise DegenerateData("singular_covariance")
    correlation = covariance / np.outer(scale, scale)
    if not np.linalg.cond(correlation) < _LARGEST_CONDITION:
        raise DegenerateData("singular_covariance")


def quadratic(rows: FloatArray, covariance: FloatArray) -> FloatArray:
    """rows[i] @ inverse(covariance) @ rows[i], each row on its own.

    Whitening column by column keeps every row's bits the same however many rows there are.
    """
    scale = np.sqrt(np.diag(covariance))
    lower = np.linalg.cholesky(covariance / np.outer(scale, scale))
    white: list[FloatArray] = []
    total = np.zeros(len(rows))
    for j in range(len(scale)):
        column = rows[:, j] / scale[j]
        for k, earlier in enumerate(white):
            column = column - lower[j, k] * earlier
        white.append(column / lower[j, j])
        total = total + white[-1] * white[-1]
    return total


def t2_limits(
    segment: Segment, stats: Statistics, estimate: Estimate, options: Options
) -> tuple[Track, ...]:
    """T2 with the beta limit for points that set the moments and the F limit for all others."""
    if "mean" not in estimate.extra:
        return (_track("t2", np.full(segment.n_points, np.nan), math.nan),)
    center, covariance = _arrays(estimate)
    points = stats["sizes"] * quadratic(stats["rows"] - center, covariance)
    points = np.where(stats["sizes"] > 0, points, np.nan)
    variables = len(center)
    m, df = float(estimate.extra["points"]), float(estimate.extra["df"])
    later = _later_limit(segment, variables, m, df, options.alpha)
    if estimate.extra["phase"] == 2.0:
        return (_track("t2", points, later),)
    own = _own_limit(segment, variables, m, df, options.alpha)
    ucl: Lines = own
    if segment.baseline is not None or segment.excluded is not None:
        lines = np.full(segment.n_points, later)
        lines[slice(*(segment.baseline or (0, segment.n_points)))] = own
        if segment.excluded is not None:
            lines[segment.excluded] = later
        ucl = lines
    return (_track("t2", points, ucl),)


def _own_limit(segment: Segment, p: int, m: float, df: float, alpha: float) -> float:
    if segment.starts is None:
        quantile = float(special.betaincinv(p / 2, (m - p - 1) / 2, 1 - alpha))
        return (m - 1) ** 2 / m * quantile
    return p * df / (df - p + 1) * (m - 1) / m * _f_quantile(p, df - p + 1, alpha)


def _later_limit(segment: Segment, p: int, m: float, df: float, alpha: float) -> float:
    if segment.starts is None:
        return p * (m + 1) * (m - 1) / (m * (m - p)) * _f_quantile(p, m - p, alpha)
    return p * df / (df - p + 1) * (m + 1) / m * _f_quantile(p, df - p + 1, alpha)


def _f_quantile(first: float, second: float, alpha: float) -> float:
    return float(special.fdtri(first, second, 1 - alpha))


def mewma_limits(
    segment: Segment, stats: Statistics, estimate: Estimate, options: Options
) -> tuple[Track, ...]:
    """Distance of the exponential average of the rows; limit for the wanted run length."""
    if "mean" not in estimate.extra:
        return (_track("mewma", np.full(segment.n_points, np.nan), math.nan),)
    averages = _averages(segment, stats, estimate, options)
    stats["averages"] = averages
    _, covariance = _arrays(estimate)
    points = quadratic(_scaled(averages, options), covariance)
    limit = mewma_limit(options.weight, len(covariance), options.arl)
    return (_track("mewma", points, limit),)


def _averages(
    segment: Segment, stats: Statistics, estimate: Estimate, options: Options
) -> FloatArray:
    """Exponential averages of the deviations and, last, their variance factor; NaN: not counted."""
    center, _ = _arrays(estimate)
    counted = segment.counted(stats["rows"])
    kept = np.flatnonzero(np.isnan(counted).sum(axis=1) == 0)
    before = segment.carry or (0.0,) * (len(center) + 1)
    keep = 1.0 - options.weight
    roots = np.sqrt(stats["sizes"][kept])
    averages = np.full((segment.n_points, len(center) + 1), np.nan)
    for j in range(len(center)):
        steps = options.weight * (counted[kept, j] - center[j]) * roots
        averages[kept, j] = recursion(steps, keep, before[j])
    inputs = np.full(len(kept), options.weight**2)
    averages[kept, -1] = recursion(inputs, keep**2, before[-1])
    return averages


def _scaled(averages: FloatArray, options: Options) -> FloatArray:
    """The averages with the covariance of a single row."""
    steady = options.weight / (2 - options.weight)
    factor = np.full(len(averages), steady) if options.steady else averages[:, -1]
    scaled: FloatArray = averages[:, :-1] / np.sqrt(factor)[:, None]
    return scaled


def mewma_carry(
    stats: Statistics, tracks: tuple[Track, ...], point: int, start: int
) -> tuple[float, ...]:
    """The average vector and its variance factor at a point."""
    return tuple(float(number) for number in stats["averages"][point])


def describe_t2(
    segment: Segment, estimate: Estimate, options: Options, points: IntArray
) -> dict[str, FloatArray]:
    """How much each variable contributes to T2 at some points.

    The contribution of a variable is the T2 of all variables less the T2 without it.
    """
    stats = statistic(segment, options)
    center, covariance = _arrays(estimate)
    rows = (stats["rows"] - center)[points] * np.sqrt(stats["sizes"][points])[:, None]
    return {"contributions": contributions(rows, covariance)}


def describe_mewma(
    segment: Segment, estimate: Estimate, options: Options, points: IntArray
) -> dict[str, FloatArray]:
    """How much the average of each variable contributes at some points."""
    averages = _averages(segment, statistic(segment, options), estimate, options)
    _, covariance = _arrays(estimate)
    return {"contributions": contributions(_scaled(averages, options)[points], covariance)}


def contributions(rows: FloatArray, covariance: FloatArray) -> FloatArray:
    """T2 of all variables less T2 without variable j, for each row and j.

    Parameters
    ----------
    rows : (n, p) array
        Deviations from the mean vector.
    covariance : (p, p) array

    Examples
    --------
    >>> contributions(np.array([[2.0, 0.0]]), np.eye(2))
    array([[4., 0.]])
    """
    whole = quadratic(rows, covariance)
    variables = covariance.shape[0]
    if variables == 1:
        return whole[:, None]
    parts = []
    for j in range(variables):
        others = [k for k in range(variables) if k != j]
        parts.append(whole - quadratic(rows[:, others], covariance[np.ix_(others, others)]))
    return np.column_stack(parts)


def _arrays(estimate: Estimate) -> tuple[FloatArray, FloatArray]:
    return np.array(estimate.extra["mean"]), np.array(estimate.extra["covariance"])


def _track(name: str, points: FloatArray, ucl: Lines) -> Track:
    return Track(name, points, math.nan, math.nan, 0.0, ucl, LIMIT_PATTERNS)


T2 = ChartType(
    kind="t2",
    statistic=statistic,
    sigma=sigma,
    limits=t2_limits,
    data="rows",
    estimators=("covariance", "successive-differences"),
    grouped_estimators=("pooled-covariance",),
    settings=("alpha", "gaps"),
    describe=describe_t2,
)
MEWMA = ChartType(
    kind="mewma",
    statistic=statistic,
    sigma=sigma,
    limits=mewma_limits,
    data="rows",
    estimators=("covariance", "successive-differences"),
    grouped_estimators=("pooled-covariance",),
    settings=("weight", "steady", "arl", "gaps"),
    block=BLOCK,
    carry=mewma_carry,
    describe=describe_mewma,
)
