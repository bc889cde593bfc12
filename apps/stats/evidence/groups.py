"""Several groups: one-way analysis of variance, Tukey's comparisons, Kruskal-Wallis."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special, stats

from apps.stats.errors import DegenerateData, NotEnoughData
from apps.stats.evidence.checks import independence_check, normality_check, notices, present
from apps.stats.evidence.means import describe, t_quantile, t_two_sided_p
from apps.stats.evidence.results import Check, Effect, Group
from apps.stats.evidence.studentized import (
    studentized_range_quantile,
    studentized_range_tail,
)
from apps.stats.evidence.variances import f_tail, levene_statistic
from apps.stats.moments import Sample, check_confidence, missing_notice, sample
from apps.stats.results import Notice
from apps.stats.verdicts import Judged


@dataclass(frozen=True, slots=True)
class Pair:
    """Difference of two groups (second minus first), adjusted for the number of comparisons."""

    first: str
    second: str
    difference: Effect
    p_value: float
    differs: bool


@dataclass(frozen=True, slots=True)
class AnovaRow:
    """One line of an analysis-of-variance table."""

    source: str
    df: float
    sum_of_squares: float
    mean_square: float


@dataclass(frozen=True, slots=True)
class GroupTest(Judged):
    """A test whether groups differ, with all pairs; ``verdict`` is a stable key.

    Examples
    --------
    >>> one_way_anova({"a": [1, 2, 3], "b": [7, 8, 9]}).verdict
    'groups_differ'
    """

    test: str
    statistic: float
    df_between: float
    df_within: float | None
    p_value: float
    confidence: float
    effect_size: Effect
    groups: tuple[Group, ...]
    pairs: tuple[Pair, ...]
    table: tuple[AnovaRow, ...]
    checks: tuple[Check, ...]
    verdict: str
    warnings: tuple[Notice, ...] = field(default=())


def one_way_anova(
    groups: Mapping[str, ArrayLike], *, equal_spread: bool = True, confidence: float = 0.95
) -> GroupTest:
    """One-way analysis of variance with all pairwise comparisons.

    Parameters
    ----------
    groups : mapping of name to array
        Independent observations in the same unit; NaN is left out.
    equal_spread : bool
        True: classical F with Tukey-Kramer pairs. False: Welch's F with Games-Howell pairs.
    confidence : float
        Confidence level, for the pairs a joint one.

    Returns
    -------
    GroupTest
        ``effect_size`` is omega squared, the share of the variation that the groups explain (eta
        squared without its bias), with its interval from the noncentral F distribution.

    Raises
    ------
    NotEnoughData
        With fewer than 2 groups, or a group with fewer than 2 values.
    DegenerateData
        If no group varies (with ``equal_spread`` False: if one does not).

    References
    ----------
    Montgomery (2017), Design and Analysis of Experiments, 9th ed., chapter 3.
    Tukey (1953); Kramer (1956), Biometrics 12, 307-310. Welch (1951), Biometrika 38, 330-336.
    Games, Howell (1976), J. Educational Statistics 1, 113-125.

    Examples
    --------
    >>> result = one_way_anova({"a": [1, 2, 3], "b": [2, 3, 4], "c": [5, 6, 7]})
    >>> result.statistic, result.verdict
    (13.0, 'groups_differ')
    """
    check_confidence(confidence)
    samples = _samples(groups)
    names = list(groups)
    shifts = _shifts(samples)
    table = _table(samples, shifts)
    if equal_spread:
        between, within = table[0], table[1]
        if within.sum_of_squares == 0.0:
            raise DegenerateData("no_variation")
        statistic = between.mean_square / within.mean_square
        df_within = within.df
        pairs = _pairs(samples, names, confidence, within)
    else:
        if any(one.sd == 0.0 for one in samples):
            raise DegenerateData("no_variation")
        statistic, df_within = _welch_f(samples, shifts)
        pairs = _pairs(samples, names, confidence, None)
    df_between = float(len(samples) - 1)
    p_value = f_tail(statistic, df_between, df_within)
    n = float(sum(one.n for one in samples))
    checks = _checks(samples, names)
    return GroupTest(
        test="anova" if equal_spread else "welch_anova",
        statistic=statistic,
        df_between=df_between,
        df_within=df_within,
        p_value=p_value,
        confidence=confidence,
        effect_size=_omega_squared(statistic, df_between, df_within, n, confidence),
        groups=tuple(describe(one, name) for name, one in zip(names, samples, strict=True)),
        pairs=pairs,
        table=table,
        checks=checks,
        verdict="groups_differ" if p_value < 1.0 - confidence else "groups_alike",
        warnings=missing_notice(list(groups.values()))
        + notices(checks, min(one.n for one in samples)),
    )


def kruskal_wallis(groups: Mapping[str, ArrayLike], *, confidence: float = 0.95) -> GroupTest:
    """Kruskal-Wallis test on ranks, with Dunn's pairs adjusted by Holm.

    Parameters
    ----------
    groups : mapping of name to array
        Independent observations in the same unit; NaN is left out.
    confidence : float
        One minus it is the joint error rate of the pairs.

    Returns
    -------
    GroupTest
        ``effect_size`` is epsilon squared, H / (n - 1), with the interval of its noncentral
        chi-square, which errs on the wide side; the pairs give differences of mean ranks.

    Raises
    ------
    NotEnoughData
        With fewer than 2 groups, or a group with fewer than 2 values.
    DegenerateData
        If all values are equal.

    References
    ----------
    Kruskal, Wallis (1952), JASA 47, 583-621. Dunn (1964), Technometrics 6, 241-252.

    Examples
    --------
    >>> round(kruskal_wallis({"a": [1, 2, 3], "b": [4, 5, 6], "c": [7, 8, 9]}).statistic, 6)
    7.2
    """
    check_confidence(confidence)
    samples = _samples(groups)
    names = list(groups)
    joined = np.concatenate([one.deviations + (one.origin - samples[0].origin) for one in samples])
    n = joined.size
    ranks = stats.rankdata(joined)
    _values, ties = np.unique(joined, return_counts=True)
    correction = 1.0 - float(np.sum(ties.astype(float) ** 3 - ties)) / (float(n) ** 3 - n)
    if correction == 0.0:
        raise DegenerateData("no_variation")
    parts = np.split(ranks, np.cumsum([one.n for one in samples])[:-1])
    means = [float(np.mean(part)) for part in parts]
    spread = sum(
        part.size * (mean - (n + 1) / 2.0) ** 2 for part, mean in zip(parts, means, strict=True)
    )
    statistic = 12.0 * spread / (n * (n + 1.0)) / correction
    df = len(samples) - 1
    p_value = float(special.gammaincc(df / 2.0, statistic / 2.0))
    smallest = min(one.n for one in samples)
    checks = present(
        [
            independence_check(one.values, f"independent:{name}")
            for name, one in zip(names, samples, strict=True)
        ]
    )
    return GroupTest(
        test="kruskal_wallis",
        statistic=statistic,
        df_between=float(df),
        df_within=None,
        p_value=p_value,
        confidence=confidence,
        effect_size=_epsilon_squared(statistic, float(df), n, confidence),
        groups=tuple(describe(one, name) for name, one in zip(names, samples, strict=True)),
        pairs=_dunn(names, [part.size for part in parts], means, correction, confidence),
        table=(),
        checks=checks,
        verdict="groups_differ" if p_value < 1.0 - confidence else "groups_alike",
        warnings=missing_notice(list(groups.values()))
        + notices(checks, smallest)
        + ((Notice("few_for_chi_square", {"n": smallest}),) if smallest < 5 else ()),
    )


def _samples(groups: Mapping[str, ArrayLike]) -> list[Sample]:
    if len(groups) < 2:
        raise NotEnoughData("too_few_groups", {"n": len(groups), "needed": 2})
    return [sample(values, least=2, name=str(name)) for name, values in groups.items()]


def _shifts(samples: Sequence[Sample]) -> np.ndarray:
    """Return the group means measured from the first value of the first group."""
    first = samples[0].origin
    return np.array([(one.origin - first) + one.offset for one in samples])


def _table(samples: Sequence[Sample], shifts: np.ndarray) -> tuple[AnovaRow, ...]:
    sizes = np.array([one.n for one in samples], dtype=np.float64)
    total = float(sizes.sum())
    grand = float(np.dot(sizes, shifts)) / total
    between = float(np.dot(sizes, (shifts - grand) ** 2))
    within = math.fsum((one.n - 1) * one.variance for one in samples)
    df_between, df_within = len(samples) - 1.0, total - len(samples)
    return (
        AnovaRow("between", df_between, between, between / df_between),
        AnovaRow("within", df_within, within, within / df_within),
        AnovaRow("total", total - 1.0, between + within, (between + within) / (total - 1.0)),
    )


def _welch_f(samples: Sequence[Sample], shifts: np.ndarray) -> tuple[float, float]:
    """Return Welch's F and its denominator degrees of freedom."""
    k = len(samples)
    weights = np.array([one.n / one.variance for one in samples])
    grand = float(np.dot(weights, shifts) / weights.sum())
    top = float(np.dot(weights, (shifts - grand) ** 2)) / (k - 1)
    rests = (1.0 - weights / weights.sum()) ** 2 / np.array([one.n - 1 for one in samples])
    penalty = float(rests.sum())
    return top / (1.0 + 2.0 * (k - 2) / (k**2 - 1) * penalty), (k**2 - 1) / (3.0 * penalty)


