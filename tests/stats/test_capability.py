"""Capability of normal data against published figures, exact arithmetic and hostile input."""

import math
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.stats.capability_intervals import (
    bissell_interval,
    boyles_interval,
    chi_square_interval,
    chi_square_quantile,
)
from apps.stats.capability_normal import bench_z, capability
from apps.stats.capability_within import within_sigma
from apps.stats.constants import equivalent_df
from apps.stats.engine import chart
from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData, StatsError

# Three subgroups of four: tests/testthat/test-capability.R of the R package qcc 3.0, whose expected
# indices are quoted below to six decimals. qcc gives every interval n - 1 degrees of freedom.
QCC = [10.00, 10.02, 9.98, 10.01, 10.03, 9.99, 10.01, 10.00, 9.97, 10.04, 10.02, 9.99]


@pytest.fixture(scope="module")
def qcc():
    sigma = 0.05 / 2.059  # qcc's constant for a range of four, to the three decimals it keeps
    return capability(QCC, lsl=9.9, usl=10.1, target=10.0, sigma_within=sigma, df_within=11)


@pytest.mark.reference("capability", source="R package qcc 3.0, tests/testthat/test-capability.R")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cp", (1.372667, 0.808460, 1.937713)),
        ("cpk", (1.304033, 0.727408, 1.880659)),
        ("pp", (1.612598, 0.949773, 2.276410)),
        ("ppk", (1.531968, 0.864608, 2.199329)),
    ],
)
def test_index_and_interval_equal_qcc(qcc, name, expected):
    index = getattr(qcc, name)
    assert (index.value, index.lower, index.upper) == pytest.approx(expected, abs=6e-7)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("cpl", 1.441300), ("cpu", 1.304033), ("ppl", 1.693228), ("ppu", 1.531968), ("cpm", 1.567395)],
)
def test_index_equals_qcc(qcc, name, expected):
    # Only the values: qcc's one-sided intervals use the one-sided quantile under two-sided labels,
    # and its degrees of freedom for Cpm lack the square of Boyles' numerator. Its "Ppm" is our Cpm.
    assert getattr(qcc, name).value == pytest.approx(expected, abs=6e-7)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        # qcc 3.0 vignette "A quick tour of qcc", piston rings of Montgomery, 125 values with
        # centre 74.00118 and sigma 0.009785039.
        ((73.95, 74.05), (1.703, 1.491, 1.915)),
        ((73.99, 74.01), (0.341, 0.298, 0.383)),
        ((73.99, 74.10), (1.874, 1.641, 2.106)),
    ],
)
def test_cp_interval_of_the_piston_rings(limits, expected):
    value = (limits[1] - limits[0]) / (6 * 0.009785039)
    index = chi_square_interval(value, 124)
    assert (index.value, index.lower, index.upper) == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        # Same source: Cp_k of the three sets of limits above (nearest limit minus 74.00118).
        (74.05 - 74.00118, (1.663, 1.448, 1.878)),
        (74.01 - 74.00118, (0.301, 0.231, 0.370)),
        (74.00118 - 73.99, (0.381, 0.305, 0.456)),
    ],
)
def test_cpk_interval_of_the_piston_rings(distance, expected):
    index = bissell_interval(distance / (3 * 0.009785039), 125, 124)
    assert (index.value, index.lower, index.upper) == pytest.approx(expected, abs=8e-4)


@pytest.mark.reference("capability", source="NIST/SEMATECH e-Handbook 6.1.6")
def test_indices_of_the_nist_example():
    # NIST/SEMATECH e-Handbook, section 6.1.6: limits 8 and 20, mean 16, s = 2: Cp 1.0, Cpk 0.6667;
    # Cpm there is (USL - LSL) / (6 sqrt(s^2 + (mean - T)^2)), here with T = 14.
    result = capability([14.0, 16.0, 18.0], lsl=8, usl=20, target=14)
    assert (result.mean, result.sigma_overall) == (16.0, 2.0)
    assert result.pp.value == pytest.approx(1.0, rel=1e-15)
    assert result.ppk.value == pytest.approx(0.6667, abs=5e-5)
    assert result.ppl.value == pytest.approx(1.3333, abs=5e-5)
    assert result.cpm.value == pytest.approx(12 / (6 * math.sqrt(8)), rel=1e-14)


