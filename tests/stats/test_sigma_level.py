"""Sigma level, yields and exact intervals against published conversions and exact arithmetic."""

import math

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.stats.errors import InvalidSpecification
from apps.stats.intervals import clopper_pearson, poisson_interval
from apps.stats.sigma_levels import (
    ProcessStep,
    dpmo_to_sigma,
    first_time_yield,
    normalised_yield,
    rolled_throughput_yield,
    sigma_level,
    sigma_to_dpmo,
    throughput_yield,
)


@pytest.mark.reference(
    "sigma_to_dpmo", "dpmo_to_sigma", source="Breyfogle (2003), Implementing Six Sigma, table S"
)
@pytest.mark.parametrize(
    ("level", "dpmo"),
    # The six sigma conversion with the 1.5 shift, one tail: Breyfogle (2003), Implementing Six
    # Sigma, table S (same figures in Montgomery, figure 1.13, where they are rounded).
    [(1, 691_462), (2, 308_538), (3, 66_807), (4, 6_210), (5, 233), (6, 3.4)],
)
def test_conversion_table(level, dpmo):
    assert sigma_to_dpmo(level) == pytest.approx(dpmo, abs=0.5 if dpmo > 100 else 0.05)
    assert dpmo_to_sigma(dpmo) == pytest.approx(level, abs=3e-3)


@pytest.mark.reference("sigma_to_dpmo", source="NIST/SEMATECH e-Handbook 1.3.6.7.1")
@pytest.mark.parametrize(
    ("level", "dpmo"),
    # The unshifted one-tail normal: NIST/SEMATECH e-Handbook 1.3.6.7.1, 1 - Phi(x).
    [(1.0, 158_655), (1.5, 66_807), (2.0, 22_750), (2.5, 6_210), (3.0, 1_350)],
)
def test_level_without_shift_equals_the_normal_table(level, dpmo):
    assert sigma_to_dpmo(level, shift=0.0) == pytest.approx(dpmo, abs=0.5)


def test_sigma_level_of_counts():
    # By definition: 20 defects, 500 units, 10 opportunities: DPU 0.04, DPO 0.004, DPMO 4000.
    result = sigma_level(20, 500, opportunities=10)
    assert (result.dpu.value, result.dpo.value, result.dpmo.value) == (0.04, 0.004, 4000.0)
    assert result.yield_ == 0.996
    assert result.throughput_yield == pytest.approx(math.exp(-0.04), rel=1e-15)
    with mpmath.workdps(30):
        z = -mpmath.sqrt(2) * mpmath.erfinv(2 * mpmath.mpf("0.004") - 1)
    assert result.z == pytest.approx(float(z), rel=1e-13)
    assert result.z_shifted == pytest.approx(float(z) + 1.5, rel=1e-13)
    assert result.z_lower < result.z < result.z_upper


@pytest.mark.reference(
    "clopper_pearson", source="R, help page of binom.test; Newcombe (1998), table I, method 5"
)
@pytest.mark.parametrize(
    ("count", "n", "lower", "upper"),
    [
        # binom.test(682, 925) of R, its documented Mendel example (Conover 1971, p. 97).
        (682, 925, 0.7076683, 0.7654066),
        # Exact two-sided limits, Newcombe (1998), Statistics in Medicine 17, 857-872, table I,
        # method 5 (Clopper-Pearson): 81/263, 15/148.
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
    ],
)
def test_clopper_pearson_equals_published_limits(count, n, lower, upper):
    estimate = clopper_pearson(count, n)
    assert (estimate.lower, estimate.upper) == pytest.approx((lower, upper), abs=6e-5)


@pytest.mark.reference("poisson_interval", source="Garwood (1936), Biometrika 28")
@pytest.mark.parametrize(
    ("count", "lower", "upper"),
    # Exact limits of a Poisson mean, Garwood (1936), Biometrika 28, table at 95 percent.
    [(1, 0.025, 5.572), (2, 0.242, 7.225), (5, 1.623, 11.668), (10, 4.795, 18.390)],
)
def test_poisson_interval_equals_published_limits(count, lower, upper):
    estimate = poisson_interval(count, 1.0)
    assert (estimate.lower, estimate.upper) == pytest.approx((lower, upper), abs=6e-4)


