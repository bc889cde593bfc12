"""Control chart constants, computed from the distribution of the range and of the sample SD.

Nothing is typed in from a table.  Where an audit compares with a printed table, `printed=True`
rounds the constants as tables print them (d2 and d4 to three decimals, d3 and c4 to four, the rest
to three), which reproduces the figures of most textbooks to their last digit.

References
----------
Montgomery, Introduction to Statistical Quality Control, appendix VI; ASTM E2587, table 1;
Tippett (1925) for the range; Patnaik (1950) for its equivalent degrees of freedom.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from apps.stats.errors import InvalidSpecification
from apps.stats.results import FloatArray

LARGEST_RANGE_SIZE = 100

_STEP = 0.1
_REACH = 9.5
_LARGEST_RANGE = 15.0
_RANGE_NODES = 160


@dataclass(frozen=True, slots=True)
class Constants:
    """The constants of one subgroup size, named as in the textbooks.

    d2, d3: mean and standard deviation of the range of n standard normal values; d4: its median;
    c4, c5: mean and standard deviation of their sample standard deviation; A2, A3: mean charts
    from the average range or SD; B3, B4 (B5, B6): SD charts from the average SD (a known sigma);
    D3, D4: range charts from the average range.
    """

    n: int
    d2: float
    d3: float
    d4: float
    c4: float
    c5: float
    A2: float
    A3: float
    B3: float
    B4: float
    B5: float
    B6: float
    D3: float
    D4: float


@lru_cache(maxsize=1)
def _range_grid() -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Nodes for F(w) = n * integral of phi(x) (Phi(x+w) - Phi(x))^(n-1) dx and for the range w.

    The trapezoid rule on the whole line and Gauss-Legendre on [0, 15] both reach rounding error.
    """
    x = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
    nodes, weights = np.polynomial.legendre.leggauss(_RANGE_NODES)
    w = (nodes + 1.0) * (_LARGEST_RANGE / 2)
    weights = weights * (_LARGEST_RANGE / 2)
    density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi) * _STEP
    upper = _normal_cdf(x[None, :] + w[:, None])
    return w, weights, density, upper - _normal_cdf(x)[None, :]


def _normal_cdf(x: FloatArray) -> FloatArray:
    flat = [0.5 * math.erfc(-v / math.sqrt(2.0)) for v in x.ravel().tolist()]
    return np.array(flat).reshape(x.shape)


def _range_cdf(n: int, w: float) -> float:
    x = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
    density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi) * _STEP
    return float(n * np.sum(density * (_normal_cdf(x + w) - _normal_cdf(x)) ** (n - 1)))


@lru_cache(maxsize=256)
def _range_moments(n: int) -> tuple[float, float]:
    w, weights, density, between = _range_grid()
    survival = 1.0 - n * (between ** (n - 1)) @ density
    mean = float(weights @ survival)
    square = float(weights @ (2.0 * w * survival))
    return mean, math.sqrt(square - mean * mean)


@lru_cache(maxsize=256)
def _range_median(n: int) -> float:
    low, high = 0.0, _LARGEST_RANGE
    while high - low > 1e-15 * high:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if _range_cdf(n, middle) < 0.5:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _checked(n: int, *, smallest: int = 2, largest: int | None = None) -> int:
    if n < smallest:
        raise InvalidSpecification(
            "option_range",
            {"option": "subgroup size", "expected": f"{smallest} or more", "value": n},
        )
    if largest is not None and n > largest:
        raise InvalidSpecification("subgroups_too_large", {"largest": largest, "got": n})
    return int(n)


def d2(n: int, *, printed: bool = False) -> float:
    """Mean range of n standard normal values.

    Examples
    --------
    >>> round(d2(5), 6), d2(5, printed=True)
    (2.325929, 2.326)
    """
    value = _range_moments(_checked(n, largest=LARGEST_RANGE_SIZE))[0]
    return round(value, 3) if printed else value


def d3(n: int, *, printed: bool = False) -> float:
    """Standard deviation of the range of n standard normal values.

    Examples
    --------
    >>> round(d3(2), 7)
    0.8525025
    """
    value = _range_moments(_checked(n, largest=LARGEST_RANGE_SIZE))[1]
    return round(value, 4) if printed else value


def d4(n: int, *, printed: bool = False) -> float:
    """Median range of n standard normal values.

    Examples
    --------
    >>> round(d4(2), 7)
    0.9538726
    """
    value = _range_median(_checked(n, largest=LARGEST_RANGE_SIZE))
    return round(value, 3) if printed else value


