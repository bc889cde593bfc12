"""Gauge repeatability and reproducibility, crossed and nested, by analysis of variance or ranges."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from apps.stats.constants import d2, d3
from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.evidence.variances import f_tail
from apps.stats.moments import FloatArray, check_confidence
from apps.stats.msa.intervals import component_bounds
from apps.stats.msa.layout import Layout, read_layout
from apps.stats.msa.results import (
    AnovaLine,
    Figure,
    GageStudy,
    check_study,
    components_of,
    distinct_categories,
    study_notices,
    verdict_of,
)

METHODS = ("anova", "range")
POOLING_ALPHA = 0.25
# AIAG takes the plain d2 for more than this many ranges, d2* for fewer.
MANY_RANGES = 15
# Share of all squares below which a sum of squares is the rounding of its own computation.
ROUNDING = 1e-20


def gage_crossed(
    values: ArrayLike,
    parts: ArrayLike,
    operators: ArrayLike,
    *,
    tolerance: float | None = None,
    method: str = "anova",
    pooling_alpha: float = POOLING_ALPHA,
    multiplier: float = 6.0,
    confidence: float = 0.95,
) -> GageStudy:
    """Crossed gauge R&R: every operator measures every part several times.

    Parameters
    ----------
    values, parts, operators : arrays of shape (n,)
        One entry per measurement, in any order; the study must be balanced.
    tolerance : float, optional
        Width between the specification limits, for the share of the tolerance.
    method : str
        "anova", or "range" (average and range method of AIAG).
    pooling_alpha : float
        The interaction is pooled into repeatability where its p-value is above this.
    multiplier : float
        Study variation per standard deviation, 6 or (older manuals) 5.15.
    confidence : float
        Confidence level of the limits of the components (by analysis of variance only).

    Returns
    -------
    GageStudy
        Table, components (negative ones set to 0 and marked) with their limits, distinct
        categories, verdict.

    Raises
    ------
    NotEnoughData
        With fewer than 2 parts, operators or replicates.
    DegenerateData
        If all values are equal.
    InvalidSpecification
        If the study has gaps or is not balanced, or an option makes no sense.

    References
    ----------
    AIAG (2010), Measurement Systems Analysis, 4th ed., chapter III section B.
    Montgomery (2013), Introduction to Statistical Quality Control, 7th ed., section 8.7.
    Hamada, Weerahandi (2000), Journal of Quality Technology 32, 241-253, for the limits.

    Examples
    --------
    >>> values = [1.0, 1.1, 2.0, 2.1, 1.1, 1.2, 2.2, 2.1]
    >>> study = gage_crossed(values, list("aabbaabb"), list("xxxxyyyy"))
    >>> study.pooled, study.distinct_categories
    (True, 11)
    """
    check_study(multiplier, tolerance)
    check_confidence(confidence)
    if method not in METHODS:
        raise InvalidSpecification(
            "unknown_choice", {"value": method, "choices": ", ".join(METHODS)}
        )
    if not 0.0 <= pooling_alpha <= 1.0:
        raise InvalidSpecification("not_a_share", {"name": "pooling_alpha", "value": pooling_alpha})
    layout = read_layout(values, parts, operators)
    if len(layout.operators) < 2:
        raise NotEnoughData("study_too_small")
    if method == "range":
        return _range_study(layout, tolerance, multiplier, confidence)
    table, interaction_p = _crossed_table(layout.values)
    pooled = interaction_p > pooling_alpha
    if pooled:
        table = _pool(table)
    return _study(
        "crossed",
        "anova",
        layout,
        partial(_crossed_variances, shape=layout.shape, pooled=pooled),
        table,
        tolerance=tolerance,
        multiplier=multiplier,
        confidence=confidence,
        pooled=pooled,
        pooling_alpha=pooling_alpha,
        interaction_p=interaction_p,
    )


def gage_nested(
    values: ArrayLike,
    parts: ArrayLike,
    operators: ArrayLike,
    *,
    tolerance: float | None = None,
    multiplier: float = 6.0,
    confidence: float = 0.95,
) -> GageStudy:
    """Nested gauge R&R: each operator measures parts of his own (destructive tests).

    Parameters
    ----------
    values, parts, operators : arrays of shape (n,)
        One entry per measurement; every operator has as many parts, every part as many values.
    tolerance, multiplier, confidence
        As for :func:`gage_crossed`.

    Returns
    -------
    GageStudy
        Components repeatability, operator and part (within operator).

    Raises
    ------
    NotEnoughData, DegenerateData, InvalidSpecification
        As for :func:`gage_crossed`.

    References
    ----------
    Montgomery (2017), Design and Analysis of Experiments, 9th ed., section 14.1.
    AIAG (2010), Measurement Systems Analysis, 4th ed., chapter IV.

    Examples
    --------
    >>> values = [1.0, 1.1, 2.0, 2.1, 1.1, 1.2, 2.2, 2.1]
    >>> gage_nested(values, list("aabbccdd"), list("xxxxyyyy")).component("operator").floored
    True
    """
    check_study(multiplier, tolerance)
    check_confidence(confidence)
    layout = read_layout(values, parts, operators, nested=True)
    if len(layout.operators) < 2:
        raise NotEnoughData("study_too_small")
    k, p, r = layout.shape
    cells, groups = layout.values.mean(axis=2), layout.values.mean(axis=(1, 2))
    lines = {
        "operator": (k - 1, p * r * float(np.sum((groups - groups.mean()) ** 2))),
        "part": (k * (p - 1), r * float(np.sum((cells - groups[:, None]) ** 2))),
        "repeatability": (
            k * p * (r - 1),
            float(np.sum((layout.values - cells[:, :, None]) ** 2)),
        ),
    }
    square = {name: total / df for name, (df, total) in lines.items()}
    table = (
        _line("operator", *lines["operator"], square["part"], lines["part"][0]),
        _line("part", *lines["part"], square["repeatability"], lines["repeatability"][0]),
        _line("repeatability", *lines["repeatability"]),
        _line("total", k * p * r - 1, math.fsum(total for _df, total in lines.values())),
    )
    return _study(
        "nested",
        "anova",
        layout,
        partial(_nested_variances, shape=layout.shape),
        table,
        tolerance=tolerance,
        multiplier=multiplier,
        confidence=confidence,
    )


def _crossed_table(values: FloatArray) -> tuple[tuple[AnovaLine, ...], float]:
    """Return the full table and the p-value of the interaction."""
    k, p, r = values.shape
    grand = float(values.mean())
    by_part, by_operator, cells = values.mean(axis=(0, 2)), values.mean(axis=(1, 2)), values.mean(2)
    part = k * r * float(np.sum((by_part - grand) ** 2))
    operator = p * r * float(np.sum((by_operator - grand) ** 2))
    rest = cells - by_part[None, :] - by_operator[:, None] + grand
    interaction = r * float(np.sum(rest**2))
    error = float(np.sum((values - cells[:, :, None]) ** 2))
    least = ROUNDING * (part + operator + interaction + error)
    interaction, error = (size if size > least else 0.0 for size in (interaction, error))
    df = {"interaction": (p - 1) * (k - 1), "repeatability": k * p * (r - 1)}
    against = interaction / df["interaction"]
    main_effects = (
        _line("part", p - 1, part, against, df["interaction"]),
        _line("operator", k - 1, operator, against, df["interaction"]),
    )
    tested = _line(
        "interaction",
        df["interaction"],
        interaction,
        error / df["repeatability"],
        df["repeatability"],
    )
    if error == 0.0 and interaction > 0.0:
        # Repeats that agree to the last digit: no error could pass for this interaction.
        tested = replace(tested, f=math.inf, p_value=0.0)
    table = (
        *main_effects,
        tested,
        _line("repeatability", df["repeatability"], error),
        _line("total", k * p * r - 1, part + operator + interaction + error),
    )
    return table, 1.0 if tested.p_value is None else tested.p_value


def _pool(table: tuple[AnovaLine, ...]) -> tuple[AnovaLine, ...]:
    """Put the interaction into repeatability and test the main effects against that."""
    part, operator, interaction, error, total = table
    df = interaction.df + error.df
    squares = interaction.sum_of_squares + error.sum_of_squares
    return (
        _line("part", part.df, part.sum_of_squares, squares / df, df),
        _line("operator", operator.df, operator.sum_of_squares, squares / df, df),
        _line("repeatability", df, squares),
        total,
    )


def _line(
    source: str, df: int, squares: float, against: float | None = None, against_df: int = 0
) -> AnovaLine:
    mean_square = squares / df
    if against is None or against == 0.0:
        return AnovaLine(source, df, squares, mean_square)
    f = mean_square / against
    return AnovaLine(source, df, squares, mean_square, f, f_tail(f, df, against_df))


def _crossed_variances(
    square: Mapping[str, Figure], *, shape: tuple[int, int, int], pooled: bool
) -> dict[str, Figure]:
    k, p, r = shape
    error = square["repeatability"]
    against = error if pooled else square["interaction"]
    found = {"repeatability": error, "operator": (square["operator"] - against) / (p * r)}
    if not pooled:
        found["interaction"] = (against - error) / r
    return found | {"part": (square["part"] - against) / (k * r)}


def _nested_variances(
    square: Mapping[str, Figure], *, shape: tuple[int, int, int]
) -> dict[str, Figure]:
    _k, p, r = shape
    return {
        "repeatability": square["repeatability"],
        "operator": (square["operator"] - square["part"]) / (p * r),
        "part": (square["part"] - square["repeatability"]) / r,
    }


def _range_study(
    layout: Layout, tolerance: float | None, multiplier: float, confidence: float
) -> GageStudy:
    """Average and range method of AIAG with its constants K = 1 / d2* computed."""
    k, p, r = layout.shape
    values = layout.values
    mean_range = float(np.mean(np.ptp(values, axis=2)))
    ranges = k * p
    repeatability = mean_range / (d2(r) if ranges > MANY_RANGES else d2_star(r, ranges))
    operators = float(np.ptp(values.mean(axis=(1, 2)))) / d2_star(k, 1)
    part = float(np.ptp(values.mean(axis=(0, 2)))) / d2_star(p, 1)
    variances = {
        "repeatability": repeatability**2,
        "operator": operators**2 - repeatability**2 / (p * r),
        "part": part**2,
    }
    return _study(
        "crossed",
        "range",
        layout,
        lambda _squares: variances,
        (),
        tolerance=tolerance,
        multiplier=multiplier,
        confidence=confidence,
    )


def d2_star(n: int, ranges: int) -> float:
    """Return d2*, the divisor that makes the square of a mean range unbiased for the variance.

    Parameters
    ----------
    n : int
        Values in each range.
    ranges : int
        Number of ranges averaged.

    References
    ----------
    Duncan (1986), Quality Control and Industrial Statistics, 5th ed., table D3.

    Examples
    --------
    >>> round(d2_star(3, 1), 5), round(1 / d2_star(10, 1), 4)
    (1.91154, 0.3146)
    """
    return math.sqrt(d2(n) ** 2 + d3(n) ** 2 / ranges)


def _study(
    design: str,
    method: str,
    layout: Layout,
    variances_of: Callable[[Mapping[str, Any]], dict[str, Any]],
    table: tuple[AnovaLine, ...],
    *,
    tolerance: float | None,
    multiplier: float,
    confidence: float,
    pooled: bool | None = None,
    pooling_alpha: float | None = None,
    interaction_p: float | None = None,
) -> GageStudy:
    variances = variances_of({line.source: line.mean_square for line in table})
    if not max(variances.values()) > 0.0:
        raise DegenerateData("no_variation")
    components = components_of(variances, multiplier=multiplier, tolerance=tolerance)
    categories_bounds = None
    if table:
        bounds, categories_bounds = component_bounds(
            table, variances_of, confidence=confidence, multiplier=multiplier, tolerance=tolerance
        )
        components = tuple(replace(one, bounds=bounds[one.name]) for one in components)
    categories = distinct_categories(components)
    k, p, r = layout.shape
    return GageStudy(
        design=design,
        method=method,
        parts=p,
        operators=k,
        replicates=r,
        multiplier=multiplier,
        tolerance=tolerance,
        table=table,
        pooled=pooled,
        pooling_alpha=pooling_alpha,
        interaction_p=interaction_p,
        components=components,
        distinct_categories=categories,
        categories_bounds=categories_bounds,
        confidence=confidence,
        verdict=verdict_of(components[0].percent_study),
        warnings=study_notices(components, categories, p, k),
    )
