"""Sample size and power against R, Krejcie and Morgan, and simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from apps.stats.errors import InvalidSpecification
from apps.stats.power import (
    power_of_means,
    power_of_proportions,
    power_of_rates,
    sample_size_means,
    sample_size_proportions,
    sample_size_rates,
)
from apps.stats.precision import sample_size_for_mean, sample_size_for_share


@pytest.mark.reference("power_of_means", source="R, help page of power.t.test")
def test_power_of_means_equals_r():
    # power.t.test(n = 20, delta = 1, sd = 1) of R, its help page: power = 0.8689528, which leaves
    # out the chance of a significant result on the wrong side (2e-7 here).
    assert power_of_means(20, 1.0, 1.0) == pytest.approx(0.8689528, abs=3e-7)


@pytest.mark.reference("sample_size_means", source="R, help page of power.t.test")
@pytest.mark.parametrize(
    ("alternative", "n"),
    # power.t.test(power = .90, delta = 1) and alternative = "one.sided" of R, the same page.
    [("two-sided", 22.02110), ("one-sided", 17.84713)],
)
def test_sample_size_of_means_equals_r(alternative, n):
    result = sample_size_means(1.0, 1.0, power=0.9, alternative=alternative)
    assert result.exact == pytest.approx(n, abs=5e-5)
    assert result.n == math.ceil(n)
    assert result.power >= 0.9


@pytest.mark.reference(
    "power_of_proportions", "sample_size_proportions", source="R, help page of power.prop.test"
)
def test_power_of_shares_equals_r():
    # power.prop.test(n = 50, p1 = .50, p2 = .75) of R, its help page: power = 0.7401659;
    # power.prop.test(p1 = .50, p2 = .75, power = .90): n = 76.7.
    assert power_of_proportions(50, 0.50, 0.75) == pytest.approx(0.7401659, abs=5e-7)
    assert sample_size_proportions(0.50, 0.75, power=0.9).exact == pytest.approx(76.7, abs=0.05)


@pytest.mark.reference("sample_size_for_share", source="Krejcie and Morgan (1970), table 1")
@pytest.mark.parametrize(
    ("population", "n"),
    # Krejcie and Morgan (1970), table 1.
    [
        (10, 10), (15, 14), (20, 19), (30, 28), (50, 44), (75, 63), (100, 80), (150, 108),
        (200, 132), (250, 152), (300, 169), (400, 196), (500, 217), (700, 248), (1000, 278),
        (1500, 306), (2000, 322), (3000, 341), (5000, 357), (10000, 370), (20000, 377),
        (50000, 381), (1000000, 384),
    ],
)  # fmt: skip
def test_sample_of_a_population_equals_krejcie_and_morgan(population, n):
    result = sample_size_for_share(0.05, population=population)
    assert round(result.exact) == n
    assert result.n == math.ceil(result.exact - 1e-9)


def test_sample_for_a_share_by_the_formula():
    # Cochran (1977): n = z^2 p q / d^2 = 1.96^2 0.25 / 0.05^2 = 384.16.
    assert sample_size_for_share(0.05).exact == pytest.approx(384.16, abs=0.02)


def test_sample_for_a_mean_holds_the_margin():
    result = sample_size_for_mean(0.5, 1.0)
    half = [stats.t.ppf(0.975, n - 1) / math.sqrt(n) for n in (result.n, result.n - 1)]
    assert half[0] <= 0.5 < half[1]


@pytest.mark.parametrize("design", ["one-sample", "paired"])
def test_one_sample_power_is_the_noncentral_t(design):
    shift = 0.6 * math.sqrt(25)
    critical = stats.t.ppf(0.975, 24)
    expected = stats.nct.sf(critical, 24, shift) + stats.nct.cdf(-critical, 24, shift)
    assert power_of_means(25, 0.6, 1.0, design=design) == pytest.approx(expected, rel=1e-8)


def test_power_of_rates_matches_simulation():
    rng = np.random.default_rng(3)
    x, y = rng.poisson(20, 20_000), rng.poisson(35, 20_000)
    z = (y - x) / np.sqrt(np.maximum(x + y, 1))
    simulated = np.mean(np.abs(z) > 1.959964)
    assert power_of_rates(100, 0.20, 0.35) == pytest.approx(simulated, abs=0.02)


@pytest.mark.parametrize(
    "call",
    [
        lambda: power_of_means(1, 1, 1),
        lambda: power_of_means(20, 1, 0),
        lambda: power_of_means(20, math.nan, 1),
        lambda: power_of_means(20, 1, 1, alpha=0),
        lambda: power_of_means(20, 1, 1, alternative="both"),
        lambda: power_of_means(20, 1, 1, design="nested"),
        lambda: sample_size_means(0, 1),
        lambda: sample_size_means(1e-9, 1),
        lambda: sample_size_means(1, 1, power=1.0),
        lambda: sample_size_means(1, 1, power=0.01),
        lambda: power_of_proportions(0, 0.1, 0.2),
        lambda: power_of_proportions(10, -0.1, 0.2),
        lambda: sample_size_proportions(0.2, 0.2),
        lambda: power_of_rates(0, 0.1, 0.2),
        lambda: sample_size_rates(0.2, 0.2),
        lambda: sample_size_rates(-0.2, 0.2),
        lambda: sample_size_for_mean(0, 1),
        lambda: sample_size_for_mean(1e-9, 1),
        lambda: sample_size_for_share(0),
        lambda: sample_size_for_share(0.05, population=0),
        lambda: sample_size_for_share(0.05, confidence=1),
    ],
)
def test_senseless_questions_are_refused(call):
    with pytest.raises(InvalidSpecification) as caught:
        call()
    assert str(caught.value) != caught.value.code


@given(st.floats(0.2, 3.0), st.floats(0.5, 0.99))
@settings(max_examples=40, deadline=None)
def test_the_size_found_is_the_smallest_that_is_enough(difference, power):
    result = sample_size_means(difference, 1.0, power=power)
    assert power_of_means(result.n, difference, 1.0) >= power - 1e-9
    if result.n > 2:
        assert power_of_means(result.n - 1, difference, 1.0) < power + 1e-9