def c4(n: float, *, printed: bool = False) -> float:
    """Mean sample standard deviation of n standard normal values (n may be a fraction above 1).

    Examples
    --------
    >>> round(c4(5), 7), c4(5, printed=True)
    (0.9399856, 0.94)
    """
    if not n > 1:
        raise InvalidSpecification(
            "option_range", {"option": "subgroup size", "expected": "2 or more", "value": n}
        )
    value = _c4(float(n))
    return round(value, 4) if printed else value


@lru_cache(maxsize=1024)
def _c4(n: float) -> float:
    df = n - 1.0
    if df > 100.0:  # the series is exact to rounding here, the gamma functions are not
        terms = (1.0, -1 / 4, 1 / 32, 5 / 128, -21 / 2048, -399 / 8192, 869 / 65536)
        return math.fsum(term / df**power for power, term in enumerate(terms))
    return math.sqrt(2.0 / df) * math.gamma(n / 2) / math.gamma(df / 2)


def c5(n: float, *, printed: bool = False) -> float:
    """Standard deviation of the sample standard deviation of n standard normal values.

    Examples
    --------
    >>> round(c5(5), 6)
    0.341214
    """
    return math.sqrt(1.0 - c4(n, printed=printed) ** 2)


def constants(n: int, *, printed: bool = False) -> Constants:
    """All constants of subgroup size n.

    Parameters
    ----------
    n
        Subgroup size, 2 to 100.
    printed
        Round as printed tables do.

    Raises
    ------
    InvalidSpecification
        For a size outside 2 to 100.

    Examples
    --------
    >>> five = constants(5, printed=True)
    >>> five.A2, five.D4, five.B4
    (0.577, 2.114, 2.089)
    """
    mean, sd = d2(n), d3(n)
    unbias, spread = c4(n), c5(n)
    derived = {
        "A2": 3 / (mean * math.sqrt(n)),
        "A3": 3 / (unbias * math.sqrt(n)),
        "B3": max(0.0, 1 - 3 * spread / unbias),
        "B4": 1 + 3 * spread / unbias,
        "B5": max(0.0, unbias - 3 * spread),
        "B6": unbias + 3 * spread,
        "D3": max(0.0, 1 - 3 * sd / mean),
        "D4": 1 + 3 * sd / mean,
    }
    if printed:
        derived = {name: round(value, 3) for name, value in derived.items()}
    return Constants(
        n=n,
        d2=d2(n, printed=printed),
        d3=d3(n, printed=printed),
        d4=d4(n, printed=printed),
        c4=c4(n, printed=printed),
        c5=round(spread, 4) if printed else spread,
        **derived,
    )


def per_size(name: str, sizes: NDArray[np.int64], *, printed: bool = False) -> FloatArray:
    """One constant for each of many subgroup sizes; NaN for sizes under 2.

    Examples
    --------
    >>> per_size("d2", np.array([2, 1, 5])).round(4)
    array([1.1284,    nan, 2.3259])
    """
    compute = {"d2": d2, "d3": d3, "c4": c4, "c5": c5}[name]
    lookup = np.full(int(sizes.max(initial=0)) + 1, math.nan)
    for n in np.flatnonzero(np.bincount(sizes)):
        if n >= 2:
            lookup[n] = compute(int(n), printed=printed)
    return lookup[sizes]


def equivalent_df(relative_variance: float) -> float:
    """Degrees of freedom of the chi that varies as much as an estimate of sigma does.

    Parameters
    ----------
    relative_variance
        Variance of the estimate over its squared mean.

    Examples
    --------
    Twenty ranges of five carry 72.7 degrees of freedom (Duncan, table D3).

    >>> round(equivalent_df((d3(5) / d2(5)) ** 2 / 20), 1)
    72.7
    """
    if not relative_variance > 0:
        return math.inf
    return 1.0 / (-2.0 + 2.0 * math.sqrt(1.0 + 2.0 * relative_variance))


def mean_range_variance(count: int) -> float:
    """Relative variance of the mean of `count` successive moving ranges of two.

    Neighbouring ranges share a value, so they are correlated: for the differences the correlation
    is -1/2 and E|UV| of two standard normals is (2/pi)(sqrt(1-r^2) + r asin r).
    """
    covariance = (4 / math.pi) * (math.sqrt(0.75) + 0.5 * math.asin(0.5) - 1.0)
    total = count * d3(2) ** 2 + 2 * (count - 1) * covariance
    return total / (count * d2(2)) ** 2
