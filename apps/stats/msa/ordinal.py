"""Agreement of ordered ratings: Kendall's W and tau."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.evidence.correlation import complete_pairs
from apps.stats.moments import sample
from apps.stats.plain import Result
from apps.stats.results import Notice


@dataclass(frozen=True, slots=True)
class Concordance(Result):
    """Kendall's W: 1 where all raters rank the items alike, 0 where they share nothing."""

    raters: int
    items: int
    value: float
    chi_square: float
    df: int
    p_value: float
    mean_rank_correlation: float
    warnings: tuple[Notice, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class RankAgreement(Result):
    """Kendall's tau-b of two ratings, with the two-sided p-value of no association."""

    n: int
    value: float
    p_value: float


def kendall_w(ratings: ArrayLike) -> Concordance:
    """Concordance of several raters who judged the same items on an ordered scale.

    Parameters
    ----------
    ratings : array of shape (items, raters)
        Scores; ties get mean ranks and the statistic is corrected for them.

    Returns
    -------
    Concordance
        W with its chi-square test and the mean rank correlation of all pairs of raters.

    Raises
    ------
    NotEnoughData
        With fewer than 3 items or 2 raters.
    DegenerateData
        If a rater gave every item the same score.
    InvalidSpecification
        If a rating is missing or not a number.

    References
    ----------
    Kendall, Babington Smith (1939), Annals of Mathematical Statistics 10, 275-287.
    Siegel, Castellan (1988), Nonparametric Statistics for the Behavioral Sciences, section 9.6.

    Examples
    --------
    >>> kendall_w([[1, 1, 2], [2, 3, 1], [3, 2, 3], [4, 4, 4]]).value.__round__(6)
    0.777778
    """
    try:
        table = np.asarray(ratings, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidSpecification("not_numbers", {"name": "ratings"}) from error
    if table.ndim != 2:
        raise InvalidSpecification("not_a_table")
    if not np.isfinite(table).all():
        raise InvalidSpecification("study_has_gaps", {"n": int((~np.isfinite(table)).sum())})
    items, raters = table.shape
    if items < 3 or raters < 2:
        raise NotEnoughData("study_too_small")
    ranks = np.apply_along_axis(stats.rankdata, 0, table)
    sums = ranks.sum(axis=1)
    spread = float(np.sum((sums - sums.mean()) ** 2))
    ties = 0.0
    for column in table.T:
        counts = np.unique(column, return_counts=True)[1].astype(np.float64)
        if counts.size == 1:
            raise DegenerateData("no_variation")
        ties += float(np.sum(counts**3 - counts))
    value = 12.0 * spread / (raters**2 * (items**3 - items) - raters * ties)
    chi_square = raters * (items - 1) * value
    return Concordance(
        raters=raters,
        items=items,
        value=value,
        chi_square=chi_square,
        df=items - 1,
        p_value=float(special.gammaincc((items - 1) / 2.0, chi_square / 2.0)),
        mean_rank_correlation=(raters * value - 1.0) / (raters - 1.0),
        warnings=(Notice("few_items", {"n": items, "needed": 8}),) if items < 8 else (),
    )


def kendall_tau(first: ArrayLike, second: ArrayLike) -> RankAgreement:
    """Kendall's tau-b of two ratings (or of a rating with the standard).

    Parameters
    ----------
    first, second : arrays of shape (n,)
        Scores on an ordered scale; a pair with a NaN is left out.

    Returns
    -------
    RankAgreement
        tau-b with its p-value (exact for small samples without ties).

    Raises
    ------
    NotEnoughData
        With fewer than 3 complete pairs.
    DegenerateData
        If one of the two does not vary.
    InvalidSpecification
        If the lists differ in length.

    References
    ----------
    Kendall (1938), Biometrika 30, 81-93; (1945) Biometrika 33, 239-251 for ties.

    Examples
    --------
    >>> round(kendall_tau([1, 2, 3, 4], [1, 3, 2, 4]).value, 4)
    0.6667
    """
    x, y, _missing = complete_pairs(first, second)
    for values in (x, y):
        if sample(values, least=3, name="pairs").sd == 0.0:
            raise DegenerateData("no_variation")
    outcome = stats.kendalltau(x, y)
    value = float(outcome.statistic)
    return RankAgreement(x.size, 1.0 if math.isclose(value, 1.0) else value, float(outcome.pvalue))
