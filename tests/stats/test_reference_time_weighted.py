"""EWMA, CUSUM and moving average against published figures; average run lengths against tables."""

import math

import numpy as np
import pytest

from apps.stats import arl, chart
from apps.stats.errors import InvalidSpecification

# NIST/SEMATECH e-Handbook 6.3.2.4: process mean 50, s = 2.0539, weight 0.3.
NIST_EWMA_DATA = [
    52.0,
    47.0,
    53.0,
    49.3,
    50.1,
    47.0,
    51.0,
    50.1,
    51.2,
    50.5,
    49.6,
    47.6,
    49.9,
    51.3,
    47.8,
    51.2,
    52.6,
    52.4,
    53.6,
    52.1,
]
NIST_EWMA = [
    50.60,
    49.52,
    50.56,
    50.18,
    50.16,
    49.21,
    49.75,
    49.85,
    50.26,
    50.33,
    50.11,
    49.36,
    49.52,
    50.05,
    49.38,
    49.92,
    50.73,
    51.23,
    51.94,
    51.99,
]
# NIST/SEMATECH e-Handbook 6.3.2.3: target 325, k = 0.3175, h = 4.1959, both in units of the data.
NIST_CUSUM_DATA = [
    324.925,
    324.675,
    324.725,
    324.350,
    325.350,
    325.225,
    324.125,
    324.525,
    325.225,
    324.600,
    324.625,
    325.150,
    328.325,
    327.250,
    327.825,
    328.500,
    326.675,
    327.775,
    326.875,
    328.350,
]
NIST_CUSUM_UPPER = [
    0.00,
    0.00,
    0.00,
    0.00,
    0.03,
    0.00,
    0.00,
    0.00,
    0.00,
    0.00,
    0.00,
    0.00,
    3.01,
    4.94,
    7.45,
    10.63,
    11.99,
    14.44,
    16.00,
    19.04,
]
NIST_CUSUM_LOWER = [
    0.00,
    0.01,
    0.00,
    0.33,
    0.00,
    0.00,
    0.56,
    0.72,
    0.17,
    0.26,
    0.31,
    0.00,
    0.00,
    0.00,
    0.00,
    0.00,
    0.00,
    0.00,
    0.00,
    0.00,
]
# Montgomery, table 9.1: 20 values at mean 10, ten more at 11, sigma 1.
MONTGOMERY = [
    9.45,
    7.99,
    9.29,
    11.66,
    12.16,
    10.18,
    8.04,
    11.46,
    9.20,
    10.34,
    9.03,
    11.47,
    10.51,
    9.40,
    10.08,
    9.37,
    10.62,
    10.31,
    8.52,
    10.84,
    10.90,
    9.33,
    12.29,
    11.50,
    10.60,
    11.08,
    10.38,
    11.62,
    11.31,
    10.52,
]
# Montgomery, table 9.2: tabular CUSUM with k = 0.5, h = 5.
MONTGOMERY_UPPER = [
    0,
    0,
    0,
    1.16,
    2.82,
    2.50,
    0.04,
    1.00,
    0,
    0,
    0,
    0.97,
    0.98,
    0,
    0,
    0,
    0.12,
    0,
    0,
    0.34,
    0.74,
    0,
    1.79,
    2.79,
    2.89,
    3.47,
    3.35,
    4.47,
    5.28,
    5.30,
]
MONTGOMERY_LOWER = [
    0.05,
    1.56,
    1.77,
    0,
    0,
    0,
    1.46,
    0,
    0.30,
    0,
    0.47,
    0,
    0,
    0.10,
    0,
    0.13,
    0,
    0,
    0.98,
    0,
    0,
    0.17,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
]
# Montgomery, table 9.10: EWMA with weight 0.1.
MONTGOMERY_EWMA = [
    9.945,
    9.7495,
    9.70355,
    9.8992,
    10.1253,
    10.1307,
    9.92167,
    10.0755,
    9.98796,
    10.0232,
    9.92384,
    10.0785,
    10.1216,
    10.0495,
    10.0525,
    9.98426,
    10.0478,
    10.074,
    9.91864,
    10.0108,
    10.0997,
    10.0227,
    10.2495,
    10.3745,
    10.3971,
    10.4654,
    10.4568,
    10.5731,
    10.6468,
    10.6341,
]


