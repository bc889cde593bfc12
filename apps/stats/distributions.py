"""Continuous distributions that process data follow: fitting, tails and quantiles.

Every family is a standard shape (normal, extreme value, exponential, gamma) behind a monotone
transformation, so that tails stay available as logarithms far outside the data.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from apps.stats.moments import FloatArray
from apps.stats.normality_tests import anderson_darling_p

Params = tuple[float, ...]
Tails = tuple[FloatArray, FloatArray]

# Upper tail points of A-squared with parameters estimated, at 25, 10, 5, 2.5 and 1 percent:
# D'Agostino, Stephens (1986), Goodness-of-Fit Techniques, tables 4.14, 4.17 and 4.21.
TAIL_SHARES = (0.25, 0.10, 0.05, 0.025, 0.01)
EXPONENTIAL_POINTS = (0.736, 1.062, 1.321, 1.591, 1.959)
EXTREME_VALUE_POINTS = (0.474, 0.637, 0.757, 0.877, 1.038)
GAMMA_POINTS_AT_ONE = (0.486, 0.657, 0.786, 0.917, 1.092)
GAMMA_POINTS_NORMAL = (0.470, 0.631, 0.752, 0.873, 1.035)


@dataclass(frozen=True, slots=True)
class Family:
    """A distribution family: how to fit it, its log tails, its quantiles and its A-squared test.

    ``p_value`` takes (A-squared, n, parameters) and gives None where no table is known. A value
    read from a table lies between 0.01 and 0.25; these ends mean "or beyond".
    """

    name: str
    parameter_names: tuple[str, ...]
    fit: Callable[[FloatArray], Params]
    log_tails: Callable[[FloatArray, Params], Tails]
    quantile: Callable[[FloatArray, Params], FloatArray]
    p_value: Callable[[float, int, Params], float | None]
    positive: bool = False


def table_p_value(adjusted: float, points: tuple[float, ...]) -> float:
    """Interpolate the logarithm of the tail share between table points, ends included.

    Examples
    --------
    >>> table_p_value(0.757, EXTREME_VALUE_POINTS), table_p_value(9.0, EXTREME_VALUE_POINTS)
    (0.05, 0.01)
    """
    logs = np.interp(adjusted, points, np.log(TAIL_SHARES))
    return round(math.exp(float(logs)), 12)


def normal_tails(z: FloatArray) -> Tails:
    """Return the logs of both normal tails.

    Examples
    --------
    >>> normal_tails(np.array([0.0]))[0].round(6)
    array([-0.693147])
    """
    return special.log_ndtr(z), special.log_ndtr(-z)


def smallest_extreme_tails(w: FloatArray) -> Tails:
    """Return the logs of both tails of the standard smallest extreme value distribution.

    Examples
    --------
    >>> low, high = smallest_extreme_tails(np.array([0.0]))
    >>> float(np.exp(low[0]) + np.exp(high[0]))
    1.0
    """
    hazard = np.exp(np.minimum(w, 700.0))
    # For tiny hazards 1 - exp(-h) is h itself, whose log is w: no digit is lost that way.
    with np.errstate(divide="ignore"):
        log_cdf = np.where(w < -30.0, w, np.log(-np.expm1(-hazard)))
    return log_cdf, -hazard


def fit_smallest_extreme(values: FloatArray) -> Params:
    """Maximum-likelihood location and scale of the smallest extreme value distribution.

    Parameters
    ----------
    values : array of shape (n,)
        At least two different values.

    Returns
    -------
    tuple
        (location, scale) in the unit of the values.

    References
    ----------
    Lawless (2003), Statistical Models and Methods for Lifetime Data, section 5.2.

    Examples
    --------
    >>> location, scale = fit_smallest_extreme(np.array([1.0, 2.0, 4.0, 4.5, 5.0]))
    >>> round(location, 4), round(scale, 4)
    (4.027, 1.1848)
    """
    center = float(np.mean(values))
    spread = float(np.std(values))
    y = (values - center) / spread

    def weights(scale: float) -> FloatArray:
        powers: FloatArray = np.exp((y - y.max()) / scale)
        return powers

    def slope(scale: float) -> float:
        w = weights(scale)
        return float(np.dot(y, w) / w.sum()) - scale

    scale = float(optimize.brentq(slope, 1e-9, 10.0, xtol=1e-13))
    location = float(y.max()) + scale * math.log(float(np.mean(weights(scale))))
    return center + spread * location, spread * scale


def fit_gamma(values: FloatArray) -> Params:
    """Maximum-likelihood shape and scale of the gamma distribution (positive values).

    References
    ----------
    Johnson, Kotz, Balakrishnan (1994), Continuous Univariate Distributions 1, section 17.7.

    Examples
    --------
    >>> shape, scale = fit_gamma(np.array([1.0, 2.0, 3.0, 4.0]))
    >>> round(shape * scale, 9), round(math.log(shape) - float(special.digamma(shape)), 6)
    (2.5, 0.121777)
    """
    mean = float(np.mean(values))
    gap = -float(np.mean(np.log(values / mean)))
    if gap < 1e-6:
        # Nearly equal values: the series of digamma is exact here, the difference below is not.
        variation = float(np.var(values / mean))
        shape = (
            1.0 / variation
            if gap <= 0.0
            else (1.0 + math.sqrt(1.0 + 4.0 * gap / 3.0)) / (4.0 * gap)
        )
        return shape, mean / shape

    def slope(log_shape: float) -> float:
        shape = math.exp(log_shape)
        return log_shape - float(special.digamma(shape)) - gap

    shape = math.exp(float(optimize.brentq(slope, math.log(1e-3), math.log(1e12), xtol=1e-13)))
    return shape, mean / shape


def gamma_tails(x: FloatArray, params: Params) -> Tails:
    """Return the logs of both gamma tails; the leading term stands in where they underflow.

    Examples
    --------
    >>> float(gamma_tails(np.array([2.0]), (1.0, 1.0))[1][0])
    -2.0
    """
    shape, scale = params
    u = np.maximum(x / scale, 0.0)
    lower, upper = special.gammainc(shape, u), special.gammaincc(shape, u)
    with np.errstate(divide="ignore"):
        log_u = np.log(u)
        log_lower = np.where(
            lower > 1e-290, np.log(lower), shape * log_u - special.gammaln(shape + 1.0)
        )
        log_upper = np.where(
            upper > 1e-290,
            np.log(upper),
            (shape - 1.0) * np.where(u > 0.0, log_u, 0.0) - u - special.gammaln(shape),
        )
    return log_lower, log_upper


def box_cox_lambda(values: FloatArray) -> float:
    """Maximum-likelihood power of the Box-Cox transformation, between -5 and 5.

    References
    ----------
    Box, Cox (1964), An analysis of transformations, J. Royal Statistical Society B 26, 211-252.

    Examples
    --------
    >>> abs(box_cox_lambda(np.exp(special.ndtri((np.arange(1, 200) - 0.5) / 199)))) < 1e-6
    True
    """
    logs = np.log(values)
    centered = logs - np.mean(logs)

    def cost(power: float) -> float:
        # With the geometric mean divided out the likelihood is the variance alone.
        return math.log(float(np.var(_box_cox(centered, power))))

    found = optimize.minimize_scalar(cost, bounds=(-5.0, 5.0), options={"xatol": 1e-9})
    return float(found.x)


def _box_cox(logs: FloatArray, power: float) -> FloatArray:
    """Return (exp(power * log) - 1) / power, which is the log itself at power 0."""
    if abs(power) < 1e-8:
        return logs
    result: FloatArray = np.expm1(power * logs) / power
    return result


def _fit_normal(values: FloatArray) -> Params:
    return float(np.mean(values)), float(np.std(values, ddof=1))


def _fit_lognormal(values: FloatArray) -> Params:
    return _fit_normal(np.log(values))


def _fit_box_cox(values: FloatArray) -> Params:
    logs = np.log(values)
    center, power = float(np.mean(logs)), box_cox_lambda(values)
    mean, sd = _fit_normal(_box_cox(logs - center, power))
    return power, math.exp(center), mean, sd


def _box_cox_z(x: FloatArray, params: Params) -> FloatArray:
    power, unit, mean, sd = params
    z: FloatArray = (_box_cox(_log(x / unit), power) - mean) / sd
    return z


def _box_cox_quantile(p: FloatArray, params: Params) -> FloatArray:
    power, unit, mean, sd = params
    y = mean + sd * special.ndtri(p)
    if abs(power) < 1e-8:
        return np.asarray(unit * np.exp(y))
    inside = np.maximum(1.0 + power * y, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(unit * inside ** (1.0 / power))


def _log(x: FloatArray) -> FloatArray:
    """Natural log with minus infinity from zero downwards."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.maximum(x, 0.0)))


