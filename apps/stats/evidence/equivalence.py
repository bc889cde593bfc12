"""Equivalence: evidence that a difference is too small to matter."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from apps.stats.errors import DegenerateData, InvalidSpecification
from apps.stats.evidence.checks import normality_check, notices, order_checks, present
from apps.stats.evidence.means import (
    cohen_d,
    describe,
    noncentrality_interval,
    paired_differences,
    t_quantile,
    welch,
)
from apps.stats.evidence.results import Check, Effect, Group
from apps.stats.moments import check_confidence, missing_notice, sample
from apps.stats.results import Notice
from apps.stats.verdicts import Judged


@dataclass(frozen=True, slots=True)
class Equivalence(Judged):
    """Two one-sided tests against margins; equivalent where the larger p-value is small.

    ``estimate`` carries the interval of level 2 * confidence - 1, which lies inside the margins
    exactly where the verdict is "equivalent"; ``effect_size`` is the difference in standard
    deviations, at the same level.

    Examples
    --------
    >>> equivalence([1, 2, 3, 2], [2, 1, 2, 3], low=-2, high=2).verdict
    'equivalent'
    """

    test: str
    low: float
    high: float
    estimate: Effect
    effect_size: Effect
    df: float
    p_low: float
    p_high: float
    p_value: float
    confidence: float
    groups: tuple[Group, ...]
    checks: tuple[Check, ...]
    verdict: str
    warnings: tuple[Notice, ...] = field(default=())


def equivalence(
    before: ArrayLike,
    after: ArrayLike,
    *,
    low: float,
    high: float,
    paired: bool = False,
    confidence: float = 0.95,
) -> Equivalence:
    """Two one-sided t-tests (TOST) that the means differ by less than the margins.

    Parameters
    ----------
    before, after : arrays
        Independent observations, or pairs if ``paired``; NaN is left out.
    low, high : float
        Margins of the difference after - before that still count as the same; low < high.
    confidence : float
        One minus it is the error rate of each one-sided test.

    Returns
    -------
    Equivalence
        With both p-values and the verdict "equivalent" or "not_equivalent" (not shown).

    Raises
    ------
    NotEnoughData, DegenerateData
        As for the t-tests.
    InvalidSpecification
        If the margins are crossed or not finite.

    References
    ----------
    Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680.

    Examples
    --------
    >>> same = [10.0, 10.2, 9.9, 10.1, 10.0, 9.8, 10.1, 10.0]
    >>> equivalence(same, [v + 0.02 for v in same], low=-0.5, high=0.5).verdict
    'equivalent'
    """
    check_confidence(confidence)
    level = max(0.0, 2.0 * confidence - 1.0)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InvalidSpecification("margins_crossed", {"low": float(low), "high": float(high)})
    if paired:
        differences, missing = paired_differences(before, after)
        data = sample(differences, name="pairs")
        if data.sd == 0.0:
            raise DegenerateData("no_variation")
        difference, error, df = data.mean, data.sd / math.sqrt(data.n), float(data.n - 1)
        root = math.sqrt(data.n)
        lower, upper = noncentrality_interval(difference / error, df, level)
        effect_size = Effect("cohen_dz", difference / data.sd, lower / root, upper / root)
        groups: tuple[Group, ...] = (describe(data, "differences"),)
        told = missing_notice([np.full(missing, np.nan)])
        checks = order_checks(differences=differences)
        checks += present([normality_check(data, "normal:differences")])
        fewest = data.n
    else:
        first, second = sample(before, name="before"), sample(after, name="after")
        means = welch(first, second)
        difference, error, df = means.difference, means.error, means.df
        effect_size = cohen_d(first, second, difference, level)
        groups = (describe(first, "before"), describe(second, "after"))
        told = missing_notice([before, after])
        checks = order_checks(before=first.values, after=second.values)
        checks += present(
            [normality_check(first, "normal:before"), normality_check(second, "normal:after")]
        )
        fewest = min(first.n, second.n)
    p_low = float(special.stdtr(df, -(difference - low) / error))
    p_high = float(special.stdtr(df, (difference - high) / error))
    half = t_quantile(confidence, df) * error
    p_value = max(p_low, p_high)
    return Equivalence(
        test="tost_paired" if paired else "tost_welch",
        low=float(low),
        high=float(high),
        estimate=Effect("mean_difference", difference, difference - half, difference + half),
        effect_size=effect_size,
        df=df,
        p_low=p_low,
        p_high=p_high,
        p_value=p_value,
        confidence=confidence,
        groups=groups,
        checks=checks,
        verdict="equivalent" if p_value < 1.0 - confidence else "not_equivalent",
        warnings=told + notices(checks, fewest),
    )