def test_cp_interval_of_montgomery():
    # Montgomery, Introduction to Statistical Quality Control, example 8.4: limits 38 and 62,
    # s = 1.75 from n = 20: Cp = 2.29, 1.57 <= Cp <= 3.01 at 95 percent.
    index = chi_square_interval(24 / (6 * 1.75), 19)
    assert (index.value, index.lower, index.upper) == pytest.approx((2.29, 1.57, 3.01), abs=6e-3)


@pytest.mark.parametrize(
    ("df", "probability", "expected"),
    [
        # NIST/SEMATECH e-Handbook, section 1.3.6.7.4, critical values of the chi-square.
        (10, 0.95, 18.307),
        (10, 0.05, 3.940),
        (1, 0.95, 3.841),
        (30, 0.99, 50.892),
        (100, 0.975, 129.561),
    ],
)
def test_chi_square_quantiles_equal_the_nist_table(df, probability, expected):
    assert chi_square_quantile(probability, df) == pytest.approx(expected, abs=6e-4)


@pytest.mark.reference("bench_z", source="Montgomery, Introduction to SQC, 7th ed., table 8.2")
@pytest.mark.parametrize(
    ("cpk", "ppm"),
    [
        # One-sided process fallout in parts per million, Montgomery 7th ed., table 8.2.
        (0.25, 226628),
        (0.50, 66807),
        (0.60, 35931),
        (0.70, 17865),
        (0.80, 8198),
        (0.90, 3467),
        (1.00, 1350),
        (1.10, 484),
        (1.20, 159),
        (1.30, 48),
        (1.40, 14),
        (1.50, 4),
    ],
)
def test_one_sided_fallout_equals_montgomery(cpk, ppm):
    below, above, bench = bench_z(None, 3 * cpk)
    assert (below, above) == (0.0, pytest.approx(ppm, abs=0.75))
    assert bench == pytest.approx(3 * cpk, rel=1e-12)


@pytest.mark.reference("bench_z", source="Montgomery, Introduction to SQC, 7th ed., table 8.2")
@pytest.mark.parametrize(
    ("cp", "ppm"),
    # Two-sided fallout of a centred process, the same table.
    [(0.25, 453255), (0.50, 133614), (0.70, 35729), (1.00, 2700), (1.10, 967), (1.30, 96)],
)
def test_two_sided_fallout_equals_montgomery(cp, ppm):
    below, above, _bench = bench_z(3 * cp, 3 * cp)
    assert below + above == pytest.approx(ppm, abs=1.0)


def test_bench_z_of_both_tails():
    below, above, bench = bench_z(2.0, 1.0)
    with mpmath.workdps(30):
        share = mpmath.ncdf(-2) + mpmath.ncdf(-1)
        expected = -mpmath.sqrt(2) * mpmath.erfinv(2 * share - 1)
    assert below + above == pytest.approx(float(share) * 1e6, rel=1e-13)
    assert bench == pytest.approx(float(expected), rel=1e-12)


def test_bench_z_survives_where_the_probability_vanishes():
    below, above, bench = bench_z(60.0, 45.0)
    assert (below, above) == (0.0, 0.0)
    assert bench == pytest.approx(45.0, rel=1e-12)


def test_pooled_sigma_and_degrees_of_freedom_by_hand():
    # Sums of squares by hand: (1,2,3) -> 2, (4,8) -> 8; pooled variance 10/3 on 3 df; c4(4) of
    # Montgomery's appendix table VI is 0.9213.
    result = within_sigma([1, 2, 3, 4, 8], subgroups=["a", "a", "a", "b", "b"])
    assert result.df == 3
    assert result.sigma == pytest.approx(math.sqrt(10 / 3) / 0.9213, rel=1e-4)


