"""Capability, measurement systems, fits, power and forecasts: what R and statsmodels gave.

Run on 23 November 2026; the versions stand in `test_reference_programs_evidence`. Each test cites
the call; the digits are those that the program printed.
"""

import numpy as np
import pytest

from apps import stats
from tests.stats.reference_data import column
from tests.stats.reference_series import BEARINGS, NILE

# Eight parts, four operators, three readings: made with a part, an operator and an interaction
# component, so that no component of variance is negative.
GAGE = [
    22.7, 22.67, 23.34, 20.34, 21.11, 19.35, 24.52, 24.54, 24.92, 24.52, 25.6, 23.8,
    27.84, 28.72, 28.12, 25.25, 23.56, 25.05, 17.42, 19.79, 18.43, 21.22, 21.1, 22,
    24.54, 24.05, 24.28, 20.31, 19.98, 20.78, 26.49, 25.72, 26.15, 24.61, 24.52, 25.04,
    28.47, 27.42, 27.17, 22.92, 23.22, 23.03, 18.83, 18.63, 19.68, 22.17, 21.42, 21.75,
    20.61, 20.93, 20.98, 20.14, 21.8, 19.76, 24.17, 23.3, 23.97, 23.33, 23.17, 23.34,
    24.94, 23.7, 26, 21.96, 20.64, 20.2, 17.91, 18.13, 18.22, 19.89, 19.6, 19.97,
    19.91, 20.04, 21.66, 18.73, 19.14, 18.53, 23.58, 22.04, 22.95, 21.92, 20.57, 21.48,
    25.72, 24.47, 26.89, 22.72, 21.57, 20.87, 16.93, 18.02, 17.72, 17.8, 16.69, 18.71,
]  # fmt: skip
GAGE_PARTS = np.tile(np.repeat(np.arange(8), 3), 4)
GAGE_OPERATORS = np.repeat(np.arange(4), 24)


@pytest.mark.reference("fit_distributions", source="R package MASS 7.3-58, fitdistr(), run")
@pytest.mark.parametrize(
    ("family", "expected"),
    [
        # fitdistr stops its search early: its own digits hold to about 1e-3
        ("weibull", (2.101117776, 81.832438350)),
        ("gamma", (4.02472580191, 1 / 0.05572804315)),
        ("exponential", (1 / 0.01384641318,)),
    ],
)
def test_fits_equal_mass(family: str, expected: tuple[float, ...]) -> None:
    (fit,) = stats.fit_distributions(BEARINGS, families=[family])
    assert fit.values == pytest.approx(expected, rel=1e-3)


@pytest.mark.reference("fit_distributions", source="R package MASS 7.3-58, fitdistr(), run")
def test_lognormal_fit_equals_mass() -> None:
    # fitdistr divides by n, ours by n - 1 as for the normal family.
    (fit,) = stats.fit_distributions(BEARINGS, families=["lognormal"])
    expected = (4.1503826883, 0.5216865113 * (23 / 22) ** 0.5)
    assert fit.values == pytest.approx(expected, rel=1e-9)


@pytest.mark.reference("fit_distributions", source="R package MASS 7.3-58, boxcox(), grid 0.0005")
def test_box_cox_equals_mass() -> None:
    (fit,) = stats.fit_distributions(BEARINGS, families=["box-cox"])
    assert dict(fit.parameters)["power"] == pytest.approx(0.1905, abs=3e-4)


@pytest.mark.reference("bench_z", source="R 4.2.2, pnorm() and qnorm(), run")
def test_bench_z_equals_r() -> None:
    assert stats.bench_z(2.1, 1.4) == pytest.approx(
        (17864.42056, 80756.65923, 1.289448644), rel=1e-9
    )


@pytest.mark.reference("dpmo_to_sigma", "sigma_to_dpmo", source="R 4.2.2, qnorm(), pnorm(), run")
def test_sigma_level_equals_r() -> None:
    assert stats.dpmo_to_sigma(4000, shift=0.0) == pytest.approx(2.652069808, rel=1e-9)
    assert stats.dpmo_to_sigma(4000) == pytest.approx(4.152069808, rel=1e-9)
    assert stats.sigma_to_dpmo(4.2) == pytest.approx(3466.973803, rel=1e-9)


