"""Published control charts: book or program, data, value."""

import math
from itertools import pairwise

import numpy as np
import pytest

from apps.stats import ControlChart, chart
from tests.stats.reference_data import column

NIST_FLOW = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
NIST_WAFERS = [
    16,
    14,
    28,
    16,
    12,
    20,
    10,
    12,
    10,
    17,
    19,
    17,
    14,
    16,
    15,
    13,
    14,
    16,
    11,
    20,
    11,
    19,
    16,
    31,
    13,
]


def piston_rings(kind: str, **choices: object) -> ControlChart:
    return chart(kind, column("pistonrings", "diameter", trial=True), subgroup_size=5, **choices)


def orange_juice(**choices: object) -> ControlChart:
    return chart("p", column("orangejuice", "D", trial=True), sizes=50, **choices)


def circuits(**choices: object) -> ControlChart:
    return chart("c", column("circuit", "x", trial=True), **choices)


def without(n_points: int, *numbers: int) -> np.ndarray:
    mask = np.zeros(n_points, bool)
    mask[[number - 1 for number in numbers]] = True
    return mask


def lines(judged: ControlChart, panel: str) -> tuple[float, float, float]:
    found = judged.panel(panel)
    return float(found.lcl[0]), float(found.center[0]), float(found.ucl[0])


@pytest.mark.reference(
    "chart",
    "chart:i-mr",
    "chart:c",
    "chart:p",
    "chart:u",
    "chart:xbar-r",
    "chart:xbar-s",
    source="NIST/SEMATECH e-Handbook 6.3; Montgomery; qcc, data set by data set",
)
@pytest.mark.parametrize(
    ("judged", "panel", "expected", "places"),
    [
        # NIST/SEMATECH e-Handbook 6.3.2.2, individuals (its 1.128 is the printed d2)
        (chart("i-mr", NIST_FLOW, printed=True), "individuals", (45.8159, 50.81, 55.8041), 3),
        (chart("i-mr", NIST_FLOW), "moving_range", (0.0, 1.8778, 6.1338), 3),
        # NIST/SEMATECH e-Handbook 6.3.3.1, defects on wafers
        (chart("c", NIST_WAFERS), "count", (4.0, 16.0, 28.0), 9),
        # Montgomery, orange juice cans, 30 trial samples (also NIST 6.3.3.2)
        (orange_juice(), "proportion", (0.0524, 0.2313, 0.4102), 4),
        # the same without samples 15 and 23
        (orange_juice(exclude=without(30, 15, 23)), "proportion", (0.0407, 0.2150, 0.3893), 4),
        # Montgomery, printed circuit boards, 26 trial samples, then without 6 and 20
        (circuits(), "count", (6.48, 19.85, 33.21), 2),
        (circuits(exclude=without(26, 6, 20)), "count", (6.36, 19.67, 32.97), 2),
        # Montgomery, personal computers: defects per computer in samples of 5
        (
            chart("u", column("pcmanufact", "x"), sizes=column("pcmanufact", "size")),
            "rate",
            (0.07, 1.93, 3.79),
            2,
        ),
        # qcc 2.7, data set pistonrings, first 25 samples
        (piston_rings("xbar-r"), "mean", (73.98805, 74.00118, 74.0143), 5),
        (piston_rings("xbar-r"), "range", (0.0, 0.02276, 0.048126), 6),
        (piston_rings("xbar-s"), "mean", (73.98799, 74.00118, 74.01436), 5),
        (piston_rings("xbar-s"), "sd", (0.0, 0.00924, 0.01930), 5),
    ],
)
def test_published_limits(
    judged: ControlChart, panel: str, expected: tuple[float, float, float], places: int
) -> None:
    assert lines(judged, panel) == pytest.approx(expected, abs=0.6 * 10**-places)


@pytest.mark.reference(
    "chart", "chart:p", "chart:c", source="Montgomery; NIST/SEMATECH e-Handbook 6.3"
)
@pytest.mark.parametrize(
    ("judged", "beyond"),
    [
        (orange_juice(rules="nelson:1"), [15, 23]),
        (orange_juice(rules="nelson:1", exclude=without(30, 15, 23)), [21]),
        (circuits(rules="nelson:1"), [6, 20]),
        (circuits(rules="nelson:1", exclude=without(26, 6, 20)), []),
        (chart("c", NIST_WAFERS, rules="nelson:1"), [24]),
        (chart("i-mr", NIST_FLOW, rules="nelson:1"), []),
        (piston_rings("xbar-r", rules="nelson:1"), []),
    ],
)
def test_published_points_beyond_the_limits(judged: ControlChart, beyond: list[int]) -> None:
    """The sample numbers that book or handbook name, counted from 1."""
    assert [signal.point + 1 for signal in judged.signals] == beyond


@pytest.mark.reference("chart", "chart:xbar-r", source="Montgomery; manual of the R package qcc")
def test_piston_rings_monitored_by_the_limits_of_the_trial_period() -> None:
    """Montgomery and the qcc manual: of the later samples 37, 38 and 39 exceed the limit."""
    diameters = column("pistonrings", "diameter")
    judged = chart("xbar-r", diameters, subgroup_size=5, baseline=(0, 25), rules="nelson:1")
    assert [s.point + 1 for s in judged.signals if s.panel == "mean"] == [37, 38, 39]


def test_viscosity_against_plain_arithmetic() -> None:
    values = column("viscosity", "viscosity", trial=True)
    ranges = [abs(b - a) for a, b in pairwise(values)]
    mean_range = math.fsum(ranges) / len(ranges)
    center, reach = math.fsum(values) / len(values), 3 * mean_range * math.sqrt(math.pi) / 2
    judged = chart("i-mr", values)
    assert lines(judged, "individuals") == pytest.approx((center - reach, center, center + reach))
    assert [signal.point + 1 for signal in judged.signals if signal.panel == "individuals"] == [4]


def test_limits_from_the_printed_table_are_a_third_of_a_permille_wider() -> None:
    printed = lines(chart("i-mr", NIST_FLOW, printed=True), "individuals")
    exact = lines(chart("i-mr", NIST_FLOW), "individuals")
    ratio = (printed[2] - printed[1]) / (exact[2] - exact[1])
    assert ratio == pytest.approx(1.000336, abs=1e-6)
