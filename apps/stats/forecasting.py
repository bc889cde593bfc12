"""Forecasts with prediction limits, for early warning."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.evidence.means import t_quantile
from apps.stats.moments import FloatArray, check_confidence, read_values
from apps.stats.plain import Result
from apps.stats.results import Notice
from apps.stats.smoothing import SmoothingFit, ahead, fit_smoothing

MODELS = ("ewma", "holt", "damped", "holt-winters")
SEASONALS = ("additive", "multiplicative")
MOST_RECENT = 600
FEW_VALUES = 10
LARGEST_HORIZON = 1000


@dataclass(frozen=True, slots=True)
class Breach:
    """The first steps ahead (1 is the next value) at which a limit is passed, None if never.

    ``possible`` is the step whose prediction limits first reach it, ``expected`` the one whose
    forecast itself does.
    """

    possible: int | None
    expected: int | None


@dataclass(frozen=True, slots=True)
class Forecast(Result):
    """Forecast of the next values with prediction limits for each of them.

    ``fitted`` are the one-step forecasts of the values used, ``residuals`` their errors (NaN where
    a value was missing); on the scale of logarithms for a multiplicative season.

    Examples
    --------
    >>> forecast([5.0, 5.0, 5.0, 5.0, 5.0, 5.0], horizon=2, model="ewma").mean.tolist()
    [5.0, 5.0]
    """

    model: str
    season: int | None
    seasonal: str | None
    parameters: tuple[tuple[str, float], ...]
    sigma: float
    aicc: float
    confidence: float
    mean: FloatArray
    lower: FloatArray
    upper: FloatArray
    fitted: FloatArray
    residuals: FloatArray
    warnings: tuple[Notice, ...] = field(default=())

    def breach(self, limit: float, *, side: str) -> Breach:
        """Tell when the forecast passes a limit.

        Parameters
        ----------
        limit : float
            A specification or target in the unit of the values.
        side : str
            "above" or "below": the side on which the limit is passed.

        Raises
        ------
        InvalidSpecification
            If the side is unknown.

        Examples
        --------
        >>> forecast([1.0, 2.0, 3.1, 4.0, 5.1, 6.0, 7.1, 8.0], model="holt").breach(
        ...     10.5, side="above").expected
        3
        """
        if side == "above":
            possible, expected = self.upper > limit, self.mean > limit
        elif side == "below":
            possible, expected = self.lower < limit, self.mean < limit
        else:
            raise InvalidSpecification("unknown_choice", {"value": side, "choices": "above, below"})
        return Breach(_first(possible), _first(expected))


def forecast(
    values: ArrayLike,
    *,
    horizon: int = 12,
    model: str = "auto",
    season: int | None = None,
    seasonal: str = "additive",
    confidence: float = 0.95,
) -> Forecast:
    """Forecast by exponential smoothing with maximum-likelihood parameters.

    Parameters
    ----------
    values : array of shape (n,)
        Observations at equal distances in time; NaN keeps its place and is bridged. Of more than
        600 values the last 600 are used.
    horizon : int
        Steps to forecast, up to 1000.
    model : str
        "ewma" (level), "holt" (level and slope), "damped" (slope that fades), "holt-winters"
        (level, slope and season), or "auto": the smallest corrected AIC.
    season : int, optional
        Values in a season, such as 12 for months; "auto" tries seasons only with it.
    seasonal : str
        "additive", or "multiplicative" (the model of the logarithms; values above 0).
    confidence : float
        Level of the prediction limits of each single step.

    Returns
    -------
    Forecast
        Means and limits in the unit of the values. With a multiplicative season the mean is the
        median of the skewed prediction.

    Raises
    ------
    NotEnoughData
        With fewer present values than the model has parameters plus 3, or less than two seasons.
    InvalidSpecification
        If an option makes no sense.

    References
    ----------
    Hyndman, Koehler, Ord, Snyder (2008), Forecasting with Exponential Smoothing, chapters 2, 3, 5
    and 6 (variances of class 1, table 6.1).

    Examples
    --------
    >>> season = [5.0, -2.0, -4.0, 1.0]
    >>> values = [10 + 0.5 * t + season[t % 4] for t in range(24)]
    >>> result = forecast(values, horizon=4, model="holt-winters", season=4)
    >>> result.mean.round(6).tolist()
    [27.0, 20.5, 19.0, 24.5]
    """
    check_confidence(confidence)
    if not 1 <= horizon <= LARGEST_HORIZON:
        raise InvalidSpecification("horizon_not_positive", {"horizon": int(horizon)})
    names = _candidates(model, season, seasonal)
    read_values(values)
    array = np.asarray(values, dtype=np.float64)
    recent = array[-MOST_RECENT:]
    notices = (Notice("only_recent_used", {"n": MOST_RECENT}),) if array.size > recent.size else ()
    fits = []
    for name in names:
        turned = seasonal == "multiplicative" and name == "holt-winters"
        try:
            fits.append(fit_smoothing(name, _logs(recent) if turned else recent, season))
        except NotEnoughData:
            if len(names) == 1 or name == "ewma":
                raise
    # A model of the logarithms is judged in the unit of the values, like the others.
    best = min(fits, key=lambda fit: fit.criterion(recent, seasonal))
    return _forecast(best, recent, horizon, season, seasonal, confidence, notices)


def ewma(values: ArrayLike, weight: float, *, start: float | None = None) -> FloatArray:
    """Return the exponentially weighted average after each value.

    Parameters
    ----------
    values : array of shape (n,)
        Observations; at NaN the average stays.
    weight : float
        Weight of the newest value, above 0 and at most 1.
    start : float, optional
        Average before the first value; by default the first value itself.

    Raises
    ------
    InvalidSpecification
        If the weight is out of range.
    NotEnoughData
        Without a value.

    References
    ----------
    NIST/SEMATECH e-Handbook of Statistical Methods, section 6.4.3.1.

    Examples
    --------
    >>> ewma([71, 70, 69], 0.1).round(2).tolist()
    [71.0, 70.9, 70.71]
    """
    if not 0.0 < weight <= 1.0:
        raise InvalidSpecification("not_a_share", {"name": "weight", "value": float(weight)})
    present, _missing = read_values(values)
    if present.size == 0:
        raise NotEnoughData("too_few_values", {"name": "values", "n": 0, "needed": 1})
    level = float(present[0]) if start is None else float(start)
    averages = np.empty(np.asarray(values, dtype=np.float64).size)
    for place, value in enumerate(np.asarray(values, dtype=np.float64).tolist()):
        if not math.isnan(value):
            level += weight * (value - level)
        averages[place] = level
    return averages


def _candidates(model: str, season: int | None, seasonal: str) -> tuple[str, ...]:
    if model not in (*MODELS, "auto"):
        choices = ", ".join((*MODELS, "auto"))
        raise InvalidSpecification("unknown_choice", {"value": model, "choices": choices})
    if seasonal not in SEASONALS:
        choices = ", ".join(SEASONALS)
        raise InvalidSpecification("unknown_choice", {"value": seasonal, "choices": choices})
    if (season is not None and season < 2) or (season is None and model == "holt-winters"):
        raise InvalidSpecification("season_needed")
    if model != "auto":
        return (model,)
    return MODELS if season is not None else MODELS[:3]


def _logs(values: FloatArray) -> FloatArray:
    if bool(np.any(values[~np.isnan(values)] <= 0.0)):
        raise InvalidSpecification("needs_positive")
    return np.asarray(np.log(values), dtype=np.float64)


def _forecast(
    fit: SmoothingFit,
    values: FloatArray,
    horizon: int,
    season: int | None,
    seasonal: str,
    confidence: float,
    notices: tuple[Notice, ...],
) -> Forecast:
    mean, error = ahead(fit, horizon)
    half = t_quantile(0.5 + confidence / 2.0, fit.df) * error
    has_season = fit.name == "holt-winters"
    lower, upper = mean - half, mean + half
    if has_season and seasonal == "multiplicative":
        if float(np.max(upper)) > 230.0:
            raise DegenerateData("values_too_large", {"name": "forecast"})
        mean, lower, upper = np.exp(mean), np.exp(lower), np.exp(upper)
    present = int(np.count_nonzero(~np.isnan(values)))
    return Forecast(
        model=fit.name,
        season=season if has_season else None,
        seasonal=seasonal if has_season else None,
        parameters=fit.parameters,
        sigma=fit.sigma,
        aicc=fit.criterion(values, seasonal),
        confidence=confidence,
        mean=mean,
        lower=lower,
        upper=upper,
        fitted=fit.fitted,
        residuals=fit.residuals,
        warnings=notices + _warnings(fit, values, present),
    )


def _warnings(fit: SmoothingFit, values: FloatArray, present: int) -> tuple[Notice, ...]:
    found: list[Notice] = []
    missing = values.size - present
    if missing:
        found.append(Notice("missing_left_out", {"n": missing}))
    if present < FEW_VALUES or fit.df < FEW_VALUES:
        found.append(Notice("short_history", {"n": present}))
    errors = fit.residuals[~np.isnan(fit.residuals)]
    total = float(np.dot(errors, errors))
    if fit.sigma > 0.0 and present >= 20:
        lag_one = float(np.dot(errors[1:], errors[:-1])) / total
        if abs(lag_one) > 2.6 / math.sqrt(present):
            found.append(Notice("residuals_not_independent", {"lag_one": lag_one}))
    return tuple(found)


def _first(flags: np.ndarray) -> int | None:
    places = np.flatnonzero(flags)
    return int(places[0]) + 1 if places.size else None
