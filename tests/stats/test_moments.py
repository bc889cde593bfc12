"""Means and standard deviations against the certified sets of NIST and exact arithmetic."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.moments import is_constant, missing_notice, read_values, sample
from apps.stats.plain import as_plain

# Michelson's hundred measurements of the speed of light (1879), km/s minus 299000: NIST StRD
# "Michelso" in 1000 km/s; data set morley of R.
MICHELSON = [
    850, 740, 900, 1070, 930, 850, 950, 980, 980, 880, 1000, 980, 930, 650, 760, 810, 1000, 1000,
    960, 960, 960, 940, 960, 940, 880, 800, 850, 880, 900, 840, 830, 790, 810, 880, 880, 830, 800,
    790, 760, 800, 880, 880, 880, 860, 720, 720, 620, 860, 970, 950, 880, 910, 850, 870, 840, 840,
    850, 840, 840, 840, 890, 810, 810, 820, 800, 770, 760, 740, 750, 760, 910, 920, 890, 860, 880,
    720, 840, 850, 850, 780, 890, 840, 780, 810, 760, 810, 790, 810, 820, 850, 870, 870, 810, 740,
    810, 940, 950, 800, 810, 870,
]  # fmt: skip


def _alternating(base: str, low: str, high: str) -> list[float]:
    """The NumAcc series of NIST: one base value, then 500 pairs around it."""
    return [float(base), *([float(low), float(high)] * 500)]


@pytest.mark.parametrize(
    ("values", "mean", "sd"),
    [
        # NIST StRD, univariate summary statistics: NumAcc1 to NumAcc4, certified mean and
        # standard deviation.
        ([10000001.0, 10000003.0, 10000002.0], 10000002.0, 1.0),
        (_alternating("1.2", "1.1", "1.3"), 1.2, 0.1),
        (_alternating("1000000.2", "1000000.1", "1000000.3"), 1000000.2, 0.1),
        (_alternating("10000000.2", "10000000.1", "10000000.3"), 10000000.2, 0.1),
    ],
)
def test_numacc_reaches_the_certified_digits(values, mean, sd):
    data = sample(values)
    assert data.mean == pytest.approx(mean, rel=1e-15)
    # The values themselves are rounded: 1e-9 is what is left of 0.1 next to 1e7.
    assert data.sd == pytest.approx(sd, rel=max(1e-13, 2e-16 * mean / sd))


def test_michelson_reaches_the_certified_digits():
    # NIST StRD "Michelso": mean 299.852400000000, standard deviation 0.0790105478190518.
    data = sample([299.0 + value / 1000 for value in MICHELSON])
    assert data.mean == pytest.approx(299.8524, rel=1e-14)
    assert data.sd == pytest.approx(0.0790105478190518, rel=1e-12)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50),
    st.sampled_from([0.0, 1e9, -1e12, 1e-3]),
)
@settings(max_examples=80, deadline=None)
def test_moments_equal_exact_arithmetic(values, offset):
    shifted = [value + offset for value in values]
    try:
        data = sample(shifted)
    except DegenerateData:
        return
    with mpmath.workdps(60):
        exact = [mpmath.mpf(value) for value in shifted]
        mean = mpmath.fsum(exact) / len(exact)
        sd = mpmath.sqrt(mpmath.fsum((v - mean) ** 2 for v in exact) / (len(exact) - 1))
    assert data.mean == pytest.approx(float(mean), rel=1e-12, abs=1e-9)
    assert data.sd == pytest.approx(float(sd), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ([], NotEnoughData),
        ([1.0], NotEnoughData),
        ([math.inf, 1.0], DegenerateData),
        ([1e61, 1.0], DegenerateData),
        ([1e-70, 2e-70], DegenerateData),
        ([[1.0], [2.0]], InvalidSpecification),
        (3.0, InvalidSpecification),
        (["one", 2.0], InvalidSpecification),
        ([None, object()], InvalidSpecification),
        ([[1.0], [2.0, 3.0]], InvalidSpecification),
        ([10**400, 1], InvalidSpecification),
    ],
)
def test_hostile_input_raises_the_engines_own_error(values, error):
    with pytest.raises(error) as caught:
        sample(values)
    assert str(caught.value) != caught.value.code


def test_missing_values_are_counted():
    present, missing = read_values([1.0, math.nan, 2.0, None])
    assert (present.tolist(), missing) == ([1.0, 2.0], 2)
    assert missing_notice([[1.0, math.nan], [math.nan]])[0].params == {"n": 2}
    assert missing_notice([[1.0]]) == ()


def test_limits_keep_their_distance_far_from_zero():
    data = sample([2.0**40 + 1, 2.0**40 + 2, 2.0**40 + 3])
    assert (data.above(2.0**40 + 5), data.below(2.0**40)) == (3.0, 2.0)
    assert not is_constant(data)
    assert data.variance == 1.0


def test_plain_values_hold_nothing_that_json_cannot():
    plain = as_plain({"a": np.float64("nan"), "b": np.arange(2), 3: (1.5, None, True)})
    assert plain == {"a": None, "b": [0, 1], "3": [1.5, None, True]}