@pytest.mark.reference(
    "within_sigma", source="Montgomery, Introduction to SQC, 4th ed., example 5-5"
)
def test_moving_range_sigma_of_montgomery_viscosity():
    # Montgomery (2001), 4th ed., example 5-5, aircraft primer paint viscosity: MRbar = 0.48 hence
    # sigma = 0.48 / 1.128; the 15 batches as printed.
    batches = [33.75, 33.05, 34.00, 33.81, 33.46, 34.02, 33.68, 33.27, 33.49, 33.20, 33.62, 33.00,
               33.54, 33.12, 33.84]  # fmt: skip
    result = within_sigma(batches)
    assert result.sigma * 2 / math.sqrt(math.pi) == pytest.approx(0.48, abs=6e-3)
    assert 8 < result.df < 10


def test_moving_range_degrees_of_freedom_match_simulation():
    # 0.606 n is the large-sample worth of the mean moving range (variance 0.8264 n - 1.082 over
    # (n - 1)^2, Cryer and Ryan 1990); the figure here comes from simulation with a fixed seed.
    draws = np.random.default_rng(7).standard_normal((40_000, 25))
    sigmas = np.abs(np.diff(draws, axis=1)).mean(axis=1)
    simulated = (sigmas.std() / sigmas.mean()) ** 2
    claimed = within_sigma(draws[0]).df
    assert claimed == pytest.approx(equivalent_df(simulated), rel=0.03)


def test_median_moving_range_degrees_of_freedom_match_simulation():
    draws = np.random.default_rng(8).standard_normal((20_000, 201))
    sigmas = np.median(np.abs(np.diff(draws, axis=1)), axis=1)
    simulated = (sigmas.std() / sigmas.mean()) ** 2
    claimed = within_sigma(draws[0], estimator="mr-median").df
    assert claimed == pytest.approx(equivalent_df(simulated), rel=0.15)


@pytest.mark.parametrize("estimator", ["pooled-sd", "rbar-mvlue", "rbar", "sbar-mvlue", "sbar"])
def test_within_sigma_equals_the_sigma_of_the_chart(estimator):
    values = np.random.default_rng(5).normal(20, 3, 60)
    labels = np.repeat([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], [4] * 11 + [6, 5, 5])
    phase = chart("xbar-s", values, subgroups=labels, estimator=estimator).phases[0]
    found = within_sigma(values, subgroups=labels, estimator=estimator)
    assert (found.sigma, found.df) == pytest.approx((phase.sigma, phase.df), rel=1e-9)


def test_moving_range_sigma_equals_the_sigma_of_the_chart():
    values = np.random.default_rng(5).normal(20, 3, 60)
    phase = chart("i-mr", values).phases[0]
    found = within_sigma(values)
    assert (found.sigma, found.df) == pytest.approx((phase.sigma, phase.df), rel=1e-9)


def test_range_and_sd_estimators_agree_with_each_other_on_pairs():
    # For two values the range is sqrt(2) times the standard deviation, so both estimators are one.
    values = [1.0, 2.5, 3.0, 2.0, 5.0, 4.5]
    by_range = within_sigma(values, subgroup_size=2, estimator="rbar")
    by_sd = within_sigma(values, subgroup_size=2, estimator="sbar")
    assert by_range.sigma == pytest.approx(by_sd.sigma, rel=1e-9)
    assert by_range.df == pytest.approx(by_sd.df, rel=1e-6)


def test_cpm_degrees_of_freedom_follow_boyles():
    # Boyles (1991): df = n (1 + d^2)^2 / (1 + 2 d^2) with d the offset in standard deviations.
    assert boyles_interval(1.0, 30, 1.0) == chi_square_interval(1.0, 40.0)


