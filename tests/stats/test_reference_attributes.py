"""Laney, rare events, short runs, between/within and multivariate charts against published forms."""

import math

import numpy as np
import pytest

from apps.stats import FrozenLimits, Phase, chart
from apps.stats.charts.multivariate import contributions
from apps.stats.charts.rare_events import geometric_quantile
from apps.stats.constants import d2
from tests.stats.reference_data import column

JUICE = column("orangejuice", "D", trial=True)
COMPUTERS = column("pcmanufact", "x"), column("pcmanufact", "size")


def test_laney_p_by_the_steps_of_the_article() -> None:
    """Laney (2002): z scores, their average moving range over 1.128, limits times sigma Z."""
    sizes = np.linspace(40, 120, 30).round()
    rates = JUICE / sizes
    center = JUICE.sum() / sizes.sum()
    sigma = np.sqrt(center * (1 - center) / sizes)
    z = (rates - center) / sigma
    sigma_z = np.abs(np.diff(z)).mean() / d2(2)
    judged = chart("laney-p", JUICE, sizes=sizes)
    assert judged.details["phases"][0]["sigma_z"] == pytest.approx(sigma_z, rel=1e-12)
    np.testing.assert_allclose(
        judged.panels[0].ucl, np.minimum(1, center + 3 * sigma * sigma_z), rtol=1e-12
    )
    printed = chart("laney-p", JUICE, sizes=sizes, printed=True)
    assert printed.details["phases"][0]["sigma_z"] == pytest.approx(sigma_z * d2(2) / 1.128)


def test_laney_u_by_the_steps_of_the_article() -> None:
    counts, sizes = COMPUTERS
    center = counts.sum() / sizes.sum()
    z = (counts / sizes - center) / np.sqrt(center / sizes)
    sigma_z = np.abs(np.diff(z)).mean() / d2(2)
    judged = chart("laney-u", counts, sizes=sizes)
    expected = center + 3 * math.sqrt(center / 5) * sigma_z
    assert judged.panels[0].ucl[0] == pytest.approx(expected, rel=1e-12)


def test_frozen_laney_limits_keep_the_factor() -> None:
    first = chart("laney-p", JUICE, sizes=50)
    frozen = first.phases[0].frozen
    later = chart("laney-p", JUICE[:5], sizes=80, phases=(Phase(0, frozen=frozen),))
    center, z = frozen.center, first.details["phases"][0]["sigma_z"]
    expected = center + 3 * z * math.sqrt(center * (1 - center) / 80)
    assert later.panels[0].ucl[0] == pytest.approx(expected)


def test_np_limits_of_montgomery() -> None:
    """Orange juice as an np chart: n times the limits of the p chart."""
    panel = chart("np", JUICE, sizes=50).panels[0]
    assert panel.center[0] == pytest.approx(50 * 0.2313, abs=0.004)
    assert panel.ucl[0] == pytest.approx(50 * 0.4102, abs=0.004)
    assert panel.lcl[0] == pytest.approx(50 * 0.0524, abs=0.004)


@pytest.mark.reference("chart", "chart:p", source="Montgomery, Introduction to SQC, table 7.4")
def test_p_limits_with_variable_sample_size() -> None:
    """Montgomery, table 7.4: purchase orders, pbar = 234/2450 = 0.0955."""
    sizes = [
        100,
        80,
        80,
        100,
        110,
        110,
        100,
        100,
        90,
        90,
        110,
        120,
        120,
        120,
        110,
        80,
        80,
        80,
        90,
        100,
        100,
        100,
        100,
        90,
        90,
    ]
    counts = [12, 8, 6, 9, 10, 12, 11, 16, 10, 6, 20, 15, 9, 8, 6, 8, 10, 7, 5, 8, 5, 8, 10, 6, 9]
    judged = chart("p", counts, sizes=sizes, rules="nelson:1")
    panel = judged.panels[0]
    assert panel.center[0] == pytest.approx(0.096, abs=0.0006)
    # n = 100: 0.007 and 0.184; n = 80: 0 and 0.194; n = 120: 0.015 and 0.176
    assert panel.ucl[[0, 1, 11]] == pytest.approx([0.184, 0.194, 0.176], abs=0.0011)
    assert panel.lcl[[0, 1, 11]] == pytest.approx([0.007, 0.0, 0.015], abs=0.0011)
    assert [signal.point + 1 for signal in judged.signals] == [11]