@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from([0.8, 0.95, 0.99]))
@settings(max_examples=40, deadline=None)
def test_clopper_pearson_bounds_leave_the_stated_tails(count, more, confidence):
    n = count + more
    estimate = clopper_pearson(count, n, confidence)
    tail = (1 - confidence) / 2
    with mpmath.workdps(30):
        above = 1 - mpmath.betainc(n - count + 1, count, 0, 1 - estimate.lower, regularized=True)
        below = mpmath.betainc(n - count, count + 1, 0, 1 - estimate.upper, regularized=True)
    assert float(above) == pytest.approx(tail, rel=1e-8)
    assert float(below) == pytest.approx(tail, rel=1e-8)


@pytest.mark.parametrize("n", [30, 300, 3_000_000])
def test_zero_defects_give_a_bound_and_no_level(n):
    result = sigma_level(0, n)
    # With none of n the bound solves (1 - p)^n = 0.05 (the rule of three).
    assert result.dpo.upper == pytest.approx(-math.expm1(math.log(0.05) / n), rel=1e-9)
    assert result.bound_only
    assert result.z is result.z_shifted is result.z_upper is None
    assert result.z_lower == pytest.approx(dpmo_to_sigma(result.dpmo.upper, shift=0.0))
    assert "no_defects" in {notice.code for notice in result.warnings}


def test_zero_defects_poisson_bound_is_minus_log_of_the_error():
    assert poisson_interval(0, 1.0).upper == pytest.approx(-math.log(0.05), rel=1e-12)


def test_only_defects_give_a_bound_from_above():
    result = sigma_level(80, 80)
    assert result.bound_only
    assert result.z is result.z_lower is None
    assert result.z_upper < 0


@pytest.mark.parametrize(
    ("defects", "units", "opportunities"),
    [(11, 10, 1), (21, 10, 2), (1, 0, 5), (0, 0, 1), (-1, 10, 1), (1.5, 10, 1), (1, 10, 0),
     (math.nan, 10, 1), (1, math.inf, 1)],
)  # fmt: skip
def test_impossible_counts_are_refused_with_a_reason(defects, units, opportunities):
    with pytest.raises(InvalidSpecification) as caught:
        sigma_level(defects, units, opportunities=opportunities)
    assert str(caught.value) != caught.value.code


def test_rolled_yield_judges_each_step_by_what_entered_it():
    # By definition: 90/100, 76/95 and 81/90: 0.9 * 0.8 * 0.9.
    result = rolled_throughput_yield(
        [ProcessStep(100, 90), ProcessStep(95, 76), ProcessStep(90, 81)]
    )
    assert result.step_yields == (0.9, 0.8, 0.9)
    assert result.rolled == pytest.approx(0.648, rel=1e-14)
    assert result.normalised == pytest.approx(0.648 ** (1 / 3), rel=1e-14)
    assert result.total_dpu == pytest.approx(-math.log(0.648), rel=1e-13)
    assert result.weakest_step == 1


def test_a_step_without_good_units_stops_the_chain():
    result = rolled_throughput_yield([ProcessStep(10, 10), ProcessStep(10, 0)])
    assert result.rolled == 0.0
    assert result.total_dpu is None


@pytest.mark.parametrize(
    "call",
    [
        lambda: rolled_throughput_yield([]),
        lambda: first_time_yield(0, 0),
        lambda: first_time_yield(5, 6),
        lambda: normalised_yield(1.2, 3),
        lambda: normalised_yield(0.5, 0),
        lambda: throughput_yield(-1),
        lambda: throughput_yield(math.nan),
        lambda: dpmo_to_sigma(0),
        lambda: dpmo_to_sigma(1e6),
        lambda: sigma_to_dpmo(math.inf),
        lambda: clopper_pearson(3, 2),
        lambda: poisson_interval(3, 0.0),
        lambda: poisson_interval(3, 1.0, confidence=0.0),
    ],
)
def test_senseless_questions_are_refused(call):
    with pytest.raises(InvalidSpecification):
        call()


@given(st.integers(1, 500), st.integers(1, 500))
@settings(max_examples=50, deadline=None)
def test_more_defects_never_raise_the_level(defects, spare):
    units = defects + spare + 1
    first, second = sigma_level(defects, units), sigma_level(defects + 1, units)
    if not second.bound_only:
        assert second.z < first.z
    assert second.dpo.upper >= first.dpo.upper