@pytest.mark.reference(
    "rolled_throughput_yield",
    "first_time_yield",
    source="SixSigma 0.11, ss.ca.yield(c(3, 5, 12), 0, 1915), run",
)
def test_yields_equal_sixsigma() -> None:
    # SixSigma divides the defects of every step by the units that entered the first; a true chain
    # divides by what entered each step, so only steps of 1915 units each make both the same.
    steps = [stats.ProcessStep(1915, 1915 - defects) for defects in (3, 5, 12)]
    assert stats.rolled_throughput_yield(steps).rolled == pytest.approx(0.9895863783, rel=1e-9)
    assert stats.first_time_yield(1915, 1895) == pytest.approx(0.9895561358, rel=1e-9)


@pytest.mark.reference(
    "throughput_yield", "normalised_yield", source="R 4.2.2, exp(-0.04) and 0.648^(1/3), run"
)
def test_yields_by_the_formulas_equal_r() -> None:
    assert stats.throughput_yield(0.04) == pytest.approx(0.9607894392, rel=1e-9)
    assert stats.normalised_yield(0.648, 3) == pytest.approx(0.86534974218, rel=1e-10)


@pytest.mark.reference("sigma_level", source="R 4.2.2, binom.test(20, 5000) and qnorm(), run")
def test_interval_of_a_sigma_level_equals_r() -> None:
    found = stats.sigma_level(20, 500, opportunities=10)
    assert (found.dpmo.lower, found.dpmo.upper) == pytest.approx(
        (2444.963811511, 6170.947655532), rel=1e-9
    )
    assert (found.z_lower, found.z_upper) == pytest.approx((2.502214989, 2.814196838), rel=1e-9)


@pytest.mark.reference(
    "binomial_capability", source="R 4.2.2, binom.test(347, 1500), chisq.test(), qnorm(), run"
)
def test_binomial_capability_equals_r() -> None:
    found = stats.binomial_capability(column("orangejuice", "D", trial=True), 50)
    assert (found.share.lower, found.share.upper) == pytest.approx(
        (0.2102028446, 0.2535209130), rel=1e-9
    )
    assert found.dispersion_p == pytest.approx(1.821095136e-07, rel=1e-8)
    assert (found.z, found.z_lower, found.z_upper) == pytest.approx(
        (0.7344628947, 0.6634508842, 0.8057176170), rel=1e-8
    )


@pytest.mark.reference("poisson_capability", source="R 4.2.2, poisson.test(516, 26), run")
def test_poisson_capability_equals_r() -> None:
    found = stats.poisson_capability(column("circuit", "x", trial=True), 1)
    assert (found.dpu.lower, found.dpu.upper) == pytest.approx((18.17049095, 21.63478480), rel=1e-9)


@pytest.mark.reference(
    "power_of_rates",
    "sample_size_rates",
    source="statsmodels 0.15.0, power_poisson_diff_2indep(alternative='larger', alpha=0.025), run",
)
def test_power_of_rates_equals_statsmodels() -> None:
    # The two-sided call adds the 3.4e-5 of a significant result on the wrong side.
    power = 0.5249716609538887
    assert stats.power_of_rates(100, 0.20, 0.35) == pytest.approx(power, rel=1e-9)
    assert stats.sample_size_rates(0.20, 0.35, power=power).exact == pytest.approx(100, rel=1e-7)


@pytest.mark.reference("gage_crossed", source="R package lme4 1.1-31, lmer() by REML, run")
@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("interaction", 0.4720364926),
        ("part", 6.9935028858),
        ("operator", 1.5212091704),
        ("repeatability", 0.4800010506),
    ],
)
def test_crossed_components_equal_lme4(name: str, variance: float) -> None:
    # On balanced data without negative components REML and the analysis of variance agree; lmer
    # stops its search at about seven digits.
    study = stats.gage_crossed(GAGE, GAGE_PARTS, GAGE_OPERATORS)
    assert not study.pooled
    assert study.component(name).variance == pytest.approx(variance, rel=2e-7)


@pytest.mark.reference("gage_nested", source="R package lme4 1.1-31, lmer(y ~ (1 | op/part)), run")
@pytest.mark.parametrize(
    ("name", "variance"),
    [("part", 7.4655399597), ("operator", 0.6470212520), ("repeatability", 0.4800010415)],
)
def test_nested_components_equal_lme4(name: str, variance: float) -> None:
    study = stats.gage_nested(GAGE, GAGE_PARTS, GAGE_OPERATORS)
    assert study.component(name).variance == pytest.approx(variance, rel=3e-7)


