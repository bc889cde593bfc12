"""Average run lengths: how many points pass, on average, before a chart signals.

Each is the solution of the integral equation of its chart, solved at Gauss-Legendre nodes.

References
----------
Brook and Evans (1972), Biometrika 59; Lucas and Crosier (1982), Technometrics 24; Crowder (1987),
Technometrics 29; Rigdon (1995), Journal of Statistical Computation and Simulation 52.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy import special

from apps.stats.errors import InvalidSpecification
from apps.stats.results import FloatArray

_NODES, _MOST_NODES = 96, 1500
_LONGEST_RUN = 1e6
_LONGEST_KNOWN = 1e12
_MOST_STEPS = 60
_CLOSE = 1e-9


def _nodes(low: float, high: float, step: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights, two or more for each `step`, the standard deviation of one step."""
    count = int(np.clip(2 * (high - low) / step, _NODES, _MOST_NODES))
    nodes, weights = np.polynomial.legendre.leggauss(count)
    half = (high - low) / 2
    return low + half * (nodes + 1.0), half * weights


def _resolved(reach: float, step: float) -> bool:
    """Whether the nodes are close enough together to see a single step."""
    return 2 * reach / step <= _MOST_NODES


def _density(x: FloatArray) -> FloatArray:
    near = np.clip(x, -1e3, 1e3)  # beyond, nothing is left and squares would overflow
    return np.exp(-0.5 * near * near) / math.sqrt(2 * math.pi)


def _lengths(kernel: FloatArray) -> FloatArray:
    """Run lengths from each origin; infinite where they are too long for the arithmetic."""
    identity = np.eye(len(kernel))
    try:
        solved = np.linalg.solve(identity - kernel, np.ones(len(kernel)))
    except np.linalg.LinAlgError:
        return np.full(len(kernel), math.inf)
    lengths: FloatArray = np.where((solved >= 1.0) & (solved < _LONGEST_KNOWN), solved, math.inf)
    return lengths


def shewhart_arl(width: float = 3.0, shift: float = 0.0) -> float:
    """Points until one lies beyond `width` sigma when the level has moved by `shift` sigma.

    Parameters
    ----------
    width
        Distance of both limits from the center, in sigma.
    shift
        Change of the level, in sigma of a point.

    Returns
    -------
    float
        Points, on average; infinite where the tails are below the smallest number.

    Raises
    ------
    InvalidSpecification
        If the width is not above 0 and finite, or the shift not finite.

    References
    ----------
    Montgomery (2013), Introduction to Statistical Quality Control, 7th ed., section 5.3.4.

    Examples
    --------
    >>> round(shewhart_arl(), 1)
    370.4
    """
    _positive("width", width)
    if not math.isfinite(shift):
        raise InvalidSpecification(
            "option_range", {"option": "shift", "expected": "finite", "value": str(shift)}
        )
    chance = float(special.ndtr(shift - width) + special.ndtr(-shift - width))
    return 1.0 / chance if chance > 0.0 else math.inf


@lru_cache(maxsize=64)
def cusum_arl(
    shift_allowed: float = 0.5,
    decision: float = 5.0,
    *,
    shift: float = 0.0,
    head_start: float = 0.0,
    two_sided: bool = True,
) -> float:
    """Average run length of a tabular CUSUM.

    Parameters
    ----------
    shift_allowed, decision
        k and h, in sigma.
    shift
        True change of the level, in sigma.
    head_start
        Starting value of both arms, in sigma.
    two_sided
        Both arms together (Kemp's rule, exact for equal arms without a large head start).

    Returns
    -------
    float
        Infinite where it is too long for the arithmetic, NaN where h is too large for it.

    Raises
    ------
    InvalidSpecification
        If h is not positive.

    References
    ----------
    Brook and Evans (1972), Biometrika 59, 539-549; Lucas and Crosier (1982), Technometrics 24,
    199-205 (head start); van Dobben de Bruyn (1968), Cumulative Sum Tests, for both arms together.

    Examples
    --------
    Montgomery, table 9.3: k = 0.5, h = 5 has an in-control run length of 465.

    >>> round(cusum_arl(0.5, 5.0))
    465
    """
    _positive("decision", decision)
    up, up_from_zero = _one_arm(shift_allowed, decision, shift, head_start)
    if not two_sided:
        return up
    down, down_from_zero = _one_arm(shift_allowed, decision, -shift, head_start)
    if math.inf in (up_from_zero, down_from_zero):
        return min(up, down)
    return (up * down_from_zero + down * up_from_zero - up_from_zero * down_from_zero) / (
        up_from_zero + down_from_zero
    )


def _one_arm(k: float, h: float, shift: float, start: float) -> tuple[float, float]:
    if not _resolved(h, 1.0):
        return math.nan, math.nan
    v, weights = _nodes(0.0, h)
    origins = np.concatenate(([0.0, min(start, h)], v))
    kernel = np.zeros((len(origins), len(origins)))
    kernel[:, 0] = special.ndtr(k - origins - shift)
    kernel[:, 2:] = weights * _density(v[None, :] + k - origins[:, None] - shift)
    lengths = _lengths(kernel)
    return float(lengths[1]), float(lengths[0])