@pytest.mark.reference("chart", "chart:ewma", source="NIST/SEMATECH e-Handbook 6.3.2.4")
def test_ewma_of_the_nist_handbook() -> None:
    judged = chart("ewma", NIST_EWMA_DATA, center=50.0, sigma=2.0539, weight=0.3, steady=True)
    panel = judged.panels[0]
    assert panel.points == pytest.approx(NIST_EWMA, abs=0.006)
    assert (panel.lcl[0], panel.ucl[0]) == pytest.approx((47.4115, 52.5884), abs=1e-4)
    assert judged.signals == ()


@pytest.mark.reference("chart", "chart:cusum", source="NIST/SEMATECH e-Handbook 6.3.2.3")
def test_cusum_of_the_nist_handbook() -> None:
    sigma = 0.635
    judged = chart(
        "cusum",
        NIST_CUSUM_DATA,
        center=325.0,
        sigma=sigma,
        shift=0.3175 / sigma,
        decision=4.1959 / sigma,
    )
    assert judged.panel("cusum_lower").points == pytest.approx(NIST_CUSUM_LOWER, abs=0.011)
    assert judged.panel("cusum_upper").points[:13] == pytest.approx(
        NIST_CUSUM_UPPER[:13], abs=0.011
    )
    assert judged.panel("cusum_upper").ucl[0] == pytest.approx(4.1959)
    assert judged.signals[0].point == 13


@pytest.mark.reference("chart", "chart:cusum", source="Montgomery, Introduction to SQC, table 9.2")
def test_cusum_of_montgomery() -> None:
    judged = chart("cusum", MONTGOMERY, center=10.0, sigma=1.0)
    assert judged.panel("cusum_upper").points == pytest.approx(MONTGOMERY_UPPER, abs=0.0051)
    assert judged.panel("cusum_lower").points == pytest.approx(MONTGOMERY_LOWER, abs=0.0051)
    # "The CUSUM at period 29 is 5.28 ... the shift occurred between periods 22 and 23."
    first = judged.signals[0]
    assert (first.point + 1, first.first + 1, first.side) == (29, 23, "above")


@pytest.mark.reference("chart", "chart:ewma", source="Montgomery, Introduction to SQC, table 9.10")
def test_ewma_of_montgomery() -> None:
    judged = chart("ewma", MONTGOMERY, center=10.0, sigma=1.0, weight=0.10, width=2.7)
    panel = judged.panels[0]
    assert panel.points == pytest.approx(MONTGOMERY_EWMA, abs=6e-5 * 10)
    # Montgomery: UCL 10.27 and LCL 9.73 in period 1, 10.36 and 9.64 in period 2, then 10.62, 9.38.
    assert panel.ucl[[0, 1, 29]] == pytest.approx([10.27, 10.36, 10.62], abs=0.005)
    assert panel.lcl[[0, 1, 29]] == pytest.approx([9.73, 9.64, 9.38], abs=0.005)
    assert [signal.point + 1 for signal in judged.signals] == [29, 30]


@pytest.mark.reference("chart", "chart:ma", source="Montgomery, Introduction to SQC, table 9.13")
def test_moving_average_of_montgomery() -> None:
    """Montgomery, table 9.13: span 5, center 10, sigma 1."""
    judged = chart("ma", MONTGOMERY, center=10.0, sigma=1.0, span=5)
    panel = judged.panels[0]
    expected = [9.45, 8.72, 8.91, 9.5975, 10.11, 10.256, 10.266, 10.7, 10.208, 9.844]
    assert panel.points[:10] == pytest.approx(expected, abs=1e-9)
    assert panel.ucl[[0, 3, 4]] == pytest.approx([13.0, 11.5, 11.34], abs=0.005)


@pytest.mark.reference("chart", "chart:cusum", source="Montgomery, Introduction to SQC, table 9.4")
def test_head_start_of_lucas_and_crosier() -> None:
    """Montgomery, table 9.4: with a head start of h/2 the upper arm begins at 2.5."""
    judged = chart(
        "cusum", [102.0, 97.0, 104.0], center=100.0, sigma=6.0, decision=5.0, head_start=2.5
    )
    upper = judged.panel("cusum_upper").points
    assert upper == pytest.approx([15 + 2 - 3, 15 + 2 - 3 - 3 - 3, 15 + 2 - 3 - 3 - 3 + 4 - 3])


