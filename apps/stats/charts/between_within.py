"""I-MR-R/S: subgroup means judged as individuals, beside the spread within subgroups.

For batches, castings, days: the means differ for reasons that the spread within says nothing of,
so their limits come from their own moving ranges.

References
----------
Wheeler, Understanding Statistical Process Control (three-way chart); Minitab, I-MR-R/S chart.
"""

import math
from dataclasses import replace

import numpy as np

from apps.stats.charts.individuals import moving_range_track
from apps.stats.charts.xbar import grand_mean, spread_track
from apps.stats.errors import InvalidSpecification
from apps.stats.estimators import (
    RANGE_ESTIMATORS,
    check_range_sizes,
    mean,
    settle,
    sigma_from_moving_ranges,
    sigma_within,
)
from apps.stats.model import (
    ALL_PATTERNS,
    SHEWHART_SETTINGS,
    ChartType,
    Estimate,
    Given,
    Options,
    Segment,
    Statistics,
    Track,
)
from apps.stats.results import FloatArray, Notice


def statistic(segment: Segment, options: Options) -> Statistics:
    """Means, their moving ranges, and ranges or standard deviations within."""
    groups = segment.subgroups
    ranged = options.estimator.startswith("rbar")
    if ranged:
        check_range_sizes(groups.sizes)
    bridge = options.gaps == "bridge"
    return {
        "mean": groups.means,
        "moving_range": _between(
            segment.counted(groups.means), groups.mean_remainders, bridge=bridge
        ),
        "range" if ranged else "sd": groups.ranges if ranged else groups.sds,
    }


def _between(means: FloatArray, rest: FloatArray, *, bridge: bool) -> FloatArray:
    """Distances of the means of neighbouring subgroups, NaN where one is left out.

    Far from zero a mean is stored to fewer digits than its distance from the next: what it is
    short of is added after the difference.
    """
    result = np.full(len(means), np.nan)
    present = np.flatnonzero(~np.isnan(means)) if bridge else np.arange(len(means))
    result[present[1:]] = np.abs(np.diff(means[present]) + np.diff(rest[present]))
    return result


def sigma(segment: Segment, stats: Statistics, options: Options, given: Given) -> Estimate:
    """Sigma within subgroups, of the means, between subgroups, and of both together.

    Raises
    ------
    InvalidSpecification
        If frozen limits lack the sigma of the means.
    """
    estimate = settle(
        given,
        lambda: grand_mean(segment, stats["mean"]),
        lambda _: sigma_within(segment, options),
    )
    if given.extra is not None and "sigma_of_means" in given.extra:
        return estimate
    if given.extra is None:
        ranges = _between(
            segment.used(stats["mean"]),
            segment.used(segment.subgroups.mean_remainders),
            bridge=options.gaps == "bridge",
        )
        of_means = sigma_from_moving_ranges(ranges, replace(options, estimator="mr-mean")).sigma
    else:
        raise InvalidSpecification(
            "frozen_incomplete", {"kind": "i-mr-rs", "missing": "sigma_of_means"}
        )
    sizes = segment.used(segment.subgroups.sizes.astype(float))
    share = mean(1.0 / sizes[sizes > 0]) if bool((sizes > 0).any()) else math.nan
    between = max(0.0, of_means * of_means - estimate.sigma * estimate.sigma * share)
    extra = {
        "sigma_of_means": of_means,
        "sigma_between": math.sqrt(between),
        "sigma_total": math.hypot(math.sqrt(between), estimate.sigma),
    }
    notices = (Notice("between_is_zero"),) if between == 0 else ()
    return replace(estimate, extra=extra, notices=estimate.notices + notices)


def limits(
    segment: Segment, stats: Statistics, estimate: Estimate, options: Options
) -> tuple[Track, ...]:
    """Means and moving ranges by the sigma of the means; ranges or SDs by the sigma within."""
    of_means = float(estimate.extra.get("sigma_of_means", math.nan))
    reach = options.width * of_means
    sizes = segment.subgroups.sizes
    means = Track(
        name="mean",
        points=stats["mean"],
        center=estimate.center,
        sigma=of_means,
        lcl=estimate.center - reach,
        ucl=estimate.center + reach,
        allowed=ALL_PATTERNS,
        sizes=sizes.astype(float),
    )
    name, names = ("range", ("d2", "d3")) if "range" in stats else ("sd", ("c4", "c5"))
    within = spread_track(name, stats[name], sizes, names, estimate, options)
    return (
        means,
        moving_range_track(stats["moving_range"], of_means, estimate.center, options),
        within,
    )


I_MR_RS = ChartType(
    kind="i-mr-rs",
    statistic=statistic,
    sigma=sigma,
    limits=limits,
    data="subgroups",
    estimators=RANGE_ESTIMATORS,
    settings=SHEWHART_SETTINGS,
    memory=lambda options: 1,
)
