"""Means, shares and rates of two samples against published figures and exact arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData, StatsError
from apps.stats.evidence.checks import independence_check
from apps.stats.evidence.compare import compare
from apps.stats.evidence.means import (
    compare_means,
    compare_paired_means,
    noncentrality_interval,
    t_quantile,
    t_two_sided_p,
)
from apps.stats.evidence.proportions import (
    compare_paired_proportions,
    compare_proportions,
    fisher_p,
    wilson_interval,
)
from apps.stats.evidence.rates import compare_rates
from apps.stats.messages_inference import VERDICTS
from apps.stats.verdicts import verdict_sentence

# Extra hours of sleep under two drugs, ten patients: Student (1908); data set "sleep" of R.
SLEEP_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SLEEP_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


@pytest.mark.reference("compare_means", source="R, help page of t.test; Student (1908)")
def test_welch_equals_r_on_students_sleep_data():
    # t.test(extra ~ group, data = sleep) of R: t = -1.8608, df = 17.776, p = 0.07939,
    # interval -3.3654832 to 0.2054832 (R takes first minus second).
    result = compare_means(SLEEP_1, SLEEP_2)
    assert result.statistic == pytest.approx(1.8608, abs=5e-5)
    assert result.df == pytest.approx(17.776, abs=5e-4)
    assert result.p_value == pytest.approx(0.07939, abs=5e-6)
    assert result.estimate.lower == pytest.approx(-0.2054832, abs=5e-8)
    assert result.estimate.upper == pytest.approx(3.3654832, abs=5e-8)
    assert result.verdict == "no_difference"


@pytest.mark.reference("compare_paired_means", source="R, help page of t.test; Student (1908)")
def test_paired_t_equals_r_on_students_sleep_data():
    # t.test(extra ~ group, paired = TRUE) of R: t = -4.0621, df = 9, p = 0.002833,
    # interval -2.4598858 to -0.7001142.
    result = compare_paired_means(SLEEP_1, SLEEP_2)
    assert (abs(result.statistic), result.df) == (pytest.approx(4.0621, abs=5e-5), 9)
    assert result.p_value == pytest.approx(0.002833, abs=5e-7)
    assert result.estimate.lower == pytest.approx(0.7001142, abs=5e-8)
    assert result.estimate.upper == pytest.approx(2.4598858, abs=5e-8)
    assert result.verdict == "higher"


@pytest.mark.reference("t_quantile", source="NIST/SEMATECH e-Handbook 1.3.6.7.2")
@pytest.mark.parametrize(
    ("df", "probability", "quantile"),
    # NIST/SEMATECH e-Handbook, section 1.3.6.7.2, critical values of Student's t.
    [
        (1, 0.975, 12.706),
        (5, 0.95, 2.015),
        (10, 0.975, 2.228),
        (30, 0.99, 2.457),
        (100, 0.9, 1.290),
    ],
)
def test_t_quantiles_equal_the_nist_table(df, probability, quantile):
    assert t_quantile(probability, df) == pytest.approx(quantile, abs=6e-4)
    assert t_two_sided_p(quantile, df) == pytest.approx(2 * (1 - probability), rel=2e-3)


@pytest.mark.reference(
    "compare_proportions", source="Newcombe (1998), Statistics in Medicine 17, 873-890, table II"
)
@pytest.mark.parametrize(
    ("first", "second", "lower", "upper"),
    # Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10.
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_difference_of_shares_equals_newcombe(first, second, lower, upper):
    estimate = compare_proportions(second, first).estimate
    assert (estimate.lower, estimate.upper) == pytest.approx((lower, upper), abs=6e-5)


@pytest.mark.reference(
    "wilson_interval", source="Newcombe (1998), Statistics in Medicine 17, 857-872, table I"
)
@pytest.mark.parametrize(
    ("count", "n", "lower", "upper"),
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3 (score).
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_score_interval_equals_newcombe(count, n, lower, upper):
    estimate = wilson_interval(count, n)
    assert (estimate.lower, estimate.upper) == pytest.approx((lower, upper), abs=6e-5)


@pytest.mark.reference(
    "compare_proportions",
    source="Fisher (1935), The Design of Experiments; R, help page of fisher.test",
)
def test_small_tables_use_fisher_and_equal_his_tea_lady():
    # Fisher (1935), The Design of Experiments: 3 of 4 and 1 of 4; one-sided p = 17/70, two-sided
    # 34/70 = 0.4857 (fisher.test of R on TeaTasting).
    result = compare_proportions((1, 4), (3, 4))
    assert result.test == "fisher_exact"
    assert result.p_value == pytest.approx(34 / 70, rel=1e-12)
    assert result.statistic == pytest.approx(9.0)
    assert result.warnings[0].code == "small_expected"


@pytest.mark.parametrize(
    ("before", "after"),
    [((1, 9), (8, 12)), ((0, 30), (4, 31)), ((3, 500), (0, 40)), ((17, 20), (3, 3))],
)
def test_fisher_equals_scipy(before, after):
    table = [[x, n - x] for x, n in (after, before)]
    assert fisher_p(before, after) == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-9)


def test_fisher_of_large_samples_is_the_binomial_of_the_few():
    # With a billion units each, the three events fall on either side like tosses of a coin.
    assert fisher_p((0, 10**9), (3, 10**9)) == pytest.approx(0.25, rel=1e-6)


def test_two_proportion_z_by_hand():
    # Pooled share 42/410; z = difference / sqrt(p q (1/200 + 1/210)).
    result = compare_proportions((30, 200), (12, 210))
    pooled = 42 / 410
    error = math.sqrt(pooled * (1 - pooled) * (1 / 200 + 1 / 210))
    assert result.statistic == pytest.approx((12 / 210 - 0.15) / error, rel=1e-13)
    assert result.verdict == "lower"


@pytest.mark.reference("compare_rates", source="R, help page of poisson.test")
def test_rates_equal_r():
    # poisson.test(c(11, 6+8+7), c(800, 1083+1050+878)) of R (Fay 2010 example in its help page):
    # p-value = 0.07967, ratio 1.971488, 95 percent interval 0.8584264 to 4.2772659.
    result = compare_rates((21, 3011), (11, 800))
    assert result.p_value == pytest.approx(0.07967, abs=5e-6)
    effect = result.effect_size
    assert (effect.value, effect.lower, effect.upper) == pytest.approx(
        (1.971488, 0.8584264, 4.2772659), abs=5e-7
    )


def test_ratio_interval_leaves_the_stated_tails():
    result = compare_rates((21, 3011), (11, 800))
    for ratio, side in ((result.effect_size.lower, "greater"), (result.effect_size.upper, "less")):
        share = ratio * 800 / (ratio * 800 + 3011)
        p_value = stats.binomtest(11, 32, share, alternative=side).pvalue
        assert p_value == pytest.approx(0.025, rel=1e-6)


def test_no_events_before_leave_the_ratio_without_an_upper_bound():
    result = compare_rates((0, 100), (6, 100))
    assert result.effect_size.value == result.effect_size.upper == math.inf
    assert result.p_value == pytest.approx(2 * 0.5**6, rel=1e-12)
    assert result.to_dict()["effect_size"]["value"] is None


def test_no_events_at_all_show_nothing():
    result = compare_rates((0, 100), (0, 80))
    assert (result.p_value, result.verdict) == (1.0, "no_difference")
    assert result.estimate.lower < 0 < result.estimate.upper


def test_mcnemar_equals_the_exact_binomial():
    # Agresti (2002), Categorical Data Analysis, table 10.1: 150 and 86 changed their mind; the
    # exact p-value is 2 P(X <= 86 | 236, 1/2) by definition.
    result = compare_paired_proportions(150, 86, 794, 570)
    exact = 2 * sum(math.comb(236, k) for k in range(87)) / 2**236
    assert result.p_value == pytest.approx(exact, rel=1e-9)
    assert result.estimate.value == pytest.approx(-64 / 1600)
    assert result.verdict == "lower"


def test_nobody_changed():
    result = compare_paired_proportions(0, 0, 5, 5)
    assert (result.p_value, result.verdict) == (1.0, "no_difference")


@pytest.mark.parametrize(("statistic", "df"), [(0.0, 5), (2.5, 9), (-4.0, 30), (25.0, 12)])
def test_noncentrality_interval_puts_the_statistic_on_the_edges(statistic, df):
    low, high = noncentrality_interval(statistic, df, 0.9)
    assert stats.nct.cdf(statistic, df, low) == pytest.approx(0.95, abs=1e-6)
    assert stats.nct.cdf(statistic, df, high) == pytest.approx(0.05, abs=1e-6)


def test_difference_keeps_its_digits_far_from_zero():
    noise = np.random.default_rng(9).standard_normal((2, 300))
    near = compare_means(noise[0], noise[1] + 0.25)
    far = compare_means(np.round(noise[0] * 2**20) / 2**20 + 2.0**30,
                        np.round(noise[1] * 2**20) / 2**20 + 2.0**30 + 0.25)  # fmt: skip
    rounded = compare_means(np.round(noise[0] * 2**20) / 2**20,
                            np.round(noise[1] * 2**20) / 2**20 + 0.25)  # fmt: skip
    assert far.estimate.value == pytest.approx(rounded.estimate.value, rel=1e-12)
    assert far.p_value == pytest.approx(rounded.p_value, rel=1e-10)
    assert near.estimate.value == pytest.approx(rounded.estimate.value, abs=1e-5)


def test_trending_values_are_told_not_to_be_independent():
    result = compare_means(np.arange(20.0), np.arange(20.0) + 1)
    assert "order_matters" in {notice.code for notice in result.warnings}
    assert independence_check(np.array([1.0, 2.0]), "x") is None


def test_small_skewed_groups_are_told_not_to_be_normal():
    skewed = [0.1, 0.2, 0.1, 0.3, 0.2, 0.1, 9.0, 0.2, 0.1, 0.2]
    result = compare_means(skewed, [1.0, 1.4, 1.2, 1.1, 1.3])
    assert "not_normal_small_sample" in {notice.code for notice in result.warnings}


@pytest.mark.parametrize("p_value", [0.2, 0.001])
@pytest.mark.parametrize("verdict", sorted(VERDICTS))
def test_every_verdict_is_a_whole_sentence(verdict, p_value):
    text = verdict_sentence(
        verdict, {"estimate": 1.0, "lower": 0.5, "upper": 1.5, "p_value": p_value}
    )
    assert text.endswith(".")
    assert "{" not in text


def test_sentence_of_a_comparison_holds_its_figures():
    assert "0.07939" not in compare_means(SLEEP_1, SLEEP_2).sentence
    assert "-0.2055 to 3.365" in compare_means(SLEEP_1, SLEEP_2).sentence


@pytest.mark.parametrize(
    ("before", "after", "kind", "error"),
    [
        ([], [1.0, 2.0], "means", NotEnoughData),
        ([1.0], [1.0, 2.0], "means", NotEnoughData),
        ([1.0, 1.0], [2.0, 2.0], "means", DegenerateData),
        ([1.0, math.inf], [2.0, 2.0], "means", DegenerateData),
        ([1.0, 2.0], [1.0], "paired-means", InvalidSpecification),
        ([1.0, 2.0], [2.0, 3.0], "paired-means", DegenerateData),
        ([1.0, math.nan], [2.0, 3.0], "paired-means", NotEnoughData),
        ((5, 4), (1, 4), "proportions", InvalidSpecification),
        ((0, 0), (1, 4), "proportions", InvalidSpecification),
        ((0.5, 3), (1, 4), "proportions", InvalidSpecification),
        ((1, 2, 3), (1, 4), "proportions", InvalidSpecification),
        ((1, 0), (1, 4), "rates", InvalidSpecification),
        ((-1, 3), (1, 4), "rates", InvalidSpecification),
        ((1, 3, 3), (1, 4), "rates", InvalidSpecification),
        ([1.0, 2.0], [2.0, 3.0], "hunch", InvalidSpecification),
    ],
)
def test_hostile_input_raises_the_engines_own_error(before, after, kind, error):
    with pytest.raises(error) as caught:
        compare(before, after, kind=kind)
    assert str(caught.value) != caught.value.code


lists = st.lists(st.integers(-1000, 1000).map(lambda i: i / 8), min_size=2, max_size=25)


@given(lists, lists, st.sampled_from([0.5, 4.0]), st.integers(-(2**20), 2**20))
@settings(max_examples=60, deadline=None)
def test_welch_follows_unit_and_zero_point(before, after, scale, shift):
    try:
        first = compare_means(before, after)
    except StatsError:
        return
    moved = compare_means([v * scale + shift for v in before], [v * scale + shift for v in after])
    assert moved.p_value == pytest.approx(first.p_value, rel=1e-9)
    assert moved.estimate.value == pytest.approx(first.estimate.value * scale, rel=1e-9, abs=1e-9)
    assert moved.effect_size.value == pytest.approx(first.effect_size.value, rel=1e-9, abs=1e-9)


counts = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda t: (t[0], t[0] + t[1] + 1))


@given(counts, counts)
@settings(max_examples=80, deadline=None)
def test_swapping_the_samples_turns_the_sign(first, second):
    one, other = compare_proportions(first, second), compare_proportions(second, first)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9, abs=1e-12)
    assert one.estimate.lower == pytest.approx(-other.estimate.upper, abs=1e-12)
    assert one.effect_size.value == pytest.approx(-other.effect_size.value, abs=1e-12)
    assert -1.0 <= one.estimate.lower <= one.estimate.value <= one.estimate.upper <= 1.0


@given(counts, counts)
@settings(max_examples=80, deadline=None)
def test_rates_swap_too(first, second):
    one, other = compare_rates(first, second), compare_rates(second, first)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-7, abs=1e-12)
    assert one.estimate.value == pytest.approx(-other.estimate.value, abs=1e-12)
    if first[0] and second[0]:
        assert one.effect_size.lower == pytest.approx(1 / other.effect_size.upper, rel=1e-9)
