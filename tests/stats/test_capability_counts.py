"""Capability of counted characteristics against exact arithmetic and hostile input."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from apps.stats.capability_counts import binomial_capability, poisson_capability
from apps.stats.errors import InvalidSpecification, NotEnoughData
from apps.stats.intervals import clopper_pearson, poisson_interval

# Orange juice cans, Montgomery 7th ed., table 7.1: nonconforming cans in 30 samples of 50.
JUICE = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9,
         12, 7, 13, 9, 6]  # fmt: skip
# Printed circuit boards, Montgomery 7th ed., table 7.7: nonconformities in 26 samples of 100.
BOARDS = [21, 24, 16, 12, 15, 5, 28, 20, 31, 25, 20, 24, 16, 19, 10, 17, 13, 22, 18, 39, 30, 24, 16,
          19, 17, 15]  # fmt: skip


@pytest.mark.reference(
    "binomial_capability", source="Montgomery, Introduction to SQC, 7th ed., example 7.1"
)
def test_share_of_the_orange_juice_cans():
    # Montgomery, example 7.1: the 30 samples give p = 347 / 1500 = 0.2313.
    result = binomial_capability(JUICE, 50)
    assert (result.defectives, result.units) == (347, 1500)
    assert result.share.value == pytest.approx(0.2313, abs=5e-5)
    assert result.share == clopper_pearson(347, 1500)
    assert result.z == pytest.approx(-stats.norm.ppf(347 / 1500), rel=1e-12)


@pytest.mark.reference(
    "poisson_capability", source="Montgomery, Introduction to SQC, 7th ed., example 7.3"
)
def test_rate_of_the_circuit_boards():
    # Montgomery, example 7.3: 26 samples hold 516 nonconformities, mean 19.85 a sample.
    result = poisson_capability(BOARDS, 1)
    assert result.defects == 516
    assert result.dpu.value == pytest.approx(19.85, abs=5e-3)
    assert result.dpu == poisson_interval(516, 26.0)


def test_dispersion_is_the_chi_square_of_one_common_rate():
    counts = np.array(BOARDS)
    distance = ((counts - counts.mean()) ** 2).sum() / counts.mean()
    assert poisson_capability(BOARDS, 1).dispersion_p == pytest.approx(
        stats.chi2.sf(distance, 25), rel=1e-12
    )
    table = [[count, 50 - count] for count in JUICE]
    expected = stats.chi2_contingency(table, correction=False).pvalue
    assert binomial_capability(JUICE, 50).dispersion_p == pytest.approx(expected, rel=1e-9)


def test_yield_falls_with_the_rate_and_its_bounds_swap():
    result = poisson_capability([3, 1, 2], 10)
    assert result.throughput_yield.value == pytest.approx(math.exp(-0.2))
    assert result.throughput_yield.lower < result.throughput_yield.value
    assert result.throughput_yield.lower == pytest.approx(math.exp(-result.dpu.upper))


@pytest.mark.parametrize(("target", "met"), [(0.30, True), (0.24, False), (None, None)])
def test_a_target_is_met_when_the_whole_interval_meets_it(target, met):
    assert binomial_capability(JUICE, 50, target=target).meets_target is met


def test_no_defective_gives_a_bound_and_no_level():
    result = binomial_capability([0] * 30, 10)
    assert result.z is None
    assert result.z_lower > 2
    assert "no_defects" in {notice.code for notice in result.warnings}


def test_warnings_name_what_weakens_the_figures():
    codes = {n.code for n in binomial_capability([0, 9, 1, 9], 10, stable=False).warnings}
    assert codes == {"unstable", "few_samples", "rates_differ"}


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: binomial_capability([], 50), NotEnoughData),
        (lambda: binomial_capability([math.nan], 50), NotEnoughData),
        (lambda: binomial_capability([51], 50), InvalidSpecification),
        (lambda: binomial_capability([1.5], 50), InvalidSpecification),
        (lambda: binomial_capability([-1], 50), InvalidSpecification),
        (lambda: binomial_capability([1], 0), InvalidSpecification),
        (lambda: binomial_capability([1], 10.5), InvalidSpecification),
        (lambda: binomial_capability([1, 2], [5]), InvalidSpecification),
        (lambda: binomial_capability([[1]], 5), InvalidSpecification),
        (lambda: binomial_capability(["x"], 5), InvalidSpecification),
        (lambda: binomial_capability([1], 5, target=2), InvalidSpecification),
        (lambda: binomial_capability([1], 5, confidence=2), InvalidSpecification),
        (lambda: poisson_capability([], 50), NotEnoughData),
        (lambda: poisson_capability([math.inf], 50), InvalidSpecification),
        (lambda: poisson_capability([1], -1), InvalidSpecification),
        (lambda: poisson_capability([1], 1, target=-1), InvalidSpecification),
    ],
)
def test_hostile_input_raises_the_engines_own_error(call, error):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) != caught.value.code


@given(st.lists(st.integers(0, 20), min_size=1, max_size=20), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_order_of_the_samples_does_not_matter(counts, random):
    shuffled = list(counts)
    random.shuffle(shuffled)
    first, second = binomial_capability(counts, 20), binomial_capability(shuffled, 20)
    assert first.share == second.share
    if first.dispersion_p is not None:
        assert first.dispersion_p == pytest.approx(second.dispersion_p, rel=1e-9)
