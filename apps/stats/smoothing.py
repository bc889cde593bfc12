"""Exponential smoothing as a state-space model: matrices, first state, weights, variances.

The model is y[t] = w x[t-1] + e[t], x[t] = F x[t-1] + g e[t] with additive errors; its states are
level, slope and one entry per place in the season. The season is a ring that turns once a period,
so a horizon of any length, also a whole number of seasons, meets the right entry.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from apps.stats.errors import NotEnoughData
from apps.stats.moments import FloatArray


@dataclass(frozen=True, slots=True)
class Smoother:
    """Matrices of one exponential-smoothing model."""

    observe: FloatArray
    move: FloatArray
    gain: FloatArray


@dataclass(frozen=True, slots=True)
class SmoothingFit:
    """A fitted model: states after the last value, errors, and how well it does."""

    name: str
    parameters: tuple[tuple[str, float], ...]
    smoother: Smoother
    state: FloatArray
    residuals: FloatArray
    fitted: FloatArray
    sigma: float
    df: int
    aicc: float

    def criterion(self, values: FloatArray, seasonal: str) -> float:
        """Corrected AIC in the unit of the values (logs pay their Jacobian)."""
        if self.name != "holt-winters" or seasonal == "additive":
            return self.aicc
        return self.aicc + 2.0 * float(np.nansum(np.log(values)))


def smoother_of(name: str, weights: FloatArray, season: int | None) -> Smoother:
    """Return the matrices; ``weights`` are shares in (0, 1) of what each weight may be.

    Examples
    --------
    >>> smoother_of("holt", np.array([0.5, 0.2]), None).gain
    array([0.5, 0.1])
    """
    alpha = weights[0]
    if name == "ewma":
        return Smoother(np.ones(1), np.ones((1, 1)), np.array([alpha]))
    beta = alpha * weights[1]
    phi = weights[2] if name == "damped" else 1.0
    observe, move = np.array([1.0, phi]), np.array([[1.0, phi], [0.0, phi]])
    gain = np.array([alpha, beta])
    if name != "holt-winters" or season is None:
        return Smoother(observe, move, gain)
    m = season
    ring = np.roll(np.eye(m), 1, axis=0)
    whole = np.zeros((m + 2, m + 2))
    whole[:2, :2], whole[2:, 2:] = move, ring
    # The ring holds the season of the last m periods, the oldest last: it is the next one.
    return Smoother(
        np.concatenate([observe, np.zeros(m - 1), [1.0]]),
        whole,
        np.concatenate([gain, [(1.0 - alpha) * weights[2]], np.zeros(m - 1)]),
    )


def errors_of_starts(smoother: Smoother, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the errors as a line in the first state: one column per state, and one for values.

    The errors are linear in the first state, so running the recursion once on all unit states
    gives every start at the same time; the final states follow as the second array.
    """
    size = smoother.gain.size
    columns = np.hstack([np.eye(size), np.zeros((size, 1))])
    rows = np.zeros((values.size, size + 1))
    for place, value in enumerate(values.tolist()):
        predicted = smoother.observe @ columns
        columns = smoother.move @ columns
        if math.isnan(value):
            rows[place] = np.nan
            continue
        error = -predicted
        error[-1] += value
        rows[place] = error
        columns += np.outer(smoother.gain, error)
    return rows, columns


def _start(rows: FloatArray, season: int | None) -> tuple[FloatArray, FloatArray]:
    """Return the first state with the smallest sum of squares, and the errors it leaves.

    A season that sums to zero makes level and season separate; the least-norm solution of the
    remaining freedom changes no error.
    """
    known = ~np.isnan(rows[:, 0])
    used = rows[known]
    if season is not None:
        # Leave the sum of the season out of the freedom by a row that asks for zero.
        extra = np.zeros(used.shape[1])
        extra[2:-1] = 1.0
        used = np.vstack([used, extra])
    state = np.linalg.lstsq(-used[:, :-1], used[:, -1], rcond=1e-12)[0]
    errors = np.full(rows.shape[0], np.nan)
    errors[known] = rows[known, -1] + rows[known, :-1] @ state
    return np.asarray(state, dtype=np.float64), errors


