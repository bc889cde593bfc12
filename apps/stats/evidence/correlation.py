"""Correlation of two measured characteristics."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from apps.stats.errors import DegenerateData, InvalidSpecification
from apps.stats.evidence.checks import normality_check, notices, order_checks, present
from apps.stats.evidence.means import t_two_sided_p
from apps.stats.evidence.results import Check, Effect
from apps.stats.moments import (
    FloatArray,
    check_confidence,
    missing_notice,
    read_values,
    sample,
)
from apps.stats.results import Notice
from apps.stats.verdicts import Judged

METHODS = ("pearson", "spearman")


@dataclass(frozen=True, slots=True)
class Correlation(Judged):
    """A correlation with interval and p-value; ``verdict`` is a stable key.

    Examples
    --------
    >>> correlation([1, 2, 3, 4], [2, 4, 6, 9]).verdict
    'rises_together'
    """

    method: str
    n: int
    effect_size: Effect
    statistic: float
    df: int
    p_value: float
    confidence: float
    checks: tuple[Check, ...]
    verdict: str
    warnings: tuple[Notice, ...] = field(default=())


def correlation(
    x: ArrayLike, y: ArrayLike, *, method: str = "pearson", confidence: float = 0.95
) -> Correlation:
    """Correlation of paired values.

    Parameters
    ----------
    x, y : arrays of shape (n,)
        Paired observations in any units; a pair with a NaN is left out.
    method : str
        "pearson" (straight-line) or "spearman" (of ranks).
    confidence : float
        Confidence level of the interval (Fisher's z; for ranks with the variance of Bonett and
        Wright).

    Returns
    -------
    Correlation
        The correlation with interval, its t statistic and p-value, and a verdict key.

    Raises
    ------
    NotEnoughData
        With fewer than 4 complete pairs.
    DegenerateData
        If one of the two does not vary.
    InvalidSpecification
        If the lists differ in length or the method is unknown.

    References
    ----------
    Fisher (1921), Metron 1, 3-32. Bonett, Wright (2000), Psychometrika 65, 23-28.

    Examples
    --------
    >>> round(correlation([1, 2, 3, 4, 5], [2, 4, 5, 4, 5]).effect_size.value, 4)
    0.7746
    """
    check_confidence(confidence)
    if method not in METHODS:
        raise InvalidSpecification(
            "unknown_choice", {"value": method, "choices": ", ".join(METHODS)}
        )
    first, second, missing = complete_pairs(x, y)
    n = first.size
    one, two = sample(first, least=4, name="pairs"), sample(second, least=4, name="pairs")
    checks = order_checks(x=first, y=second)
    if method == "pearson":
        checks += present([normality_check(one, "normal:x"), normality_check(two, "normal:y")])
    if method == "spearman":
        first, second = stats.rankdata(first), stats.rankdata(second)
    r = _pearson(first, second)
    df = n - 2
    # 1 - r^2 as a product keeps its digits where r is close to 1 in size.
    rest = (1.0 - r) * (1.0 + r)
    statistic = math.copysign(math.inf, r) if rest <= 0.0 else r * math.sqrt(df / rest)
    p_value = 0.0 if rest <= 0.0 else t_two_sided_p(statistic, df)
    spread = 1.0 if method == "pearson" else 1.0 + r * r / 2.0
    half = float(special.ndtri(0.5 + confidence / 2.0)) * math.sqrt(spread / (n - 3))
    z = math.atanh(r) if rest > 0.0 else math.copysign(math.inf, r)
    verdict = "no_correlation"
    if p_value < 1.0 - confidence:
        verdict = "rises_together" if r > 0 else "falls_as_other_rises"
    return Correlation(
        method=method,
        n=n,
        effect_size=Effect(f"{method}_r", r, math.tanh(z - half), math.tanh(z + half)),
        statistic=statistic,
        df=df,
        p_value=p_value,
        confidence=confidence,
        checks=checks,
        verdict=verdict,
        warnings=missing_notice([np.full(missing, np.nan)]) + notices(checks, n),
    )


def complete_pairs(x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray, int]:
    """Return the complete pairs of two lists, and how many pairs were incomplete.

    Raises
    ------
    InvalidSpecification
        If the lists differ in length.

    Examples
    --------
    >>> complete_pairs([1, 2], [3, float("nan")])
    (array([1.]), array([3.]), 1)
    """
    read_values(x, name="x")
    read_values(y, name="y")
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if first.size != second.size:
        raise InvalidSpecification("lengths_differ", {"first": first.size, "second": second.size})
    complete = ~(np.isnan(first) | np.isnan(second))
    return first[complete], second[complete], int(first.size - complete.sum())


def _pearson(x: FloatArray, y: FloatArray) -> float:
    parts = []
    for values in (x, y):
        data = sample(values)
        if data.sd == 0.0:
            raise DegenerateData("no_variation")
        unit = (data.deviations - data.offset) / data.sd
        parts.append(unit / math.sqrt(float(np.dot(unit, unit))))
    return min(1.0, max(-1.0, float(np.dot(*parts))))
