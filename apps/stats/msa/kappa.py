"""Agreement beyond chance: the kappas of Cohen and Fleiss."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.moments import FloatArray, check_confidence
from apps.stats.plain import Result
from apps.stats.results import Notice

WEIGHTS = ("unweighted", "linear", "quadratic")


@dataclass(frozen=True, slots=True)
class Kappa(Result):
    """Agreement beyond chance: 1 is full agreement, 0 what chance gives.

    ``error`` is the standard error behind the interval, ``z`` and ``p_value`` test against chance.

    Examples
    --------
    >>> cohen_kappa("aabb", "aaba").value
    0.5
    """

    kind: str
    n: int
    value: float
    error: float
    lower: float
    upper: float
    z: float
    p_value: float
    observed: float
    expected: float
    confidence: float
    warnings: tuple[Notice, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class FleissKappa(Result):
    """Kappa of several ratings over all categories, and each category against the rest."""

    overall: Kappa
    by_category: tuple[tuple[str, float, float], ...]


def cohen_kappa(
    first: Sequence[object],
    second: Sequence[object],
    *,
    weights: str = "unweighted",
    order: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> Kappa:
    """Agreement of two raters (or of a rater with the standard) beyond chance.

    Parameters
    ----------
    first, second : sequences of length n
        The rating of each item by the two.
    weights : str
        "unweighted"; for ordered categories "linear" or "quadratic" give part of the credit to
        near misses.
    order : sequence, optional
        The categories in order; by default sorted as text, or as numbers if all are.
    confidence : float
        Confidence level of the interval.

    Returns
    -------
    Kappa
        With interval, test against chance, observed and expected agreement.

    Raises
    ------
    NotEnoughData
        With fewer than 2 items.
    DegenerateData
        If both used a single, the same category, so that chance agreement is complete.
    InvalidSpecification
        If the lists differ in length, a rating is not in ``order``, or the weights are unknown.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20, 37-46; (1968) Psychological
    Bulletin 70, 213-220. Fleiss, Cohen, Everitt (1969), Psychological Bulletin 72, 323-327.

    Examples
    --------
    >>> round(cohen_kappa("aabbab", "aabbbb").value, 4)
    0.6667
    """
    check_confidence(confidence)
    if len(first) != len(second):
        raise InvalidSpecification("lengths_differ", {"first": len(first), "second": len(second)})
    categories = ordered_categories([*first, *second], order)
    places = {category: place for place, category in enumerate(categories)}
    table = np.zeros((len(categories), len(categories)))
    for one, other in zip(first, second, strict=True):
        table[places[str(one)], places[str(other)]] += 1.0
    return kappa_of_table(table, weights=weights, confidence=confidence)


def kappa_of_table(
    table: ArrayLike, *, weights: str = "unweighted", confidence: float = 0.95
) -> Kappa:
    """Cohen's kappa of a square table of counts; see :func:`cohen_kappa`.

    Examples
    --------
    >>> kappa = kappa_of_table([[20, 5], [10, 15]])
    >>> round(kappa.value, 6), round(kappa.observed, 6)
    (0.4, 0.7)
    """
    check_confidence(confidence)
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise InvalidSpecification("not_square")
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise InvalidSpecification("not_a_count", {"name": "count", "value": float(counts.min())})
    n = float(counts.sum())
    if n < 2:
        raise NotEnoughData("too_few_values", {"name": "ratings", "n": int(n), "needed": 2})
    p = counts / n
    w = _weights(counts.shape[0], weights)
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    chance = np.outer(rows, columns)
    observed, expected = float(np.sum(w * p)), float(np.sum(w * chance))
    if expected >= 1.0 - 1e-12:
        raise DegenerateData("one_category")
    value = (observed - expected) / (1.0 - expected)
    both = (w @ columns)[:, None] + (rows @ w)[None, :]
    spread = float(np.sum(p * (w - both * (1.0 - value)) ** 2))
    spread -= (value - expected * (1.0 - value)) ** 2
    error = math.sqrt(max(spread, 0.0) / n) / (1.0 - expected)
    null = float(np.sum(chance * (w - both) ** 2)) - expected**2
    null_error = math.sqrt(max(null, 0.0) / n) / (1.0 - expected)
    return build_kappa(
        f"cohen_{weights}", int(n), value, error, null_error, observed, expected, confidence
    )


def fleiss_kappa(ratings: Sequence[Sequence[object]], *, confidence: float = 0.95) -> FleissKappa:
    """Agreement of several ratings of each item beyond chance.

    Parameters
    ----------
    ratings : n rows of m ratings
        The ratings of each item; every item has equally many, at least 2.
    confidence : float
        Confidence level of the interval, from the variance of Gwet that holds under any
        agreement; the test against chance uses that of Fleiss, Nee and Landis.

    Returns
    -------
    FleissKappa
        ``by_category`` holds (category, kappa, p-value against chance).

    Raises
    ------
    NotEnoughData
        With fewer than 2 items or ratings.
    DegenerateData
        If all ratings are the same category.
    InvalidSpecification
        If the items differ in their number of ratings.

    References
    ----------
    Fleiss (1971), Psychological Bulletin 76, 378-382. Fleiss, Nee, Landis (1979), Psychological
    Bulletin 86, 974-977. Gwet (2021), Educational and Psychological Measurement 81, 781-790.

    Examples
    --------
    >>> round(fleiss_kappa(["aaa", "aab", "bbb", "abb"]).overall.value, 4)
    0.3333
    """
    check_confidence(confidence)
    if len({len(row) for row in ratings}) > 1:
        raise InvalidSpecification("study_not_balanced")
    if len(ratings) < 2 or len(ratings[0]) < 2:
        raise NotEnoughData("study_too_small")
    categories = ordered_categories([rating for row in ratings for rating in row], None)
    counts = np.array(
        [[sum(str(r) == c for r in row) for c in categories] for row in ratings], dtype=np.float64
    )
    return fleiss_kappa_of_counts(counts, categories, confidence=confidence)


def fleiss_kappa_of_counts(
    counts: ArrayLike, categories: Sequence[str] | None = None, *, confidence: float = 0.95
) -> FleissKappa:
    """Fleiss' kappa from a table: how many ratings put item i into category j.

    Raises
    ------
    NotEnoughData, DegenerateData, InvalidSpecification
        As for :func:`fleiss_kappa`.

    Examples
    --------
    >>> round(fleiss_kappa_of_counts([[3, 0], [2, 1], [0, 3], [1, 2]]).overall.value, 4)
    0.3333
    """
    check_confidence(confidence)
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or not np.isfinite(table).all() or (table < 0).any():
        raise InvalidSpecification("not_a_table")
    n = table.shape[0]
    per_item = table.sum(axis=1)
    if n < 2 or not per_item[0] >= 2:
        raise NotEnoughData("study_too_small")
    if np.unique(per_item).size > 1:
        raise InvalidSpecification("study_not_balanced")
    m = float(per_item[0])
    share = table.sum(axis=0) / (n * m)
    expected = float(np.sum(share**2))
    if expected >= 1.0 - 1e-12:
        raise DegenerateData("one_category")
    agreement = (np.sum(table**2, axis=1) - m) / (m * (m - 1.0))
    observed = float(np.mean(agreement))
    value = (observed - expected) / (1.0 - expected)
    error = _gwet_error(table, share, agreement, value, expected, m)
    overall = build_kappa(
        "fleiss", n, value, error, _null_error(share, n, m), observed, expected, confidence
    )
    names = [str(place) for place in range(share.size)] if categories is None else list(categories)
    return FleissKappa(overall, tuple(_categories(table, share, names, m)))


def ordered_categories(ratings: Sequence[object], order: Sequence[object] | None) -> list[str]:
    """Return the categories as text: in the given order, else as numbers if they are, else sorted.

    Raises
    ------
    InvalidSpecification
        If a rating is not in the given order.

    Examples
    --------
    >>> ordered_categories([10, 2, 1], None)
    ['1', '2', '10']
    """
    found = {str(rating) for rating in ratings}
    if order is not None:
        known = [str(category) for category in order]
        for rating in found:
            if rating not in known:
                choices = ", ".join(known)
                raise InvalidSpecification("unknown_choice", {"value": rating, "choices": choices})
        return known
    try:
        return sorted(found, key=float)
    except ValueError:
        return sorted(found)


def build_kappa(
    kind: str,
    n: int,
    value: float,
    error: float,
    null_error: float,
    observed: float,
    expected: float,
    confidence: float,
) -> Kappa:
    """Return a kappa with interval (cut at 1) and one-sided test that it is above chance.

    Examples
    --------
    >>> round(build_kappa("fleiss", 30, 0.5, 0.1, 0.1, 0.75, 0.5, 0.95).lower, 3)
    0.304
    """
    half = float(special.ndtri(0.5 + confidence / 2.0)) * error
    z = value / null_error if null_error > 0.0 else math.copysign(math.inf, value)
    return Kappa(
        kind=kind,
        n=n,
        value=value,
        error=error,
        lower=max(-1.0, value - half),
        upper=min(1.0, value + half),
        z=z,
        p_value=float(special.ndtr(-z)),
        observed=observed,
        expected=expected,
        confidence=confidence,
        warnings=(Notice("few_items", {"n": n, "needed": 20}),) if n < 20 else (),
    )


def _weights(k: int, name: str) -> FloatArray:
    if name not in WEIGHTS:
        raise InvalidSpecification("unknown_choice", {"value": name, "choices": ", ".join(WEIGHTS)})
    if name == "unweighted":
        return np.eye(k)
    steps = np.abs(np.subtract.outer(np.arange(k), np.arange(k))) / max(k - 1, 1)
    return np.asarray(1.0 - (steps if name == "linear" else steps**2), dtype=np.float64)


def _null_error(share: FloatArray, n: int, m: float) -> float:
    """Standard error when ratings are given by chance (Fleiss, Nee and Landis 1979)."""
    other = 1.0 - share
    sum_pq = float(np.sum(share * other))
    inner = sum_pq**2 - float(np.sum(share * other * (other - share)))
    return math.sqrt(max(2.0 * inner / (n * m * (m - 1.0)), 0.0)) / sum_pq


def _gwet_error(
    table: FloatArray,
    share: FloatArray,
    agreement: FloatArray,
    value: float,
    expected: float,
    m: float,
) -> float:
    n = table.shape[0]
    own = (agreement - expected) / (1.0 - expected)
    chance = table @ share / m
    moved = own - 2.0 * (1.0 - value) * (chance - expected) / (1.0 - expected)
    return math.sqrt(float(np.sum((moved - value) ** 2)) / (n * (n - 1.0)))


def _categories(
    table: FloatArray, share: FloatArray, names: Sequence[str], m: float
) -> list[tuple[str, float, float]]:
    n = table.shape[0]
    error = math.sqrt(2.0 / (n * m * (m - 1.0)))
    found = []
    for place, name in enumerate(names):
        p = float(share[place])
        if p in (0.0, 1.0):
            found.append((name, math.nan, math.nan))
            continue
        split = float(np.sum(table[:, place] * (m - table[:, place])))
        value = 1.0 - split / (n * m * (m - 1.0) * p * (1.0 - p))
        found.append((name, value, float(special.ndtr(-value / error))))
    return found
