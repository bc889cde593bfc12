"""What a chart type is made of: a stretch of points, an estimate, the lines, three functions."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from apps.stats.errors import InvalidSpecification
from apps.stats.results import BoolArray, FloatArray, IntArray, Notice
from apps.stats.subgroups import Subgroups

Lines = FloatArray | float
Gaps = Literal["break", "bridge"]
LimitStyle = Literal["sigma", "probability"]
Pooling = Literal["all", "parts"]


@dataclass(frozen=True, slots=True)
class Options:
    """Every choice that changes a number; stored with the result.

    Attributes
    ----------
    estimator
        How sigma is estimated.
    width
        Distance of the limits from the center, in sigma.
    printed
        Take constants as rounded in printed tables.
    gaps
        Whether missing and excluded points break moving ranges and patterns, or are bridged.
    mr_length, screen
        Values in a moving range; whether ranges above their own limit are dropped once.
    weight, steady
        Weight of the newest point (EWMA, MEWMA); limits of the steady state from the start.
    shift, decision, head_start
        k, h and the starting value of a CUSUM, in sigma.
    span
        Points in a moving average.
    alpha
        Chance of a false alarm at one point (T2).
    limits
        Limits by sigma or by probability (g, t).
    arl
        Points between false alarms, on average (MEWMA).
    pooling
        Sigma of all parts together or of each part (short runs).
    """

    estimator: str = ""
    width: float = 3.0
    printed: bool = False
    gaps: Gaps = "break"
    mr_length: int = 2
    screen: bool = False
    weight: float = 0.2
    steady: bool = False
    shift: float = 0.5
    decision: float = 5.0
    head_start: float = 0.0
    span: int = 3
    alpha: float = 0.0027
    limits: LimitStyle = "sigma"
    arl: float = 370.4
    pooling: Pooling = "all"


@dataclass(frozen=True, slots=True)
class Given:
    """What the caller knows already; None: estimate it."""

    center: float | None = None
    sigma: float | None = None
    extra: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """An estimate of sigma with its degrees of freedom and the number of points it used."""

    sigma: float
    df: float = float("nan")
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Estimate:
    """Level and spread of one phase."""

    center: float
    sigma: float
    df: float = float("nan")
    extra: Mapping[str, Any] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Segment:
    """The points of one phase, or the last points of one when a chart is extended.

    Attributes
    ----------
    values
        One entry per observation (rows for multivariate charts).
    starts
        First observation of each point, None where each observation is a point.
    sizes
        Sample size of each point (count charts), None elsewhere.
    labels
        Part of each point (short-run charts), None elsewhere.
    excluded
        Points that are shown but never counted; None: none.
    baseline
        Half-open range of points that set the limits; None: all.
    carry
        When the segment continues an earlier one: the state of the statistic just before it.
    """

    values: FloatArray
    starts: IntArray | None = None
    sizes: FloatArray | None = None
    labels: NDArray[np.str_] | None = None
    excluded: BoolArray | None = None
    baseline: tuple[int, int] | None = None
    carry: tuple[float, ...] = ()

    @property
    def n_points(self) -> int:
        """Number of points."""
        return len(self.values) if self.starts is None else len(self.starts)

    @cached_property
    def subgroups(self) -> Subgroups:
        """The observations by point."""
        starts = np.arange(len(self.values)) if self.starts is None else self.starts
        return Subgroups(self.values, starts)

    def counted(self, points: FloatArray) -> FloatArray:
        """The points with excluded ones blanked out."""
        if self.excluded is None:
            return points
        blank = self.excluded if points.ndim == 1 else self.excluded[:, None]
        return np.where(blank, np.nan, points)

    def used(self, points: FloatArray) -> FloatArray:
        """The points that set the limits, in place and with all others blanked out."""
        points = self.counted(points)
        if self.baseline is None:
            return points
        first, stop = self.baseline
        return points[first:stop]


@dataclass(frozen=True, slots=True)
class Track:
    """A panel before its lines are spread over the points; lines may be one number.

    `allowed` names the kinds of rule that hold for this statistic.  `judged` replaces points and
    lines where rules are judged on another scale than the one shown.  `level` is the size of the
    values behind a statistic of spread, which it shares its rounding with.  `pattern_first` and
    `side` say where a pattern begins and on which side it lies where the statistic itself knows.
    """

    name: str
    points: FloatArray
    center: Lines
    sigma: Lines
    lcl: Lines
    ucl: Lines
    allowed: frozenset[str]
    sizes: FloatArray | None = None
    judged: tuple[FloatArray, Lines, Lines, Lines, Lines] | None = None
    level: float = 0.0
    pattern_first: IntArray | None = None
    side: int | None = None


Statistics = dict[str, Any]

SHEWHART_SETTINGS = ("width", "printed", "gaps")


@dataclass(frozen=True, slots=True)
class ChartType:
    """Three functions and what they need.

    statistic
        Segment to plotted statistics.
    sigma
        Statistics to level and spread, taking what is given as it stands.
    limits
        Statistics and estimate to the panels with their lines.
    memory
        How many counted points before a new one its statistics still depend on.
    block, carry
        A recursive statistic starts anew every `block` counted points from what `carry` reads off
        the point before, given that the next piece begins at a later point.
    design
        Average run lengths of the chosen weights and limits.
    describe
        What else there is to say of some points (which variable moved).
    """

    kind: str
    statistic: Callable[[Segment, Options], Statistics]
    sigma: Callable[[Segment, Statistics, Options, Given], Estimate]
    limits: Callable[[Segment, Statistics, Estimate, Options], tuple[Track, ...]]
    data: Literal["individuals", "observations", "subgroups", "counts", "rows", "parts"]
    estimators: tuple[str, ...] = ()
    sizes: Literal["none", "optional", "needed"] = "none"
    bounded: bool = False
    range_of_center: tuple[float, float] = (-math.inf, math.inf)
    memory: Callable[[Options], int] = lambda options: 0
    limitless: bool = False
    grouped_estimators: tuple[str, ...] = ()
    block: int = 1
    carry: Callable[[Statistics, tuple[Track, ...], int, int], tuple[float, ...]] | None = None
    design: Callable[[Options], dict[str, float]] | None = None
    describe: Callable[[Segment, Estimate, Options, IntArray], dict[str, FloatArray]] | None = None
    settings: tuple[str, ...] = SHEWHART_SETTINGS

    def with_estimator(self, options: Options, estimator: str | None, grouped: bool) -> Options:
        """The options with the named estimator, or this type's own.

        Raises
        ------
        InvalidSpecification
            If the estimator cannot serve this chart.
        """
        known = self.grouped_estimators if grouped and self.grouped_estimators else self.estimators
        if estimator is None:
            return replace(options, estimator=known[0] if known else "")
        if estimator not in known:
            raise InvalidSpecification(
                "unknown_estimator",
                {"estimator": estimator, "kind": self.kind, "known": ", ".join(known) or "none"},
            )
        return replace(options, estimator=estimator)


# Kinds of rule that hold for independent, roughly normal points; for independent but skewed ones;
# and for points that share observations.
ALL_PATTERNS = frozenset(
    {
        "beyond",
        "one_side",
        "trend",
        "alternating",
        "k_of_n",
        "inside",
        "outside",
        "outside_both",
        "longest_run",
        "crossings",
        "near_limit",
    }
)
INDEPENDENT_PATTERNS = frozenset({"beyond", "one_side", "trend", "alternating"})
LIMIT_PATTERNS = frozenset({"beyond"})
