"""Straight-line and multiple regression by least squares, with diagnostics and predictions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg, special

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.evidence.checks import notices, present
from apps.stats.evidence.means import t_quantile, t_two_sided_p
from apps.stats.evidence.results import Check
from apps.stats.evidence.variances import f_tail
from apps.stats.moments import (
    FloatArray,
    Sample,
    check_confidence,
    missing_notice,
    read_values,
    sample,
)
from apps.stats.normality_tests import LEAST_ANDERSON_DARLING, anderson_darling
from apps.stats.plain import Result
from apps.stats.results import Notice
from apps.stats.verdicts import Judged

RANK_TOLERANCE = 1e-12
HIGH_INFLATION = 10.0


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient: estimate, standard error, t, p, interval, variance inflation factor."""

    name: str
    value: float
    error: float
    t: float
    p_value: float
    lower: float
    upper: float
    inflation: float | None


@dataclass(frozen=True, slots=True)
class Prediction(Result):
    """Predicted mean with its interval, and the wider interval of one new observation."""

    mean: FloatArray
    mean_lower: FloatArray
    mean_upper: FloatArray
    new_lower: FloatArray
    new_upper: FloatArray


@dataclass(frozen=True, slots=True)
class Design:
    """What predictions need: origins and means of the predictors, and the slopes' spread."""

    names: tuple[str, ...]
    centers: FloatArray
    offsets: FloatArray
    slopes: FloatArray
    response_center: float
    response_offset: float
    spread: FloatArray


@dataclass(frozen=True, slots=True)
class Regression(Judged):
    """A fitted regression; arrays have one entry per complete row, in the order given.

    Examples
    --------
    >>> round(regression([1, 3, 5, 7.1], {"x": [0, 1, 2, 3]}).coefficient("x").value, 3)
    2.03
    """

    n: int
    df: int
    coefficients: tuple[Coefficient, ...]
    sigma: float
    r_squared: float
    adjusted_r_squared: float
    predicted_r_squared: float | None
    f: float
    f_df: tuple[int, int]
    p_value: float
    confidence: float
    fitted: FloatArray
    residuals: FloatArray
    standardised_residuals: FloatArray
    leverage: FloatArray
    cooks_distance: FloatArray
    durbin_watson: float
    influential: tuple[int, ...]
    checks: tuple[Check, ...]
    verdict: str
    design: Design
    warnings: tuple[Notice, ...] = field(default=())

    def coefficient(self, name: str) -> Coefficient:
        """Return a coefficient by the name of its predictor ("intercept" for the constant).

        Raises
        ------
        InvalidSpecification
            If there is none of that name.
        """
        for one in self.coefficients:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.coefficients)
        raise InvalidSpecification("unknown_choice", {"value": name, "choices": known})

    def predict(self, predictors: Mapping[str, ArrayLike]) -> Prediction:
        """Predict at new values of all predictors; see :func:`regression`.

        Parameters
        ----------
        predictors : mapping of name to array of shape (k,)
            New values of every predictor of the model.

        Raises
        ------
        InvalidSpecification
            If a predictor is missing or the lengths differ.

        Examples
        --------
        >>> fit = regression([1, 3, 5, 7.5], {"x": [0, 1, 2, 3]})
        >>> fit.predict({"x": [4]}).mean.round(3).tolist()
        [9.5]
        """
        return _predict(self, predictors)


