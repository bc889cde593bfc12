"""Change points of published series and simulated ones."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.stats.change_points import change_point
from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from tests.stats.reference_series import NILE


@pytest.mark.reference("change_point", source="Cobb (1978), Biometrika 65, 243-251")
@pytest.mark.parametrize("method", ["mean", "pettitt"])
def test_the_nile_fell_after_1898(method):
    # Cobb (1978): the change lies between 1898 and 1899, index 28 from 1871.
    result = change_point(NILE, method=method)
    assert result.index == 28
    assert result.verdict == "changed"
    assert result.before == pytest.approx(np.mean(NILE[:28]), rel=1e-12)
    assert result.after == pytest.approx(np.mean(NILE[28:]), rel=1e-12)


def test_mean_method_minimises_the_squares_over_all_splits():
    values = np.random.default_rng(4).standard_normal(30)
    values[12:] += 1.0

    def squares(k):
        return sum(((part - part.mean()) ** 2).sum() for part in (values[:k], values[k:]))

    best = min(range(1, 30), key=squares)
    result = change_point(values)
    assert result.index == best
    low, high = result.plausible
    inside = [k for k in range(1, 30) if 15 * math.log(squares(k) / squares(best)) <= 2]
    assert (low, high) == (inside[0], inside[-1])


@pytest.mark.parametrize("method", ["mean", "pettitt"])
def test_steady_noise_rarely_changes(method):
    rng = np.random.default_rng(5)
    found = sum(
        change_point(rng.standard_normal(30), method=method).verdict == "changed"
        for _ in range(300)
    )
    assert found / 300 < 0.06


def test_missing_values_keep_their_place():
    result = change_point([1.0, math.nan, 1.1, 0.9, 5.0, math.nan, 5.1, 4.9])
    assert result.index == 4
    assert result.warnings[0].code == "missing_left_out"


def test_shift_keeps_its_digits_far_from_zero():
    values = [2.0**30 + v for v in (0.25, 0.5, 0.25, 0.5, 4.25, 4.5, 4.25, 4.5)]
    assert change_point(values).shift.value == pytest.approx(4.0, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "method", "error"),
    [
        ([], "mean", NotEnoughData),
        ([1, 2, 3, 4], "mean", NotEnoughData),
        ([1] * 6, "pettitt", DegenerateData),
        ([1, 2, 3, 4, 5], "guess", InvalidSpecification),
        ([1, 2, 3, 4, math.inf], "mean", DegenerateData),
    ],
)
def test_hostile_input_raises_the_engines_own_error(values, method, error):
    with pytest.raises(error):
        change_point(values, method=method)


@given(
    st.lists(st.integers(-40, 40), min_size=5, max_size=25).filter(lambda v: len(set(v)) > 1),
    st.sampled_from(["mean", "pettitt"]),
)
@settings(max_examples=80, deadline=None)
def test_mirrored_values_change_at_the_same_point(values, method):
    one, other = (
        change_point(values, method=method),
        change_point([-v for v in values], method=method),
    )
    assert one.index == other.index
    assert one.shift.value == pytest.approx(-other.shift.value, abs=1e-9)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9)