def fit_smoothing(name: str, values: FloatArray, season: int | None) -> SmoothingFit:
    own_season = season if name == "holt-winters" else None
    free = {"ewma": 1, "holt": 2, "damped": 3, "holt-winters": 3}[name]
    states = {"ewma": 1, "holt": 2, "damped": 2}.get(name, 1 + (own_season or 0))
    present = int(np.count_nonzero(~np.isnan(values)))
    needed = max(free + states + 3, 2 * (own_season or 0) + 3)
    if present < needed:
        raise NotEnoughData("too_few_values", {"name": "values", "n": present, "needed": needed})
    origin = float(values[~np.isnan(values)][0])
    scale = float(np.nanmax(np.abs(values - origin)))
    if scale == 0.0:
        scale = 1.0
    unit = (values - origin) / scale

    def cost(weights: FloatArray) -> float:
        rows, _columns = errors_of_starts(smoother_of(name, weights, own_season), unit)
        errors = _start(rows, own_season)[1]
        return math.log(float(np.nansum(errors**2)) + 1e-26)

    weights = _best_weights(cost, free, damped=name == "damped")
    smoother = smoother_of(name, weights, own_season)
    rows, columns = errors_of_starts(smoother, unit)
    state, errors = _start(rows, own_season)
    df = present - free - states
    squares = float(np.nansum(errors**2)) * scale**2
    parameters = free + states + 1
    aicc = present * math.log(max(squares, 1e-300) / present) + 2.0 * parameters
    aicc += 2.0 * parameters * (parameters + 1.0) / max(present - parameters - 1.0, 1.0)
    final = columns[:, :-1] @ state + columns[:, -1]
    final = final * scale
    final[0] += origin
    return SmoothingFit(
        name=name,
        parameters=_named(name, smoother, weights),
        smoother=smoother,
        state=final,
        residuals=errors * scale,
        fitted=values - errors * scale,
        sigma=math.sqrt(squares / df),
        df=df,
        aicc=aicc,
    )


def _best_weights(cost: Callable[[FloatArray], float], free: int, *, damped: bool) -> FloatArray:
    """Minimise from a few starts; the same values always give the same weights."""
    bounds = [(1e-4, 0.9999)] * free
    if damped:
        bounds[2] = (0.8, 0.98)
    starts = [np.array([start, 0.1, 0.9 if damped else 0.1][:free]) for start in (0.1, 0.6)]
    found = [
        optimize.minimize(cost, start, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60})
        for start in starts
    ]
    return np.asarray(min(found, key=lambda one: float(one.fun)).x, dtype=np.float64)


def _named(name: str, smoother: Smoother, weights: FloatArray) -> tuple[tuple[str, float], ...]:
    named = [("alpha", float(smoother.gain[0]))]
    if name != "ewma":
        named.append(("beta", float(smoother.gain[1])))
    if name == "damped":
        named.append(("phi", float(weights[2])))
    if name == "holt-winters":
        named.append(("gamma", float(smoother.gain[2])))
    return tuple(named)


def ahead(fit: SmoothingFit, horizon: int) -> tuple[FloatArray, FloatArray]:
    """Return means and standard errors of the next values: var = sigma^2 (1 + sum of c_j^2)."""
    smoother = fit.smoother
    mean, error = np.empty(horizon), np.empty(horizon)
    state, reach, spread = fit.state, smoother.gain.copy(), 1.0
    for step in range(horizon):
        mean[step] = smoother.observe @ state
        error[step] = fit.sigma * math.sqrt(spread)
        spread += float(smoother.observe @ reach) ** 2
        state, reach = smoother.move @ state, smoother.move @ reach
    return mean, error
