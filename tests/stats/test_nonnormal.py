"""Fits, their tests and non-normal capability against published data and other formulas."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from apps.stats.capability_normal import capability
from apps.stats.distributions import (
    FAMILIES,
    box_cox_lambda,
    fit_gamma,
    fit_smallest_extreme,
    smallest_extreme_tails,
)
from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData, StatsError
from apps.stats.johnson import (
    _solve_sb,
    _solve_sl,
    _solve_su,
    fit_johnson,
    johnson_quantile,
    johnson_z,
)
from apps.stats.nonnormal import (
    ALL_FAMILIES,
    Fit,
    fit_distributions,
    log_tails,
    nonnormal_capability,
    quantiles,
)
from apps.stats.nonnormal_intervals import nonnormal_ppk_interval
from tests.stats.reference_series import BEARINGS


@pytest.mark.reference(
    "fit_distributions", source="Thoman, Bain and Antle (1969), Technometrics 11, 445-460"
)
def test_weibull_fit_of_the_ball_bearings():
    # Thoman, Bain and Antle (1969), Technometrics 11, 445-460: shape 2.102, scale 81.88.
    (fit,) = fit_distributions(BEARINGS, families=["weibull"])
    assert fit.values == pytest.approx((2.102, 81.88), abs=6e-3)


def test_weibull_fit_solves_the_likelihood_equations():
    (fit,) = fit_distributions(BEARINGS, families=["weibull"])
    with mpmath.workdps(30):
        x = [mpmath.mpf(str(v)) for v in BEARINGS]
        k, scale = map(mpmath.mpf, fit.values)
        powers = [v**k for v in x]
        logs = [mpmath.log(v) for v in x]
        slope = mpmath.fsum(p * y for p, y in zip(powers, logs, strict=True)) / mpmath.fsum(powers)
        assert float(slope - 1 / k - mpmath.fsum(logs) / len(x)) == pytest.approx(0, abs=1e-11)
        assert float((mpmath.fsum(powers) / len(x)) ** (1 / k) / scale) == pytest.approx(1)


def test_gamma_fit_solves_the_likelihood_equation():
    shape, scale = fit_gamma(np.array(BEARINGS))
    with mpmath.workdps(30):
        x = [mpmath.mpf(str(v)) for v in BEARINGS]
        mean = mpmath.fsum(x) / len(x)
        gap = mpmath.log(mean) - mpmath.fsum(map(mpmath.log, x)) / len(x)
        assert float(mpmath.log(shape) - mpmath.digamma(shape) - gap) == pytest.approx(0, abs=1e-11)
    assert shape * scale == pytest.approx(float(mean), rel=1e-13)


@pytest.mark.parametrize("ratio", [1e-4, 1e-8])
def test_gamma_fit_of_nearly_equal_values_keeps_the_moments(ratio):
    values = 5.0 * (1 + ratio * special.ndtri((np.arange(1, 101) - 0.5) / 100))
    shape, _scale = fit_gamma(values)
    assert 1 / math.sqrt(shape) == pytest.approx(float(np.std(values)) / 5.0, rel=1e-3)


def test_fits_agree_with_scipys_optimiser():
    values = np.random.default_rng(4).weibull(1.7, 400) * 3
    shape, _loc, scale = stats.weibull_min.fit(values, floc=0)
    (fit,) = fit_distributions(values, families=["weibull"])
    assert fit.values == pytest.approx((shape, scale), rel=1e-3)
    location, scale = stats.gumbel_l.fit(values)
    assert fit_smallest_extreme(values) == pytest.approx((location, scale), rel=1e-5)
    location, scale = stats.gumbel_r.fit(values)
    (fit,) = fit_distributions(values, families=["largest-extreme-value"])
    assert fit.values == pytest.approx((location, scale), rel=1e-5)
    power = stats.boxcox_normmax(values, method="mle")
    assert box_cox_lambda(values) == pytest.approx(float(power), abs=1e-5)


@pytest.mark.parametrize("power", [-0.5, 0.5, 2.0])
def test_box_cox_finds_the_power_that_was_undone(power):
    y = 10 + special.ndtri((np.arange(1, 501) - 0.5) / 500)
    assert box_cox_lambda(y ** (1 / power)) == pytest.approx(power, abs=0.06)


SIMULATED = {
    "exponential": lambda rng, n: rng.exponential(3.0, n),
    "weibull": lambda rng, n: rng.weibull(1.4, n),
    "smallest-extreme-value": lambda rng, n: -rng.gumbel(size=n),
    "largest-extreme-value": lambda rng, n: rng.gumbel(size=n),
    "lognormal": lambda rng, n: rng.lognormal(size=n),
    "gamma": lambda rng, n: rng.gamma(2.5, size=n),
    "normal": lambda rng, n: rng.standard_normal(n),
}


@pytest.mark.parametrize("name", sorted(SIMULATED))
def test_p_values_reject_a_true_family_about_as_often_as_they_say(name):
    rng = np.random.default_rng(11)
    fits = [fit_distributions(SIMULATED[name](rng, 50), families=[name])[0] for _ in range(1000)]
    for alpha in (0.05, 0.10):
        share = np.mean([fit.p_value < alpha for fit in fits])
        assert share == pytest.approx(alpha, abs=3.3 * math.sqrt(alpha * (1 - alpha) / 1000))


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_tails_sum_to_one_and_invert_the_quantiles(name):
    values = np.random.default_rng(6).gamma(3.0, size=60) + 0.1
    (fit,) = fit_distributions(values, families=[name])
    for share in (0.00135, 0.1, 0.5, 0.9, 0.99865):
        (place,) = quantiles(fit, [share])
        below, above = log_tails(fit, place)
        assert math.exp(below) == pytest.approx(share, rel=1e-9)
        assert math.exp(below) + math.exp(above) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(("shape", "limit"), [(0.7, 900.0), (4.0, 1500.0), (30.0, 2500.0)])
def test_gamma_tail_far_beyond_the_smallest_float(shape, limit):
    fit = Fit("gamma", (("shape", shape), ("scale", 1.0)), 0.0, None)
    with mpmath.workdps(40):
        expected = float(mpmath.log(mpmath.gammainc(shape, limit, regularized=True)))
    assert log_tails(fit, limit)[1] == pytest.approx(expected, rel=2e-2 if shape > 10 else 1e-3)


def test_extreme_value_tails_keep_small_shares():
    below, above = smallest_extreme_tails(np.array([-50.0, 8.0]))
    assert below[0] == pytest.approx(-50.0, rel=1e-12)
    assert above[1] == pytest.approx(-math.exp(8.0), rel=1e-12)


@pytest.mark.parametrize(
    ("kind", "solve", "params"),
    [
        ("su", _solve_su, (0.7, 1.4, 3.0, 2.0)),
        ("su", _solve_su, (0.0, 2.0, 0.0, 1.0)),
        ("sb", _solve_sb, (-0.4, 0.9, 10.0, 5.0)),
        ("sb", _solve_sb, (1.0, 1.5, 0.0, 1.0)),
    ],
)
@pytest.mark.parametrize("z", [0.3, 0.524, 1.0])
def test_slifker_shapiro_formulas_recover_the_parameters(kind, solve, params, z):
    # Slifker and Shapiro (1980), section 3: exact quantiles must give back the parameters.
    low, left, right, high = johnson_quantile(
        special.ndtr(np.array([-3 * z, -z, z, 3 * z])), kind, params
    ).tolist()
    found = solve(z, high - right, left - low, right - left, (left + right) / 2)
    assert found == pytest.approx(params, rel=1e-7, abs=1e-7)


def test_lognormal_with_threshold_is_recovered():
    gamma, eta, location = -1.0, 1.5, 4.0
    z = 0.6
    low, left, right, high = (
        location + np.exp((np.array([-3 * z, -z, z, 3 * z]) - gamma) / eta)
    ).tolist()
    found = _solve_sl(z, high - right, left - low, right - left, (left + right) / 2)
    back = found[0] + found[1] * math.log((right - found[2]) / found[3])
    assert found[1:3] == pytest.approx((eta, location), rel=1e-9)
    assert back == pytest.approx(z, rel=1e-9)


@pytest.mark.parametrize(
    ("kind", "params"), [("su", (0.5, 1.6, 2.0, 1.0)), ("sb", (0.3, 1.1, 0.0, 4.0))]
)
def test_johnson_fit_describes_a_johnson_sample(kind, params):
    p = (np.arange(1, 301) - 0.5) / 300
    values = johnson_quantile(p, kind, params)
    found = fit_johnson(values, kind)
    assert johnson_z(values, kind, found) == pytest.approx(special.ndtri(p), abs=0.1)
    assert fit_johnson(values, {"su": "sb", "sb": "su"}[kind]) is None


def test_exponential_percentiles_by_closed_form():
    # Quantiles of the exponential are -mean ln(1 - p): ISO 22514-2 index (U - x50)/(x99.865 - x50).
    result = nonnormal_capability(BEARINGS, usl=500.0, distribution="exponential")
    mean = sum(BEARINGS) / 23
    with mpmath.workdps(30):
        tail = mpmath.ncdf(-3)
        expected = (500 / mean - mpmath.log(2)) / (-mpmath.log(tail) - mpmath.log(2))
    assert result.ppu == pytest.approx(float(expected), rel=1e-9)
    assert result.expected_ppm == pytest.approx(1e6 * math.exp(-500 / mean), rel=1e-9)


@pytest.mark.parametrize("method", ["percentile", "z-score"])
def test_the_normal_family_gives_the_normal_indices(method):
    values = np.random.default_rng(2).normal(10, 2, 80)
    other = nonnormal_capability(values, lsl=2, usl=20, distribution="normal", method=method)
    normal = capability(values, lsl=2, usl=20)
    for name in ("pp", "ppk", "ppl", "ppu"):
        assert getattr(other, name) == pytest.approx(getattr(normal, name).value, rel=1e-9)
    assert other.z_bench == pytest.approx(normal.z_bench_overall, rel=1e-9)
    assert other.expected_ppm == pytest.approx(normal.expected_ppm_overall, rel=1e-9)


def test_the_lognormal_family_gives_the_z_score_of_the_logs():
    values = np.exp(np.random.default_rng(2).normal(1, 0.4, 80))
    other = nonnormal_capability(
        values, lsl=0.5, usl=20, distribution="lognormal", method="z-score"
    )
    logs = capability(np.log(values), lsl=math.log(0.5), usl=math.log(20))
    for name in ("pp", "ppk", "ppl", "ppu"):
        assert getattr(other, name) == pytest.approx(getattr(logs, name).value, rel=1e-9)


def test_bootstrap_of_the_normal_family_agrees_with_bissell():
    values = np.random.default_rng(2).normal(10, 2, 80)
    normal = capability(values, lsl=2, usl=20).ppk
    other = nonnormal_ppk_interval(
        nonnormal_capability(values, lsl=2, usl=20, distribution="normal")
    )
    assert other.value == pytest.approx(normal.value, rel=1e-9)
    assert (other.lower, other.upper) == pytest.approx((normal.lower, normal.upper), abs=0.06)


@pytest.mark.reference(
    "nonnormal_ppk_interval",
    source="exact interval of an exponential mean, Lawless (2003), section 4.1",
)
def test_bootstrap_of_the_exponential_agrees_with_the_chi_square():
    # 2 n mean / theta is chi-square with 2 n degrees of freedom, so the exact interval of the mean
    # gives that of Ppu = (U / mean - ln 2) / (-ln 0.00135 - ln 2).
    result = nonnormal_capability(BEARINGS, usl=500.0, distribution="exponential")
    found = nonnormal_ppk_interval(result, draws=2000)
    mean = sum(BEARINGS) / 23
    scale = -math.log(special.ndtr(-3)) - math.log(2)
    bounds = [
        (500.0 / (mean * stats.chi2.ppf(p, 46) / 46) - math.log(2)) / scale for p in (0.975, 0.025)
    ]
    assert (found.lower, found.upper) == pytest.approx(bounds, rel=0.05)
    assert found == nonnormal_ppk_interval(result, draws=2000)


@pytest.mark.parametrize("draws", [0, 99, 10**6])
def test_bootstrap_refuses_a_senseless_number_of_draws(draws):
    result = nonnormal_capability(BEARINGS, usl=500.0, distribution="weibull")
    with pytest.raises(InvalidSpecification):
        nonnormal_ppk_interval(result, draws=draws)


def test_bootstrap_needs_an_index():
    result = nonnormal_capability(BEARINGS, lsl=-1.0, distribution="weibull", method="z-score")
    with pytest.raises(DegenerateData):
        nonnormal_ppk_interval(result)


def test_the_closest_distribution_comes_first_and_is_named():
    values = np.random.default_rng(3).exponential(2.0, 300)
    result = nonnormal_capability(values, usl=15.0)
    distances = [fit.a_squared for fit in result.ranking]
    assert distances == sorted(distances)
    assert result.distribution == result.ranking[0]
    assert distances[[fit.name for fit in result.ranking].index("normal")] > 5


def test_families_for_positive_values_are_left_out_where_values_are_not():
    names = {fit.name for fit in fit_distributions(np.linspace(-1, 1, 30) ** 3)}
    assert "weibull" not in names
    assert "normal" in names


def test_a_limit_below_the_support_needs_no_index_by_z_score():
    result = nonnormal_capability(
        BEARINGS, lsl=-1, usl=400, distribution="weibull", method="z-score"
    )
    assert result.ppl is None
    assert result.ppk == result.ppu


def test_warnings_name_few_values_and_a_poor_fit():
    values = np.concatenate([np.random.default_rng(1).normal(0, 1, 30), 20 + np.arange(20.0)])
    codes = {n.code for n in nonnormal_capability(values, usl=99, distribution="normal").warnings}
    assert codes == {"few_values_for_tails", "poor_fit"}


@pytest.mark.parametrize(
    ("values", "kwargs", "error"),
    [
        ([1.0] * 7, {"usl": 3}, NotEnoughData),
        ([1.0] * 9, {"usl": 3}, DegenerateData),
        (BEARINGS, {}, InvalidSpecification),
        (BEARINGS, {"lsl": 5, "usl": 1}, InvalidSpecification),
        (BEARINGS, {"usl": 500, "method": "guess"}, InvalidSpecification),
        (BEARINGS, {"usl": 500, "distribution": "cauchy"}, InvalidSpecification),
        ([-1.0, *BEARINGS], {"usl": 500, "distribution": "weibull"}, DegenerateData),
        ([math.inf, *BEARINGS], {"usl": 500}, DegenerateData),
    ],
)
def test_hostile_input_raises_the_engines_own_error(values, kwargs, error):
    with pytest.raises(error) as caught:
        nonnormal_capability(values, **kwargs)
    assert str(caught.value) != caught.value.code


@given(
    st.lists(st.integers(1, 4000), min_size=8, max_size=30).filter(lambda v: len(set(v)) > 3),
    st.sampled_from([1 / 64, 8.0]),
    st.sampled_from([name for name in ALL_FAMILIES if "johnson" not in name]),
)
@settings(max_examples=80, deadline=None)
def test_indices_do_not_depend_on_the_unit(values, scale, name):
    limit = 2.0 * max(values)
    first = nonnormal_capability(values, usl=limit, distribution=name)
    other = nonnormal_capability([v * scale for v in values], usl=limit * scale, distribution=name)
    assert other.distribution.a_squared == pytest.approx(first.distribution.a_squared, rel=1e-4)
    if first.ppk is not None and other.ppk is not None:
        assert other.ppk == pytest.approx(first.ppk, rel=1e-3, abs=1e-6)


@given(st.lists(st.floats(-1e6, 1e6), min_size=8, max_size=20), st.floats(-1e6, 1e6))
@settings(max_examples=60, deadline=None)
def test_anything_gives_a_result_or_the_engines_own_error(values, usl):
    try:
        result = nonnormal_capability(values, usl=usl)
    except StatsError:
        return
    assert result.ppk is None or not math.isnan(result.ppk)
    assert 0.0 <= result.expected_ppm <= 1e6 + 1e-6