@pytest.mark.reference("gage_nested", source="R 4.2.2, anova(lm(y ~ op/part)), run")
def test_nested_table_equals_r() -> None:
    table = {
        line.source: line for line in stats.gage_nested(GAGE, GAGE_PARTS, GAGE_OPERATORS).table
    }
    assert table["operator"].sum_of_squares == pytest.approx(115.215403, abs=6e-7)
    assert table["part"].sum_of_squares == pytest.approx(640.545379, abs=6e-7)
    assert table["part"].f == pytest.approx(47.65952, abs=6e-6)
    assert table["repeatability"].sum_of_squares == pytest.approx(30.720067, abs=6e-7)


# Diagnoses of 30 patients by six raters: Fleiss (1971), Psychological Bulletin 76; data set of irr.
DIAGNOSES = [
    "444444",
    "222555",
    "233335",
    "555555",
    "222444",
    "113333",
    "333355",
    "113334",
    "114444",
    "555555",
    "144444",
    "124444",
    "222333",
    "144444",
    "224445",
    "333335",
    "111455",
    "111112",
    "224444",
    "133555",
    "555555",
    "244444",
    "224555",
    "114444",
    "144445",
    "222224",
    "111155",
    "224444",
    "133333",
    "555555",
]
# Anxiety of 20 people by three raters: data set of irr.
ANXIETY = np.array(
    [
        [3, 3, 3, 4, 5, 5, 2, 3, 5, 2, 2, 6, 1, 5, 2, 2, 1, 2, 4, 3],
        [3, 6, 4, 6, 2, 4, 2, 4, 3, 3, 2, 3, 3, 3, 2, 2, 1, 3, 3, 4],
        [2, 1, 4, 4, 3, 2, 1, 6, 1, 1, 1, 2, 3, 3, 1, 1, 3, 3, 2, 2],
    ]
)


@pytest.mark.reference("fleiss_kappa", source="R package irr 0.84.1, kappam.fleiss(), run")
def test_fleiss_kappa_of_the_diagnoses_equals_irr() -> None:
    found = stats.fleiss_kappa(DIAGNOSES)
    assert (found.overall.value, found.overall.z) == pytest.approx(
        (0.4302445201, 17.65183058), rel=1e-9
    )
    by_category = [round(value, 3) for _name, value, _p in found.by_category]
    assert by_category == [0.245, 0.245, 0.520, 0.471, 0.566]


@pytest.mark.reference(
    "attribute_agreement", source="R package irr 0.84.1, agree() and kappam.fleiss(), run"
)
def test_agreement_of_six_raters_equals_irr() -> None:
    # agree(): the six agree on 16.66667 percent of the thirty patients.
    ratings = {f"rater {place}": [[row[place]] for row in DIAGNOSES] for place in range(6)}
    found = stats.attribute_agreement(ratings)
    assert found.between.value == pytest.approx(0.1666666667, rel=1e-9)
    assert found.between_kappa.overall.value == pytest.approx(0.4302445201, rel=1e-9)
    first = found.pair_kappas[0]
    assert (*first[:2], first[2].value) == ("rater 0", "rater 1", pytest.approx(0.6511627907))


@pytest.mark.reference(
    "nonnormal_capability",
    source="R 4.2.2, qweibull() and qgamma() at pnorm(c(-3, 0, 3)), pgamma(), run",
)
@pytest.mark.parametrize(
    ("family", "ppu", "ppl", "pp"),
    [
        ("weibull", 1.74803486675746, 0.977492147782712, 1.4935218105845),
        ("gamma", 1.44248983678234, 1.06014460459178, 295 / (228.322447724289 - 8.47971671370068)),
    ],
)
def test_percentile_indices_equal_r(family: str, ppu: float, ppl: float, pp: float) -> None:
    # ISO 22514-2: distances from the median over those of the 0.135 and 99.865 percent points, at
    # the likelihood estimates (to the digits given to R).
    found = stats.nonnormal_capability(BEARINGS, lsl=5, usl=300, distribution=family)
    assert (found.ppu, found.ppl, found.pp) == pytest.approx((ppu, ppl, pp), rel=1e-9)
    assert found.ppk == min(found.ppu, found.ppl)
    if family == "gamma":
        assert found.expected_ppm == pytest.approx(53.474487627 + 187.749685684, rel=1e-9)