def test_a_missing_value_breaks_the_moving_range_and_leaves_the_count():
    result = capability([1.0, 2.0, math.nan, 9.0, 8.0, 9.0, 8.0], lsl=0, usl=12)
    assert result.n == 6
    assert result.sigma_within == pytest.approx(1.0 / (2 / math.sqrt(math.pi)))
    assert result.warnings[0].code == "missing_left_out"


def test_one_sided_limit_leaves_the_two_sided_indices_out():
    result = capability(QCC, usl=10.1, target=10.0)
    assert result.cp is result.pp is result.cpl is result.ppl is result.cpm is None
    assert result.cpk.value == result.cpu.value
    assert result.expected_ppm_overall_below == 0.0


def test_physical_bound_is_not_judged_and_crossing_it_is_told():
    result = capability([0.1, 0.3, 0.2, 0.5, -0.1], lsl=0.0, lsl_is_bound=True, usl=1.0)
    assert result.cpl is None
    assert result.pp is None
    assert result.observed_below == 1
    assert "beyond_bound" in {notice.code for notice in result.warnings}


@pytest.mark.parametrize(
    ("stable", "n", "code"), [(False, 40, "unstable"), (True, 29, "few_values")]
)
def test_warnings_name_what_weakens_the_figures(stable, n, code):
    values = np.random.default_rng(1).standard_normal(n)
    result = capability(values, lsl=-4, usl=4, stable=stable)
    assert [notice.code for notice in result.warnings] == [code]


def test_skewed_values_warn_that_the_normal_model_fails():
    values = np.random.default_rng(1).exponential(size=200)
    assert "not_normal" in {n.code for n in capability(values, usl=5).warnings}


def test_no_variation_within_leaves_only_overall_indices():
    result = capability([1, 1, 2, 2, 3, 3], subgroup_size=2, lsl=0, usl=4)
    assert result.cp is result.cpk is result.z_bench_within is result.expected_ppm_within is None
    assert result.pp.value == pytest.approx(4 / (6 * math.sqrt(0.8)))


@pytest.mark.parametrize(
    ("values", "kwargs", "error"),
    [
        ([], {"usl": 1}, NotEnoughData),
        ([1.0], {"usl": 1}, NotEnoughData),
        ([math.nan, 1.0], {"usl": 1}, NotEnoughData),
        ([2.0, 2.0, 2.0], {"usl": 3}, DegenerateData),
        ([1.0, math.inf], {"usl": 3}, DegenerateData),
        ([1e308, -1e308], {"usl": 3}, DegenerateData),
        ([1.0, 2.0], {}, InvalidSpecification),
        ([1.0, 2.0], {"lsl": 3, "usl": 3}, InvalidSpecification),
        ([1.0, 2.0], {"lsl": 4, "usl": 3}, InvalidSpecification),
        ([1.0, 2.0], {"lsl": 0, "usl": 3, "target": 5}, InvalidSpecification),
        ([1.0, 2.0], {"usl": math.nan}, InvalidSpecification),
        ([1.0, 2.0], {"lsl": 0, "lsl_is_bound": True}, InvalidSpecification),
        ([1.0, 2.0], {"usl": 3, "confidence": 1.0}, InvalidSpecification),
        ([1.0, 2.0], {"usl": 3, "sigma_within": 0.0}, InvalidSpecification),
        ([1.0, 2.0], {"usl": 3, "sigma_within": 1.0, "df_within": 0}, InvalidSpecification),
        ([1.0, 2.0], {"usl": 3, "subgroup_size": 0}, InvalidSpecification),
        ([1.0, 2.0], {"usl": 3, "subgroups": [1]}, InvalidSpecification),
        ([1.0, 2.0], {"usl": 3, "subgroups": [1, 2]}, NotEnoughData),
        ([1.0, 2.0], {"usl": 3, "estimator": "guess"}, InvalidSpecification),
        ([[1.0, 2.0]], {"usl": 3}, InvalidSpecification),
        (["a"], {"usl": 3}, InvalidSpecification),
    ],
)
def test_hostile_input_raises_the_engines_own_error(values, kwargs, error):
    with pytest.raises(error) as caught:
        capability(values, **kwargs)
    assert str(caught.value) != caught.value.code