def _swap(tails: Tails) -> Tails:
    return tails[1], tails[0]


def _smallest_quantile(p: FloatArray) -> FloatArray:
    return np.asarray(np.log(-np.log1p(-p)))


def _fit_largest_extreme(values: FloatArray) -> Params:
    location, scale = fit_smallest_extreme(-values)
    return -location, scale


def _fit_weibull(values: FloatArray) -> Params:
    location, scale = fit_smallest_extreme(np.log(values))
    return 1.0 / scale, math.exp(location)


def _normal_p(a_squared: float, n: int, _params: Params) -> float | None:
    return anderson_darling_p(a_squared, n)


def _extreme_p(a_squared: float, n: int, _params: Params) -> float | None:
    return table_p_value(a_squared * (1.0 + 0.2 / math.sqrt(n)), EXTREME_VALUE_POINTS)


def _exponential_p(a_squared: float, n: int, _params: Params) -> float | None:
    return table_p_value(a_squared * (1.0 + 0.6 / n), EXPONENTIAL_POINTS)


def _gamma_p(a_squared: float, _n: int, params: Params) -> float | None:
    """Between the points for an exponential-like and a normal-like shape, linear in 1 / shape."""
    if params[0] < 1.0:
        return None
    nearness = 1.0 / params[0]
    points = tuple(
        far + nearness * (near - far)
        for near, far in zip(GAMMA_POINTS_AT_ONE, GAMMA_POINTS_NORMAL, strict=True)
    )
    return table_p_value(a_squared, points)