@pytest.mark.reference(
    "cohen_kappa", source="R packages irr 0.84.1, kappa2(), and psych 2.2.9, cohen.kappa(), run"
)
def test_cohen_kappa_of_the_diagnoses_equals_irr_and_psych() -> None:
    first, second = ([row[rater] for row in DIAGNOSES] for rater in (0, 1))
    found = stats.cohen_kappa(first, second)
    assert (found.value, found.z) == pytest.approx((0.6511627907, 6.99647077), rel=1e-9)
    assert (found.lower, found.upper) == pytest.approx((0.455788375, 0.846537207), abs=6e-10)


@pytest.mark.reference("cohen_kappa", source="R package irr 0.84.1, kappa2(weight), run")
@pytest.mark.parametrize(
    ("weights", "value"), [("linear", 0.1891891892), ("quadratic", 0.2967651195)]
)
def test_weighted_kappa_of_anxiety_equals_irr(weights: str, value: float) -> None:
    found = stats.cohen_kappa(ANXIETY[0], ANXIETY[1], weights=weights, order=range(1, 7))
    assert found.value == pytest.approx(value, rel=1e-9)


@pytest.mark.reference("kendall_w", source="R package irr 0.84.1, kendall(correct = TRUE), run")
def test_concordance_of_anxiety_equals_irr() -> None:
    found = stats.kendall_w(ANXIETY.T)
    assert (found.value, found.chi_square, found.p_value) == pytest.approx(
        (0.539656876, 30.76044193, 0.04288347313), rel=1e-9
    )


@pytest.mark.reference("forecast", source="R package forecast 8.20, ets(Nile, model = 'ANN'), run")
def test_exponential_smoothing_of_the_nile_equals_r() -> None:
    # Both search the same likelihood and stop within 2e-4 of its top.  R's limits take the normal
    # quantile, ours Student's with 98 degrees of freedom: 1.0125 times as wide.
    found = stats.forecast(NILE, model="ewma", horizon=3)
    assert dict(found.parameters)["alpha"] == pytest.approx(0.2455, abs=5e-4)
    assert found.sigma == pytest.approx(144.2318, abs=1e-3)
    assert found.fitted[0] == pytest.approx(1110.6869, abs=0.1)
    assert found.mean == pytest.approx([805.38128286] * 3, abs=0.1)
    half = np.array([1088.0703408, 1096.4668630, 1104.6278810]) - 805.38128286
    ratio = stats.t_quantile(0.975, 98) / 1.959963985
    assert found.upper - found.mean == pytest.approx(half * ratio, rel=1e-4)


@pytest.mark.reference(
    "power_of_means", source="R package pwr 1.3-0, pwr.t.test(type, alternative), run"
)
@pytest.mark.parametrize(
    ("n", "difference", "design", "alternative", "power"),
    [
        (15, 0.8, "paired", "two-sided", 0.8213105387),
        (12, 0.9, "one-sample", "one-sided", 0.89848183),
    ],
)
def test_power_of_means_equals_pwr(
    n: int, difference: float, design: str, alternative: str, power: float
) -> None:
    found = stats.power_of_means(n, difference, 1.0, design=design, alternative=alternative)
    assert found == pytest.approx(power, rel=1e-9)


@pytest.mark.reference("sample_size_means", source="R package pwr 1.3-0, pwr.t.test(power), run")
def test_sample_size_of_means_equals_pwr() -> None:
    found = stats.sample_size_means(0.5, 1.0, power=0.8)
    assert (found.n, found.exact) == (64, pytest.approx(63.76561044, rel=1e-8))


@pytest.mark.reference(
    "power_of_proportions", "sample_size_proportions", source="R 4.2.2, power.prop.test(), run"
)
def test_power_of_shares_equals_r() -> None:
    assert stats.power_of_proportions(100, 0.05, 0.15) == pytest.approx(0.6564121993, rel=1e-9)
    found = stats.sample_size_proportions(0.1, 0.2, power=0.8)
    assert found.exact == pytest.approx(198.9634133, rel=1e-8)


@pytest.mark.reference("sample_size_for_mean", source="R 4.2.2, uniroot() on qt(), run")
def test_sample_size_for_a_mean_equals_r() -> None:
    # uniroot(function(n) qt(.975, n - 1) / sqrt(n) - .5); the same with .995, 2.3 and 1.2
    first = stats.sample_size_for_mean(0.5, 1.0)
    second = stats.sample_size_for_mean(1.2, 2.3, confidence=0.99)
    assert (first.n, first.exact) == (18, pytest.approx(17.832336911, rel=1e-8))
    assert (second.n, second.exact) == (29, pytest.approx(28.174018644, rel=1e-8))