def regression(
    response: ArrayLike, predictors: Mapping[str, ArrayLike], *, confidence: float = 0.95
) -> Regression:
    """Least-squares regression with intercept.

    Parameters
    ----------
    response : array of shape (n,)
        What is explained; a row with a NaN anywhere is left out.
    predictors : mapping of name to array of shape (n,)
        What explains it, one entry or several.
    confidence : float
        Confidence level of all intervals.

    Returns
    -------
    Regression
        Coefficients, fit, diagnostics (leverage, Cook's distance, Durbin-Watson, normality and
        spread of the residuals, variance inflation) and the rows with Cook's distance above
        4 / n.

    Raises
    ------
    NotEnoughData
        With fewer rows than coefficients plus one.
    DegenerateData
        If the response or a predictor does not vary, or the predictors are linearly dependent.
    InvalidSpecification
        If lengths differ or no predictor is given.

    Notes
    -----
    Predictors are centred, scaled to length one and decomposed by QR; one step of iterative
    refinement follows. That solves the hard reference sets of NIST to nine digits or more.

    References
    ----------
    Montgomery, Peck, Vining (2012), Introduction to Linear Regression Analysis, 5th ed.
    Koenker (1981), Journal of Econometrics 17, 107-112 (spread of the residuals).

    Examples
    --------
    >>> fit = regression([1, 3, 5, 7.5], {"x": [0, 1, 2, 3]})
    >>> round(fit.coefficient("x").value, 3), fit.verdict
    (2.15, 'explains')
    """
    check_confidence(confidence)
    y, columns, missing = _rows(response, predictors)
    n, k = y.n, len(columns)
    if n < k + 2:
        raise NotEnoughData("too_few_values", {"name": "rows", "n": n, "needed": k + 2})
    solution = _solve(y, columns)
    residuals, df = solution.residuals, n - k - 1
    error_ss, total_ss = float(np.dot(residuals, residuals)), solution.total
    sigma = math.sqrt(error_ss / df)
    design = _design(tuple(map(str, predictors)), y, columns, solution)
    leverage = 1.0 / n + np.sum(solution.q**2, axis=1)
    f, p_value = _overall(total_ss, error_ss, k, df)
    standardised, cooks, press = _influence(residuals, leverage, sigma, k)
    # Residuals of rounding size say nothing about assumptions.
    exact = error_ss <= (RANK_TOLERANCE**2) * total_ss
    checks = () if exact else _checks(residuals, solution.q, n)
    coefficients = _coefficients(design, np.diag(solution.cross), sigma, n, df, confidence)
    return Regression(
        n=n,
        df=df,
        coefficients=coefficients,
        sigma=sigma,
        r_squared=1.0 - error_ss / total_ss,
        adjusted_r_squared=1.0 - (error_ss / df) / (total_ss / (n - 1)),
        predicted_r_squared=None if press is None else 1.0 - press / total_ss,
        f=f,
        f_df=(k, df),
        p_value=p_value,
        confidence=confidence,
        fitted=y.values - residuals,
        residuals=residuals,
        standardised_residuals=standardised,
        leverage=leverage,
        cooks_distance=cooks,
        durbin_watson=_durbin_watson(residuals),
        influential=tuple(int(row) for row in np.flatnonzero(cooks > 4.0 / n)),
        checks=checks,
        verdict="explains" if p_value < 1.0 - confidence else "explains_nothing",
        design=design,
        warnings=missing_notice([np.full(missing, np.nan)])
        + notices(checks, n)
        + _inflation_notice(coefficients),
    )


@dataclass(frozen=True, slots=True)
class _Solution:
    """Least squares in centred predictors of length one."""

    lengths: FloatArray
    slopes: FloatArray
    residuals: FloatArray
    q: FloatArray
    cross: FloatArray
    total: float


def _solve(y: Sample, columns: Sequence[Sample]) -> _Solution:
    """Solve by QR with one step of refinement.

    Raises
    ------
    DegenerateData
        If the predictors are linearly dependent.
    """
    centred = np.column_stack([one.deviations - one.offset for one in columns])
    largest = np.abs(centred).max(axis=0)
    lengths = largest * np.sqrt(np.sum((centred / largest) ** 2, axis=0))
    unit = centred / lengths
    q, r = linalg.qr(unit, mode="economic")
    if np.min(np.abs(np.diag(r))) < RANK_TOLERANCE:
        raise DegenerateData("dependent_predictors")
    target = y.deviations - y.offset
    slopes = linalg.solve_triangular(r, q.T @ target)
    slopes += linalg.solve_triangular(r, q.T @ (target - unit @ slopes))
    inverse = linalg.solve_triangular(r, np.eye(len(columns)))
    return _Solution(
        lengths=lengths,
        slopes=slopes,
        residuals=target - unit @ slopes,
        q=q,
        cross=inverse @ inverse.T,
        total=float(np.dot(target, target)),
    )


