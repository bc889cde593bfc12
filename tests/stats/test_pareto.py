"""Pareto analysis against qcc and by counting."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.pareto_analysis import pareto

# The example of the help page of paretoChart in the R package qcc, with the table printed there.
DEFECTS = {
    "price code": 80,
    "schedule date": 27,
    "supplier code": 66,
    "contact num.": 94,
    "part num.": 33,
}


@pytest.mark.reference("pareto", source="R package qcc, help page of paretoChart")
@pytest.mark.parametrize(
    ("place", "name", "percent", "cumulative"),
    [
        (0, "contact num.", 31.33333, 31.33333),
        (1, "price code", 26.66667, 58.0),
        (2, "supplier code", 22.0, 80.0),
        (3, "part num.", 11.0, 91.0),
        (4, "schedule date", 9.0, 100.0),
    ],
)
def test_bars_equal_qcc(place, name, percent, cumulative):
    bar = pareto(DEFECTS).bars[place]
    assert bar.name == name
    assert 100 * bar.share == pytest.approx(percent, abs=6e-6)
    assert 100 * bar.cumulative == pytest.approx(cumulative, abs=6e-6)


def test_vital_few_are_the_fewest_that_reach_the_share():
    assert pareto(DEFECTS).vital == ("contact num.", "price code", "supplier code")
    assert pareto(DEFECTS, share=0.5).vital == ("contact num.", "price code")


def test_the_rest_category_stays_last_and_is_told_where_it_is_large():
    result = pareto({"a": 5, "other": 90, "b": 5}, other="other")
    assert [bar.name for bar in result.bars] == ["a", "b", "other"]
    assert not result.bars[-1].vital
    assert result.warnings[0].code == "rest_is_large"


def test_even_categories_have_no_vital_few():
    result = pareto(dict.fromkeys("abcdefgh", 10))
    assert result.warnings[0].code == "no_vital_few"


def test_ties_are_sorted_by_name():
    assert [bar.name for bar in pareto(["b", "a", "c"]).bars] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("categories", "kwargs", "error"),
    [
        ({}, {}, NotEnoughData),
        ([], {}, NotEnoughData),
        ({"a": 0}, {}, DegenerateData),
        ({"a": -1}, {}, InvalidSpecification),
        ({"a": math.nan}, {}, InvalidSpecification),
        ({"a": math.inf}, {}, InvalidSpecification),
        ({"a": 1}, {"share": 0}, InvalidSpecification),
    ],
)
def test_hostile_input_raises_the_engines_own_error(categories, kwargs, error):
    with pytest.raises(error) as caught:
        pareto(categories, **kwargs)
    assert str(caught.value) != caught.value.code


@given(st.dictionaries(st.sampled_from("abcdefghijkl"), st.integers(0, 1000), min_size=1))
@settings(max_examples=80, deadline=None)
def test_shares_sum_to_one_and_fall(sizes):
    if not any(sizes.values()):
        return
    bars = pareto(sizes).bars
    assert math.fsum(bar.share for bar in bars) == pytest.approx(1.0)
    assert bars[-1].cumulative == 1.0
    assert all(a.value >= b.value for a, b in pairwise(bars))