@pytest.mark.reference(
    "cusum_arl", source="Montgomery, Introduction to SQC, table 9.3 (after Hawkins and Lucas)"
)
@pytest.mark.parametrize(
    ("k", "h", "shift", "expected", "tolerance"),
    [
        # Montgomery, table 9.3 (after Hawkins and Lucas): k = 0.5
        (0.5, 4.0, 0.0, 168.0, 0.5),
        (0.5, 5.0, 0.0, 465.0, 0.6),
        (0.5, 4.0, 0.25, 74.2, 0.1),
        (0.5, 5.0, 0.25, 139.0, 0.6),
        (0.5, 4.0, 0.5, 26.6, 0.1),
        (0.5, 5.0, 0.5, 38.0, 0.1),
        (0.5, 4.0, 0.75, 13.3, 0.1),
        (0.5, 5.0, 0.75, 17.0, 0.1),
        (0.5, 4.0, 1.0, 8.38, 0.01),
        (0.5, 5.0, 1.0, 10.4, 0.05),
        (0.5, 4.0, 1.5, 4.75, 0.01),
        (0.5, 5.0, 1.5, 5.75, 0.01),
        (0.5, 4.0, 2.0, 3.34, 0.01),
        (0.5, 5.0, 2.0, 4.01, 0.01),
        (0.5, 4.0, 2.5, 2.62, 0.01),
        (0.5, 5.0, 2.5, 3.11, 0.01),
        (0.5, 4.0, 3.0, 2.19, 0.01),
        (0.5, 5.0, 3.0, 2.57, 0.01),
        (0.5, 4.0, 4.0, 1.71, 0.01),
        (0.5, 5.0, 4.0, 2.01, 0.01),
    ],
)
def test_run_lengths_of_cusums(
    k: float, h: float, shift: float, expected: float, tolerance: float
) -> None:
    assert arl.cusum_arl(k, h, shift=shift) == pytest.approx(expected, abs=tolerance)


@pytest.mark.reference(
    "cusum_arl", source="Montgomery, Introduction to SQC, table 9.4 (after Hawkins 1993)"
)
@pytest.mark.parametrize(
    ("k", "h"),
    # Montgomery, table 9.4 (after Hawkins 1993): pairs with an in-control run length of 370.
    [(0.25, 8.01), (0.5, 4.77), (0.75, 3.34), (1.0, 2.52), (1.25, 1.99), (1.5, 1.61)],
)
def test_cusum_designs_of_hawkins(k: float, h: float) -> None:
    """The printed h is rounded to two decimals, so the run length lies between its neighbours."""
    assert arl.cusum_arl(k, h - 0.011) < 370 < arl.cusum_arl(k, h + 0.011)


@pytest.mark.reference(
    "ewma_arl", source="Montgomery, Introduction to SQC, table 9.11 (after Lucas and Saccucci 1990)"
)
@pytest.mark.parametrize(
    ("weight", "width", "shift", "expected", "tolerance"),
    [
        # Montgomery, table 9.11 (after Lucas and Saccucci 1990)
        (0.40, 3.054, 0.0, 500.0, 1.0),
        (0.25, 2.998, 0.0, 500.0, 1.0),
        (0.20, 2.962, 0.0, 500.0, 1.0),
        (0.10, 2.814, 0.0, 500.0, 1.0),
        (0.05, 2.615, 0.0, 500.0, 1.0),
        (0.40, 3.054, 0.5, 71.2, 0.1),
        (0.25, 2.998, 0.5, 48.2, 0.1),
        (0.20, 2.962, 0.5, 41.8, 0.1),
        (0.10, 2.814, 0.5, 31.3, 0.1),
        (0.05, 2.615, 0.5, 28.8, 0.15),
        (0.40, 3.054, 1.0, 14.3, 0.1),
        (0.25, 2.998, 1.0, 11.1, 0.1),
        (0.20, 2.962, 1.0, 10.5, 0.1),
        (0.10, 2.814, 1.0, 10.3, 0.1),
        (0.05, 2.615, 1.0, 11.4, 0.1),
        (0.40, 3.054, 2.0, 3.5, 0.06),
        (0.10, 2.814, 2.0, 4.4, 0.06),
        (0.10, 2.814, 3.0, 2.9, 0.06),
    ],
)
def test_run_lengths_of_ewmas(
    weight: float, width: float, shift: float, expected: float, tolerance: float
) -> None:
    assert arl.ewma_arl(weight, width, shift=shift) == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize(
    ("variables", "weight", "expected"),
    # Prabhu and Runger (1997), in Montgomery table 11.3: limits for a run length of 200.
    [
        (2, 0.05, 7.35),
        (2, 0.10, 8.64),
        (2, 0.20, 9.65),
        (2, 0.80, 10.58),
        (4, 0.10, 12.73),
        (4, 0.20, 13.87),
        (10, 0.10, 22.67),
    ],
)
def test_limits_of_mewma(variables: int, weight: float, expected: float) -> None:
    assert arl.mewma_limit(weight, variables, 200.0) == pytest.approx(expected, abs=0.015)


