"""Comparisons that use ranks only: no distribution is assumed."""

import functools
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from apps.stats.errors import DegenerateData
from apps.stats.evidence.checks import independence_check, notices, present
from apps.stats.evidence.means import describe, paired_differences
from apps.stats.evidence.results import Comparison, Effect, directed_verdict
from apps.stats.moments import (
    FloatArray,
    Sample,
    check_confidence,
    missing_notice,
    sample,
)

# Up to here, and without ties, the exact distribution of the rank statistic is used (as R does).
LARGEST_EXACT = 50
MOST_PAIRS = 2_000_000


def compare_ranks(before: ArrayLike, after: ArrayLike, *, confidence: float = 0.95) -> Comparison:
    """Mann-Whitney test: do values tend to be larger after than before?

    Parameters
    ----------
    before, after : arrays of shape (n,) and (m,)
        Independent observations in the same unit; NaN is left out.
    confidence : float
        Confidence level of all intervals.

    Returns
    -------
    Comparison
        ``statistic`` is U of the values after; ``estimate`` the Hodges-Lehmann shift;
        ``effect_size`` the chance that a value after exceeds one before (ties count half), its
        interval from the variance of Brunner and Munzel on the logit scale.

    Raises
    ------
    NotEnoughData
        If a group has fewer than 2 values.
    DegenerateData
        If all values of both groups are equal.

    References
    ----------
    Mann, Whitney (1947), Annals of Mathematical Statistics 18, 50-60.
    Hollander, Wolfe, Chicken (2014), Nonparametric Statistical Methods, 3rd ed., chapter 4.
    Brunner, Munzel (2000), Biometrical Journal 42, 17-25.

    Examples
    --------
    >>> result = compare_ranks([1.15, 0.88, 0.90, 0.74, 1.21],
    ...                        [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46])
    >>> result.statistic, round(result.p_value, 4)
    (35.0, 0.2544)
    """
    check_confidence(confidence)
    first, second = sample(before, name="before"), sample(after, name="after")
    x, y = from_common_origin(first, second)
    if float(np.ptp(np.concatenate([x, y]))) == 0.0:
        raise DegenerateData("no_variation")
    tied = np.unique(np.concatenate([x, y])).size < x.size + y.size
    exact = not tied and max(x.size, y.size) <= LARGEST_EXACT
    outcome = stats.mannwhitneyu(y, x, method="exact" if exact else "asymptotic")
    p_value = min(1.0, float(outcome.pvalue))
    superiority = _superiority(x, y, confidence)
    checks = present(
        [
            independence_check(first.values, "independent:before"),
            independence_check(second.values, "independent:after"),
        ]
    )
    return Comparison(
        test="mann_whitney_exact" if exact else "mann_whitney",
        statistic=float(outcome.statistic),
        df=None,
        p_value=p_value,
        confidence=confidence,
        estimate=_shift(x, y, confidence, exact=exact),
        effect_size=superiority,
        groups=(describe(first, "before"), describe(second, "after")),
        checks=checks,
        verdict=directed_verdict(p_value, superiority.value - 0.5, confidence),
        warnings=missing_notice([before, after]) + notices(checks, min(x.size, y.size)),
    )


def compare_paired_ranks(
    before: ArrayLike, after: ArrayLike, *, confidence: float = 0.95
) -> Comparison:
    """Wilcoxon signed-rank test: did the same units shift?

    Parameters
    ----------
    before, after : arrays of shape (n,)
        Two observations of each unit; pairs with a NaN are left out.
    confidence : float
        Confidence level of all intervals.

    Returns
    -------
    Comparison
        ``statistic`` is the sum of the ranks of the increases (pairs without change left out);
        ``estimate`` the median of the Walsh averages; ``effect_size`` the rank-biserial
        correlation (share of rank sum up minus down), its interval from the variance of the
        U-statistic behind it on the logit scale.

    Raises
    ------
    NotEnoughData, DegenerateData, InvalidSpecification
        As for the paired t-test; DegenerateData where no pair changed.

    References
    ----------
    Wilcoxon (1945), Biometrics Bulletin 1, 80-83.
    Hollander, Wolfe, Chicken (2014), chapter 3.

    Examples
    --------
    >>> x = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
    >>> y = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    >>> result = compare_paired_ranks(y, x)
    >>> result.statistic, round(result.p_value, 5)
    (40.0, 0.03906)
    """
    check_confidence(confidence)
    differences, missing = paired_differences(before, after)
    data = sample(differences, name="pairs")
    changed = differences[differences != 0.0]
    if changed.size == 0:
        raise DegenerateData("no_variation")
    ranks = stats.rankdata(np.abs(changed))
    up = float(ranks[changed > 0].sum())
    total = changed.size * (changed.size + 1) / 2.0
    tied = np.unique(np.abs(changed)).size < changed.size
    exact = not tied and changed.size <= LARGEST_EXACT
    p_value = _signed_rank_p(changed, up, ranks, exact=exact)
    effect = (2.0 * up - total) / total
    checks = present([independence_check(differences, "independent:differences")])
    return Comparison(
        test="wilcoxon_exact" if exact else "wilcoxon",
        statistic=up,
        df=None,
        p_value=p_value,
        confidence=confidence,
        estimate=_walsh(differences, confidence, exact=exact and not np.any(differences == 0.0)),
        effect_size=_rank_biserial(changed, effect, confidence),
        groups=(describe(data, "differences"),),
        checks=checks,
        verdict=directed_verdict(p_value, effect, confidence),
        warnings=missing_notice([np.full(missing, np.nan)]) + notices(checks, data.n),
    )


