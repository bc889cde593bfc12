"""Johnson's system of distributions, fitted by four quantiles."""

import math
from collections.abc import Iterator

import numpy as np
from scipy import special

from apps.stats.distributions import Family, Params, normal_tails
from apps.stats.moments import FloatArray
from apps.stats.normality_tests import anderson_darling_p, empirical_a_squared

# Spacings tried, as Chou, Polansky and Mason (1998) do: z = 0.25, 0.26, ..., 1.25.
SPACINGS = np.round(np.arange(0.25, 1.2501, 0.01), 2)
TYPES = ("su", "sb", "sl")
LEAST_GAP = 1e-6


def johnson_z(x: FloatArray, kind: str, params: Params) -> FloatArray:
    """Return the standard normal value of each x; infinite outside the support.

    Examples
    --------
    >>> johnson_z(np.array([3.0]), "su", (0.0, 1.0, 3.0, 2.0))
    array([0.])
    """
    gamma, eta, location, scale = params
    u = (x - location) / scale
    with np.errstate(divide="ignore"):
        if kind == "su":
            bent = np.arcsinh(u)
        elif kind == "sb":
            inside = np.clip(u, 0.0, 1.0)
            bent = np.log(inside) - np.log1p(-inside)
        else:
            bent = np.log(np.maximum(u, 0.0))
    z: FloatArray = gamma + eta * bent
    return z


def johnson_quantile(p: FloatArray, kind: str, params: Params) -> FloatArray:
    """Return the quantiles; the inverse of :func:`johnson_z`.

    Examples
    --------
    >>> johnson_quantile(np.array([0.5]), "sb", (0.0, 1.0, 2.0, 4.0))
    array([4.])
    """
    gamma, eta, location, scale = params
    bent = (special.ndtri(p) - gamma) / eta
    shape = {"su": np.sinh, "sb": special.expit, "sl": np.exp}[kind]
    quantiles: FloatArray = location + scale * shape(bent)
    return quantiles


def fit_johnson(values: FloatArray, kind: str) -> Params | None:
    """Fit one Johnson type by quantiles, choosing the spacing with the smallest A-squared.

    Parameters
    ----------
    values : array of shape (n,)
        At least 8 values, not all equal.
    kind : str
        "su" (unbounded), "sb" (bounded) or "sl" (lognormal with a threshold).

    Returns
    -------
    tuple or None
        (gamma, eta, location, scale), or None where no spacing leads to this type.

    References
    ----------
    Slifker, Shapiro (1980), The Johnson system, Technometrics 22, 239-246.
    Chou, Polansky, Mason (1998), Transforming non-normal data to normality in statistical process
    control, Journal of Quality Technology 30, 133-141.

    Examples
    --------
    >>> z = special.ndtri((np.arange(1, 400) - 0.5) / 399)
    >>> fit = fit_johnson(np.sinh(z / 2), "su")
    >>> round(fit[1], 1)
    2.0
    """
    ordered = np.sort(values)
    best: tuple[float, Params] | None = None
    for params in _candidates(ordered, kind):
        log_cdf, log_sf = normal_tails(johnson_z(ordered, kind, params))
        distance = empirical_a_squared(log_cdf, log_sf)
        if math.isfinite(distance) and (best is None or distance < best[0]):
            best = distance, params
    return None if best is None else best[1]


def johnson_family(kind: str) -> Family:
    """Return the family of one type; its ``fit`` gives an empty tuple where the type does not fit.

    Examples
    --------
    >>> johnson_family("sb").name
    'johnson-sb'
    """
    return Family(
        f"johnson-{kind}",
        ("gamma", "eta", "location", "scale"),
        lambda values: fit_johnson(values, kind) or (),
        lambda x, params: normal_tails(johnson_z(x, kind, params)),
        lambda p, params: johnson_quantile(p, kind, params),
        lambda a_squared, n, _params: anderson_darling_p(a_squared, n),
    )


def _candidates(ordered: FloatArray, kind: str) -> Iterator[Params]:
    """Yield the parameters of every spacing that leads to this type."""
    solve = {"su": _solve_su, "sb": _solve_sb, "sl": _solve_sl}[kind]
    places = special.ndtr(np.outer(SPACINGS, [-3.0, -1.0, 1.0, 3.0]))
    # Slifker and Shapiro read the i-th ordered value as the quantile at (i - 1/2) / n.
    positions = np.clip(places * ordered.size - 0.5, 0.0, ordered.size - 1.0)
    quantiles = np.interp(positions, np.arange(ordered.size), ordered)
    for spacing, (low, left, right, high) in zip(SPACINGS, quantiles.tolist(), strict=True):
        m, n, p = high - right, left - low, right - left
        # Ties can put quantiles on one value; a shape read off such gaps describes nothing.
        if not min(m, n, p) > LEAST_GAP * (high - low):
            continue
        params = solve(float(spacing), m, n, p, (left + right) / 2.0)
        if params is not None and all(map(math.isfinite, params)) and min(params[1::2]) > 0.0:
            yield params


def _solve_su(z: float, m: float, n: float, p: float, middle: float) -> Params | None:
    product, total = m * n / p**2, (m + n) / p
    if not (product > 1.0 and total > 2.0):
        return None
    eta = 2.0 * z / math.acosh(total / 2.0)
    gamma = eta * math.asinh((n - m) / p / (2.0 * math.sqrt(product - 1.0)))
    scale = 2.0 * p * math.sqrt(product - 1.0) / ((total - 2.0) * math.sqrt(total + 2.0))
    return gamma, eta, middle + (n - m) / (2.0 * (total - 2.0)), scale


def _solve_sb(z: float, m: float, n: float, p: float, middle: float) -> Params | None:
    product, joint = p**2 / (m * n), (1.0 + p / m) * (1.0 + p / n)
    if not (product > 1.0 and joint > 4.0):
        return None
    eta = z / math.acosh(math.sqrt(joint) / 2.0)
    lean = p / n - p / m
    gamma = eta * math.asinh(lean * math.sqrt(joint - 4.0) / (2.0 * (product - 1.0)))
    scale = p * math.sqrt((joint - 2.0) ** 2 - 4.0) / (product - 1.0)
    return gamma, eta, middle - scale / 2.0 + p * lean / (2.0 * (product - 1.0)), scale


def _solve_sl(z: float, m: float, n: float, p: float, middle: float) -> Params | None:
    # The threshold leaves four quantiles over-determined; like Slifker and Shapiro, m / p decides.
    ratio = m / p
    if not ratio > 1.0 or abs(m * n / p**2 - 1.0) > 0.5:
        return None
    eta = 2.0 * z / math.log(ratio)
    gamma = eta * math.log((ratio - 1.0) / math.sqrt(ratio))
    return gamma, eta, middle - (p / 2.0) * (ratio + 1.0) / (ratio - 1.0), p
