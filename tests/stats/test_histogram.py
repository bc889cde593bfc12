"""Bins are deterministic, hold every value, and fit the resolution of the data."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.histograms import histogram


def test_freedman_diaconis_width():
    # Freedman and Diaconis (1981): width 2 IQR n^(-1/3); numpy's rule "fd" is the same formula.
    values = np.random.default_rng(2).standard_normal(500)
    expected = np.histogram_bin_edges(values, bins="fd").size - 1
    assert histogram(values).counts.size == expected


def test_bins_are_whole_steps_of_a_coarse_gauge():
    values = np.repeat(np.arange(20) * 0.5, 7)
    result = histogram(values)
    steps = result.width / 0.5
    assert steps == pytest.approx(round(steps))
    inner = result.counts[:-1]
    assert inner.min() == inner.max()


def test_constant_values_fall_in_one_bin():
    result = histogram([4.0, 4.0, 4.0])
    assert result.counts.tolist() == [3]
    assert result.warnings[0].code == "constant_values"


def test_a_heavy_tail_does_not_make_thousands_of_bins():
    values = np.concatenate([np.random.default_rng(3).standard_normal(5000), [1e6]])
    assert histogram(values).counts.size <= 60


def test_bins_far_from_zero_keep_their_width():
    values = np.random.default_rng(4).standard_normal(400)
    near, far = histogram(values), histogram(values + 1e9)
    assert far.counts.sum() == 400
    assert far.width == pytest.approx(near.width, rel=1e-4)


@pytest.mark.parametrize(
    ("values", "bins", "error"),
    [
        ([], None, NotEnoughData),
        ([math.nan], None, NotEnoughData),
        ([1.0, math.inf], None, DegenerateData),
        ([1.0, 2.0], 0, InvalidSpecification),
    ],
)
def test_hostile_input_raises_the_engines_own_error(values, bins, error):
    with pytest.raises(error):
        histogram(values, bins=bins)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60))
@settings(max_examples=120, deadline=None)
def test_every_value_is_counted_once(values):
    try:
        result = histogram(values)
    except DegenerateData:
        assert max(values) - min(values) < 1e-60
        return
    assert result.n == len(values)
    assert np.all(np.diff(result.edges) > 0)
    assert result.counts.size + 1 == result.edges.size
    assert 1 <= result.counts.size <= 120