def test_g_chart_of_benneyan() -> None:
    """Benneyan (2001): center the mean, sigma sqrt(m(m+1)), no lower limit."""
    gaps = [12, 3, 0, 25, 8, 14, 40, 2, 9, 17]
    panel = chart("g", gaps).panels[0]
    m = np.mean(gaps)
    assert panel.center[0] == m
    assert panel.ucl[0] == pytest.approx(m + 3 * math.sqrt(m * (m + 1)))
    assert panel.lcl[0] == 0.0


@pytest.mark.parametrize("q", [0.00135, 0.05, 0.5, 0.99865])
def test_quantiles_of_the_geometric_distribution(q: float) -> None:
    mean = 30.0
    at = geometric_quantile(mean, q)
    if at > 0:
        assert 1 - (mean / (mean + 1)) ** (at + 1) == pytest.approx(q)
    else:
        assert 1 / (mean + 1) > q


@pytest.mark.reference("chart", "chart:t", source="Montgomery, Introduction to SQC, example 7.6")
def test_t_chart_of_nelson() -> None:
    """Montgomery, example 7.6: days between failures, transformed by y^0.2777."""
    days = [
        286,
        948,
        536,
        124,
        816,
        729,
        4,
        143,
        431,
        8,
        2837,
        596,
        81,
        227,
        603,
        492,
        1199,
        1214,
        2831,
        96,
    ]
    judged = chart("t", days)
    powered = np.array(days, float) ** (1 / 3.6)
    # Montgomery, table 7.14, with the power cut to 0.2777: 286, 948 and 4 days
    assert np.array([286, 948, 4]) ** 0.2777 == pytest.approx([4.80986, 6.70903, 1.46958], abs=6e-6)
    center, spread = powered.mean(), np.abs(np.diff(powered)).mean() / d2(2)
    # figure 7.25: the center of the transformed times is 5.386
    assert (np.array(days) ** 0.2777).mean() == pytest.approx(5.386, abs=1e-3)
    panel = judged.panels[0]
    assert panel.center[0] == pytest.approx(center**3.6)
    assert panel.ucl[0] == pytest.approx((center + 3 * spread) ** 3.6)
    assert panel.lcl[0] == 0.0
    assert judged.signals == ()


def test_exponential_limits_of_times() -> None:
    times = [10.0, 20.0, 30.0]
    panel = chart("t", times, limits="probability").panels[0]
    assert panel.center[0] == pytest.approx(20 * math.log(2))
    assert panel.ucl[0] == pytest.approx(20 * -math.log(0.0013498980316), rel=1e-9)
    assert panel.lcl[0] == pytest.approx(20 * 0.0013498980316, rel=1e-3)


def test_short_run_by_hand() -> None:
    parts = ["a", "a", "a", "b", "b", "b", "a", "a"]
    values = np.array([5.0, 6.0, 4.0, 50.0, 53.0, 47.0, 5.0, 5.0])
    ranges = [1, 2, 3, 6, 0]  # within runs of one part only
    sigma = np.mean(ranges) / d2(2)
    judged = chart("z-mr", values, parts=parts)
    expected = [
        (v - (5.0 if p == "a" else 50.0)) / sigma for v, p in zip(values, parts, strict=True)
    ]
    np.testing.assert_allclose(judged.panel("standardized").points, expected, atol=1e-12)
    assert judged.panel("moving_range").ucl[0] == pytest.approx(3.686, abs=5e-4)
    own = chart("z-mr", values, parts=parts, pooling="parts")
    assert own.panel("standardized").points[4] == pytest.approx(3 / (4.5 / d2(2)))