def _design(
    names: tuple[str, ...], y: Sample, columns: Sequence[Sample], solution: _Solution
) -> Design:
    return Design(
        names=names,
        centers=np.array([one.origin for one in columns]),
        offsets=np.array([one.offset for one in columns]),
        slopes=solution.slopes / solution.lengths,
        response_center=y.origin,
        response_offset=y.offset,
        spread=solution.cross / np.outer(solution.lengths, solution.lengths),
    )


def _rows(
    response: ArrayLike, predictors: Mapping[str, ArrayLike]
) -> tuple[Sample, list[Sample], int]:
    """Return response and predictors of the complete rows, and how many rows were left out."""
    if not predictors:
        raise InvalidSpecification("no_predictors")
    for name, column in (("response", response), *predictors.items()):
        read_values(column, name=str(name))
    y = np.asarray(response, dtype=np.float64)
    columns = [np.asarray(column, dtype=np.float64) for column in predictors.values()]
    for column in columns:
        if column.size != y.size:
            raise InvalidSpecification("lengths_differ", {"first": y.size, "second": column.size})
    complete = ~np.isnan(np.column_stack([y, *columns])).any(axis=1)
    kept = [sample(one[complete], least=3, name="rows") for one in (y, *columns)]
    if any(one.sd == 0.0 for one in kept):
        raise DegenerateData("no_variation")
    return kept[0], kept[1:], int(y.size - complete.sum())


def _overall(total: float, error: float, k: int, df: int) -> tuple[float, float]:
    if error == 0.0:
        return math.inf, 0.0
    f = ((total - error) / k) / (error / df)
    return f, f_tail(f, k, df)


def _influence(
    residuals: FloatArray, leverage: FloatArray, sigma: float, k: int
) -> tuple[FloatArray, FloatArray, float | None]:
    """Return standardised residuals, Cook's distances and the sum of squares left out in turn."""
    room = 1.0 - leverage
    free = room > 1e-10
    safe = np.where(free, room, 1.0)
    standardised = np.zeros_like(residuals)
    if sigma > 0.0:
        standardised = np.where(free, residuals / (sigma * np.sqrt(safe)), 0.0)
    cooks = standardised**2 * leverage / (safe * (k + 1))
    press = float(np.sum((residuals / safe) ** 2)) if bool(free.all()) else None
    return standardised, cooks, press


def _durbin_watson(residuals: FloatArray) -> float:
    total = float(np.dot(residuals, residuals))
    return float(np.sum(np.diff(residuals) ** 2)) / total if total > 0.0 else math.nan


def _checks(residuals: FloatArray, q: FloatArray, n: int) -> tuple[Check, ...]:
    largest = float(np.max(np.abs(residuals)))
    if n < LEAST_ANDERSON_DARLING:
        return ()
    unit = residuals / largest
    found: list[Check | None] = []
    normal = anderson_darling(unit)
    found.append(
        Check("normal:residuals", normal.statistic, normal.p_value, normal.p_value >= 0.05)
    )
    squares = unit**2 - np.mean(unit**2)
    spread = float(np.dot(squares, squares))
    if spread > 0.0:
        explained = float(np.sum((q.T @ squares) ** 2)) / spread
        p_value = float(special.gammaincc(q.shape[1] / 2.0, n * explained / 2.0))
        found.append(Check("equal_spread", n * explained, p_value, p_value >= 0.05))
    dw = _durbin_watson(unit)
    bound = 4.0 / math.sqrt(n)
    found.append(Check("independent:residuals", dw, None, abs(dw - 2.0) <= bound))
    return present(found)


