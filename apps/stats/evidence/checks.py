"""Looks at the assumptions behind a test."""

import math
from collections.abc import Sequence

import numpy as np

from apps.stats.evidence.results import Check
from apps.stats.moments import FloatArray, Sample, is_constant
from apps.stats.normality_tests import LEAST_ANDERSON_DARLING, anderson_darling
from apps.stats.results import Notice

# From here on the mean of a sample is close enough to normal for t methods.
LARGE_SAMPLE = 30
ALPHA = 0.05
FEWEST_EXPECTED = 5.0


def normality_check(data: Sample, name: str) -> Check | None:
    """Anderson-Darling on one group, or None where it is too small or constant to judge.

    Examples
    --------
    >>> from apps.stats.moments import sample
    >>> normality_check(sample([1.0, 2.0]), "normal:before") is None
    True
    """
    if data.n < LEAST_ANDERSON_DARLING or is_constant(data):
        return None
    result = anderson_darling(data.values)
    return Check(name, result.statistic, result.p_value, result.p_value >= ALPHA)


def independence_check(values: FloatArray, name: str) -> Check | None:
    """Lag-1 autocorrelation in the order given, against its two standard errors.

    Examples
    --------
    >>> independence_check(np.arange(20.0), "order").passed
    False
    """
    if values.size < 8:
        return None
    residuals = (values - values[0]) - np.mean(values - values[0])
    scale = float(np.max(np.abs(residuals)))
    if scale == 0.0:
        return None
    unit = residuals / scale
    lag_one = float(np.dot(unit[1:], unit[:-1]) / np.dot(unit, unit))
    return Check(name, lag_one, None, abs(lag_one) <= 2.0 / math.sqrt(values.size))


def order_checks(**groups: FloatArray) -> tuple[Check, ...]:
    """Independence of each named group, where it is long enough to judge.

    Examples
    --------
    >>> order_checks(before=np.arange(20.0), after=np.array([1.0]))[0].name
    'independent:before'
    """
    return present([independence_check(v, f"independent:{name}") for name, v in groups.items()])


def expected_check(smallest: float) -> Check:
    """Whether the smallest expected count carries the large-sample test (Cochran's five).

    Examples
    --------
    >>> expected_check(4.2).passed
    False
    """
    return Check("expected_counts", smallest, None, smallest >= FEWEST_EXPECTED)


def present(checks: Sequence[Check | None]) -> tuple[Check, ...]:
    """Return the checks that could be made.

    Examples
    --------
    >>> present([None, Check("order", 0.1, None, True)])[0].name
    'order'
    """
    return tuple(check for check in checks if check is not None)


def notices(checks: Sequence[Check], smallest: int) -> tuple[Notice, ...]:
    """Return what failed checks mean for the reader.

    Examples
    --------
    >>> notices([Check("independent:after", 0.8, None, False)], 50)[0].code
    'order_matters'
    """
    found: list[Notice] = []
    failed = {check.name.split(":")[0] for check in checks if not check.passed}
    if "normal" in failed and smallest < LARGE_SAMPLE:
        found.append(Notice("not_normal_small_sample", {"n": smallest}))
    if "independent" in failed:
        found.append(Notice("order_matters"))
    if "equal_spread" in failed:
        found.append(Notice("spread_differs"))
    return tuple(found)