def _exact_indices(values, lsl, usl):
    with mpmath.workdps(60):
        exact = [mpmath.mpf(float(v)) for v in values]
        mean = mpmath.fsum(exact) / len(exact)
        sd = mpmath.sqrt(mpmath.fsum((v - mean) ** 2 for v in exact) / (len(exact) - 1))
        ranges = [abs(b - a) for a, b in pairwise(exact)]
        within = mpmath.fsum(ranges) / len(ranges) * mpmath.sqrt(mpmath.pi) / 2
        low, high = mean - mpmath.mpf(lsl), mpmath.mpf(usl) - mean
        return [
            float(x)
            for x in (
                (low + high) / 6 / within,
                min(low, high) / 3 / within,
                (low + high) / 6 / sd,
                min(low, high) / 3 / sd,
            )
        ]


@pytest.mark.parametrize(
    ("offset", "scale"), [(1e9, 1.0), (0.0, 1e-9), (-1e12, 1e-1), (0.0, 1e50), (0.0, 1e-50)]
)
def test_indices_keep_ten_digits_far_from_zero_and_at_any_scale(offset, scale):
    values = offset + scale * np.random.default_rng(3).standard_normal(500)
    lsl, usl = offset - 4 * scale, offset + 5 * scale
    result = capability(values, lsl=lsl, usl=usl)
    found = [index.value for index in (result.cp, result.cpk, result.pp, result.ppk)]
    assert found == pytest.approx(_exact_indices(values, lsl, usl), rel=1e-10)


numbers = st.lists(
    st.integers(-10_000, 10_000).map(lambda i: i / 64.0), min_size=3, max_size=40
).filter(lambda v: len(set(v)) > 1)


@given(numbers, st.sampled_from([0.25, 1.0, 8.0]), st.integers(-1000, 1000))
@settings(max_examples=60, deadline=None)
def test_indices_do_not_change_with_unit_or_zero_point(values, scale, shift):
    low, high = min(values) - 1, max(values) + 2
    first = capability(values, lsl=low, usl=high, target=high - 1)
    moved = capability(
        np.array(values) * scale + shift,
        lsl=low * scale + shift,
        usl=high * scale + shift,
        target=(high - 1) * scale + shift,
    )
    for name in ("cp", "cpk", "pp", "ppk", "cpm"):
        one, other = getattr(first, name), getattr(moved, name)
        assert (one is None) == (other is None)
        if one is not None:
            assert other.value == pytest.approx(one.value, rel=1e-9, abs=1e-12)


@given(numbers)
@settings(max_examples=60, deadline=None)
def test_mirrored_values_swap_the_sides(values):
    low, high = min(values) - 1, max(values) + 2
    first = capability(values, lsl=low, usl=high)
    mirror = capability([-v for v in values], lsl=-high, usl=-low)
    assert first.ppl.value == pytest.approx(mirror.ppu.value, rel=1e-9)
    assert first.ppu.value == pytest.approx(mirror.ppl.value, rel=1e-9)


@given(numbers, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_overall_indices_do_not_depend_on_order(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    first, second = (capability(v, lsl=-200, usl=200).ppk for v in (values, shuffled))
    assert first.value == pytest.approx(second.value, rel=1e-9, abs=1e-12)


@given(st.lists(st.floats(width=64), max_size=12), st.floats(), st.floats())
@settings(max_examples=150, deadline=None)
def test_anything_gives_a_result_or_the_engines_own_error(values, lsl, usl):
    try:
        result = capability(values, lsl=lsl, usl=usl)
    except StatsError:
        return
    assert result.ppk is None or not math.isnan(result.ppk.value)
    assert all(str(notice) != notice.code for notice in result.warnings)
