"""Tests, intervals, fits and studies: what R and statsmodels gave for the same data.

Run on 23 November 2026 with R 4.2.2 (stats, car 3.1-1, nortest 1.0.4, MASS 7.3-58, lme4 1.1-31,
irr 0.84.1, trend 1.1.6, strucchange 1.5-3, pwr 1.3-0, forecast 8.20, qcc 3.0, SixSigma 0.11) and
statsmodels 0.15.0.  Each test cites the call; the digits are those that the program printed.
"""

import numpy as np
import pytest

from apps import stats
from tests.stats.reference_data import column
from tests.stats.reference_series import BEARINGS, NILE

VISCOSITY = column("viscosity", "viscosity")
# Hollander and Wolfe (1973), p. 69 and p. 29: permeability constants; depression scale.
TERM = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
EARLY = [1.15, 0.88, 0.90, 0.74, 1.21]
FIRST = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
SECOND = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
# Miles per gallon and weight of 32 cars: Henderson and Velleman (1981); data set mtcars of R.
MPG = [
    21, 21, 22.8, 21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4,
    14.7, 32.4, 30.4, 33.9, 21.5, 15.5, 15.2, 13.3, 19.2, 27.3, 26, 30.4, 15.8, 19.7, 15, 21.4,
]  # fmt: skip
WEIGHT = [
    2.62, 2.875, 2.32, 3.215, 3.44, 3.46, 3.57, 3.19, 3.15, 3.44, 3.44, 4.07, 3.73, 3.78, 5.25,
    5.424, 5.345, 2.2, 1.615, 1.835, 2.465, 3.52, 3.435, 3.84, 3.845, 1.935, 2.14, 1.513, 3.17,
    2.77, 3.57, 2.78,
]  # fmt: skip
SERIES = {"viscosity": VISCOSITY, "bearings": BEARINGS, "nile": NILE}


@pytest.mark.reference("shapiro_wilk", "normality", source="R 4.2.2, shapiro.test(), run")
@pytest.mark.parametrize(
    ("series", "w", "p_value"),
    [
        ("viscosity", 0.9579771366, 0.1987088496),
        ("bearings", 0.9272862909, 0.0955628443),
        ("nile", 0.9734349994, 0.04072447459),
    ],
)
def test_shapiro_wilk_equals_r(series: str, w: float, p_value: float) -> None:
    found = stats.shapiro_wilk(SERIES[series])
    assert found == stats.normality(SERIES[series], test="shapiro-wilk")
    assert (found.statistic, found.p_value) == pytest.approx((w, p_value), rel=2e-8)


@pytest.mark.reference(
    "anderson_darling", "normality", source="R package nortest 1.0.4, ad.test(), run"
)
@pytest.mark.parametrize(
    ("series", "a_squared", "p_value"),
    [
        ("viscosity", 0.4180173332, 0.3118912457),
        ("bearings", 0.6039870382, 0.1028716261),
        ("nile", 1.031974074, 0.009820959397),
    ],
)
def test_anderson_darling_equals_r(series: str, a_squared: float, p_value: float) -> None:
    found = stats.anderson_darling(SERIES[series])
    assert found == stats.normality(SERIES[series])
    assert (found.statistic, found.p_value) == pytest.approx((a_squared, p_value), rel=1e-9)


@pytest.mark.reference("ryan_joiner", source="R 4.2.2, cor(qnorm(ppoints(x, a = 3/8)), sort(x))")
@pytest.mark.parametrize(
    ("series", "correlation"),
    [("viscosity", 0.9773054376), ("bearings", 0.9613333181), ("nile", 0.9863068708)],
)
def test_ryan_joiner_equals_the_plot_correlation_of_r(series: str, correlation: float) -> None:
    assert stats.ryan_joiner(SERIES[series]).statistic == pytest.approx(correlation, rel=1e-9)


@pytest.mark.reference("compare_ranks", "compare", source="R 4.2.2, wilcox.test(conf.int), run")
def test_hodges_lehmann_interval_equals_r() -> None:
    found = stats.compare_ranks(TERM, EARLY)
    assert found == stats.compare(TERM, EARLY, kind="ranks")
    assert (found.statistic, found.p_value) == pytest.approx((15, 0.2544122544), rel=1e-9)
    estimate = found.estimate
    assert (estimate.value, estimate.lower, estimate.upper) == pytest.approx((-0.305, -0.76, 0.15))


