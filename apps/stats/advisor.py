"""Which control chart suits the data, why, and why not the others."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from apps.stats import constants as table
from apps.stats.charts.attributes import SMALL_EXPECTED_COUNT, binomial_sigma, poisson_sigma
from apps.stats.charts.dispersion import is_overdispersed, sigma_z
from apps.stats.errors import InvalidSpecification, NotEnoughData
from apps.stats.estimators import RECOMMENDED_POINTS, mean, moving_ranges, sigma_from_moving_ranges
from apps.stats.inputs import Data, read_data
from apps.stats.model import Options, Segment
from apps.stats.normality_tests import anderson_darling
from apps.stats.registry import chart_type
from apps.stats.results import FloatArray, Notice

DataKind = Literal["values", "defectives", "defects", "times", "gaps", "rows"]
DATA_KINDS = ("values", "defectives", "defects", "times", "gaps", "rows")

# Ranges serve up to eight values, standard deviations above (spread over estimators' efficiency).
LARGEST_RANGED = 8
FEWEST_FOR_LIMITS = 10
# From this mean count on, limits by sample size alone are so tight that every small difference
# between days breaks them; below it, wide scatter is more likely to be a few assignable causes.
LARGE_COUNT = 25.0
_FEWEST_DISTINCT = 5
_CONFIDENT = 0.01


@dataclass(frozen=True, slots=True)
class Rejected:
    """A chart that was not chosen, and why."""

    kind: str
    reason: Notice


@dataclass(frozen=True, slots=True)
class Advice:
    """The chart to use, the reasons, the charts turned down, and what to mind in the data.

    Examples
    --------
    >>> advise([4, 6, 5, 5, 7, 3] * 5, data="defects").kind
    'c'
    """

    kind: str
    reasons: tuple[Notice, ...]
    rejected: tuple[Rejected, ...]
    checks: tuple[Notice, ...] = ()
    figures: dict[str, float] = field(default_factory=dict)

    def sentences(self) -> tuple[str, ...]:
        """Reasons, rejections and checks in English."""
        return (
            *(str(reason) for reason in self.reasons),
            *(f"Not {each.kind}: {each.reason}" for each in self.rejected),
            *(str(check) for check in self.checks),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "kind": self.kind,
            "reasons": [reason.to_dict() for reason in self.reasons],
            "rejected": [
                {"kind": each.kind, "reason": each.reason.to_dict()} for each in self.rejected
            ],
            "checks": [check.to_dict() for check in self.checks],
            "figures": dict(self.figures),
        }


def advise(
    values: ArrayLike,
    *,
    data: DataKind | None = None,
    sizes: ArrayLike | float | None = None,
    subgroups: ArrayLike | None = None,
    subgroup_size: int | None = None,
) -> Advice:
    """Recommend a control chart.

    Parameters
    ----------
    values : (n,) or (n, p) array
        Measurements, counts, times between events, or rows of several variables.
    data
        What the values are: "values" measured, "defectives" among inspected units, "defects",
        "times" or "gaps" (units) between rare events, "rows".  Without it, sample sizes mean counts
        and everything else is read as measured, unless it looks like Poisson counts.
    sizes
        Sample size or area of each count.
    subgroups, subgroup_size
        As for `chart`.

    Returns
    -------
    Advice
        The chart, the reasons, the charts turned down and why, and what to mind in the data.

    Raises
    ------
    NotEnoughData, InvalidSpecification
        As `chart` does for input it cannot read.

    References
    ----------
    Montgomery (2013), Introduction to Statistical Quality Control, 7th ed., section 7.5;
    Laney (2002), Quality Engineering 14, 531-537, for counts that vary more than their sizes say.

    Examples
    --------
    >>> advise([4, 6, 3, 5, 7, 2, 4, 5, 6, 3, 4, 5], data="defects").kind
    'c'
    """
    if data is not None and data not in DATA_KINDS:
        raise InvalidSpecification(
            "unknown_option", {"value": data, "option": "data", "known": ", ".join(DATA_KINDS)}
        )
    found = data or _recognised(values, sizes, subgroups, subgroup_size)
    guessed = () if data else (Notice(f"advice_read_as_{found}"),)
    with np.errstate(all="ignore"):
        if found == "rows":
            advice = _for_rows(values, subgroups, subgroup_size)
        elif found in ("defectives", "defects"):
            advice = _for_counts(found, values, sizes)
        elif found in ("times", "gaps"):
            advice = _for_rare_events(found, values)
        elif subgroups is not None or (subgroup_size or 1) > 1:
            advice = _for_subgroups(values, subgroups, subgroup_size)
        else:
            advice = _for_individuals(values)
    return Advice(
        advice.kind, guessed + advice.reasons, advice.rejected, advice.checks, advice.figures
    )


def _recognised(
    values: ArrayLike,
    sizes: ArrayLike | float | None,
    subgroups: ArrayLike | None,
    subgroup_size: int | None,
) -> DataKind:
    if np.ndim(values) == 2:
        return "rows"
    if sizes is not None:
        read = np.asarray(values, dtype=np.float64)
        return (
            "defects" if bool((read > np.asarray(sizes, dtype=np.float64)).any()) else "defectives"
        )
    if subgroups is not None or (subgroup_size or 1) > 1:
        return "values"
    read = read_data(chart_type("run"), values).values
    return "defects" if _like_counts(read[~np.isnan(read)]) else "values"


def _like_counts(values: FloatArray) -> bool:
    """Whole, not negative, small, and varying as Poisson counts do."""
    if len(values) < FEWEST_FOR_LIMITS or bool((values < 0).any() | (values % 1 != 0).any()):
        return False
    level = mean(values)
    if not 0 < level <= 50:
        return False
    spread = sigma_from_moving_ranges(moving_ranges(values), Options(estimator="mr-mean")).sigma
    error = 2 * math.sqrt(table.mean_range_variance(len(values) - 1))
    return spread > 0 and abs(spread**2 / level - 1) < 3 * error


def _for_rows(values: ArrayLike, subgroups: ArrayLike | None, subgroup_size: int | None) -> Advice:
    read = read_data(chart_type("t2"), values, subgroups=subgroups, subgroup_size=subgroup_size)
    variables = read.values.shape[1]
    if variables == 1:
        return _for_individuals(read.values[:, 0])
    reasons = (Notice("advice_several_variables", {"n": variables}),)
    rejected = (
        Rejected("mewma", Notice("advice_for_small_shifts")),
        Rejected("i-mr", Notice("advice_variables_apart", {"n": variables})),
    )
    return Advice("t2", reasons, rejected, _few(read.n_points))


def _for_rare_events(found: DataKind, values: ArrayLike) -> Advice:
    chosen, other = ("t", "g") if found == "times" else ("g", "t")
    read = read_data(chart_type(chosen), values)
    rejected = (
        Rejected(other, Notice(f"advice_not_{other}")),
        Rejected("i-mr", Notice("advice_skewed_by_nature")),
    )
    return Advice(chosen, (Notice(f"advice_{found}"),), rejected, _few(read.n_points))


def _for_counts(found: DataKind, values: ArrayLike, sizes: ArrayLike | float | None) -> Advice:
    plain = "p" if found == "defectives" else ("c" if sizes is None else "u")
    read = read_data(chart_type(plain), values, sizes=sizes)
    segment = read.segment(0, read.n_points, None)
    shape = chart_type(plain)
    options = Options(estimator="mr-mean")
    stats = shape.statistic(segment, options)
    present = stats["count"][~np.isnan(stats["count"])]
    if len(present) == 0:
        raise NotEnoughData("too_few_points", {"needed": 1, "got": 0})
    used_sizes = np.ones(len(stats["count"])) if stats["sizes"] is None else stats["sizes"]
    total = float(np.nansum(np.where(np.isnan(stats["count"]), np.nan, used_sizes)))
    rate = float(np.sum(present)) / total
    figures = {"rate": rate}
    checks = [*_few(read.n_points)]
    expected = rate * float(np.nanmin(used_sizes))
    if expected < SMALL_EXPECTED_COUNT:
        checks.append(
            Notice("small_expected_counts", {"expected": expected, "limit": SMALL_EXPECTED_COUNT})
        )
    if float(np.mean(present)) < 1:
        checks.append(Notice("advice_too_rare", {"mean": float(np.mean(present))}))
    reasons = [Notice(f"advice_{found}")]
    wide = _dispersion(segment, stats, options, rate, found, figures)
    figures["mean_count"] = float(np.mean(present))
    return _counts_choice(plain, found, sizes, reasons, checks, figures, wide=wide)


def _dispersion(
    segment: Segment,
    stats: dict[str, Any],
    options: Options,
    rate: float,
    found: DataKind,
    figures: dict[str, float],
) -> bool:
    unit = binomial_sigma(rate) if found == "defectives" else poisson_sigma(rate)
    try:
        factor = sigma_z(segment, stats, options, rate, unit)
    except NotEnoughData:
        return False
    figures["sigma_z"] = factor.sigma
    return is_overdispersed(factor, int(np.count_nonzero(~np.isnan(stats["rate"]))))


def _counts_choice(
    plain: str,
    found: DataKind,
    sizes: ArrayLike | float | None,
    reasons: list[Notice],
    checks: list[Notice],
    figures: dict[str, float],
    *,
    wide: bool,
) -> Advice:
    laney = "laney-p" if found == "defectives" else "laney-u"
    rejected = [Rejected("i-mr", Notice("advice_counts_have_their_own_sigma"))]
    if wide and sizes is not None and figures["mean_count"] >= LARGE_COUNT:
        reasons.append(Notice("overdispersed", {"sigma_z": figures["sigma_z"]}))
        rejected.append(Rejected(plain, Notice("advice_limits_too_narrow")))
        return Advice(laney, tuple(reasons), tuple(rejected), tuple(checks), figures)
    if wide:
        checks.append(Notice("overdispersed", {"sigma_z": figures["sigma_z"]}))
    elif sizes is not None:
        rejected.append(Rejected(laney, Notice("advice_not_overdispersed", _factor(figures))))
    if found == "defectives":
        rejected.append(Rejected("u", Notice("advice_a_unit_counts_once")))
    elif sizes is None:
        rejected.append(Rejected("u", Notice("advice_equal_areas")))
    return Advice(plain, tuple(reasons), tuple(rejected), tuple(checks), figures)


def _factor(figures: dict[str, float]) -> dict[str, float]:
    return {"sigma_z": figures.get("sigma_z", 1.0)}


def _for_subgroups(
    values: ArrayLike, subgroups: ArrayLike | None, subgroup_size: int | None
) -> Advice:
    read = read_data(chart_type("xbar-s"), values, subgroups=subgroups, subgroup_size=subgroup_size)
    groups = read.segment(0, read.n_points, None).subgroups
    sizes = groups.sizes[groups.sizes > 0]
    largest = int(sizes.max(initial=0))
    if largest < 2:
        return _for_individuals(read.values)
    reasons = [Notice("advice_subgroups", {"n": largest})]
    rejected = [Rejected("i-mr", Notice("advice_subgroups_show_within"))]
    checks = [*_few(read.n_points), *_value_checks(read.values)]
    figures: dict[str, float] = {}
    ratio, error = _between(groups.means, groups.sds, groups.sizes)
    if math.isfinite(ratio):
        figures["between_ratio"] = ratio
    if ratio > 1 + 4 * error and read.n_points >= FEWEST_FOR_LIMITS:
        reasons.append(Notice("advice_means_vary_more", {"ratio": ratio}))
        rejected.append(Rejected("xbar-r", Notice("advice_limits_too_narrow")))
        return Advice("i-mr-rs", tuple(reasons), tuple(rejected), tuple(checks), figures)
    if ratio < 1 - 2 * error and read.n_points >= FEWEST_FOR_LIMITS:
        checks.append(Notice("advice_stratified", {"ratio": ratio}))
    rejected.append(Rejected("i-mr-rs", Notice("advice_means_vary_as_expected")))
    chosen, other = ("xbar-r", "xbar-s") if largest <= LARGEST_RANGED else ("xbar-s", "xbar-r")
    rejected.append(Rejected(other, Notice(f"advice_not_{other}", {"n": LARGEST_RANGED})))
    return Advice(chosen, tuple(reasons), tuple(rejected), tuple(checks), figures)


def _between(
    means: FloatArray, sds: FloatArray, sizes: np.ndarray[Any, Any]
) -> tuple[float, float]:
    """Sigma of the standardised means from their moving ranges, and the error of that figure."""
    several = sizes >= 2
    if np.count_nonzero(several) < 3:
        return math.nan, math.nan
    df = np.sum(sizes[several] - 1)
    within = math.sqrt(float(np.sum((sizes[several] - 1) * sds[several] ** 2) / df))
    if within == 0:
        return math.nan, math.nan
    ranges = moving_ranges((means - mean(means)) * np.sqrt(sizes) / within)
    factor = sigma_from_moving_ranges(ranges, Options(estimator="mr-mean"))
    count = int(np.count_nonzero(~np.isnan(ranges)))
    return factor.sigma, math.sqrt(table.mean_range_variance(count))


def _for_individuals(values: ArrayLike) -> Advice:
    read: Data = read_data(chart_type("i-mr"), values)
    present = read.values[~np.isnan(read.values)]
    rejected = [Rejected("xbar-r", Notice("advice_no_subgroups"))]
    checks = [*_value_checks(read.values)]
    figures = {"autocorrelation": autocorrelation(read.values)}
    figures = {name: figure for name, figure in figures.items() if math.isfinite(figure)}
    if len(present) < FEWEST_FOR_LIMITS:
        rejected.append(Rejected("i-mr", Notice("advice_too_few_for_limits", _needed(present))))
        reasons = (Notice("advice_run_chart", {"n": len(present)}),)
        return Advice("run", reasons, tuple(rejected), tuple(checks), figures)
    rejected.append(Rejected("ewma", Notice("advice_for_small_shifts")))
    checks = [*_few(len(present)), *checks]
    reasons = (Notice("advice_individuals"),)
    return Advice("i-mr", reasons, tuple(rejected), tuple(checks), figures)


def _needed(present: FloatArray) -> dict[str, float | int | str]:
    return {"n": len(present), "needed": FEWEST_FOR_LIMITS}


def _few(n_points: int) -> tuple[Notice, ...]:
    if n_points < RECOMMENDED_POINTS:
        return (Notice("few_points", {"n": n_points, "recommended": RECOMMENDED_POINTS}),)
    return ()


def _value_checks(values: FloatArray) -> Sequence[Notice]:
    """Neighbours that resemble each other, skewed values, a coarse scale."""
    present = values[~np.isnan(values)]
    if len(present) < FEWEST_FOR_LIMITS:
        return ()
    checks = []
    distinct = len(np.unique(present))
    if distinct == 1:
        return (Notice("zero_sigma"),)
    if distinct < _FEWEST_DISTINCT:
        checks.append(Notice("advice_coarse", {"distinct": distinct}))
    resemblance = autocorrelation(values)
    if resemblance > 3 / math.sqrt(len(present)):
        checks.append(Notice("advice_autocorrelated", {"r": resemblance}))
    p_value = anderson_darling(present).p_value
    if p_value < _CONFIDENT and distinct >= _FEWEST_DISTINCT:
        checks.append(Notice("advice_not_normal", {"p_value": p_value}))
    return checks


def autocorrelation(values: FloatArray) -> float:
    """Correlation of each value with the one before, over the pairs that are both present.

    Examples
    --------
    >>> round(autocorrelation(np.array([1.0, 2.0, 1.0, 2.0, 1.0])), 3)
    -0.8
    """
    if len(values) < 3:
        return math.nan
    deviations = values - mean(values)
    products = deviations[1:] * deviations[:-1]
    total = float(np.nansum(deviations**2))
    return float(np.nansum(products)) / total if total > 0 else math.nan