@lru_cache(maxsize=64)
def ewma_arl(weight: float = 0.2, width: float = 3.0, *, shift: float = 0.0) -> float:
    """Average run length of an EWMA chart with its asymptotic limits.

    Parameters
    ----------
    weight
        Weight of the newest point, above 0 and at most 1.
    width
        Distance of the limits from the center, in sigma of the average.
    shift
        True change of the level, in sigma of a point.

    Returns
    -------
    float
        Infinite where it is too long for the arithmetic, NaN where the weight is too small for it.

    Raises
    ------
    InvalidSpecification
        If weight or width is out of range.

    References
    ----------
    Crowder (1987), Technometrics 29, 401-407 (the integral equation); Lucas and Saccucci (1990),
    Technometrics 32, 1-12.

    Examples
    --------
    Montgomery, table 9.11: weight 0.10 with width 2.814 has an in-control run length of 500.

    >>> round(ewma_arl(0.10, 2.814))
    500
    """
    _positive("width", width)
    if not 0 < weight <= 1:
        raise InvalidSpecification(
            "option_range",
            {"option": "weight", "expected": "above 0 and at most 1", "value": weight},
        )
    reach = width * math.sqrt(weight / (2 - weight))
    if not _resolved(2 * reach, weight):
        return math.nan
    v, weights = _nodes(-reach, reach, weight)
    origins = np.concatenate(([0.0], v))
    step = (v[None, :] - (1 - weight) * origins[:, None]) / weight - shift
    kernel = np.zeros((len(origins), len(origins)))
    kernel[:, 1:] = weights * _density(step) / weight
    lengths = _lengths(kernel)
    return float(lengths[0])


def mewma_arl(weight: float, limit: float, variables: int) -> float:
    """In-control average run length of a MEWMA chart with its asymptotic covariance.

    Examples
    --------
    Prabhu and Runger (1997) give the limit 8.64 for two variables, weight 0.1 and a length of 200.

    >>> round(mewma_arl(0.1, 8.64, 2), -1)
    200.0
    """
    reach = math.sqrt(limit * weight / (2 - weight))
    if not _resolved(reach, weight):
        return math.nan
    v, weights = _nodes(0.0, reach, weight)
    origins = np.concatenate(([0.0], v))
    kernel = np.zeros((len(origins), len(origins)))
    distance = ((1 - weight) * origins[:, None] / weight) ** 2
    squared = (v[None, :] / weight) ** 2
    density = _noncentral_chi_square(squared, distance, variables)
    kernel[:, 1:] = weights * density * 2 * v[None, :] / weight**2
    lengths = _lengths(kernel)
    return float(lengths[0])


def _noncentral_chi_square(x: FloatArray, distance: FloatArray, df: int) -> FloatArray:
    """Density; the scaled Bessel function keeps it in range for large distances."""
    root = np.sqrt(x * np.maximum(distance, 1e-12))
    order = df / 2 - 1
    ratio = (x / np.maximum(distance, 1e-12)) ** (order / 2)
    exponent = -0.5 * (x + distance) + root
    density: FloatArray = 0.5 * np.exp(exponent) * ratio * special.ive(order, root)
    return density


@lru_cache(maxsize=64)
def mewma_limit(weight: float, variables: int, arl: float) -> float:
    """The limit of a MEWMA chart that has the wanted in-control average run length.

    Raises
    ------
    InvalidSpecification
        If no limit reaches it.

    Examples
    --------
    >>> round(mewma_limit(0.1, 2, 200.0), 2)
    8.63
    """
    if not 1 < arl <= _LONGEST_RUN:
        raise InvalidSpecification(
            "option_range",
            {"option": "arl", "expected": f"above 1 and at most {_LONGEST_RUN:g}", "value": arl},
        )

    def excess(limit: float) -> float:
        return math.log(mewma_arl(weight, limit, variables) / arl)

    low, high = 1e-6, float(variables)
    below, above = -math.log(arl), excess(high)
    while above < 0:
        low, below, high = high, above, 2 * high
        above = excess(high)
    if math.isnan(above):
        raise InvalidSpecification(
            "option_range", {"option": "weight", "expected": "0.0001 or more", "value": weight}
        )
    return _crossing(excess, (low, below), (high, above))


def _crossing(
    function: Callable[[float], float], low: tuple[float, float], high: tuple[float, float]
) -> float:
    """Where a rising function crosses zero, by false position (Illinois variant)."""
    (x_low, below), (x_high, above) = low, high
    middle, last = x_low, 0.0
    for _ in range(_MOST_STEPS):
        middle = (x_low * above - x_high * below) / (above - below)
        value = function(middle)
        if abs(value) < _CLOSE:
            break
        repeated = value * last > 0  # the other end has not moved: pull it closer
        if value < 0:
            x_low, below, above = middle, value, above / 2 if repeated else above
        else:
            x_high, above, below = middle, value, below / 2 if repeated else below
        last = value
    return middle


def _positive(option: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise InvalidSpecification(
            "option_range", {"option": option, "expected": "above 0", "value": str(value)}
        )