def test_between_and_within() -> None:
    """Minitab, I-MR-R/S: between sigma^2 = sigma of the means squared less within^2 / n."""
    rng = np.random.default_rng(8)
    values = np.repeat(rng.normal(100, 4, 40), 5) + rng.normal(0, 1, 200)
    judged = chart("i-mr-rs", values, subgroup_size=5)
    means = values.reshape(-1, 5).mean(axis=1)
    of_means = np.abs(np.diff(means)).mean() / d2(2)
    within = np.ptp(values.reshape(-1, 5), axis=1).mean() / d2(5)
    told = judged.details["phases"][0]
    assert told["sigma_of_means"] == pytest.approx(of_means)
    assert told["sigma_between"] == pytest.approx(math.sqrt(of_means**2 - within**2 / 5))
    assert told["sigma_total"] == pytest.approx(math.hypot(told["sigma_between"], within))
    assert judged.panel("mean").ucl[0] == pytest.approx(means.mean() + 3 * of_means)
    assert [panel.name for panel in judged.panels] == ["mean", "moving_range", "range"]


# Montgomery, table 11.1: 20 samples of 10, means and (co)variances of tensile strength, diameter.
@pytest.mark.reference(
    "chart", "chart:t2", source="Montgomery, Introduction to SQC, section 11.3.1"
)
def test_t2_limits_of_montgomery() -> None:
    """Montgomery 11.3.1: p = 2, m = 20, n = 10, alpha = 0.001: UCL 13.72 in phase 1."""
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(200, 2))
    judged = chart("t2", rows, subgroup_size=10, alpha=0.001)
    assert judged.panels[0].ucl[0] == pytest.approx(13.72, abs=0.015)
    later = chart(
        "t2",
        rows,
        subgroup_size=10,
        alpha=0.001,
        phases=(Phase(0, frozen=judged.phases[0].frozen),),
    )
    assert later.panels[0].ucl[0] == pytest.approx(13.72 * 21 / 19, abs=0.02)


def test_t2_against_matrix_algebra() -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(50, 3)) @ np.array([[2.0, 1, 0], [0, 1, 0.5], [0, 0, 3]]) + 7
    away = rows - rows.mean(axis=0)
    covariance = np.cov(rows.T)
    judged = chart("t2", rows)
    expected = np.einsum("ij,jk,ik->i", away, np.linalg.inv(covariance), away)
    np.testing.assert_allclose(judged.panels[0].points, expected, rtol=1e-10)
    inverse = np.linalg.inv(covariance[:2, :2])
    without_third = np.einsum("ij,jk,ik->i", away[:, :2], inverse, away[:, :2])
    np.testing.assert_allclose(
        contributions(away, covariance)[:, 2], expected - without_third, atol=1e-9
    )


def test_phase_one_limit_of_tracy_young_and_mason() -> None:
    """(m-1)^2/m times a beta quantile: for p = 1 the largest possible value is below (m-1)^2/m."""
    rows = np.random.default_rng(4).normal(size=(30, 1))
    judged = chart("t2", rows, alpha=0.05)
    # beta(1/2, 14) quantile 0.95 by the t distribution: t^2/(t^2+28) with t(28, 0.975) = 2.048407
    quantile = 2.048407**2 / (2.048407**2 + 28)
    assert judged.panels[0].ucl[0] == pytest.approx(29**2 / 30 * quantile, rel=1e-5)


def test_the_variable_that_moved_is_named() -> None:
    rows = np.random.default_rng(5).normal(size=(60, 3))
    rows[40, 2] += 9
    told = chart("t2", rows).details["signals"]
    assert [entry["point"] for entry in told] == [40]
    assert int(np.argmax(told[0]["contributions"])) == 2
    moved = np.random.default_rng(6).normal(size=(80, 3))
    moved[60:, 0] += 2
    averages = chart("mewma", moved, baseline=(0, 60)).details["signals"]
    assert averages[0]["point"] >= 60
    assert int(np.argmax(averages[-1]["contributions"])) == 0


