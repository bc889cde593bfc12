"""Attribute agreement: do raters agree with themselves, with each other, with the standard?"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.intervals import Estimate, clopper_pearson
from apps.stats.moments import check_confidence
from apps.stats.msa.kappa import (
    FleissKappa,
    Kappa,
    cohen_kappa,
    fleiss_kappa,
    ordered_categories,
)
from apps.stats.msa.ordinal import Concordance, RankAgreement, kendall_tau, kendall_w
from apps.stats.plain import Result
from apps.stats.results import Notice

# AIAG (2010), Measurement Systems Analysis, 4th ed., chapter III section C, table of decisions.
LIMITS = {"effectiveness": (0.90, 0.80), "miss": (0.02, 0.05), "false_alarm": (0.05, 0.10)}


@dataclass(frozen=True, slots=True)
class RaterResult(Result):
    """One rater: consistent with himself, right by the standard, and where he errs.

    ``within`` is the share of items rated the same in all trials; ``effectiveness`` the share
    rated as the standard in all trials; ``miss`` the share of ratings of bad items called good,
    ``false_alarm`` of good items called bad; ``standard_tau`` compares ordered categories. What
    needs a standard is None without one.
    """

    rater: str
    within: Estimate | None
    within_kappa: FleissKappa | None
    effectiveness: Estimate | None
    standard_kappa: Kappa | None
    miss: Estimate | None
    false_alarm: Estimate | None
    standard_tau: RankAgreement | None
    verdict: str | None


@dataclass(frozen=True, slots=True)
class AgreementStudy(Result):
    """All raters, their agreement with each other and together with the standard.

    ``pair_kappas`` holds Cohen's kappa of every two raters, trial by trial; ``concordance``
    Kendall's W of all ratings where the categories have an order.

    Examples
    --------
    >>> study = attribute_agreement({"Ann": [["g"], ["b"]], "Ben": [["g"], ["g"]]})
    >>> study.between.value
    0.5
    """

    items: int
    trials: int
    raters: tuple[RaterResult, ...]
    between: Estimate | None
    between_kappa: FleissKappa | None
    pair_kappas: tuple[tuple[str, str, Kappa], ...]
    concordance: Concordance | None
    all_against_standard: Estimate | None
    warnings: tuple[Notice, ...] = field(default=())


def attribute_agreement(
    ratings: Mapping[str, Sequence[Sequence[object]]],
    *,
    standard: Sequence[object] | None = None,
    bad: object | None = None,
    order: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> AgreementStudy:
    """Agreement of raters who judged the same items by category.

    Parameters
    ----------
    ratings : mapping of rater to rows
        For each rater one row per item (same items, same order), holding the rating of each trial.
    standard : sequence, optional
        The true category of each item.
    bad : object, optional
        The category that means "defective"; with a standard of two categories it gives miss and
        false-alarm rates.
    order : sequence, optional
        The categories from low to high, where they have an order; adds Kendall's W and tau.
    confidence : float
        Confidence level of all intervals (exact for shares).

    Returns
    -------
    AgreementStudy
        Per rater and for all: shares with exact intervals, kappas, error rates, verdicts.

    Raises
    ------
    NotEnoughData
        Without raters, or with fewer than 2 items.
    InvalidSpecification
        If raters differ in items or trials, the standard in length, or a rating is not in
        ``order``.

    References
    ----------
    AIAG (2010), Measurement Systems Analysis, 4th ed., chapter III section C.

    Examples
    --------
    >>> study = attribute_agreement(
    ...     {"Ann": [["ok", "ok"], ["bad", "bad"], ["ok", "bad"]]},
    ...     standard=["ok", "bad", "ok"], bad="bad")
    >>> round(study.raters[0].effectiveness.value, 3), study.raters[0].false_alarm.value
    (0.667, 0.25)
    """
    check_confidence(confidence)
    read = {str(rater): [[str(r) for r in row] for row in rows] for rater, rows in ratings.items()}
    items, trials = _shape(read)
    truth = None if standard is None else [str(one) for one in standard]
    if truth is not None and len(truth) != items:
        raise InvalidSpecification("lengths_differ", {"first": items, "second": len(truth)})
    fault = None if bad is None else str(bad)
    joined = [[r for rows in read.values() for r in rows[item]] for item in range(items)]
    several = len(read) > 1
    ranks = _ranks([*(r for row in joined for r in row), *(truth or [])], order)
    return AgreementStudy(
        items=items,
        trials=trials,
        raters=tuple(
            _rater(name, rows, truth, fault, ranks, confidence) for name, rows in read.items()
        ),
        between=_share(joined, None, confidence) if several else None,
        between_kappa=_fleiss(joined, confidence) if several else None,
        pair_kappas=_pairs(read, confidence),
        concordance=_concordance(joined, ranks),
        all_against_standard=None if truth is None else _share(joined, truth, confidence),
        warnings=(Notice("few_items", {"n": items, "needed": 20}),) if items < 20 else (),
    )


def rater_verdict(effectiveness: float, miss: float, false_alarm: float) -> str:
    """Return the worst of the three judgements of AIAG.

    Examples
    --------
    >>> rater_verdict(0.95, 0.01, 0.08)
    'marginal'
    """
    good = (
        effectiveness >= LIMITS["effectiveness"][0]
        and miss <= LIMITS["miss"][0]
        and false_alarm <= LIMITS["false_alarm"][0]
    )
    fair = (
        effectiveness >= LIMITS["effectiveness"][1]
        and miss <= LIMITS["miss"][1]
        and false_alarm <= LIMITS["false_alarm"][1]
    )
    if good:
        return "acceptable"
    return "marginal" if fair else "unacceptable"


def _shape(ratings: Mapping[str, list[list[str]]]) -> tuple[int, int]:
    sizes = {len(rows) for rows in ratings.values()}
    trials = {len(row) for rows in ratings.values() for row in rows}
    if not ratings or sizes in ({0}, {1}) or trials == {0}:
        raise NotEnoughData("study_too_small")
    if len(sizes) > 1 or len(trials) > 1:
        raise InvalidSpecification("study_not_balanced")
    return sizes.pop(), trials.pop()


def _rater(
    name: str,
    rows: list[list[str]],
    truth: list[str] | None,
    fault: str | None,
    ranks: Mapping[str, float] | None,
    confidence: float,
) -> RaterResult:
    repeated = len(rows[0]) > 1
    effectiveness = standard_kappa = miss = false_alarm = verdict = tau = None
    if truth is not None:
        tau = _tau(rows, truth, ranks)
        effectiveness = _share(rows, truth, confidence)
        standard_kappa = _against(rows, truth, confidence)
        if fault is not None:
            miss = _errors(rows, truth, fault, confidence, of_bad=True)
            false_alarm = _errors(rows, truth, fault, confidence, of_bad=False)
        if miss is not None and false_alarm is not None:
            verdict = rater_verdict(effectiveness.value, miss.value, false_alarm.value)
    return RaterResult(
        rater=name,
        within=_share(rows, None, confidence) if repeated else None,
        within_kappa=_fleiss(rows, confidence) if repeated else None,
        effectiveness=effectiveness,
        standard_kappa=standard_kappa,
        miss=miss,
        false_alarm=false_alarm,
        standard_tau=tau,
        verdict=verdict,
    )


def _share(rows: list[list[str]], truth: list[str] | None, confidence: float) -> Estimate:
    """Share of items whose ratings are all the same (and, with a standard, right)."""
    alike = sum(
        len(set(row)) == 1 and (truth is None or row[0] == truth[item])
        for item, row in enumerate(rows)
    )
    return clopper_pearson(alike, len(rows), confidence)


def _errors(
    rows: list[list[str]], truth: list[str], fault: str, confidence: float, *, of_bad: bool
) -> Estimate | None:
    """Share of ratings of bad items called good, or of good items called bad."""
    judged = [
        rating
        for row, true in zip(rows, truth, strict=True)
        for rating in row
        if (true == fault) == of_bad
    ]
    if not judged:
        return None
    wrong = sum((rating == fault) != of_bad for rating in judged)
    return clopper_pearson(wrong, len(judged), confidence)


def _against(rows: list[list[str]], truth: list[str], confidence: float) -> Kappa | None:
    """Cohen's kappa of all ratings with the standard, None where there is one category only."""
    flat = [rating for row in rows for rating in row]
    true = [one for one, row in zip(truth, rows, strict=True) for _rating in row]
    try:
        return cohen_kappa(flat, true, confidence=confidence)
    except DegenerateData:
        return None