def from_common_origin(first: Sample, second: Sample) -> tuple[FloatArray, FloatArray]:
    """Return both samples measured from the first value, so that far-off values keep digits.

    Examples
    --------
    >>> from_common_origin(sample([5, 6]), sample([7, 8]))[1]
    array([2., 3.])
    """
    return first.deviations, second.deviations + (second.origin - first.origin)


def _superiority(x: FloatArray, y: FloatArray, confidence: float) -> Effect:
    """P(y > x) + P(y = x) / 2 with a logit interval; at 0 or 1 the variance of a half step."""
    n, m = x.size, y.size
    joint = stats.rankdata(np.concatenate([x, y]))
    placed_x = joint[:n] - stats.rankdata(x)
    placed_y = joint[n:] - stats.rankdata(y)
    share = float(np.mean(placed_y)) / n
    variance = float(np.var(placed_x, ddof=1)) / (n * m**2)
    variance += float(np.var(placed_y, ddof=1)) / (m * n**2)
    inner = min(max(share, 0.5 / (n * m)), 1.0 - 0.5 / (n * m))
    if variance == 0.0:
        variance = inner * (1.0 - inner) / min(n, m)
    half = float(special.ndtri(0.5 + confidence / 2.0)) * math.sqrt(variance) / (inner - inner**2)
    logit = float(special.logit(inner))
    lower, upper = special.expit(np.array([logit - half, logit + half]))
    return Effect("superiority", share, min(float(lower), share), max(float(upper), share))


def _rank_biserial(changed: FloatArray, effect: float, confidence: float) -> Effect:
    """Rank-biserial correlation; the share of pair means above zero has the logit interval.

    Each unit's own share of pair means above zero is its contribution to that U-statistic
    (Hoeffding 1948); at full agreement the variance is that of a half step.
    """
    n, ordered = changed.size, np.sort(changed)
    above = n - np.searchsorted(ordered, -changed, side="right")
    level = n - np.searchsorted(ordered, -changed, side="left") - above
    variance = 4.0 * float(np.var((above + level / 2.0) / n)) / n
    inner = min(max((1.0 + effect) / 2.0, 0.5 / n**2), 1.0 - 0.5 / n**2)
    if variance == 0.0:
        variance = inner * (1.0 - inner) / n
    half = float(special.ndtri(0.5 + confidence / 2.0)) * math.sqrt(variance) / (inner - inner**2)
    logit = float(special.logit(inner))
    lower, upper = (2.0 * special.expit(np.array([logit - half, logit + half])) - 1.0).tolist()
    return Effect("rank_biserial", effect, min(lower, effect), max(upper, effect))


@functools.lru_cache(maxsize=32)
def _rank_sum_counts(m: int, n: int) -> tuple[int, ...]:
    """How many of the orders of m and n values give each rank-sum statistic 0..mn."""
    counts = np.zeros(m * n + 1, dtype=object)
    counts[0] = 1
    for step in range(1, m + 1):
        if n + step < counts.size:
            counts[n + step :] = counts[n + step :] - counts[: -(n + step)]
        for start in range(step):
            counts[start::step] = np.cumsum(counts[start::step])
    return tuple(counts.tolist())


@functools.lru_cache(maxsize=32)
def _signed_rank_counts(n: int) -> tuple[int, ...]:
    """How many of the 2^n signs give each signed-rank statistic 0..n(n+1)/2."""
    counts = [1]
    for rank in range(1, n + 1):
        longer = [*counts, *([0] * rank)]
        for place, count in enumerate(counts):
            longer[place + rank] += count
        counts = longer
    return tuple(counts)