@pytest.mark.reference(
    "compare_ranks", source="R 4.2.2, wilcox.test(y, x, conf.int = TRUE, conf.level = 0.9), run"
)
def test_hodges_lehmann_interval_at_ninety_percent_equals_r() -> None:
    x = [63, 65, 58, 72, 59, 66, 61, 70.5, 68, 64.5, 57.2, 73.1]
    y = [66.1, 71, 69.2, 75, 67.3, 80, 74.4, 62.6]
    found = stats.compare_ranks(x, y, confidence=0.9)
    assert (found.statistic, found.p_value) == pytest.approx((75, 0.0387076288), rel=1e-9)
    estimate = found.estimate
    assert (estimate.value, estimate.lower, estimate.upper) == pytest.approx((6.1, 1.3, 10.1))


@pytest.mark.reference(
    "compare_paired_ranks", source="R 4.2.2, wilcox.test(paired = TRUE, conf.int = TRUE), run"
)
def test_walsh_interval_equals_r() -> None:
    found = stats.compare_paired_ranks(SECOND, FIRST)
    assert (found.statistic, found.p_value) == pytest.approx((40, 0.0390625), rel=1e-9)
    estimate = found.estimate
    assert (estimate.value, estimate.lower, estimate.upper) == pytest.approx((0.46, 0.010, 0.786))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("kind", ["ranks", "paired-ranks"])
def test_rank_interval_holds_zero_exactly_where_the_exact_test_does_not_reject(
    kind: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(6, 14))
    before = rng.standard_normal(n)
    after = rng.standard_normal(n) + rng.uniform(0, 2)
    found = stats.compare(before, after, kind=kind)
    assert (found.estimate.lower <= 0 <= found.estimate.upper) == (found.p_value >= 0.05)


@pytest.mark.parametrize(("n", "shift"), [(15, 0.0), (25, 0.5), (40, 1.0)])
def test_rank_biserial_interval_holds_the_true_one_as_often_as_it_says(
    n: int, shift: float
) -> None:
    rng = np.random.default_rng(4)
    draws = rng.normal(shift, 1, (200_000, 2))  # shares of values and of pair means above zero
    one, pair = float(np.mean(draws > 0)), float(np.mean(draws.sum(axis=1) > 0))
    true = 2 * (one * n + pair * n * (n - 1) / 2) / (n * (n + 1) / 2) - 1
    hits = 0
    for _ in range(400):
        effect = stats.compare_paired_ranks(np.zeros(n), rng.normal(shift, 1, n)).effect_size
        hits += effect.lower <= true <= effect.upper
    assert hits / 400 == pytest.approx(0.95, abs=0.04)


@pytest.mark.reference("compare_signs", source="R 4.2.2, binom.test(7, 9), run")
def test_sign_test_equals_r() -> None:
    found = stats.compare_signs(SECOND, FIRST)
    assert (found.statistic, found.p_value) == pytest.approx((7, 0.1796875), rel=1e-9)


@pytest.mark.reference(
    "compare_medians", source="R 4.2.2, chisq.test(above and below the median, correct = FALSE)"
)
def test_mood_median_equals_r() -> None:
    found = stats.compare_medians(TERM, EARLY)
    assert (found.statistic, found.p_value) == pytest.approx((2.142857143, 0.1432349075), rel=1e-9)


@pytest.mark.reference("compare_variances", source="R package car 3.1-1, leveneTest(), run")
def test_levene_equals_car() -> None:
    found = stats.compare_variances(TERM, EARLY)
    assert (found.statistic, found.p_value) == pytest.approx((2.8826195988, 0.1133335418), rel=1e-9)


SPRAY_A = [10, 7, 20, 14, 14, 12, 10, 23, 17, 20, 14, 13]  # Beall (1942), InsectSprays of R
SPRAY_E = [3, 5, 3, 5, 3, 6, 1, 1, 3, 2, 6, 4, 2, 5]  # the same, two counts added


@pytest.mark.reference(
    "compare_variances_bonett",
    "compare_variances",
    source="R package statpsych 2.0.0 by Bonett, ci.ratio.sd2(alpha, after, before), run",
)
@pytest.mark.parametrize(
    ("before", "after", "confidence", "expected"),
    [
        (
            [36, 44, 47, 42, 49, 39, 46, 31, 33, 48],
            [32, 39, 26, 35, 43, 27, 40, 37, 34, 29],  # the example of its help page
            0.95,
            (0.885425681909, 0.486278958434, 1.72839586164),
        ),
        (TERM, EARLY, 0.95, (0.447193174438, 0.126006618771, 1.09509932193)),
        (SPRAY_A, SPRAY_E, 0.95, (0.35987962404, 0.21809314, 0.637227495683)),
        (SPRAY_E, SPRAY_A, 0.90, (2.77870691531, 1.77289004283, 4.17755208145)),
    ],
)
def test_ratio_of_spreads_equals_statpsych(
    before: list[float], after: list[float], confidence: float, expected: tuple[float, ...]
) -> None:
    # statpsych stops after ten rounds of the same equation, hence a thousandth at five values.
    found = stats.compare_variances_bonett(before, after, confidence=confidence).estimate
    assert (found.value, found.lower, found.upper) == pytest.approx(expected, rel=1e-3)
    assert found == stats.compare_variances(before, after, confidence=confidence).estimate