def _pairs(
    ratings: Mapping[str, list[list[str]]], confidence: float
) -> tuple[tuple[str, str, Kappa], ...]:
    """Cohen's kappa of every two raters; pairs that used one category only are left out."""
    flat = {name: [rating for row in rows for rating in row] for name, rows in ratings.items()}
    found = []
    for first, second in itertools.combinations(flat, 2):
        try:
            kappa = cohen_kappa(flat[first], flat[second], confidence=confidence)
        except DegenerateData:
            continue
        found.append((first, second, kappa))
    return tuple(found)


def _ranks(ratings: Sequence[str], order: Sequence[object] | None) -> Mapping[str, float] | None:
    if order is None:
        return None
    return {
        category: float(place) for place, category in enumerate(ordered_categories(ratings, order))
    }


def _concordance(joined: list[list[str]], ranks: Mapping[str, float] | None) -> Concordance | None:
    """Kendall's W of all ratings, None without an order or where it does not exist."""
    if ranks is None:
        return None
    try:
        return kendall_w([[ranks[rating] for rating in row] for row in joined])
    except (DegenerateData, NotEnoughData):
        return None


def _tau(
    rows: list[list[str]], truth: list[str], ranks: Mapping[str, float] | None
) -> RankAgreement | None:
    """Kendall's tau of all ratings with the standard, None where it does not exist."""
    if ranks is None:
        return None
    pairs = [(ranks[r], ranks[true]) for row, true in zip(rows, truth, strict=True) for r in row]
    try:
        return kendall_tau([one for one, _true in pairs], [true for _one, true in pairs])
    except (DegenerateData, NotEnoughData):
        return None


def _fleiss(rows: list[list[str]], confidence: float) -> FleissKappa | None:
    try:
        return fleiss_kappa(rows, confidence=confidence)
    except DegenerateData:
        return None