def _coefficients(
    design: Design, inflation: FloatArray, sigma: float, n: int, df: int, confidence: float
) -> tuple[Coefficient, ...]:
    quantile = t_quantile(0.5 + confidence / 2.0, df)
    means = design.centers + design.offsets
    intercept = (design.response_center - float(design.slopes @ design.centers)) + (
        design.response_offset - float(design.slopes @ design.offsets)
    )
    intercept_error = sigma * math.sqrt(1.0 / n + float(means @ design.spread @ means))
    errors = sigma * np.sqrt(np.diag(design.spread))
    rows: Sequence[tuple[str, float, float, float | None]] = [
        ("intercept", intercept, intercept_error, None),
        *zip(
            design.names,
            design.slopes.tolist(),
            errors.tolist(),
            inflation.tolist(),
            strict=True,
        ),
    ]
    found = []
    for name, value, error, factor in rows:
        t = value / error if error > 0.0 else math.copysign(math.inf, value)
        p_value = t_two_sided_p(t, df) if math.isfinite(t) else 0.0
        half = quantile * error
        found.append(
            Coefficient(name, value, error, t, p_value, value - half, value + half, factor)
        )
    return tuple(found)


def _inflation_notice(coefficients: Sequence[Coefficient]) -> tuple[Notice, ...]:
    worst = max(coefficients, key=lambda one: one.inflation or 0.0)
    if worst.inflation is None or worst.inflation <= HIGH_INFLATION:
        return ()
    return (Notice("predictors_overlap", {"name": worst.name, "factor": worst.inflation}),)


def _predict(fit: Regression, predictors: Mapping[str, ArrayLike]) -> Prediction:
    design = fit.design
    columns: list[FloatArray] = []
    for place, name in enumerate(design.names):
        if name not in predictors:
            raise InvalidSpecification("predictor_missing", {"name": name})
        values, missing = read_values(predictors[name], name=name)
        if missing or (columns and values.size != columns[0].size):
            size = columns[0].size if columns else values.size + missing
            raise InvalidSpecification("lengths_differ", {"first": size, "second": values.size})
        columns.append((values - design.centers[place]) - design.offsets[place])
    away = np.column_stack(columns)
    mean = design.response_center + (design.response_offset + away @ design.slopes)
    distance = 1.0 / fit.n + np.einsum("ij,jk,ik->i", away, design.spread, away)
    quantile = t_quantile(0.5 + fit.confidence / 2.0, fit.df)
    narrow = quantile * fit.sigma * np.sqrt(distance)
    wide = quantile * fit.sigma * np.sqrt(1.0 + distance)
    return Prediction(mean, mean - narrow, mean + narrow, mean - wide, mean + wide)


def trend(values: ArrayLike, *, confidence: float = 0.95) -> Regression:
    """Regression of values on their position (0, 1, ...); gaps keep their place.

    Parameters
    ----------
    values : array of shape (n,)
        Observations in order of time, in any unit; NaN is left out.
    confidence : float
        Confidence level of all intervals.

    Returns
    -------
    Regression
        With the one predictor "position"; its slope is the drift per step.

    Raises
    ------
    NotEnoughData, DegenerateData
        As for :func:`regression`.

    References
    ----------
    Montgomery, Peck, Vining (2012), Introduction to Linear Regression Analysis, 5th ed., chapter 2.

    Examples
    --------
    >>> round(trend([1.0, 2.1, 2.9, 4.0]).coefficient("position").value, 2)
    0.98
    """
    read_values(values)
    positions = np.arange(np.asarray(values, dtype=np.float64).size, dtype=np.float64)
    return regression(values, {"position": positions}, confidence=confidence)