@pytest.mark.parametrize("seed", range(60))
def test_bonetts_interval_holds_one_exactly_where_his_test_does_not_reject(seed: int) -> None:
    rng = np.random.default_rng(seed)
    before = rng.standard_normal(int(rng.integers(5, 15)))
    after = rng.standard_normal(int(rng.integers(5, 15))) * np.exp(rng.normal(0, 0.8))
    found = stats.compare_variances_bonett(before, after)
    assert (found.estimate.lower <= 1 <= found.estimate.upper) == (found.p_value >= 0.05)


@pytest.mark.parametrize(("first", "second"), [(5, 10), (12, 15), (8, 30)])
def test_bonetts_test_of_normal_samples_keeps_its_level(first: int, second: int) -> None:
    rng = np.random.default_rng(3)
    rejected = sum(
        stats.compare_variances_bonett(
            rng.standard_normal(first), rng.standard_normal(second)
        ).p_value
        < 0.05
        for _ in range(400)
    )
    assert rejected / 400 < 0.08


@pytest.mark.reference(
    "compare_paired_proportions",
    source="R 4.2.2, binom.test(150, 236); statsmodels 0.15.0, mcnemar(exact=True), run",
)
@pytest.mark.parametrize(
    ("lost", "gained", "p_value"), [(150, 86, 3.71593614e-05), (4, 16, 0.01181793212890625)]
)
def test_mcnemar_equals_r_and_statsmodels(lost: int, gained: int, p_value: float) -> None:
    found = stats.compare_paired_proportions(lost, gained, 30, 30)
    assert found.p_value == pytest.approx(p_value, rel=1e-9)


@pytest.mark.reference("wilson_interval", source="R 4.2.2, prop.test(correct = FALSE), run")
@pytest.mark.parametrize(
    ("count", "n", "confidence", "lower", "upper"),
    [
        (15, 148, 0.95, 0.06238639953, 0.16048724172),
        (3, 20, 0.90, 0.06158241048, 0.32182807568),
    ],
)
def test_score_interval_equals_r(
    count: int, n: int, confidence: float, lower: float, upper: float
) -> None:
    found = stats.wilson_interval(count, n, confidence)
    assert (found.lower, found.upper) == pytest.approx((lower, upper), rel=1e-9)


@pytest.mark.reference("clopper_pearson", source="R 4.2.2, binom.test(3, 20)$conf.int, run")
def test_exact_interval_of_a_share_equals_r() -> None:
    found = stats.clopper_pearson(3, 20)
    assert (found.lower, found.upper) == pytest.approx((0.03207093719, 0.37892682655), rel=1e-9)


@pytest.mark.reference("poisson_interval", source="R 4.2.2, poisson.test(7, 12.5)$conf.int, run")
def test_exact_interval_of_a_rate_equals_r() -> None:
    found = stats.poisson_interval(7, 12.5)
    assert (found.lower, found.upper) == pytest.approx((0.2251490441, 1.1538140289), rel=1e-9)


@pytest.mark.reference("compare_proportions", source="R 4.2.2, prop.test(correct = FALSE), run")
def test_two_shares_equal_r() -> None:
    found = stats.compare_proportions((30, 200), (12, 210))
    assert (-found.statistic, found.p_value) == pytest.approx(
        (3.099440729, 0.001938863672), rel=1e-9
    )


@pytest.mark.reference("equivalence", source="R 4.2.2, t.test(mu, alternative), run twice")
def test_equivalence_equals_two_t_tests_of_r() -> None:
    found = stats.equivalence(TERM, EARLY, low=-0.3, high=0.4)
    assert (found.p_low, found.p_high) == pytest.approx((0.5869252809, 0.0003205175424), rel=1e-9)
    estimate = found.estimate
    assert (estimate.lower, estimate.upper) == pytest.approx((-0.62940383067, -0.04459616933))
    assert found.verdict == "not_equivalent"


@pytest.mark.reference(
    "equivalence", source="R 4.2.2, t.test(paired = TRUE, mu, alternative), run twice"
)
def test_paired_equivalence_equals_two_t_tests_of_r() -> None:
    found = stats.equivalence(FIRST, SECOND, low=-1, high=1, paired=True)
    assert (found.p_low, found.p_high) == pytest.approx((0.001994939089, 4.048059475e-06), rel=1e-9)
    estimate = found.estimate
    assert (estimate.lower, estimate.upper) == pytest.approx((-0.6964749864, -0.1673027914))
    assert found.verdict == "equivalent"


