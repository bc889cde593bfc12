"""Association in a table of counts."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special, stats

from apps.stats.errors import DegenerateData, InvalidSpecification
from apps.stats.evidence.checks import expected_check
from apps.stats.evidence.results import Check, Effect
from apps.stats.intervals import read_count
from apps.stats.moments import FloatArray, check_confidence
from apps.stats.results import Notice
from apps.stats.verdicts import Judged


@dataclass(frozen=True, slots=True)
class ChiSquare(Judged):
    """Chi-square test of a table: expected counts and adjusted residuals cell by cell.

    A residual beyond 2 or 3 in size says which cells hold more or fewer than independence would.

    Examples
    --------
    >>> chi_square([[20, 30], [30, 20]]).statistic
    4.0
    """

    statistic: float
    df: int
    p_value: float
    confidence: float
    effect_size: Effect
    observed: FloatArray
    expected: FloatArray
    residuals: FloatArray
    checks: tuple[Check, ...]
    verdict: str
    warnings: tuple[Notice, ...] = field(default=())


def chi_square(table: ArrayLike, *, confidence: float = 0.95) -> ChiSquare:
    """Pearson's chi-square test that rows and columns of a table are independent.

    Parameters
    ----------
    table : array of shape (r, c)
        Counts, at least two rows and two columns.
    confidence : float
        Confidence level of the interval of Cramer's V.

    Returns
    -------
    ChiSquare
        Without continuity correction. ``effect_size`` is Cramer's V, interval from the noncentral
        chi-square distribution.

    Raises
    ------
    InvalidSpecification
        If it is no table of counts.
    DegenerateData
        If a row or column holds nothing.

    References
    ----------
    Pearson (1900). Agresti (2013), Categorical Data Analysis, 3rd ed., sections 3.2 and 3.3.

    Examples
    --------
    >>> result = chi_square([[10, 20], [20, 10]])
    >>> round(result.statistic, 6), result.df
    (6.666667, 1)
    """
    check_confidence(confidence)
    observed = _read(table)
    rows, columns, total = observed.sum(axis=1), observed.sum(axis=0), float(observed.sum())
    if not (rows.all() and columns.all()):
        raise DegenerateData("empty_row")
    expected = np.outer(rows, columns) / total
    statistic = float(np.sum((observed - expected) ** 2 / expected))
    df = (rows.size - 1) * (columns.size - 1)
    p_value = float(special.gammaincc(df / 2.0, statistic / 2.0))
    spread = np.outer(1.0 - rows / total, 1.0 - columns / total)
    smallest = float(expected.min())
    return ChiSquare(
        statistic=statistic,
        df=df,
        p_value=p_value,
        confidence=confidence,
        effect_size=_cramer(statistic, df, total, min(observed.shape) - 1, confidence),
        observed=observed,
        expected=expected,
        residuals=(observed - expected) / np.sqrt(expected * spread),
        checks=(expected_check(smallest),),
        verdict="associated" if p_value < 1.0 - confidence else "no_association",
        warnings=(Notice("small_expected_cells", {"smallest": smallest}),) if smallest < 5 else (),
    )


def _read(table: ArrayLike) -> FloatArray:
    try:
        observed = np.asarray(table, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidSpecification("not_numbers", {"name": "table"}) from error
    if observed.ndim != 2 or min(observed.shape) < 2:
        raise InvalidSpecification("not_a_table")
    for count in observed.ravel():
        read_count(float(count), "count")
    return observed


def _cramer(statistic: float, df: int, total: float, least: int, confidence: float) -> Effect:
    bounds = []
    for share in (0.5 + confidence / 2.0, 0.5 - confidence / 2.0):
        shift = _noncentral_chi_square(statistic, df, share)
        bounds.append(min(1.0, math.sqrt(shift / (total * least))))
    value = math.sqrt(statistic / (total * least))
    # V itself is biased upwards; the interval is widened where it would leave its own estimate out.
    value = min(1.0, value)
    return Effect("cramer_v", value, min(bounds[0], value), max(bounds[1], value))


def _noncentral_chi_square(statistic: float, df: int, share: float) -> float:
    """Return the noncentrality at which the share below ``statistic`` is ``share``."""

    def gap(shift: float) -> float:
        below = (
            stats.ncx2.cdf(statistic, df, shift) if shift > 0.0 else special.chdtr(df, statistic)
        )
        return float(below) - share

    if gap(0.0) <= 0.0:
        return 0.0
    high = statistic + 10.0 * math.sqrt(2.0 * (df + 2.0 * statistic)) + 20.0
    return float(optimize.brentq(gap, 0.0, high, xtol=1e-9))
