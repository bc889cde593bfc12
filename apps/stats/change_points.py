"""Where did the level change? Estimates of one change point."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from apps.stats.errors import DegenerateData, InvalidSpecification
from apps.stats.evidence.means import t_two_sided_p
from apps.stats.evidence.results import Effect
from apps.stats.moments import FloatArray, check_confidence, missing_notice, sample
from apps.stats.results import Notice
from apps.stats.verdicts import Judged

METHODS = ("mean", "pettitt")


@dataclass(frozen=True, slots=True)
class ChangePoint(Judged):
    """The estimated first point of the new level, with the levels before and after.

    ``index`` and ``plausible`` count positions in the values given (missing ones keep theirs);
    ``plausible`` spans the positions whose likelihood is at least exp(-2) of the best (None for
    ranks). ``verdict`` is "changed" or "no_change".

    Examples
    --------
    >>> change_point([1, 2, 1, 2, 1, 8, 9, 8, 9, 8]).index
    5
    """

    method: str
    index: int
    statistic: float
    p_value: float
    before: float
    after: float
    shift: Effect
    plausible: tuple[int, int] | None
    confidence: float
    verdict: str
    warnings: tuple[Notice, ...] = field(default=())


def change_point(
    values: ArrayLike, *, method: str = "mean", confidence: float = 0.95
) -> ChangePoint:
    """Estimate the most likely single change of level.

    Parameters
    ----------
    values : array of shape (n,)
        Observations in order of time; NaN is left out but keeps its place.
    method : str
        "mean": largest t statistic over all splits (maximum likelihood for normal values), its
        p-value an upper bound for all splits together. "pettitt": ranks.
    confidence : float
        One minus it is the error rate of the verdict; level of the interval of the shift, which
        takes the split as given.

    Returns
    -------
    ChangePoint
        Position, levels before and after, shift with interval, p-value and verdict.

    Raises
    ------
    NotEnoughData
        With fewer than 5 values.
    DegenerateData
        If all values are equal.
    InvalidSpecification
        If the method is unknown.

    References
    ----------
    Hawkins (1977), JASA 72, 180-186. Worsley (1979), JASA 74, 365-367.
    Pettitt (1979), Applied Statistics 28, 126-135.

    Examples
    --------
    >>> result = change_point([5.0, 5.1, 4.9, 5.0, 7.0, 7.1, 6.9, 7.2])
    >>> result.index, result.verdict
    (4, 'changed')
    """
    check_confidence(confidence)
    if method not in METHODS:
        raise InvalidSpecification(
            "unknown_choice", {"value": method, "choices": ", ".join(METHODS)}
        )
    data = sample(values, least=5)
    if data.sd == 0.0:
        raise DegenerateData("no_variation")
    places = np.flatnonzero(~np.isnan(np.asarray(values, dtype=np.float64)))
    centred = data.deviations - data.offset
    likelihoods, t_values = _splits(centred)
    if method == "mean":
        split = int(np.argmax(likelihoods)) + 1
        statistic = float(t_values[split - 1])
        single = t_two_sided_p(statistic, data.n - 2) if math.isfinite(statistic) else 0.0
        p_value = min(1.0, (data.n - 1) * single)
        inside = np.flatnonzero(likelihoods >= likelihoods.max() - 2.0) + 1
        plausible = (int(places[inside[0]]), int(places[inside[-1]]))
    else:
        split, statistic, p_value = _pettitt(centred)
        plausible = None
    before, after = centred[:split], centred[split:]
    shift = float(after.mean() - before.mean())
    half = _half_width(before, after, confidence)
    return ChangePoint(
        method=method,
        index=int(places[split]),
        statistic=statistic,
        p_value=p_value,
        before=data.mean + float(before.mean()),
        after=data.mean + float(after.mean()),
        shift=Effect("shift", shift, shift - half, shift + half),
        plausible=plausible,
        confidence=confidence,
        verdict="changed" if p_value < 1.0 - confidence else "no_change",
        warnings=missing_notice([values]),
    )


def _splits(centred: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return profile log-likelihood and t statistic of every split into [:k] and [k:]."""
    n = centred.size
    unit = centred / np.max(np.abs(centred))
    sizes = np.arange(1.0, n)
    sums = np.cumsum(unit)[:-1]
    total = float(np.dot(unit, unit))
    between = sums**2 * n / (sizes * (n - sizes))
    within = np.maximum(total - between, 1e-15 * total)
    signs = np.where(sums > 0.0, -1.0, 1.0)
    t_values = signs * np.sqrt(between * (n - 2) / within)
    return -n / 2.0 * np.log(within / total), t_values


def _pettitt(centred: FloatArray) -> tuple[int, float, float]:
    """Return split, K and the approximate p-value of Pettitt's test."""
    n = centred.size
    ranks = stats.rankdata(centred)
    steps = np.arange(1.0, n)
    u = 2.0 * np.cumsum(ranks)[:-1] - steps * (n + 1.0)
    split = int(np.argmax(np.abs(u))) + 1
    k = float(np.abs(u[split - 1]))
    return split, k, min(1.0, 2.0 * math.exp(-6.0 * k * k / (float(n) ** 3 + float(n) ** 2)))


def _half_width(before: FloatArray, after: FloatArray, confidence: float) -> float:
    n = before.size + after.size
    squares = float(np.sum((before - before.mean()) ** 2) + np.sum((after - after.mean()) ** 2))
    error = math.sqrt(squares / (n - 2) * (1.0 / before.size + 1.0 / after.size))
    return float(stats.t.ppf(0.5 + confidence / 2.0, n - 2)) * error