def test_mewma_of_one_row_is_its_t2() -> None:
    """With its exact covariance the first average is as far out as the first row."""
    frozen = FrozenLimits(
        0.0,
        1.0,
        {"mean": [0.0, 0.0], "covariance": [[1.0, 0.5], [0.5, 1.0]], "points": 50.0, "df": 49.0},
    )
    row = np.array([[1.0, -1.0]])
    judged = chart("mewma", row, phases=(Phase(0, frozen=frozen),), weight=0.1, arl=200.0)
    assert judged.panels[0].points[0] == pytest.approx(4.0)
    assert judged.panels[0].ucl[0] == pytest.approx(8.64, abs=0.015)


@pytest.mark.parametrize(
    ("estimator", "factor"), [("mr-mean", 2 / math.sqrt(math.pi)), ("mr-median", 0.9538725524)]
)
def test_estimators_of_individuals(estimator: str, factor: float) -> None:
    values = column("viscosity", "viscosity")
    ranges = np.abs(np.diff(values))
    average = ranges.mean() if estimator == "mr-mean" else np.median(ranges)
    judged = chart("i-mr", values, estimator=estimator)
    assert judged.phases[0].sigma == pytest.approx(average / factor, rel=1e-9)
    assert judged.estimator == estimator


def test_screening_drops_ranges_above_their_limit_once() -> None:
    values = [1.0, 2.0] * 10 + [50.0] + [1.0, 2.0] * 10
    plain, screened = (chart("i-mr", values, screen=s).phases[0].sigma for s in (False, True))
    assert plain > 2.9
    assert screened == pytest.approx(math.sqrt(math.pi) / 2)


def test_longer_moving_ranges_use_their_own_constant() -> None:
    values = [1.0, 4.0, 2.0, 8.0]
    assert chart("i-mr", values, mr_length=3).phases[0].sigma == pytest.approx(4.5 / d2(3))


def test_gaps_break_or_are_bridged() -> None:
    values = [1.0, 2.0, math.nan, 5.0, 6.0]
    assert chart("i-mr", values).phases[0].sigma == pytest.approx(1 / d2(2))
    assert chart("i-mr", values, gaps="bridge").phases[0].sigma == pytest.approx(5 / 3 / d2(2))


def test_wide_scatter_is_named_with_its_figure() -> None:
    judged = chart("p", JUICE, sizes=50)
    factor = chart("laney-p", JUICE, sizes=50).details["phases"][0]["sigma_z"]
    (notice,) = [notice for notice in judged.warnings if notice.code == "overdispersed"]
    assert notice.params["sigma_z"] == pytest.approx(factor)
    later = column("orangejuice", "D", trial=False)
    codes = {notice.code for notice in chart("p", later, sizes=50).warnings}
    assert "overdispersed" not in codes


@pytest.mark.parametrize(("kind", "sizes"), [("p", 50), ("np", 50), ("u", 2.5), ("c", None)])
def test_limits_of_a_time_without_defects_can_be_frozen(kind: str, sizes: float | None) -> None:
    before = chart(kind, [0] * 25, sizes=sizes)
    assert before.signals == ()
    frozen = before.phases[0].frozen
    later = chart(kind, [0, 0, 1], sizes=sizes, phases=(Phase(0, frozen=frozen),))
    assert [signal.point for signal in later.signals] == [2]


def test_the_level_of_a_t_chart_is_a_time() -> None:
    phase = chart("t", [10.0, 20.0, 30.0, 15.0]).phases[0]
    assert phase.center == pytest.approx(phase.frozen.center**3.6)
    assert 10 < phase.center < 30