def _pairs(
    samples: Sequence[Sample], names: Sequence[str], confidence: float, within: AnovaRow | None
) -> tuple[Pair, ...]:
    """Tukey-Kramer pairs with the common variance, or Games-Howell pairs without it."""
    found = []
    k = len(samples)
    critical: dict[float, float] = {}
    for i, j in itertools.combinations(range(k), 2):
        first, second = samples[i], samples[j]
        difference = (second.origin - first.origin) + (second.offset - first.offset)
        if within is not None:
            error, df = math.sqrt(within.mean_square * (1 / first.n + 1 / second.n)), within.df
        else:
            parts = np.array([first.variance / first.n, second.variance / second.n])
            error = math.sqrt(float(parts.sum()))
            df = float(parts.sum()) ** 2 / float(
                np.sum(parts**2 / np.array([first.n - 1, second.n - 1]))
            )
        if df not in critical:
            critical[df] = _joint_quantile(k, df, confidence)
        p_value, half = _joint_p(difference / error, k, df), critical[df] * error
        effect = Effect("mean_difference", difference, difference - half, difference + half)
        found.append(Pair(names[i], names[j], effect, p_value, p_value < 1.0 - confidence))
    return tuple(found)


def _joint_p(t: float, k: int, df: float) -> float:
    """Return the joint p-value of a t statistic among k groups."""
    if k == 2:
        return t_two_sided_p(t, df)
    return studentized_range_tail(abs(t) * math.sqrt(2.0), k, df)


