"""Ranks, spread, several groups, tables, correlation, equivalence: published figures."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.evidence.compare import compare
from apps.stats.evidence.contingency import chi_square
from apps.stats.evidence.correlation import correlation
from apps.stats.evidence.equivalence import equivalence
from apps.stats.evidence.groups import holm, kruskal_wallis, one_way_anova
from apps.stats.evidence.medians import compare_medians, compare_signs
from apps.stats.evidence.ranks import _searched_effect, compare_paired_ranks, compare_ranks
from apps.stats.evidence.studentized import (
    studentized_range_quantile,
    studentized_range_tail,
)
from apps.stats.evidence.variances import (
    compare_variances,
    compare_variances_bonett,
    levene_statistic,
)
from apps.stats.moments import sample

STRD = json.loads((Path(__file__).parent / "data" / "nist_strd.json").read_text())
# Permeability constants of the placenta: Hollander and Wolfe (1973), p. 69; wilcox.test of R.
TERM = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
EARLY = [1.15, 0.88, 0.90, 0.74, 1.21]
# Hamilton depression scale of nine patients: Hollander and Wolfe (1973), p. 29; wilcox.test of R.
FIRST_VISIT = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
SECOND_VISIT = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
# Dried weight of plants: Dobson (1983); data set PlantGrowth of R.
PLANTS = {
    "ctrl": [4.17, 5.58, 5.18, 6.11, 4.50, 4.61, 5.17, 4.53, 5.33, 5.14],
    "trt1": [4.81, 4.17, 4.41, 3.59, 5.87, 3.83, 6.03, 4.89, 4.32, 4.69],
    "trt2": [6.31, 5.12, 5.54, 5.50, 5.37, 5.29, 4.92, 6.15, 5.80, 5.26],
}
# Insects on units treated with six sprays: Beall (1942); data set InsectSprays of R.
SPRAYS = {
    "A": [10, 7, 20, 14, 14, 12, 10, 23, 17, 20, 14, 13],
    "B": [11, 17, 21, 11, 16, 14, 17, 17, 19, 21, 7, 13],
    "C": [0, 1, 7, 2, 3, 1, 2, 1, 3, 0, 1, 4],
    "D": [3, 5, 12, 6, 4, 3, 5, 5, 5, 5, 2, 4],
    "E": [3, 5, 3, 5, 3, 6, 1, 1, 3, 2, 6, 4],
    "F": [11, 9, 15, 22, 15, 16, 13, 10, 26, 26, 24, 13],
}
# Gear diameters in ten batches: NIST/SEMATECH e-Handbook, section 1.3.5.9 (GEAR.DAT).
GEARS = [
    [1.006, 0.996, 0.998, 1.000, 0.992, 0.993, 1.002, 0.999, 0.994, 1.000],
    [0.998, 1.006, 1.000, 1.002, 0.997, 0.998, 0.996, 1.000, 1.006, 0.988],
    [0.991, 0.987, 0.997, 0.999, 0.995, 0.994, 1.000, 0.999, 0.996, 0.996],
    [1.005, 1.002, 0.994, 1.000, 0.995, 0.994, 0.998, 0.996, 1.002, 0.996],
    [0.998, 0.998, 0.982, 0.990, 1.002, 0.984, 0.996, 0.993, 0.980, 0.996],
    [1.009, 1.013, 1.009, 0.997, 0.988, 1.002, 0.995, 0.998, 0.981, 0.996],
    [0.990, 1.004, 0.996, 1.001, 0.998, 1.000, 1.018, 1.010, 0.996, 1.002],
    [0.998, 1.000, 1.006, 1.000, 1.002, 0.996, 0.998, 0.996, 1.002, 1.006],
    [1.002, 0.998, 0.996, 0.995, 0.996, 1.004, 1.004, 0.998, 0.999, 0.991],
    [0.991, 0.995, 0.984, 0.994, 0.997, 0.997, 0.991, 0.998, 1.004, 0.997],
]
# Lightness and panel score of canned tuna: Hollander and Wolfe (1973), p. 187; cor.test of R.
LIGHTNESS = [44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1]
SCORE = [2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8]


@pytest.mark.reference(
    "compare_ranks", source="R, help page of wilcox.test; Hollander and Wolfe (1973), p. 69"
)
def test_mann_whitney_equals_r():
    # wilcox.test(x, y, alternative = "g") of R: W = 35, p-value = 0.1272; two sides are double.
    result = compare_ranks(EARLY, TERM)
    assert result.statistic == 35
    assert result.p_value / 2 == pytest.approx(0.1272, abs=5e-5)


def test_mann_whitney_shift_is_the_median_of_all_differences():
    result = compare_ranks(EARLY, TERM)
    differences = [a - b for a in TERM for b in EARLY]
    assert result.estimate.value == pytest.approx(float(np.median(differences)), rel=1e-12)
    assert result.effect_size.value == pytest.approx(35 / 50, rel=1e-12)


@pytest.mark.reference(
    "compare_paired_ranks", source="R, help page of wilcox.test; Hollander and Wolfe (1973), p. 29"
)
def test_wilcoxon_signed_rank_equals_r():
    # wilcox.test(x, y, paired = TRUE, alternative = "greater") of R: V = 40, p-value = 0.01953.
    result = compare_paired_ranks(SECOND_VISIT, FIRST_VISIT)
    assert result.statistic == 40
    assert result.p_value / 2 == pytest.approx(0.01953, abs=5e-6)
    assert result.verdict == "higher"


def test_walsh_averages_by_definition():
    result = compare_paired_ranks(SECOND_VISIT, FIRST_VISIT)
    d = [a - b for a, b in zip(FIRST_VISIT, SECOND_VISIT, strict=True)]
    walsh = [(a + b) / 2 for a, b in itertools.combinations_with_replacement(d, 2)]
    assert result.estimate.value == pytest.approx(float(np.median(walsh)), rel=1e-12)


def test_searching_the_pairs_equals_listing_them():
    rng = np.random.default_rng(4)
    x, y = np.sort(rng.integers(0, 30, 40) / 4), rng.integers(0, 30, 31) / 4
    listed = np.sort(np.subtract.outer(y, x).ravel())
    found = _searched_effect(
        lambda limit: int(np.searchsorted(x, y - limit, side="left").sum()),
        listed.size,
        50,
        (float(y.min() - x.max()), float(y.max() - x.min())),
    )
    figures = (float(np.median(listed)), float(listed[49]), float(listed[-50]))
    assert (found.value, found.lower, found.upper) == pytest.approx(figures, rel=1e-12)


@pytest.mark.parametrize(
    ("kind", "n"), [("ranks", 3000), ("paired-ranks", 3000), ("medians", 3000)]
)
def test_long_lists_are_compared_without_listing_all_pairs(kind, n):
    draws = np.random.default_rng(4).standard_normal((2, n))
    result = compare(draws[0], draws[1] + 0.5, kind=kind)
    assert result.estimate.lower < 0.5 < result.estimate.upper
    assert result.verdict == "higher"


def test_sign_test_is_the_binomial():
    # By count, seven of the nine patients improved: two tails of the binomial at one half.
    result = compare_signs(SECOND_VISIT, FIRST_VISIT)
    up = sum(a > b for a, b in zip(FIRST_VISIT, SECOND_VISIT, strict=True))
    assert result.statistic == up
    assert result.p_value == pytest.approx(
        min(1.0, 2 * sum(math.comb(9, k) for k in range(9 - up + 1)) / 2**9), rel=1e-12
    )


@pytest.mark.reference(
    "compare_signs", source="Conover (1999), Practical Nonparametric Statistics, table A3"
)
@pytest.mark.parametrize(("n", "place"), [(6, 1), (10, 2), (20, 6), (50, 18), (100, 40)])
def test_median_interval_uses_the_published_order_statistics(n, place):
    # Conover (1999), Practical Nonparametric Statistics, section 3.2 and table A3: the ranks whose
    # binomial tails stay within 2.5 percent on each side.
    result = compare_signs(np.zeros(n), np.arange(1.0, n + 1))
    assert (result.estimate.lower, result.estimate.upper) == (place, n + 1 - place)


def test_mood_median_is_the_chi_square_of_the_counts_above():
    result = compare_medians(EARLY, TERM)
    table = [[6, 4], [1, 4]]
    assert result.statistic == pytest.approx(
        stats.chi2_contingency(table, correction=False).statistic, rel=1e-12
    )


def test_median_difference_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(6)
    hits = 0
    for _ in range(400):
        result = compare_medians(rng.exponential(size=40), rng.exponential(size=40))
        hits += result.estimate.lower <= 0.0 <= result.estimate.upper
    assert hits / 400 > 0.93


def test_levene_equals_nist():
    # NIST/SEMATECH e-Handbook, section 1.3.5.10: W = 1.705910 with 9 and 90 degrees of freedom.
    w, between, within, p_value = levene_statistic([sample(batch) for batch in GEARS])
    assert (between, within) == (9, 90)
    assert w == pytest.approx(1.705910, abs=1e-5)
    assert p_value > 0.05


def test_bonetts_p_value_sits_where_the_interval_touches_one():
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal(20), 1.6 * rng.standard_normal(25)
    p_value = compare_variances_bonett(x, y).p_value
    edge = compare_variances_bonett(x, y, confidence=1 - p_value).estimate
    assert min(abs(edge.lower - 1), abs(edge.upper - 1)) < 1e-9


@pytest.mark.parametrize("kind", ["variances", "variances-bonett"])
def test_spread_tests_keep_their_level_on_skewed_data(kind):
    rng = np.random.default_rng(3)
    rejected = sum(
        compare(rng.gamma(4.0, size=40), rng.gamma(4.0, size=40), kind=kind).p_value < 0.05
        for _ in range(500)
    )
    assert rejected / 500 < 0.09


@pytest.mark.reference("one_way_anova", source="NIST StRD, analysis of variance, certified values")
@pytest.mark.parametrize("name", sorted(STRD["anova"]))
def test_anova_reaches_the_certified_digits_of_nist(name):
    # NIST Statistical Reference Datasets, analysis of variance. SmLs04 and SmLs07 add 1e6 and
    # 1e12 to the same values, so few digits of the data are left there (NIST: stiffness).
    data = STRD["anova"][name]
    result = one_way_anova(data["groups"])
    digits = {"SmLs07": 2e-3, "SmLs04": 1e-8, "AtmWtAg": 1e-8}.get(name, 1e-12)
    between, within = result.table[0], result.table[1]
    assert [between.df, between.sum_of_squares, between.mean_square] == pytest.approx(
        data["between"][:3], rel=digits
    )
    assert [within.df, within.sum_of_squares, within.mean_square] == pytest.approx(
        data["within"][:3], rel=digits
    )
    assert result.statistic == pytest.approx(data["between"][3], rel=digits)
    total = result.table[2].sum_of_squares
    assert between.sum_of_squares / total == pytest.approx(data["r_squared"], rel=digits)
    assert math.sqrt(within.mean_square) == pytest.approx(data["residual_sd"], rel=digits)


@pytest.mark.reference("one_way_anova", source="R, anova(lm()) and TukeyHSD() of PlantGrowth")
def test_anova_and_tukey_equal_r_on_plant_growth():
    # anova(lm(weight ~ group)) of R: F = 4.8461, p = 0.01591. TukeyHSD: the three lines below.
    result = one_way_anova(PLANTS)
    assert result.statistic == pytest.approx(4.8461, abs=5e-5)
    assert result.p_value == pytest.approx(0.01591, abs=5e-6)
    expected = {
        ("ctrl", "trt1"): (-0.371, -1.0622161, 0.3202161, 0.3908711),
        ("ctrl", "trt2"): (0.494, -0.1972161, 1.1852161, 0.1979960),
        ("trt1", "trt2"): (0.865, 0.1737839, 1.5562161, 0.0120064),
    }
    for pair in result.pairs:
        figures = (
            pair.difference.value,
            pair.difference.lower,
            pair.difference.upper,
            pair.p_value,
        )
        assert figures == pytest.approx(expected[pair.first, pair.second], abs=2e-6)
    assert [pair.differs for pair in result.pairs] == [False, False, True]


@pytest.mark.parametrize(
    ("k", "df", "quantile"),
    # Upper 5 percent points of the studentized range: Montgomery (2017), Design and Analysis of
    # Experiments, appendix table V; NIST/SEMATECH e-Handbook, section 7.4.7.1 uses the same.
    [(3, 10, 3.88), (2, 5, 3.64), (5, 20, 4.23), (10, 60, 4.65), (4, 12, 4.20), (3, 1, 26.98)],
)
def test_studentized_range_equals_the_table(k, df, quantile):
    found = studentized_range_quantile(0.95, k, df)
    assert found == pytest.approx(quantile, abs=6e-3)
    assert studentized_range_tail(found, k, df) == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize(("q", "k", "df"), [(3.2, 3, 7), (0.4, 5, 2.5), (6.0, 8, 200), (9, 4, 3)])
def test_studentized_range_equals_scipy(q, k, df):
    expected = float(stats.studentized_range.sf(q, k, df))
    assert studentized_range_tail(q, k, df) == pytest.approx(expected, abs=1e-9)


@pytest.mark.reference(
    "one_way_anova",
    "kruskal_wallis",
    source="R, aov(), oneway.test() and kruskal.test() of InsectSprays",
)
def test_anova_of_the_insect_sprays_equals_r():
    # summary(aov(count ~ spray)) of R: F = 34.7 on 5 and 66; oneway.test: F = 36.065, denominator
    # 30.043; kruskal.test: 54.691 on 5.
    classic, welch = one_way_anova(SPRAYS), one_way_anova(SPRAYS, equal_spread=False)
    assert (classic.statistic, classic.df_within) == (pytest.approx(34.7, abs=0.05), 66)
    assert welch.statistic == pytest.approx(36.065, abs=5e-4)
    assert welch.df_within == pytest.approx(30.043, abs=5e-4)
    assert kruskal_wallis(SPRAYS).statistic == pytest.approx(54.691, abs=5e-4)
    assert "spread_differs" in {notice.code for notice in classic.warnings}


@pytest.mark.reference(
    "kruskal_wallis", source="R, help page of kruskal.test; Hollander and Wolfe (1973), p. 116"
)
def test_kruskal_wallis_equals_r_on_mucociliary_efficiency():
    # Hollander and Wolfe (1973), p. 116; kruskal.test of R: 0.77143, p = 0.68.
    result = kruskal_wallis(
        {
            "normal": [2.9, 3.0, 2.5, 2.6, 3.2],
            "obstructive": [3.8, 2.7, 4.0, 2.4],
            "asbestosis": [2.8, 3.4, 3.7, 2.2, 2.0],
        }
    )
    assert result.statistic == pytest.approx(0.77143, abs=5e-6)
    assert result.p_value == pytest.approx(0.68, abs=5e-4)
    assert result.verdict == "groups_alike"


@pytest.mark.reference(
    "kruskal_wallis", source="R 4.2.2, uniroot() over pchisq(H, df, ncp) of kruskal.test(), run"
)
def test_the_interval_of_epsilon_squared_equals_r():
    sprays = kruskal_wallis(SPRAYS).effect_size
    assert sprays.lower == pytest.approx(0.367889042099, rel=1e-8)
    assert sprays.upper == 1.0
    agreeing = kruskal_wallis(
        {
            "normal": [2.9, 3.0, 2.5, 2.6, 3.2],
            "obstructive": [3.8, 2.7, 4.0, 2.4],
            "asbestosis": [2.8, 3.4, 3.7, 2.2, 2.0],
        }
    ).effect_size
    # H is 0.77, below the 2 that chance gives on average: the upper limit is that of 2.
    assert agreeing.lower == 0.0
    assert agreeing.upper == pytest.approx(0.75446697142, rel=1e-8)


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_equivalence_tells_the_effect_in_standard_deviations(confidence):
    before, after = PLANTS["trt1"], PLANTS["trt2"]
    told = equivalence(before, after, low=-9, high=9, confidence=confidence).effect_size
    level = 2 * confidence - 1
    assert told == compare(before, after, confidence=level).effect_size
    n = min(len(before), len(after))
    pairs = equivalence(before[:n], after[:n], low=-9, high=9, paired=True, confidence=confidence)
    other = compare(before[:n], after[:n], kind="paired-means", confidence=level).effect_size
    assert pairs.effect_size.name == other.name
    assert pairs.effect_size.value == pytest.approx(other.value)
    assert pairs.effect_size.lower == pytest.approx(other.lower)
    assert pairs.effect_size.upper == pytest.approx(other.upper)


def test_two_groups_give_the_square_of_t():
    two = {"a": PLANTS["trt1"], "b": PLANTS["trt2"]}
    pooled = stats.ttest_ind(two["a"], two["b"])
    assert one_way_anova(two).statistic == pytest.approx(pooled.statistic**2, rel=1e-10)
    welch = compare(two["a"], two["b"])
    other = one_way_anova(two, equal_spread=False)
    assert other.statistic == pytest.approx(welch.statistic**2, rel=1e-10)
    assert other.p_value == pytest.approx(welch.p_value, rel=1e-9)
    assert other.pairs[0].p_value == pytest.approx(welch.p_value, rel=1e-9)


def test_omega_squared_by_the_sums_of_squares():
    # Hays (1994), Statistics: (SSB - dfB MSW) / (SST + MSW).
    result = one_way_anova(PLANTS)
    between, within, total = result.table
    expected = (between.sum_of_squares - between.df * within.mean_square) / (
        total.sum_of_squares + within.mean_square
    )
    assert result.effect_size.value == pytest.approx(expected, rel=1e-12)


def test_omega_squared_interval_puts_f_on_the_edges():
    result = one_way_anova(PLANTS)
    for bound, share in ((result.effect_size.lower, 0.975), (result.effect_size.upper, 0.025)):
        shift = 30 * bound / (1 - bound)
        if shift > 0:
            assert stats.ncf.cdf(result.statistic, 2, 27, shift) == pytest.approx(share, abs=1e-5)


def test_holm_equals_r():
    # p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") of R: 0.05 0.08 0.09 0.09 0.09.
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])


@pytest.mark.reference("chi_square", source="Agresti (2007), p. 39; R, help page of chisq.test")
def test_chi_square_equals_r_on_party_and_sex():
    # Agresti (2007), An Introduction to Categorical Data Analysis, p. 39; chisq.test of R:
    # 30.07 on 2, p = 2.954e-07; adjusted residuals 4.5020535, 0.6994517, -5.3159455.
    result = chi_square([[762, 327, 468], [484, 239, 477]])
    assert (result.statistic, result.df) == (pytest.approx(30.07, abs=5e-3), 2)
    assert result.p_value == pytest.approx(2.954e-07, rel=2e-4)
    assert result.residuals[0].tolist() == pytest.approx([4.5020535, 0.6994517, -5.3159455])
    assert result.expected[0].tolist() == pytest.approx([703.6714, 319.6453, 533.6834], abs=5e-5)


def test_cramers_v_interval_puts_the_statistic_on_the_edges():
    result = chi_square([[762, 327, 468], [484, 239, 477]])
    for bound, share in ((result.effect_size.lower, 0.975), (result.effect_size.upper, 0.025)):
        assert stats.ncx2.cdf(result.statistic, 2, bound**2 * 2757) == pytest.approx(
            share, abs=1e-6
        )


@pytest.mark.reference(
    "correlation", source="R, help page of cor.test; Hollander and Wolfe (1973), p. 187"
)
def test_pearson_equals_r():
    # cor.test(x, y) of R: t = 1.8411, df = 7, p = 0.1082, 0.5711816 (-0.1497426 to 0.8955795).
    result = correlation(LIGHTNESS, SCORE)
    assert (result.statistic, result.df) == (pytest.approx(1.8411, abs=5e-5), 7)
    assert result.p_value == pytest.approx(0.1082, abs=5e-5)
    effect = result.effect_size
    assert (effect.value, effect.lower, effect.upper) == pytest.approx(
        (0.5711816, -0.1497426, 0.8955795), abs=6e-8
    )


def test_spearman_equals_the_textbook():
    # Hollander and Wolfe (1973): the same pairs have the rank correlation 0.6.
    assert correlation(LIGHTNESS, SCORE, method="spearman").effect_size.value == pytest.approx(0.6)


def test_points_on_a_line_correlate_fully():
    result = correlation([1, 2, 3, 4, 5], [3, 5, 7, 9, 11])
    assert (result.effect_size.value, result.p_value) == (1.0, 0.0)
    assert correlation([1e9 + v for v in range(5)], list(range(5))).effect_size.value == 1.0


def test_equivalence_holds_exactly_where_the_interval_lies_inside_the_margins():
    rng = np.random.default_rng(8)
    for _ in range(60):
        x, y = rng.standard_normal(12), rng.standard_normal(15) + 0.2
        result = equivalence(x, y, low=-0.9, high=0.9)
        inside = result.estimate.lower > -0.9 and result.estimate.upper < 0.9
        assert (result.verdict == "equivalent") == inside


@pytest.mark.parametrize("paired", [False, True])
def test_equivalence_is_two_one_sided_t_tests(paired):
    x, y = TERM, [v + 0.05 * (-1) ** i for i, v in enumerate(TERM)]
    result = equivalence(x, y, low=-0.3, high=0.4, paired=paired)
    if paired:
        d = np.subtract(y, x)
        low = stats.ttest_1samp(d, -0.3, alternative="greater").pvalue
        high = stats.ttest_1samp(d, 0.4, alternative="less").pvalue
    else:
        low = stats.ttest_ind(np.array(y) + 0.3, x, equal_var=False, alternative="greater").pvalue
        high = stats.ttest_ind(np.array(y) - 0.4, x, equal_var=False, alternative="less").pvalue
    assert (result.p_low, result.p_high) == pytest.approx((low, high), rel=1e-9)
    assert result.p_value == max(result.p_low, result.p_high)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: compare_ranks([1, 1], [1, 1]), DegenerateData),
        (lambda: compare_ranks([1], [1, 2]), NotEnoughData),
        (lambda: compare_paired_ranks([1, 2, 3], [1, 2, 3]), DegenerateData),
        (lambda: compare_signs([1, 2, 3], [1, 2, 3]), DegenerateData),
        (lambda: compare_medians([1, 1, 1], [1, 1, 1]), DegenerateData),
        (lambda: compare_variances([1, 1, 1, 1, 1], [1, 2, 3, 4, 5]), DegenerateData),
        (lambda: compare_variances([1, 2, 3], [1, 2, 3, 4, 5]), NotEnoughData),
        (lambda: one_way_anova({"a": [1, 2]}), NotEnoughData),
        (lambda: one_way_anova({"a": [1, 2], "b": [1]}), NotEnoughData),
        (lambda: one_way_anova({"a": [1, 1], "b": [2, 2]}), DegenerateData),
        (lambda: one_way_anova({"a": [1, 2], "b": [2, 2]}, equal_spread=False), DegenerateData),
        (lambda: kruskal_wallis({"a": [1, 1], "b": [1, 1]}), DegenerateData),
        (lambda: kruskal_wallis({}), NotEnoughData),
        (lambda: chi_square([[1, 2]]), InvalidSpecification),
        (lambda: chi_square([[1, -2], [3, 4]]), InvalidSpecification),
        (lambda: chi_square([[1, 2.5], [3, 4]]), InvalidSpecification),
        (lambda: chi_square([["a", 2], [3, 4]]), InvalidSpecification),
        (lambda: chi_square([[0, 0], [3, 4]]), DegenerateData),
        (lambda: correlation([1, 2, 3], [1, 2, 4]), NotEnoughData),
        (lambda: correlation([1, 2, 3, 4], [1, 2, 4]), InvalidSpecification),
        (lambda: correlation([1, 1, 1, 1], [1, 2, 3, 4]), DegenerateData),
        (lambda: correlation(TERM, TERM, method="kendal"), InvalidSpecification),
        (lambda: equivalence(TERM, EARLY, low=1, high=-1), InvalidSpecification),
        (lambda: equivalence(TERM, EARLY, low=-math.inf, high=1), InvalidSpecification),
        (lambda: equivalence([1, 2], [2, 3], low=-1, high=1, paired=True), DegenerateData),
    ],
)
def test_hostile_input_raises_the_engines_own_error(call, error):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) != caught.value.code


short = st.lists(st.integers(-50, 50), min_size=5, max_size=20).filter(lambda v: len(set(v)) > 2)
KINDS = ["means", "ranks", "medians", "variances", "variances-bonett"]


@given(short, short, st.sampled_from(KINDS))
@settings(max_examples=80, deadline=None)
def test_swapping_before_and_after_turns_the_verdict(before, after, kind):
    turned = {"higher": "lower", "spread_higher": "spread_lower"}
    turned |= {value: key for key, value in turned.items()}
    try:
        one, other = compare(before, after, kind=kind), compare(after, before, kind=kind)
    except DegenerateData:
        return
    assert one.p_value == pytest.approx(other.p_value, rel=1e-6, abs=1e-9)
    assert turned.get(one.verdict, one.verdict) == other.verdict
    assert one.estimate.lower <= one.estimate.value <= one.estimate.upper


@given(short, short, st.integers(-(2**24), 2**24), st.sampled_from([0.25, 16.0]))
@settings(max_examples=60, deadline=None)
def test_ranks_and_spread_do_not_depend_on_the_zero_point(before, after, shift, scale):
    for kind in ("ranks", "variances"):
        first = compare(before, after, kind=kind)
        moved = compare(
            [v * scale + shift for v in before], [v * scale + shift for v in after], kind=kind
        )
        assert moved.p_value == pytest.approx(first.p_value, rel=1e-9)
        assert moved.effect_size.value == pytest.approx(first.effect_size.value, abs=1e-9)


NOISY = np.random.default_rng(31).standard_normal((2, 40))
WALK = np.cumsum(np.random.default_rng(32).standard_normal((2, 40)), axis=1)


@pytest.mark.parametrize(
    "result_of",
    [
        *(
            lambda a, b, kind=kind: compare(a, b, kind=kind)
            for kind in (
                "means", "paired-means", "ranks", "paired-ranks", "medians", "signs", "variances",
                "variances-bonett",
            )
        ),
        lambda a, b: kruskal_wallis({"a": a, "b": b}),
        lambda a, b: correlation(a, b),
        lambda a, b: correlation(a, b, method="spearman"),
        lambda a, b: equivalence(a, b, low=-1, high=1),
        lambda a, b: equivalence(a, b, low=-1, high=1, paired=True),
    ],
)  # fmt: skip
def test_every_result_looks_at_the_order_of_its_values(result_of):
    steady, walking = result_of(*NOISY), result_of(*WALK)
    for result in (steady, walking):
        assert any(check.name.startswith("independent") for check in result.checks)
    assert "order_matters" not in {notice.code for notice in steady.warnings}
    assert "order_matters" in {notice.code for notice in walking.warnings}


def test_counts_say_whether_the_large_sample_test_carries():
    assert [check.passed for check in compare((3, 50), (9, 50), kind="proportions").checks] == [
        True
    ]
    assert [check.passed for check in compare((0, 9), (3, 9), kind="proportions").checks] == [False]
    assert [check.passed for check in chi_square([[20, 30], [30, 20]]).checks] == [True]
    assert [check.passed for check in chi_square([[2, 3], [3, 2]]).checks] == [False]