def _location_scale(x: FloatArray, params: Params) -> FloatArray:
    result: FloatArray = (x - params[0]) / params[1]
    return result


# One line per family; the Johnson families join in apps.stats.nonnormal.
FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        Family(
            "normal",
            ("mean", "sd"),
            _fit_normal,
            lambda x, p: normal_tails(_location_scale(x, p)),
            lambda q, p: p[0] + p[1] * special.ndtri(q),
            _normal_p,
        ),
        Family(
            "lognormal",
            ("log_mean", "log_sd"),
            _fit_lognormal,
            lambda x, p: normal_tails(_location_scale(_log(x), p)),
            lambda q, p: np.exp(p[0] + p[1] * special.ndtri(q)),
            _normal_p,
            positive=True,
        ),
        Family(
            "weibull",
            ("shape", "scale"),
            _fit_weibull,
            lambda x, p: smallest_extreme_tails(p[0] * _log(x / p[1])),
            lambda q, p: p[1] * np.exp(_smallest_quantile(q) / p[0]),
            _extreme_p,
            positive=True,
        ),
        Family(
            "gamma",
            ("shape", "scale"),
            fit_gamma,
            gamma_tails,
            lambda q, p: p[1] * special.gammaincinv(p[0], q),
            _gamma_p,
            positive=True,
        ),
        Family(
            "exponential",
            ("mean",),
            lambda x: (float(np.mean(x)),),
            lambda x, p: smallest_extreme_tails(_log(x / p[0])),
            lambda q, p: -p[0] * np.log1p(-q),
            _exponential_p,
            positive=True,
        ),
        Family(
            "smallest-extreme-value",
            ("location", "scale"),
            fit_smallest_extreme,
            lambda x, p: smallest_extreme_tails(_location_scale(x, p)),
            lambda q, p: p[0] + p[1] * _smallest_quantile(q),
            _extreme_p,
        ),
        Family(
            "largest-extreme-value",
            ("location", "scale"),
            _fit_largest_extreme,
            lambda x, p: _swap(smallest_extreme_tails(-_location_scale(x, p))),
            lambda q, p: p[0] - p[1] * np.log(-np.log(q)),
            _extreme_p,
        ),
        Family(
            "box-cox",
            ("power", "unit", "mean", "sd"),
            _fit_box_cox,
            lambda x, p: normal_tails(_box_cox_z(x, p)),
            _box_cox_quantile,
            _normal_p,
            positive=True,
        ),
    )
}