def _joint_quantile(k: int, df: float, confidence: float) -> float:
    """Return the joint critical t among k groups."""
    if k == 2:
        return t_quantile(0.5 + confidence / 2.0, df)
    return studentized_range_quantile(confidence, k, df) / math.sqrt(2.0)


def _omega_squared(
    statistic: float, df_between: float, df_within: float, n: float, confidence: float
) -> Effect:
    """Share of the variation that the groups explain, from F, corrected for its bias."""
    excess = df_between * (statistic - 1.0)
    value = max(0.0, excess / (excess + n)) if excess > 0.0 else 0.0
    bounds = []
    for probability in (0.5 + confidence / 2.0, 0.5 - confidence / 2.0):
        shift = _noncentral_f(statistic, df_between, df_within, probability)
        bounds.append(shift / (shift + n))
    return Effect("omega_squared", value, min(bounds[0], value), max(bounds[1], value))


def _noncentral_f(statistic: float, df_between: float, df_within: float, share: float) -> float:
    """Return the noncentrality at which the share of F below ``statistic`` is ``share``."""

    def gap(shift: float) -> float:
        return float(special.ncfdtr(df_between, df_within, shift, statistic)) - share

    if gap(0.0) <= 0.0:
        return 0.0
    high = max(10.0, 2.0 * statistic * df_between)
    if high >= 1e8:  # out of the reach of the distribution's series; both limits are as good as F
        return statistic * df_between
    while gap(high) > 0.0 and high < 1e8:
        high *= 2.0
    return high if gap(high) > 0.0 else float(optimize.brentq(gap, 0.0, high, xtol=1e-9))


def _epsilon_squared(statistic: float, df: float, n: int, confidence: float) -> Effect:
    """H / (n - 1), between the noncentralities at which H is as high, and as low, as it may be.

    Where H is below what chance gives on average, the upper limit is that of the average: groups
    that happen to agree are no proof that nothing lies between them.
    In simulations of three and four normal groups of 10 to 30 the interval held the true value in
    96.5 to 100 percent of the cases where 95 were stated.
    """

    def shift(observed: float, share: float) -> float:
        def gap(noncentrality: float) -> float:
            return float(special.chndtr(observed, df, noncentrality)) - share

        if gap(0.0) <= 0.0:
            return 0.0
        high = max(10.0, 4.0 * observed)
        while gap(high) > 0.0:
            high *= 2.0
        return float(optimize.brentq(gap, 0.0, high, xtol=1e-9))

    value = statistic / (n - 1.0)
    lower = shift(statistic, 0.5 + confidence / 2.0) / (n - 1.0)
    upper = shift(max(statistic, df), 0.5 - confidence / 2.0) / (n - 1.0)
    return Effect("epsilon_squared", value, min(lower, value), min(1.0, max(upper, value)))


def _checks(samples: Sequence[Sample], names: Sequence[str]) -> tuple[Check, ...]:
    residuals = sample(np.concatenate([one.deviations - one.offset for one in samples]))
    found: list[Check | None] = [normality_check(residuals, "normal:residuals")]
    try:
        f, _between, _within, p_value = levene_statistic(samples)
        found.append(Check("equal_spread", f, p_value, p_value >= 0.05))
    except DegenerateData:
        found.append(None)
    return present(found)


def _dunn(
    names: Sequence[str],
    sizes: Sequence[int],
    means: Sequence[float],
    correction: float,
    confidence: float,
) -> tuple[Pair, ...]:
    n = sum(sizes)
    scale = n * (n + 1) / 12.0 * correction
    raw = []
    for i, j in itertools.combinations(range(len(sizes)), 2):
        error = math.sqrt(scale * (1.0 / sizes[i] + 1.0 / sizes[j]))
        difference = means[j] - means[i]
        raw.append((i, j, difference, 2.0 * float(special.ndtr(-abs(difference) / error))))
    adjusted = holm([p for *_rest, p in raw])
    return tuple(
        Pair(
            names[i],
            names[j],
            Effect("mean_rank_difference", difference, math.nan, math.nan),
            p_value,
            p_value < 1.0 - confidence,
        )
        for (i, j, difference, _p), p_value in zip(raw, adjusted, strict=True)
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for several tests by Holm's step-down method.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = highest
    return adjusted