def _exact_edge(counts: Sequence[int], confidence: float) -> int:
    """The largest k whose order statistics from either end keep the level.

    The interval then leaves out zero exactly where the exact test rejects.
    """
    allowed, below, edge = (1.0 - confidence) / 2.0 * sum(counts), 0, 0
    for count in counts:
        below += count
        if below > allowed:
            break
        edge += 1
    return max(1, edge)


def _normal_edge(figures: int, spread: float, confidence: float) -> int:
    """The same from the normal approximation, corrected for continuity as the test is."""
    z = float(special.ndtri(0.5 + confidence / 2.0))
    return max(1, math.floor(figures / 2.0 + 0.5 - z * spread))


def _shift(x: FloatArray, y: FloatArray, confidence: float, *, exact: bool) -> Effect:
    """Hodges-Lehmann shift with the interval of the ranks (Moses)."""
    pairs = x.size * y.size
    if exact:
        edge = _exact_edge(_rank_sum_counts(*sorted((x.size, y.size))), confidence)
    else:
        spread = math.sqrt(pairs * (x.size + y.size + 1) / 12.0)
        edge = _normal_edge(pairs, spread, confidence)
    if pairs <= MOST_PAIRS:
        return order_effect("shift", np.sort(np.subtract.outer(y, x).ravel()), edge)
    ordered, rising = np.sort(x), np.sort(y)
    return _searched_effect(
        lambda limit: int(np.searchsorted(ordered, rising - limit, side="left").sum()),
        pairs,
        edge,
        (float(y.min() - x.max()), float(y.max() - x.min())),
    )


def _walsh(differences: FloatArray, confidence: float, *, exact: bool) -> Effect:
    """Median of the Walsh averages with the interval of the signed ranks (Tukey)."""
    n = differences.size
    pairs = n * (n + 1) // 2
    if exact:
        edge = _exact_edge(_signed_rank_counts(n), confidence)
    else:
        spread = math.sqrt(n * (n + 1) * (2 * n + 1) / 24.0)
        edge = _normal_edge(pairs, spread, confidence)
    ordered = np.sort(differences)
    if pairs <= MOST_PAIRS:
        rows, columns = np.triu_indices(n)
        return order_effect("shift", np.sort(ordered[rows] / 2.0 + ordered[columns] / 2.0), edge)

    def above(limit: float) -> int:
        joint = n * n - int(np.searchsorted(ordered, 2.0 * limit - ordered, side="right").sum())
        alone = n - int(np.searchsorted(ordered, limit, side="right"))
        return (joint + alone) // 2

    return _searched_effect(above, pairs, edge, (float(ordered[0]), float(ordered[-1])))


def _searched_effect(
    above: Callable[[float], int], pairs: int, edge: int, span: tuple[float, float]
) -> Effect:
    """Median and edges of all pairwise figures, found by counting instead of listing them.

    ``above`` counts the figures beyond a limit; the k-th smallest is the least limit with no more
    than pairs - k beyond it, and bisection ends on that very floating-point number.
    """
    places = (edge, (pairs + 1) // 2, pairs // 2 + 1, pairs - edge + 1)
    found = []
    for place in places:
        low, high = math.nextafter(span[0], -math.inf), span[1]
        middle = low + (high - low) / 2.0
        while low < middle < high:
            low, high = (middle, high) if above(middle) > pairs - place else (low, middle)
            middle = low + (high - low) / 2.0
        found.append(high)
    return Effect("shift", (found[1] + found[2]) / 2.0, found[0], found[3])


def order_effect(name: str, ordered: FloatArray, edge: int) -> Effect:
    """Median of sorted figures with the ``edge``-th from either end as interval.

    Examples
    --------
    >>> order_effect("shift", np.array([1.0, 2.0, 3.0]), 1).upper
    3.0
    """
    return Effect(name, float(np.median(ordered)), float(ordered[edge - 1]), float(ordered[-edge]))


def _signed_rank_p(changed: FloatArray, up: float, ranks: FloatArray, *, exact: bool) -> float:
    """Two-sided p-value; the normal approximation corrects for ties and continuity."""
    if exact:
        return min(1.0, float(stats.wilcoxon(changed, method="exact").pvalue))
    variance = float(np.sum(ranks**2)) / 4.0
    distance = max(abs(up - float(ranks.sum()) / 2.0) - 0.5, 0.0)
    return min(1.0, 2.0 * float(special.ndtr(-distance / math.sqrt(variance))))
