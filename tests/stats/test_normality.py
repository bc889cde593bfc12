"""Normality tests against their published tables and data."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.normality_tests import (
    anderson_darling,
    anderson_darling_p,
    normal_scores,
    normality,
    ryan_joiner,
    shapiro_wilk,
)

# Weights in pounds of eleven men: Shapiro and Wilk (1965), Biometrika 52, example 1, W = 0.79.
WEIGHTS = [148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236]


@pytest.mark.parametrize(
    ("statistic", "p_value"),
    # Upper tail points of the adjusted A-squared, normal with both parameters estimated:
    # D'Agostino and Stephens (1986), table 4.7, case 3.
    [(0.631, 0.10), (0.752, 0.05), (0.873, 0.025), (1.035, 0.01)],
)
def test_anderson_darling_p_equals_the_table_of_stephens(statistic, p_value):
    assert anderson_darling_p(statistic, 10**9) == pytest.approx(p_value, rel=0.02)


def test_anderson_darling_p_is_continuous_and_falls():
    grid = np.linspace(0.05, 20, 4000)
    values = np.array([anderson_darling_p(a, 10**9) for a in grid])
    assert np.all(np.diff(values) <= 1e-3)
    assert np.all((values >= 0) & (values <= 1))
    assert np.max(np.abs(np.diff(values))) < 0.05


def test_anderson_darling_statistic_equals_the_definition():
    with mpmath.workdps(40):
        x = sorted(mpmath.mpf(v) for v in WEIGHTS)
        n = len(x)
        mean = mpmath.fsum(x) / n
        sd = mpmath.sqrt(mpmath.fsum((v - mean) ** 2 for v in x) / (n - 1))
        cdf = [mpmath.ncdf((v - mean) / sd) for v in x]
        total = mpmath.fsum(
            (2 * i + 1) * (mpmath.log(cdf[i]) + mpmath.log(1 - cdf[n - 1 - i])) for i in range(n)
        )
        expected = float(-n - total / n)
    assert anderson_darling(WEIGHTS).statistic == pytest.approx(expected, rel=1e-12)


@pytest.mark.reference(
    "shapiro_wilk", source="Shapiro and Wilk (1965), Biometrika 52, example 1; Royston (1995) in R"
)
def test_shapiro_wilk_equals_the_paper():
    assert shapiro_wilk(WEIGHTS).statistic == pytest.approx(0.79, abs=5e-3)
    # Royston (1995) p-value as printed by shapiro.test of R for these data: 0.006704.
    assert shapiro_wilk(WEIGHTS).p_value == pytest.approx(0.006704, abs=1e-6)


@pytest.mark.reference("ryan_joiner", source="Ryan and Joiner (1976), critical values")
@pytest.mark.parametrize("n", [10, 20, 50, 100])
@pytest.mark.parametrize(
    ("alpha", "terms"),
    # Critical values of Ryan and Joiner (1976): a + b/sqrt(n) + c/n + d/n^2.
    [
        (0.10, (1.0071, -0.1371, -0.3682, 0.7780)),
        (0.05, (1.0063, -0.1288, -0.6118, 1.3505)),
    ],
)
def test_ryan_joiner_p_agrees_with_the_published_critical_values(n, alpha, terms):
    a, b, c, d = terms
    critical = a + b / n**0.5 + c / n + d / n**2
    scores = normal_scores(n)
    low, high = 0.0, 40.0
    for _ in range(80):
        middle = (low + high) / 2
        bent = scores + middle * (scores > scores[-2]) * scores[-1]
        low, high = (middle, high) if ryan_joiner(bent).statistic > critical else (low, middle)
    assert ryan_joiner(bent).statistic == pytest.approx(critical, abs=1e-9)
    assert ryan_joiner(bent).p_value == pytest.approx(alpha, rel=0.2)


def test_perfect_scores_correlate_fully():
    assert ryan_joiner(5 + 2 * normal_scores(30)).statistic == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("test", ["anderson-darling", "shapiro-wilk", "ryan-joiner"])
class TestEveryTest:
    def test_rejects_about_alpha_of_normal_samples(self, test):
        draws = np.random.default_rng(5).standard_normal((2000, 25))
        share = np.mean([normality(row, test=test).p_value < 0.05 for row in draws])
        assert share == pytest.approx(0.05, abs=0.015)

    def test_rejects_an_exponential_sample(self, test):
        values = np.random.default_rng(5).exponential(size=100)
        assert not normality(values, test=test).is_plausible()

    def test_constant_values_are_refused(self, test):
        with pytest.raises(DegenerateData):
            normality([3.0] * 12, test=test)

    def test_two_values_are_refused(self, test):
        with pytest.raises(NotEnoughData):
            normality([1.0, 2.0], test=test)

    def test_missing_values_are_left_out_and_told(self, test):
        result = normality([*WEIGHTS, float("nan")], test=test)
        assert result.statistic == normality(WEIGHTS, test=test).statistic
        assert result.warnings[0].code == "missing_left_out"

    @settings(max_examples=30, deadline=None)
    @given(
        values=st.lists(st.integers(-500, 500), min_size=8, max_size=30).filter(
            lambda v: len(set(v)) > 2
        ),
        shift=st.integers(-(10**6), 10**6),
    )
    def test_does_not_depend_on_unit_or_zero_point(self, test, values, shift):
        first = normality(values, test=test).statistic
        moved = normality([4.0 * v + shift for v in values], test=test).statistic
        assert moved == pytest.approx(first, rel=1e-8)


def test_unknown_test_is_refused():
    with pytest.raises(InvalidSpecification):
        normality(WEIGHTS, test="eye")


def test_shapiro_refuses_what_its_approximation_does_not_cover():
    with pytest.raises(InvalidSpecification):
        shapiro_wilk(np.arange(5001.0))
