"""I-MR-R/S: subgroup means judged as individuals, beside the spread within subgroups.

For batches, castings, days: the means differ for reasons that the spread within says nothing of,
so their limits come from their own moving ranges.

References
----------
Wheeler, Understanding Statistical Process Control (three-way chart); Minitab, I-MR-R/S chart.
"""

import math
from dataclasses import replace

from apps.stats.charts.individuals import moving_range_track
from apps.stats.charts.xbar import grand_mean, spread_track
from apps.stats.errors import InvalidSpecification
from apps.stats.estimators import (
    RANGE_ESTIMATORS,
    check_range_sizes,
    mean,
    moving_ranges,
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
from apps.stats.results import Notice


def statistic(segment: Segment, options: Options) -> Statistics:
    """Means, their moving ranges, and ranges or standard deviations within."""
    groups = segment.subgroups
    ranged = options.estimator.startswith("rbar")
    if ranged:
        check_range_sizes(groups.sizes)
    counted = segment.counted(groups.means)
    return {
        "mean": groups.means,
        "moving_range": moving_ranges(counted, bridge=options.gaps == "bridge"),
        "range" if ranged else "sd": groups.ranges if ranged else groups.sds,
    }


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
        ranges = moving_ranges(segment.used(stats["mean"]), bridge=options.gaps == "bridge")
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