@pytest.mark.reference("change_point", source="R package trend 1.1.6, pettitt.test(), run")
@pytest.mark.parametrize(
    ("series", "statistic", "last_before", "p_value"),
    [("nile", 1617, 28, 3.591022177e-07), ("viscosity", 211, 24, 0.004681523298)],
)
def test_pettitt_equals_trend(
    series: str, statistic: float, last_before: int, p_value: float
) -> None:
    found = stats.change_point(SERIES[series], method="pettitt")
    assert (found.statistic, found.index) == (statistic, last_before)
    assert found.p_value == pytest.approx(p_value, rel=1e-9)


@pytest.mark.reference(
    "change_point", source="R package strucchange 1.5-3, breakpoints(Nile ~ 1), confint(), run"
)
def test_change_of_the_mean_equals_strucchange() -> None:
    # strucchange: break after 28, interval 25 to 32; ours is a likelihood interval and shorter.
    found = stats.change_point(NILE)
    assert found.index == 28
    assert 25 <= found.plausible[0] <= 28 <= found.plausible[1] <= 32


@pytest.mark.reference("trend", source="R 4.2.2, summary(lm(Nile ~ year)), run")
def test_trend_of_the_nile_equals_r() -> None:
    fit = stats.trend(NILE)  # counts the years from 0, R's call from 1
    intercept, slope = fit.coefficients
    assert intercept.value + slope.value * -1 == pytest.approx(1056.422424, rel=1e-9)
    assert (slope.value, slope.error, slope.t) == pytest.approx(
        (-2.714305431, 0.5215540902, -5.204264489), rel=1e-9
    )
    assert slope.p_value == pytest.approx(1.071694886e-06, rel=1e-9)
    assert (fit.sigma, fit.r_squared) == pytest.approx((150.552169, 0.2165288047), rel=1e-9)


@pytest.mark.reference("correlation", source="R 4.2.2, cor.test(mpg, wt), run")
def test_pearson_of_the_cars_equals_r() -> None:
    found = stats.correlation(MPG, WEIGHT)
    effect = found.effect_size
    assert (effect.value, effect.lower, effect.upper) == pytest.approx(
        (-0.8676593765, -0.9338264133, -0.7440871965), rel=1e-9
    )
    assert found.p_value == pytest.approx(1.293958701e-10, rel=1e-8)


@pytest.mark.reference("correlation", source="R 4.2.2, cor.test(method = 'spearman'), run")
def test_spearman_of_the_cars_equals_r() -> None:
    found = stats.correlation(MPG, WEIGHT, method="spearman")
    assert found.effect_size.value == pytest.approx(-0.8864220333, rel=1e-9)
    assert found.p_value == pytest.approx(1.487594858e-11, rel=1e-6)


@pytest.mark.reference("kendall_tau", source="R 4.2.2, cor.test(method = 'kendall'), run")
def test_kendall_of_the_cars_with_ties_equals_r() -> None:
    found = stats.kendall_tau(MPG, WEIGHT)
    assert found.value == pytest.approx(-0.7278321495, rel=1e-9)
    assert found.p_value == pytest.approx(6.705770406e-09, rel=1e-6)


@pytest.mark.reference("histogram", source="R 4.2.2, nclass.FD(); hist(breaks, right = FALSE), run")
def test_histogram_of_the_nile_equals_r() -> None:
    assert stats.histogram(NILE).counts.size == 10
    found = stats.histogram(NILE, bins=10)
    assert found.counts.tolist() == [1, 0, 10, 20, 23, 16, 9, 14, 6, 1]
    assert found.edges == pytest.approx(
        [456, 547.4, 638.8, 730.2, 821.6, 913, 1004.4, 1095.8, 1187.2, 1278.6, 1370]
    )


@pytest.mark.reference("t_quantile", source="R 4.2.2, qt(), run")
@pytest.mark.parametrize(
    ("probability", "df", "quantile"), [(0.975, 17.776, 2.10282131), (0.9, 3.3, 1.598366959)]
)
def test_t_quantiles_of_broken_degrees_equal_r(
    probability: float, df: float, quantile: float
) -> None:
    assert stats.t_quantile(probability, df) == pytest.approx(quantile, rel=1e-9)


@pytest.mark.reference(
    "compare_rates", source="R 4.2.2, poisson.test(c(11, 21), c(800, 3011)), run"
)
def test_two_rates_equal_r() -> None:
    found = stats.compare_rates((21, 3011), (11, 800))
    effect = found.effect_size
    assert (found.p_value, effect.value, effect.lower, effect.upper) == pytest.approx(
        (0.07966863303, 1.97148809524, 0.85842640339, 4.27726594365), rel=1e-9
    )
