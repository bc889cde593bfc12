"""What a gauge study gives back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from apps.stats.errors import InvalidSpecification
from apps.stats.results import FloatArray, Notice
from apps.stats.verdicts import Judged

Figure = TypeVar("Figure", float, FloatArray)

# AIAG (2010), Measurement Systems Analysis, 4th ed., chapter II section D: the share of the study
# variation up to which a gauge is acceptable, and up to which it may be.
ACCEPTABLE, MARGINAL = 10.0, 30.0
NEEDED_CATEGORIES = 5
MULTIPLIERS = (6.0, 5.15)


@dataclass(frozen=True, slots=True)
class AnovaLine:
    """One line of the analysis of variance; F and p are None for error and total."""

    source: str
    df: int
    sum_of_squares: float
    mean_square: float
    f: float | None = None
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class ComponentBounds:
    """Two-sided confidence limits of the figures of a component; 0 where it may be absent."""

    sd: tuple[float, float]
    percent_contribution: tuple[float, float]
    percent_study: tuple[float, float]
    percent_tolerance: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Component:
    """One source of variation.

    ``floored`` is True where the estimate came out below zero and was set to zero.
    ``study_variation`` is the standard deviation times the multiplier, in the unit of the data.
    ``bounds`` are its confidence limits (None by ranges, for which there are none).
    """

    name: str
    variance: float
    sd: float
    study_variation: float
    percent_contribution: float
    percent_study: float
    percent_tolerance: float | None
    floored: bool = False
    bounds: ComponentBounds | None = None


@dataclass(frozen=True, slots=True)
class GageStudy(Judged):
    """A gauge repeatability and reproducibility study.

    ``verdict`` is "acceptable", "marginal" or "unacceptable" by the share of the study variation;
    ``distinct_categories`` is truncated and at least 1. ``pooled`` tells whether the interaction
    was pooled into repeatability (None where the question does not arise).  ``categories_bounds``
    are the confidence limits of the categories.

    Examples
    --------
    >>> from apps.stats import gage_crossed
    >>> values = [1.0, 1.1, 2.0, 2.1, 3.0, 3.1, 1.1, 1.2, 2.2, 2.1, 3.1, 3.0]
    >>> gage_crossed(values, list("aabbcc") * 2, ["x"] * 6 + ["y"] * 6).verdict
    'acceptable'
    """

    design: str
    method: str
    parts: int
    operators: int
    replicates: int
    multiplier: float
    tolerance: float | None
    table: tuple[AnovaLine, ...]
    pooled: bool | None
    pooling_alpha: float | None
    interaction_p: float | None
    components: tuple[Component, ...]
    distinct_categories: int
    categories_bounds: tuple[int, int] | None
    confidence: float
    verdict: str
    warnings: tuple[Notice, ...] = field(default=())

    def component(self, name: str) -> Component:
        """Return a source of variation by name.

        Raises
        ------
        InvalidSpecification
            If the study has none of that name.
        """
        for one in self.components:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.components)
        raise InvalidSpecification("unknown_choice", {"value": name, "choices": known})


def grouped(kept: Mapping[str, Figure]) -> dict[str, Figure]:
    """Return the variances with those of the gauge, its reproducibility and the total added.

    Examples
    --------
    >>> grouped({"repeatability": 1.0, "operator": 2.0, "part": 4.0})["gage_rr"]
    3.0
    """
    gauge = kept["repeatability"]
    for name, value in kept.items():
        if name not in ("repeatability", "part"):
            gauge = gauge + value
    total = gauge + kept["part"]
    if "operator" not in kept:
        return {"gage_rr": gauge, **kept, "total": total}
    between = kept["operator"]
    if "interaction" in kept:
        between = between + kept["interaction"]
    return {
        "gage_rr": gauge,
        "repeatability": kept["repeatability"],
        "reproducibility": between,
        **{name: value for name, value in kept.items() if name != "repeatability"},
        "total": total,
    }


def components_of(
    variances: Mapping[str, float], *, multiplier: float, tolerance: float | None
) -> tuple[Component, ...]:
    """Return the components with their sums (gage_rr, total), negative ones set to zero.

    Parameters
    ----------
    variances : mapping
        Estimates by name, in order; "part" is the product, everything else the gauge.

    Examples
    --------
    >>> [c.name for c in components_of({"repeatability": 1.0, "part": 3.0}, multiplier=6,
    ...                                tolerance=None)]
    ['gage_rr', 'repeatability', 'part', 'total']
    """
    named = grouped({name: max(value, 0.0) for name, value in variances.items()})
    total = named["total"]
    return tuple(
        Component(
            name=name,
            variance=value,
            sd=math.sqrt(value),
            study_variation=multiplier * math.sqrt(value),
            percent_contribution=100.0 * value / total,
            percent_study=100.0 * math.sqrt(value / total),
            percent_tolerance=None
            if tolerance is None
            else 100.0 * multiplier * math.sqrt(value) / tolerance,
            floored=variances.get(name, 0.0) < 0.0,
        )
        for name, value in named.items()
    )


def distinct_categories(components: Sequence[Component]) -> int:
    """Return how many classes of product the gauge can tell apart, at least 1.

    Examples
    --------
    >>> distinct_categories(components_of({"repeatability": 1.0, "part": 9.0}, multiplier=6,
    ...                                   tolerance=None))
    4
    """
    (share,) = (one.percent_contribution for one in components if one.name == "part")
    return categories_of(share)


def categories_of(percent_contribution: float) -> int:
    """Return the classes that a gauge tells apart where the parts make that share of the variance.

    Examples
    --------
    >>> categories_of(90.0)
    4
    """
    others = 100.0 - percent_contribution
    if others <= 0.0:
        return 10**6
    ratio = math.sqrt(2.0 * percent_contribution / others)
    return max(1, math.floor(ratio * (1.0 + 1e-12)))


def verdict_of(percent_study: float) -> str:
    """Return the verdict of AIAG on the share of the study variation.

    Examples
    --------
    >>> [verdict_of(share) for share in (8.0, 10.0, 30.5)]
    ['acceptable', 'marginal', 'unacceptable']
    """
    if percent_study < ACCEPTABLE:
        return "acceptable"
    return "marginal" if percent_study <= MARGINAL else "unacceptable"


def check_study(multiplier: float, tolerance: float | None) -> None:
    """Refuse an unknown multiplier or a tolerance that is not positive.

    Raises
    ------
    InvalidSpecification
        In either case.

    Examples
    --------
    >>> check_study(6.0, None)
    """
    if multiplier not in MULTIPLIERS:
        raise InvalidSpecification("unknown_choice", {"value": multiplier, "choices": "6, 5.15"})
    if tolerance is not None and not 0.0 < tolerance < math.inf:
        raise InvalidSpecification("tolerance_not_positive", {"tolerance": float(tolerance)})


def study_notices(
    components: Sequence[Component], categories: int, parts: int, operators: int
) -> tuple[Notice, ...]:
    """Return what the reader must know about the study.

    Examples
    --------
    >>> [notice.code for notice in study_notices((), 4, 10, 3)]
    ['few_categories']
    """
    found = [Notice("negative_component", {"name": one.name}) for one in components if one.floored]
    if categories < NEEDED_CATEGORIES:
        found.append(
            Notice("few_categories", {"categories": categories, "needed": NEEDED_CATEGORIES})
        )
    if parts < 5 or operators < 2:
        found.append(Notice("small_study", {"parts": parts, "operators": operators}))
    return tuple(found)
