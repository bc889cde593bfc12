"""Regression against the certified sets of NIST, R, and exact relations."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.evidence.regression import regression, trend

NORRIS = json.loads((Path(__file__).parent / "data" / "nist_strd.json").read_text())["norris"]
# Longley (1967); NIST StRD "Longley": employment, deflator, GNP, unemployed, forces, population,
# year.
LONGLEY = np.array(
    [
        [60323, 83.0, 234289, 2356, 1590, 107608, 1947],
        [61122, 88.5, 259426, 2325, 1456, 108632, 1948],
        [60171, 88.2, 258054, 3682, 1616, 109773, 1949],
        [61187, 89.5, 284599, 3351, 1650, 110929, 1950],
        [63221, 96.2, 328975, 2099, 3099, 112075, 1951],
        [63639, 98.1, 346999, 1932, 3594, 113270, 1952],
        [64989, 99.0, 365385, 1870, 3547, 115094, 1953],
        [63761, 100.0, 363112, 3578, 3350, 116219, 1954],
        [66019, 101.2, 397469, 2904, 3048, 117388, 1955],
        [67857, 104.6, 419180, 2822, 2857, 118734, 1956],
        [68169, 108.4, 442769, 2936, 2798, 120445, 1957],
        [66513, 110.8, 444546, 4681, 2637, 121950, 1958],
        [68655, 112.6, 482704, 3813, 2552, 123366, 1959],
        [69564, 114.2, 502601, 3931, 2514, 125368, 1960],
        [69331, 115.7, 518173, 4806, 2572, 127852, 1961],
        [70551, 116.9, 554894, 4007, 2827, 130081, 1962],
    ]
)
# Operation of a plant oxidising ammonia: Brownlee (1965); data set stackloss of R.
STACK = {
    "loss": [42, 37, 37, 28, 18, 18, 19, 20, 15, 14, 14, 13, 11, 12, 8, 7, 8, 8, 9, 15, 15],
    "air": [80, 80, 75, 62, 62, 62, 62, 62, 58, 58, 58, 58, 58, 58, 50, 50, 50, 50, 50, 56, 70],
    "water": [27, 27, 25, 24, 22, 23, 24, 24, 23, 18, 18, 17, 18, 19, 18, 18, 19, 19, 20, 20, 20],
    "acid": [89, 88, 90, 87, 87, 87, 93, 93, 87, 80, 89, 88, 82, 93, 89, 86, 72, 79, 80, 82, 91],
}


@pytest.fixture(scope="module")
def stack():
    return regression(STACK["loss"], {name: STACK[name] for name in ("air", "water", "acid")})


@pytest.mark.reference("regression", source="NIST StRD, Norris, certified values")
def test_norris_reaches_the_certified_digits():
    # NIST StRD, linear regression, Norris (lower difficulty).
    fit = regression(NORRIS["y"], {"x": NORRIS["x"]})
    intercept, slope = fit.coefficients
    assert intercept.value == pytest.approx(-0.262323073774029, rel=1e-11)
    assert intercept.error == pytest.approx(0.232818234301152, rel=1e-11)
    assert slope.value == pytest.approx(1.00211681802045, rel=1e-13)
    assert slope.error == pytest.approx(0.429796848199937e-03, rel=1e-11)
    assert fit.sigma == pytest.approx(0.884796396144373, rel=1e-11)
    assert fit.r_squared == pytest.approx(0.999993745883712, rel=1e-13)
    assert fit.f == pytest.approx(5436385.54079785, rel=1e-10)


@pytest.mark.reference("regression", source="NIST StRD, Longley, certified values")
@pytest.mark.parametrize(
    ("place", "value"),
    # NIST StRD, linear regression, Longley (higher difficulty).
    [
        (0, -3482258.63459582),
        (1, 15.0618722713733),
        (2, -0.0358191792925910),
        (3, -2.02022980381683),
        (4, -1.03322686717359),
        (5, -0.0511041056535807),
        (6, 1829.15146461355),
    ],
)
def test_longley_reaches_the_certified_digits(place, value):
    columns = {f"x{i}": LONGLEY[:, i] for i in range(1, 7)}
    fit = regression(LONGLEY[:, 0], columns)
    assert fit.coefficients[place].value == pytest.approx(value, rel=1e-10)
    assert fit.sigma == pytest.approx(304.854073561965, rel=1e-11)
    assert "predictors_overlap" in {notice.code for notice in fit.warnings}


@pytest.mark.reference("regression", source="NIST StRD, Wampler1 and Wampler2, certified values")
@pytest.mark.parametrize("base", [1.0, 0.1])
def test_wampler_polynomials_give_back_their_coefficients(base):
    # NIST StRD, Wampler1 (all coefficients 1) and Wampler2 (powers of 0.1), degree five.
    x = np.arange(21.0)
    y = sum(base**k * x**k for k in range(6))
    fit = regression(y, {f"x{k}": x**k for k in range(1, 6)})
    found = [one.value for one in fit.coefficients]
    assert found == pytest.approx([base**k for k in range(6)], rel=1e-7)


@pytest.mark.reference("regression", source="R, summary(lm()) of stackloss; Brownlee (1965)")
def test_stackloss_equals_r(stack):
    # summary(lm(stack.loss ~ ., stackloss)) of R, figures as printed there.
    values = [one.value for one in stack.coefficients]
    errors = [one.error for one in stack.coefficients]
    assert values == pytest.approx([-39.9197, 0.7156, 1.2953, -0.1521], abs=5e-5)
    assert errors == pytest.approx([11.8960, 0.1349, 0.3680, 0.1563], abs=5e-5)
    assert stack.sigma == pytest.approx(3.243, abs=5e-4)
    assert stack.r_squared == pytest.approx(0.9136, abs=5e-5)
    assert stack.adjusted_r_squared == pytest.approx(0.8983, abs=5e-5)
    assert stack.f == pytest.approx(59.9, abs=5e-2)
    assert stack.p_value == pytest.approx(3.016e-09, rel=5e-4)


@pytest.mark.reference("regression", source="R, cooks.distance() of stackloss")
def test_the_last_day_of_the_stack_is_influential(stack):
    # cooks.distance(lm(...))[21] of R is 0.692; the plant was known to be out of order that day.
    assert stack.cooks_distance[20] == pytest.approx(0.692, abs=5e-4)
    assert stack.influential == (20,)


def test_leverage_sums_to_the_number_of_coefficients(stack):
    assert stack.leverage.sum() == pytest.approx(4.0, rel=1e-12)
    assert stack.fitted + stack.residuals == pytest.approx(np.array(STACK["loss"]), rel=1e-12)
    assert stack.residuals.sum() == pytest.approx(0.0, abs=1e-9)


def test_prediction_error_is_what_leaving_each_row_out_gives(stack):
    names = ("air", "water", "acid")
    press = 0.0
    for row in range(21):
        kept = [i for i in range(21) if i != row]
        fit = regression(
            np.array(STACK["loss"])[kept], {n: np.array(STACK[n])[kept] for n in names}
        )
        predicted = fit.predict({n: [STACK[n][row]] for n in names}).mean[0]
        press += (STACK["loss"][row] - predicted) ** 2
    total = float(np.var(STACK["loss"]) * 21)
    assert stack.predicted_r_squared == pytest.approx(1 - press / total, rel=1e-9)


def test_inflation_is_what_regressing_one_predictor_on_the_others_gives(stack):
    other = regression(STACK["air"], {n: STACK[n] for n in ("water", "acid")})
    assert stack.coefficient("air").inflation == pytest.approx(1 / (1 - other.r_squared), rel=1e-9)


def test_prediction_interval_by_the_formula_of_one_predictor():
    x, y = np.arange(8.0), np.array([1.0, 2.9, 5.2, 7.1, 8.8, 11.3, 12.9, 15.2])
    fit = regression(y, {"x": x})
    at = 10.0
    sxx = float(((x - x.mean()) ** 2).sum())
    error = fit.sigma * math.sqrt(1 + 1 / 8 + (at - x.mean()) ** 2 / sxx)
    predicted = fit.predict({"x": [at]})
    assert predicted.new_upper[0] - predicted.mean[0] == pytest.approx(2.446912 * error, rel=1e-6)
    assert predicted.mean_upper[0] < predicted.new_upper[0]


def test_a_row_with_a_gap_is_left_out_and_told():
    fit = regression([1, 3, 5, 7.5, math.nan], {"x": [0, 1, 2, 3, 4]})
    assert fit.n == 4
    assert fit.warnings[0].code == "missing_left_out"


def test_unequal_spread_and_order_are_told():
    rng = np.random.default_rng(3)
    x = np.linspace(0, 10, 200)
    fit = regression(x * (1 + rng.standard_normal(200)), {"x": x})
    assert "spread_differs" in {notice.code for notice in fit.warnings}
    walk = np.cumsum(rng.standard_normal(200))
    assert "order_matters" in {notice.code for notice in trend(walk).warnings}


def test_a_perfect_line_has_no_error():
    fit = regression([1, 3, 5, 7], {"x": [0, 1, 2, 3]})
    assert fit.coefficient("x").value == pytest.approx(2.0, rel=1e-14)
    assert fit.r_squared == pytest.approx(1.0)
    assert regression(np.arange(20.0) * 0.1, {"x": np.arange(20.0)}).checks == ()


def test_trend_keeps_the_place_of_a_gap():
    # By hand: positions 0, 2, 3 give Sxy = 142/15 and Sxx = 14/3.
    fit = trend([0.0, math.nan, 4.0, 6.1])
    assert fit.coefficient("position").value == pytest.approx(71 / 35, rel=1e-12)


@pytest.mark.parametrize(
    ("response", "predictors", "error"),
    [
        ([1, 2, 3], {"a": [1, 2, 3], "b": [1, 4, 9]}, NotEnoughData),
        ([1, 2], {"a": [1, 2]}, NotEnoughData),
        ([], {"a": []}, NotEnoughData),
        ([1, 1, 1, 1], {"a": [1, 2, 3, 4]}, DegenerateData),
        ([1, 2, 3, 5], {"a": [1, 1, 1, 1]}, DegenerateData),
        ([1, 2, 3, 5, 8], {"a": [1, 2, 3, 4, 5], "b": [2, 4, 6, 8, 10]}, DegenerateData),
        ([1, 2, 3, 5], {}, InvalidSpecification),
        ([1, 2, 3, 5], {"a": [1, 2, 3]}, InvalidSpecification),
        ([1, 2, 3, math.inf], {"a": [1, 2, 3, 4]}, DegenerateData),
        ([1, 2, 3, "x"], {"a": [1, 2, 3, 4]}, InvalidSpecification),
    ],
)
def test_hostile_input_raises_the_engines_own_error(response, predictors, error):
    with pytest.raises(error) as caught:
        regression(response, predictors)
    assert str(caught.value) != caught.value.code


@pytest.mark.parametrize("new", [{}, {"x": [math.nan]}])
def test_predictions_need_every_predictor(new):
    fit = regression([1, 3, 5, 7.5], {"x": [0, 1, 2, 3]})
    with pytest.raises(InvalidSpecification):
        fit.predict(new)
    with pytest.raises(InvalidSpecification):
        fit.coefficient("z")


@given(
    st.lists(st.integers(-100, 100), min_size=6, max_size=20, unique=True),
    st.integers(-(2**20), 2**20),
    st.sampled_from([0.25, 8.0]),
)
@settings(max_examples=60, deadline=None)
def test_slopes_follow_unit_and_zero_point(x, shift, scale):
    y = [v * v / 8 + v for v in x]
    try:
        first = regression(y, {"x": x})
    except DegenerateData:
        return
    moved = regression([v * scale + shift for v in y], {"x": [v * scale - shift for v in x]})
    slope, other = first.coefficient("x").value, moved.coefficient("x").value
    assert other == pytest.approx(slope, rel=1e-9, abs=1e-9)
    assert moved.r_squared == pytest.approx(first.r_squared, rel=1e-7, abs=1e-9)
