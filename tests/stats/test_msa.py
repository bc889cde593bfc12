"""Measurement system analysis against AIAG, textbooks and R."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.msa.attribute import attribute_agreement, rater_verdict
from apps.stats.msa.bias import bias_study, linearity_study
from apps.stats.msa.gage import d2_star, gage_crossed, gage_nested
from apps.stats.msa.kappa import (
    cohen_kappa,
    fleiss_kappa,
    fleiss_kappa_of_counts,
    kappa_of_table,
)
from apps.stats.msa.ordinal import kendall_tau, kendall_w
from apps.stats.msa.stability import stability_study

# AIAG (2010), Measurement Systems Analysis, 4th ed., chapter III section B, the study of three
# appraisers, three trials and ten parts.
AIAG = np.array(
    [
        [
            [0.29, -0.56, 1.34, 0.47, -0.80, 0.02, 0.59, -0.31, 2.26, -1.36],
            [0.41, -0.68, 1.17, 0.50, -0.92, -0.11, 0.75, -0.20, 1.99, -1.25],
            [0.64, -0.58, 1.27, 0.64, -0.84, -0.21, 0.66, -0.17, 2.01, -1.31],
        ],
        [
            [0.08, -0.47, 1.19, 0.01, -0.56, -0.20, 0.47, -0.63, 1.80, -1.68],
            [0.25, -1.22, 0.94, 1.03, -1.20, 0.22, 0.55, 0.08, 2.12, -1.62],
            [0.07, -0.68, 1.34, 0.20, -1.28, 0.06, 0.83, -0.34, 2.19, -1.50],
        ],
        [
            [0.04, -1.38, 0.88, 0.14, -1.46, -0.29, 0.02, -0.46, 1.77, -1.49],
            [-0.11, -1.13, 1.09, 0.20, -1.07, -0.67, 0.01, -0.56, 1.45, -1.77],
            [-0.15, -0.96, 0.67, 0.11, -1.45, -0.49, 0.21, -0.49, 1.87, -2.16],
        ],
    ]
)
# AIAG (2010), linearity example: five master parts, twelve readings each.
LINEARITY = {
    2: [2.7, 2.5, 2.4, 2.5, 2.7, 2.3, 2.5, 2.5, 2.4, 2.4, 2.6, 2.4],
    4: [5.1, 3.9, 4.2, 5.0, 3.8, 3.9, 3.9, 3.9, 3.9, 4.0, 4.1, 3.8],
    6: [5.8, 5.7, 5.9, 5.9, 6.0, 6.1, 6.0, 6.1, 6.4, 6.3, 6.0, 6.1],
    8: [7.6, 7.7, 7.8, 7.7, 7.8, 7.8, 7.8, 7.7, 7.8, 7.5, 7.6, 7.7],
    10: [9.1, 9.3, 9.5, 9.3, 9.4, 9.5, 9.5, 9.5, 9.6, 9.2, 9.3, 9.4],
}


# Thermal impedance of parts: Montgomery, Introduction to Statistical Quality Control, 7th ed.,
# section 8.7: twenty parts, three operators, two readings.
MONTGOMERY = [
    [(21, 20), (24, 23), (20, 21), (27, 27), (19, 18), (23, 21), (22, 21), (19, 17), (24, 23),
     (25, 23), (21, 20), (18, 19), (23, 25), (24, 24), (29, 30), (26, 26), (20, 20), (19, 21),
     (25, 26), (19, 19)],
    [(20, 20), (24, 24), (19, 21), (28, 26), (19, 18), (24, 21), (22, 24), (18, 20), (25, 23),
     (26, 25), (20, 20), (17, 19), (25, 25), (23, 25), (30, 28), (25, 26), (19, 20), (19, 19),
     (25, 24), (18, 17)],
    [(19, 21), (23, 24), (20, 22), (27, 28), (18, 21), (23, 22), (22, 20), (19, 18), (24, 24),
     (24, 25), (21, 20), (18, 19), (25, 25), (24, 25), (31, 30), (25, 27), (20, 20), (21, 23),
     (25, 25), (19, 17)],
]  # fmt: skip


def long_form(cube):
    """Values, parts and operators of an array (operators, trials, parts)."""
    operators, trials, parts = cube.shape
    value = [cube[o, t, p] for o in range(operators) for t in range(trials) for p in range(parts)]
    part = [p for _o in range(operators) for _t in range(trials) for p in range(parts)]
    operator = [o for o in range(operators) for _t in range(trials) for _p in range(parts)]
    return value, part, operator


@pytest.fixture(scope="module")
def aiag():
    return gage_crossed(*long_form(AIAG))


@pytest.mark.reference(
    "gage_crossed", source="AIAG (2010), Measurement Systems Analysis, 4th ed., chapter III B"
)
@pytest.mark.parametrize(
    ("source", "df", "squares"),
    # AIAG, the same section, table of the analysis of variance before pooling.
    [("operator", 2, 3.1673), ("part", 9, 88.3619), ("total", 89, 94.6471)],
)
def test_anova_lines_equal_aiag(aiag, source, df, squares):
    (line,) = [one for one in aiag.table if one.source == source]
    assert line.df == df
    assert line.sum_of_squares == pytest.approx(squares, abs=6e-5)


@pytest.mark.reference(
    "gage_crossed", source="AIAG (2010), Measurement Systems Analysis, 4th ed., chapter III B"
)
def test_interaction_and_error_equal_aiag_before_pooling():
    # The same table: interaction 18 df 0.3590, equipment 60 df 2.7589, F 0.434.
    full = gage_crossed(*long_form(AIAG), pooling_alpha=1.0)
    by_source = {line.source: line for line in full.table}
    assert not full.pooled
    assert by_source["interaction"].sum_of_squares == pytest.approx(0.3590, abs=6e-5)
    assert by_source["repeatability"].sum_of_squares == pytest.approx(2.7589, abs=6e-5)
    assert by_source["interaction"].f == pytest.approx(0.434, abs=5e-4)
    assert full.component("interaction").floored
    assert "negative_component" in {notice.code for notice in full.warnings}


@pytest.mark.reference(
    "gage_crossed", source="AIAG (2010), Measurement Systems Analysis, 4th ed., chapter III B"
)
@pytest.mark.parametrize(
    ("name", "sd"),
    # AIAG, the same section, estimates of the standard deviations with pooling.
    [
        ("repeatability", 0.199933),
        ("operator", 0.226838),
        ("gage_rr", 0.302373),
        ("part", 1.042327),
    ],
)
def test_components_equal_aiag(aiag, name, sd):
    assert aiag.pooled
    assert aiag.component(name).sd == pytest.approx(sd, abs=2e-6)


@pytest.mark.reference(
    "gage_crossed", source="AIAG (2010), Measurement Systems Analysis, 4th ed., chapter III B"
)
@pytest.mark.parametrize(
    ("name", "share"),
    # The same report: percent of total variation 18.4, 20.9, 27.9, 96.0.
    [("repeatability", 18.4), ("operator", 20.9), ("gage_rr", 27.9), ("part", 96.0)],
)
def test_shares_equal_aiag(aiag, name, share):
    assert aiag.component(name).percent_study == pytest.approx(share, abs=0.06)


@pytest.mark.reference(
    "gage_crossed", source="AIAG (2010), Measurement Systems Analysis, 4th ed., chapter III B"
)
def test_distinct_categories_and_verdict_equal_aiag(aiag):
    # AIAG: 1.41 * 1.04233 / 0.30237 = 4.86, truncated to 4; 27.9 percent is marginal.
    assert aiag.distinct_categories == 4
    assert aiag.verdict == "marginal"
    assert "few_categories" in {notice.code for notice in aiag.warnings}


@pytest.mark.reference(
    "gage_crossed", source="AIAG (2010), Measurement Systems Analysis, 4th ed., chapter III B"
)
@pytest.mark.parametrize(
    ("name", "sd"),
    # AIAG, gage repeatability and reproducibility report, average and range method.
    [
        ("repeatability", 0.20188),
        ("operator", 0.22963),
        ("gage_rr", 0.30575),
        ("part", 1.10456),
        ("total", 1.14610),
    ],
)
def test_range_method_equals_aiag(name, sd):
    study = gage_crossed(*long_form(AIAG), method="range")
    # AIAG rounds its K constants to four digits.
    assert study.component(name).sd == pytest.approx(sd, rel=3e-4)
    assert study.distinct_categories == 5


@pytest.mark.parametrize(
    ("n", "constant"),
    # AIAG, K2 and K3: 1 / d2* for one range.
    [(2, 0.7071), (3, 0.5231), (4, 0.4467), (5, 0.4030), (6, 0.3742), (7, 0.3534), (8, 0.3375),
     (9, 0.3249), (10, 0.3146)],
)  # fmt: skip
def test_range_constants_equal_aiag(n, constant):
    assert 1 / d2_star(n, 1) == pytest.approx(constant, abs=6e-5)


@pytest.mark.reference(
    "gage_crossed", source="Montgomery, Introduction to SQC, 7th ed., section 8.7"
)
@pytest.mark.parametrize(
    ("source", "df", "squares", "f"),
    # Montgomery, the same section, analysis of variance of the thermal impedances.
    [
        ("part", 19, 1185.425, 87.65),
        ("operator", 2, 2.617, 1.84),
        ("interaction", 38, 27.050, 0.72),
        ("repeatability", 60, 59.500, None),
        ("total", 119, 1274.592, None),
    ],
)
def test_anova_lines_equal_montgomery(source, df, squares, f):
    cube = np.array(MONTGOMERY, dtype=float).transpose(0, 2, 1)
    study = gage_crossed(*long_form(cube), pooling_alpha=1.0)
    (line,) = [one for one in study.table if one.source == source]
    assert (line.df, line.sum_of_squares) == (df, pytest.approx(squares, abs=6e-4))
    assert line.f == (None if f is None else pytest.approx(f, abs=6e-3))


@pytest.mark.reference(
    "gage_crossed", source="Montgomery, Introduction to SQC, 7th ed., section 8.7"
)
@pytest.mark.parametrize(
    ("name", "variance"),
    # The same source, after the interaction is pooled: 0.88, 0.0106, 10.25.
    [("repeatability", 0.88), ("operator", 0.0106), ("part", 10.25)],
)
def test_components_equal_montgomery(name, variance):
    cube = np.array(MONTGOMERY, dtype=float).transpose(0, 2, 1)
    study = gage_crossed(*long_form(cube))
    assert study.pooled
    assert study.component(name).variance == pytest.approx(variance, rel=6e-3)


def test_multiplier_and_tolerance_scale_the_study():
    value, part, operator = long_form(AIAG)
    study = gage_crossed(value, part, operator, tolerance=8.0, multiplier=5.15)
    gauge = study.component("gage_rr")
    assert gauge.study_variation == pytest.approx(5.15 * 0.302373, abs=1e-5)
    assert gauge.percent_tolerance == pytest.approx(100 * 5.15 * 0.302373 / 8, abs=1e-4)


def test_nested_components_by_the_expected_mean_squares():
    # Two operators, two parts each, two readings 0.1 apart; cell means 1.05, 2.05 | 1.15, 2.15.
    study = gage_nested(
        [1.0, 1.1, 2.0, 2.1, 1.1, 1.2, 2.2, 2.1], list("aabbccdd"), list("xxxxyyyy")
    )
    by_source = {line.source: line for line in study.table}
    assert by_source["operator"].sum_of_squares == pytest.approx(8 * 0.05**2)
    assert by_source["part"].sum_of_squares == pytest.approx(2 * 4 * 0.5**2)
    assert by_source["repeatability"].sum_of_squares == pytest.approx(4 * 2 * 0.05**2)
    assert study.component("part").variance == pytest.approx((1.0 - 0.005) / 2)
    assert study.component("operator").floored


def test_nested_labels_may_repeat_between_operators():
    values = [1.0, 1.1, 2.0, 2.1, 1.4, 1.2, 2.5, 2.1]
    first = gage_nested(values, list("aabbccdd"), list("xxxxyyyy"))
    second = gage_nested(values, list("aabbaabb"), list("xxxxyyyy"))
    assert first.components == second.components


def test_nested_study_finds_the_simulated_components():
    rng = np.random.default_rng(12)
    operators, parts, repeats = 40, 30, 3
    o = rng.normal(0, 2.0, operators)[:, None, None]
    p = rng.normal(0, 3.0, (operators, parts))[:, :, None]
    values = o + p + rng.normal(0, 1.0, (operators, parts, repeats))
    labels = np.indices(values.shape)
    study = gage_nested(values.ravel(), labels[1].ravel(), labels[0].ravel())
    assert study.component("repeatability").sd == pytest.approx(1.0, rel=0.05)
    assert study.component("part").sd == pytest.approx(3.0, rel=0.06)
    assert study.component("operator").sd == pytest.approx(2.0, rel=0.35)


@pytest.mark.reference(
    "bias_study", source="AIAG (2010), Measurement Systems Analysis, 4th ed., bias example"
)
def test_bias_equals_aiag():
    # AIAG (2010), bias example: fifteen readings of a part of 6.00, mean 6.0067, bias 0.0067.
    readings = [5.8, 5.7, 5.9, 5.9, 6.0, 6.1, 6.0, 6.1, 6.4, 6.3, 6.0, 6.1, 6.2, 5.6, 6.0]
    study = bias_study(readings, 6.0, tolerance=2.0)
    assert study.mean == pytest.approx(6.0067, abs=5e-5)
    assert study.bias.value == pytest.approx(0.0067, abs=5e-5)
    t = stats.ttest_1samp(readings, 6.0)
    assert (study.statistic, study.p_value) == pytest.approx((t.statistic, t.pvalue), rel=1e-9)
    assert study.percent_tolerance == pytest.approx(0.6667 / 2, abs=1e-3)
    assert study.verdict == "no_bias"


@pytest.mark.reference(
    "linearity_study",
    source="AIAG (2010), Measurement Systems Analysis, 4th ed., linearity example",
)
def test_linearity_equals_aiag():
    # AIAG (2010), linearity example: bias = 0.736667 - 0.131667 reference, s = 0.23954,
    # t of the slope -12.043, of the intercept 10.158, R-squared 71.4 percent; average -0.05333.
    values = [v for readings in LINEARITY.values() for v in readings]
    references = [reference for reference in LINEARITY for _ in range(12)]
    study = linearity_study(values, references)
    assert study.intercept.value == pytest.approx(0.736667, abs=6e-7)
    assert study.slope.value == pytest.approx(-0.131667, abs=6e-7)
    assert study.sigma == pytest.approx(0.23954, abs=6e-6)
    assert study.slope.t == pytest.approx(-12.043, abs=6e-4)
    assert study.intercept.t == pytest.approx(10.158, abs=6e-4)
    assert study.r_squared == pytest.approx(0.714, abs=6e-4)
    assert study.average_bias.bias.value == pytest.approx(-0.05333, abs=6e-6)
    assert study.verdict == "not_linear"
    assert study.by_reference[0][2] == pytest.approx(0.491667, abs=6e-7)


def test_stability_tells_drift_from_shock():
    noise = np.random.default_rng(5).normal(0, 0.1, 40)
    assert stability_study(5 + noise, reference=5.0).verdict == "stable"
    assert stability_study(5 + noise + 0.02 * np.arange(40)).verdict == "drifting"
    shock = noise.copy()
    shock[20] += 2.0
    assert stability_study(5 + shock).verdict == "unstable"
    grouped = stability_study(5 + noise, subgroup_size=4, reference=5.1)
    assert grouped.bias == pytest.approx(np.mean(noise) - 0.1)
    assert grouped.to_dict()["chart"]["chart"] == "xbar-r"


# Responses of 91 couples: Hout et al. (1987); data set SexualFun of the R package vcd.
COUPLES = [[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]]


@pytest.mark.parametrize(
    ("weights", "value", "error"),
    # Kappa(SexualFun) of vcd: unweighted 0.1293, ASE 0.06860; equal-spacing 0.2374, ASE 0.07832.
    [("unweighted", 0.1293, 0.06860), ("linear", 0.2374, 0.07832)],
)
def test_cohen_kappa_equals_vcd(weights, value, error):
    kappa = kappa_of_table(COUPLES, weights=weights)
    assert kappa.value == pytest.approx(value, abs=6e-5)
    assert kappa.error == pytest.approx(error, abs=6e-6)


def test_fleiss_kappa_of_the_ten_subjects():
    # The example of ten subjects and fourteen raters in the Wikipedia article "Fleiss' kappa":
    # observed 0.378, expected 0.213, kappa 0.210.
    counts = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    kappa = fleiss_kappa_of_counts(counts).overall
    assert (kappa.observed, kappa.expected, kappa.value) == pytest.approx(
        (0.378, 0.213, 0.210), abs=6e-4
    )
    assert kappa.lower < kappa.value < kappa.upper


def test_fleiss_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(7)
    hits = 0
    # Two categories, three ratings: true kappa is the variance of the item shares over p q.
    true = (0.3**2) / 0.25
    for _ in range(300):
        shares = 0.5 + 0.3 * rng.choice([-1, 1], 60)
        ratings = rng.random((60, 3)) < shares[:, None]
        counts = np.column_stack([ratings.sum(axis=1), 3 - ratings.sum(axis=1)])
        kappa = fleiss_kappa_of_counts(counts).overall
        hits += kappa.lower <= true <= kappa.upper
    assert hits / 300 == pytest.approx(0.95, abs=0.045)


def test_fleiss_test_against_chance_keeps_its_level():
    rng = np.random.default_rng(8)
    tests = []
    for _ in range(400):
        ratings = rng.choice(3, (50, 4), p=[0.5, 0.3, 0.2])
        counts = np.stack([(ratings == k).sum(axis=1) for k in range(3)], axis=1)
        tests.append(fleiss_kappa_of_counts(counts).overall.z)
    assert np.std(tests) == pytest.approx(1.0, abs=0.12)


def test_two_categories_share_one_kappa():
    result = fleiss_kappa(["aaa", "aab", "bbb", "abb", "aaa"])
    assert [value for _name, value, _p in result.by_category] == pytest.approx(
        [result.overall.value] * 2
    )


def test_kendall_w_is_friedmans_chi_square():
    table = np.random.default_rng(3).integers(1, 6, (12, 4)).astype(float)
    table[:, 1:] += table[:, :1]
    friedman = stats.friedmanchisquare(*table)
    result = kendall_w(table)
    assert result.chi_square == pytest.approx(friedman.statistic, rel=1e-10)
    assert result.p_value == pytest.approx(friedman.pvalue, rel=1e-9)


def test_full_concordance_is_one():
    assert kendall_w([[1, 2], [2, 3], [3, 4], [4, 9]]).value == pytest.approx(1.0)


@pytest.mark.reference("kendall_tau", source="R, help page of cor.test; Hollander and Wolfe (1973)")
def test_kendall_tau_equals_r():
    # cor.test(x, y, method = "kendall") of R on the canned tuna of Hollander and Wolfe (1973):
    # tau = 0.4444444, p-value = 0.1194.
    lightness = [44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1]
    score = [2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8]
    result = kendall_tau(lightness, score)
    assert result.value == pytest.approx(4 / 9, rel=1e-12)
    assert result.p_value == pytest.approx(0.1194, abs=5e-5)


RATINGS = {
    "Ann": [["g", "g"], ["b", "b"], ["g", "g"], ["b", "b"], ["g", "b"]],
    "Ben": [["g", "g"], ["g", "b"], ["g", "g"], ["b", "b"], ["g", "g"]],
}
TRUTH = ["g", "b", "g", "b", "g"]


def test_attribute_study_by_counting():
    study = attribute_agreement(RATINGS, standard=TRUTH, bad="b")
    ann, ben = study.raters
    assert (ann.within.value, ben.within.value) == (0.8, 0.8)
    assert (ann.effectiveness.value, ben.effectiveness.value) == (0.8, 0.8)
    assert (ann.miss.value, ben.miss.value) == (0.0, 0.25)
    assert (ann.false_alarm.value, ben.false_alarm.value) == (1 / 6, 0.0)
    assert study.between.value == study.all_against_standard.value == 3 / 5
    assert ben.standard_kappa.value == cohen_kappa("gggbggbbgg", "ggbbggbbgg").value
    assert (ann.verdict, ben.verdict) == ("unacceptable", "unacceptable")


def test_ordered_ratings_add_concordance_and_tau():
    ratings = {
        "Ann": [["low"], ["mid"], ["high"], ["mid"], ["high"]],
        "Ben": [["low"], ["mid"], ["high"], ["high"], ["mid"]],
    }
    truth = ["low", "mid", "high", "mid", "high"]
    order = ["low", "mid", "high"]
    study = attribute_agreement(ratings, standard=truth, order=order)
    places = {name: place for place, name in enumerate(order)}
    table = [[places[a[0]], places[b[0]]] for a, b in zip(*ratings.values(), strict=True)]
    assert study.concordance == kendall_w(table)
    assert study.raters[0].standard_tau.value == 1.0
    ((first, second, kappa),) = study.pair_kappas
    flat = [[row[0] for row in rows] for rows in ratings.values()]
    assert (first, second, kappa) == ("Ann", "Ben", cohen_kappa(*flat))
    unordered = attribute_agreement(ratings, standard=truth)
    assert unordered.concordance is unordered.raters[0].standard_tau is None


def test_without_standard_or_repeats_what_cannot_be_known_is_left_out():
    study = attribute_agreement({"Ann": [["g"], ["b"], ["g"]]})
    assert study.raters[0].within is study.raters[0].effectiveness is study.between is None
    assert study.all_against_standard is None
    single = attribute_agreement({"Ann": [["g", "g"], ["g", "g"]]}, standard=["g", "g"], bad="b")
    assert single.raters[0].within_kappa is single.raters[0].miss is None


@pytest.mark.parametrize(
    ("figures", "verdict"),
    # AIAG (2010), decision table: 90/2/5 percent acceptable, 80/5/10 marginal.
    [
        ((0.90, 0.02, 0.05), "acceptable"),
        ((0.85, 0.01, 0.01), "marginal"),
        ((0.95, 0.06, 0.01), "unacceptable"),
        ((0.95, 0.01, 0.11), "unacceptable"),
    ],
)
def test_rater_verdicts_equal_aiag(figures, verdict):
    assert rater_verdict(*figures) == verdict


SMALL = ([1.0, 1.1, 2.0, 2.1, 1.1, 1.2, 2.2, 2.1], list("aabbaabb"), list("xxxxyyyy"))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: gage_crossed([], [], []), NotEnoughData),
        (lambda: gage_crossed([1.0, 2.0], ["a", "b"], ["x", "x"]), NotEnoughData),
        (lambda: gage_crossed([1.0] * 8, SMALL[1], SMALL[2]), DegenerateData),
        (lambda: gage_crossed(SMALL[0][:7], SMALL[1][:7], SMALL[2][:7]), InvalidSpecification),
        (lambda: gage_crossed([math.nan, *SMALL[0][1:]], *SMALL[1:]), InvalidSpecification),
        (lambda: gage_crossed(SMALL[0], SMALL[1][:3], SMALL[2]), InvalidSpecification),
        (lambda: gage_crossed(*SMALL, tolerance=0.0), InvalidSpecification),
        (lambda: gage_crossed(*SMALL, multiplier=4.0), InvalidSpecification),
        (lambda: gage_crossed(*SMALL, method="eye"), InvalidSpecification),
        (lambda: gage_crossed(*SMALL, pooling_alpha=2.0), InvalidSpecification),
        (lambda: gage_crossed(SMALL[0], SMALL[1], ["x"] * 8), NotEnoughData),
        (lambda: gage_nested(SMALL[0], SMALL[1], ["x"] * 8), NotEnoughData),
        (lambda: bias_study([1.0], 1.0), NotEnoughData),
        (lambda: bias_study([1.0, 1.0], 1.0), DegenerateData),
        (lambda: bias_study([1.0, 2.0], math.nan), InvalidSpecification),
        (lambda: bias_study([1.0, 2.0], 1.0, tolerance=-1), InvalidSpecification),
        (lambda: linearity_study([1.0, 2.0, 3.5], [1, 1, 1]), DegenerateData),
        (lambda: linearity_study([1.0, 2.0], [1]), InvalidSpecification),
        (lambda: stability_study([]), NotEnoughData),
        (lambda: stability_study([1.0, 2.0], subgroup_size=0), InvalidSpecification),
        (lambda: cohen_kappa("aa", "a"), InvalidSpecification),
        (lambda: cohen_kappa("aa", "aa"), DegenerateData),
        (lambda: cohen_kappa("", ""), NotEnoughData),
        (lambda: cohen_kappa("ab", "ab", order="a"), InvalidSpecification),
        (lambda: cohen_kappa("ab", "ab", weights="cubic"), InvalidSpecification),
        (lambda: kappa_of_table([[1, 2, 3], [4, 5, 6]]), InvalidSpecification),
        (lambda: kappa_of_table([[1, -2], [4, 5]]), InvalidSpecification),
        (lambda: fleiss_kappa([]), NotEnoughData),
        (lambda: fleiss_kappa(["a", "b"]), NotEnoughData),
        (lambda: fleiss_kappa(["ab", "abc"]), InvalidSpecification),
        (lambda: fleiss_kappa(["aa", "aa"]), DegenerateData),
        (lambda: fleiss_kappa_of_counts([[1, 2], [3, 1]]), InvalidSpecification),
        (lambda: fleiss_kappa_of_counts([1, 2]), InvalidSpecification),
        (lambda: kendall_w([[1, 2], [2, 3]]), NotEnoughData),
        (lambda: kendall_w([[1, 1], [2, 1], [3, 1]]), DegenerateData),
        (lambda: kendall_w([[1, 1], [2, math.nan], [3, 1]]), InvalidSpecification),
        (lambda: kendall_w([1, 2, 3]), InvalidSpecification),
        (lambda: kendall_w([["a", "b"]] * 3), InvalidSpecification),
        (lambda: kendall_tau([1, 2], [1, 2]), NotEnoughData),
        (lambda: kendall_tau([1, 1, 1], [1, 2, 3]), DegenerateData),
        (lambda: attribute_agreement({}), NotEnoughData),
        (lambda: attribute_agreement({"a": [["x"]]}), NotEnoughData),
        (lambda: attribute_agreement({"a": [["x"], ["y"]], "b": [["x"]]}), InvalidSpecification),
        (lambda: attribute_agreement({"a": [["x"], ["y", "y"]]}), InvalidSpecification),
        (lambda: attribute_agreement(RATINGS, standard=["g"]), InvalidSpecification),
        (lambda: attribute_agreement(RATINGS, order=["g"]), InvalidSpecification),
    ],
)
def test_hostile_input_raises_the_engines_own_error(call, error):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) != caught.value.code


@given(
    st.lists(st.integers(-40, 40), min_size=18, max_size=18).filter(lambda v: len(set(v)) > 2),
    st.sampled_from([0.25, 8.0]),
    st.integers(-(2**20), 2**20),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_gage_study_follows_unit_and_does_not_depend_on_order(values, scale, shift, random):
    parts, operators = [0, 0, 1, 1, 2, 2] * 3, [0] * 6 + [1] * 6 + [2] * 6
    try:
        first = gage_crossed(values, parts, operators)
    except DegenerateData:
        return
    rows = list(zip([v * scale + shift for v in values], parts, operators, strict=True))
    random.shuffle(rows)
    other = gage_crossed(*map(list, zip(*rows, strict=True)))
    for one, two in zip(first.components, other.components, strict=True):
        assert two.variance == pytest.approx(one.variance * scale**2, rel=1e-7, abs=1e-7)
    total = sum(c.percent_contribution for c in first.components if c.name in ("gage_rr", "part"))
    assert total == pytest.approx(100.0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=2, max_size=40))
@settings(max_examples=80, deadline=None)
def test_kappa_is_symmetric_and_bounded(pairs):
    first, second = zip(*pairs, strict=True)
    try:
        kappa = cohen_kappa(first, second)
    except DegenerateData:
        return
    assert cohen_kappa(second, first).value == pytest.approx(kappa.value, abs=1e-12)
    assert -1.0 <= kappa.lower <= kappa.value <= kappa.upper <= 1.0


def test_repeats_without_spread_do_not_hide_the_interaction():
    """Cells (a,x)=1 (a,y)=3 (b,x)=4 (b,y)=1 (c,x)=2 (c,y)=5, each read twice alike, by hand.

    The interaction's mean square is 2 * 31/3 / 2 = 31/3, its variance half of that; pooled, a gauge
    that repeats itself to the last digit would be blamed for a repeatability of 31/12.
    """
    cells = [1.0, 1, 3, 3, 4, 4, 1, 1, 2, 2, 5, 5]
    study = gage_crossed(cells, list("aaaabbbbcccc"), list("xxyyxxyyxxyy"))
    assert (study.pooled, study.interaction_p) == (False, 0.0)
    assert study.component("repeatability").variance == 0.0
    assert study.component("interaction").variance == pytest.approx(31 / 6)
    json.dumps(study.to_dict(), allow_nan=False)


def test_repeats_without_spread_and_no_interaction_are_pooled():
    """Parts 0.1, 0.2, 0.7 with an operator who reads 0.4 more: rounding is no interaction."""
    parts, operators, values = [], [], []
    for part, level in zip("abc", (0.1, 0.2, 0.7), strict=True):
        for operator, offset in (("x", 0.0), ("y", 0.4)):
            for _ in range(3):
                parts.append(part)
                operators.append(operator)
                values.append(level + offset)
    study = gage_crossed(values, parts, operators)
    assert study.pooled is True
    assert study.component("operator").variance == pytest.approx(0.08)