@pytest.mark.reference("shewhart_arl", source="Montgomery, Introduction to SQC, table 9.5")
@pytest.mark.parametrize(("shift", "expected"), [(0.0, 370.4), (1.0, 43.9), (2.0, 6.3), (3.0, 2.0)])
def test_run_lengths_of_a_shewhart_chart(shift: float, expected: float) -> None:
    """Montgomery, table 9.5: individuals chart."""
    assert arl.shewhart_arl(3.0, shift) == pytest.approx(expected, abs=0.06)


def test_run_length_matches_simulation() -> None:
    """4,000 CUSUMs of stable noise: the mean time to the first signal."""
    rng = np.random.default_rng(11)
    upper, lower = np.zeros(4000), np.zeros(4000)
    alive, total = np.ones(4000, bool), 0
    while alive.any():
        noise = rng.standard_normal(4000)
        upper, lower = np.maximum(0, upper + noise - 0.5), np.maximum(0, lower - noise - 0.5)
        total += int(alive.sum())
        alive &= (upper <= 3.0) & (lower <= 3.0)
    assert arl.cusum_arl(0.5, 3.0) == pytest.approx(total / 4000, rel=0.05)


@pytest.mark.parametrize("bad", [0.0, -1.0, 1.5, float("nan")])
def test_impossible_weights_are_refused(bad: float) -> None:
    with pytest.raises(InvalidSpecification):
        chart("ewma", MONTGOMERY, weight=bad)


def test_charts_state_the_run_lengths_of_their_design() -> None:
    cusum = chart("cusum", MONTGOMERY, center=10.0, sigma=1.0).details["design"]
    assert cusum["arl_in_control"] == pytest.approx(465.4, abs=0.1)
    assert cusum["arl_one_sigma_shift"] == pytest.approx(10.4, abs=0.05)
    ewma = chart("ewma", MONTGOMERY, center=10.0, sigma=1.0, weight=0.1, width=2.814)
    assert ewma.details["design"]["arl_in_control"] == pytest.approx(500, abs=1)


@pytest.mark.reference("cusum_arl", source="Lucas and Crosier (1982), Technometrics 24, 199-205")
def test_lucas_and_crosier_head_start() -> None:
    """Lucas and Crosier (1982): k = 0.5, h = 4, half head start: 149 in control, 5.29 shifted."""
    assert arl.cusum_arl(0.5, 4.0, head_start=2.0) == pytest.approx(149, abs=0.5)
    assert arl.cusum_arl(0.5, 4.0, head_start=2.0, shift=1.0) == pytest.approx(5.29, abs=0.01)


@pytest.mark.parametrize("decision", [30.0, 60.0, 500.0])
def test_run_lengths_beyond_reckoning_are_infinite(decision: float) -> None:
    length = arl.cusum_arl(0.5, decision)
    assert length > 1e9
    assert chart("cusum", MONTGOMERY, decision=decision).to_dict()["details"]["design"]


def test_designs_out_of_reach_are_not_given_a_figure() -> None:
    assert math.isnan(arl.cusum_arl(0.5, 1e6))
    assert math.isnan(arl.ewma_arl(1e-6, 3.0))
    with pytest.raises(InvalidSpecification):
        arl.mewma_limit(1e-9, 2, 200.0)
    assert arl.mewma_limit(0.001, 2, 200.0) < arl.mewma_limit(0.01, 2, 200.0)
