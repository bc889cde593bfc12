"""Forecasts: NIST figures, exact series, variances of the theory, coverage by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData, StatsError
from apps.stats.forecasting import ewma, forecast
from apps.stats.smoothing import SmoothingFit, ahead, smoother_of

# NIST/SEMATECH e-Handbook, section 6.4.3.1: twelve values, forecasts with weight 0.1, and mean squared
# error 19.0 for that weight.
NIST = [71, 70, 69, 68, 64, 65, 72, 78, 75, 75, 75, 70]


@pytest.mark.parametrize(
    ("place", "smoothed"),
    [(2, 71.0), (3, 70.9), (4, 70.71), (5, 70.44), (6, 69.80), (7, 69.32), (8, 69.58), (9, 70.43),
     (10, 70.88), (11, 71.29), (12, 71.67)],
)  # fmt: skip
def test_ewma_equals_nist(place, smoothed):
    # The handbook's S of time t is the average after t - 1 values.
    assert ewma(NIST, 0.1)[place - 2] == pytest.approx(smoothed, abs=6e-3)


def test_ewma_errors_equal_nist():
    averages = ewma(NIST, 0.1)
    squares = sum(
        (value - average) ** 2 for value, average in zip(NIST[1:], averages, strict=False)
    )
    assert squares / 11 == pytest.approx(19.0, abs=0.05)


def test_ewma_stays_at_a_gap():
    assert ewma([1.0, math.nan, 3.0], 0.5).tolist() == [1.0, 1.0, 2.0]
    assert ewma([3.0], 0.5, start=1.0).tolist() == [2.0]


SEASON = [5.0, -2.0, -4.0, 1.0]


@pytest.mark.parametrize("horizon", [1, 3, 4, 5, 8, 12, 40])
def test_an_exact_season_is_continued_at_every_horizon(horizon):
    # Level 10, slope 0.5, season of 4: horizons that are multiples of the season included.
    values = [10 + 0.5 * t + SEASON[t % 4] for t in range(30)]
    result = forecast(values, horizon=horizon, model="holt-winters", season=4)
    t = 29 + horizon
    assert result.mean[-1] == pytest.approx(10 + 0.5 * t + SEASON[t % 4], abs=1e-6)


def test_an_exact_multiplicative_season_is_continued():
    factors = [1.3, 0.8, 0.7, 1.2]
    values = [10 * 1.02**t * factors[t % 4] for t in range(30)]
    result = forecast(values, horizon=8, model="holt-winters", season=4, seasonal="multiplicative")
    expected = [10 * 1.02**t * factors[t % 4] for t in range(30, 38)]
    assert result.mean == pytest.approx(expected, rel=1e-6)


def test_an_exact_line_is_continued():
    result = forecast([3.0 * t - 1 for t in range(12)], horizon=5, model="holt")
    assert result.mean == pytest.approx([3.0 * t - 1 for t in range(12, 17)], abs=1e-6)
    assert result.sigma < 1e-6


@pytest.mark.parametrize(
    ("name", "weights", "season", "impulse"),
    # Hyndman et al. (2008), table 6.1: c_j of (A,N,N), (A,A,N), (A,Ad,N) and (A,A,A).
    [
        ("ewma", [0.3], None, lambda j: 0.3),
        ("holt", [0.3, 0.4], None, lambda j: 0.3 + 0.12 * j),
        ("damped", [0.3, 0.4, 0.9], None, lambda j: 0.3 + 0.12 * 0.9 * (1 - 0.9**j) / 0.1),
        ("holt-winters", [0.3, 0.4, 0.5], 4, lambda j: 0.3 + 0.12 * j + 0.35 * (j % 4 == 0)),
    ],
)
def test_prediction_variances_equal_the_theory(name, weights, season, impulse):
    smoother = smoother_of(name, np.array(weights), season)
    empty = np.empty(0)
    fit = SmoothingFit(name, (), smoother, np.zeros(smoother.gain.size), empty, empty, 2.0, 10, 0.0)
    _mean, error = ahead(fit, 13)
    for h in range(1, 14):
        expected = 4.0 * (1 + sum(impulse(j) ** 2 for j in range(1, h)))
        assert error[h - 1] ** 2 == pytest.approx(expected, rel=1e-12)


def test_the_last_level_is_the_average_of_the_fitted_weight():
    values = 20 + np.cumsum(np.random.default_rng(4).standard_normal(60))
    result = forecast(values, model="ewma", horizon=3)
    weight = dict(result.parameters)["alpha"]
    assert result.mean[0] == pytest.approx(
        ewma(values, weight, start=result.fitted[0])[-1], rel=1e-9
    )
    assert result.mean.tolist() == [result.mean[0]] * 3


@pytest.mark.parametrize(("model", "season"), [("ewma", None), ("holt-winters", 4)])
def test_limits_hold_about_as_many_values_as_they_say(model, season):
    rng = np.random.default_rng(9)
    inside = []
    for _ in range(40):
        noise = rng.standard_normal(64)
        values = 10 + noise + (np.tile(SEASON, 16) if season else np.cumsum(0.3 * noise))
        result = forecast(values[:60], horizon=4, model=model, season=season)
        inside.extend((result.lower <= values[60:]) & (values[60:] <= result.upper))
    assert np.mean(inside) == pytest.approx(0.95, abs=0.05)


def test_auto_takes_the_season_where_there_is_one_and_the_level_where_there_is_none():
    rng = np.random.default_rng(2)
    noise = 0.3 * rng.standard_normal(48)
    seasonal = forecast(np.tile(SEASON, 12) + noise, season=4)
    assert seasonal.model == "holt-winters"
    assert forecast(noise, season=4).model == "ewma"
    rising = forecast(0.5 * np.arange(48) + noise)
    assert rising.model in {"holt", "damped"}


def test_gaps_are_bridged_in_place():
    values = [10 + 0.5 * t + SEASON[t % 4] for t in range(30)]
    values[7] = values[18] = math.nan
    result = forecast(values, horizon=8, model="holt-winters", season=4)
    expected = [10 + 0.5 * t + SEASON[t % 4] for t in range(30, 38)]
    assert result.mean == pytest.approx(expected, abs=1e-5)
    assert np.isnan(result.residuals[7])
    assert "missing_left_out" in {notice.code for notice in result.warnings}


def test_breach_tells_when_a_limit_is_passed():
    result = forecast([float(t) for t in range(12)], horizon=10, model="holt")
    assert result.breach(14.5, side="above").expected == 4
    assert result.breach(99.0, side="above").expected is None
    assert result.breach(0.0, side="below").possible is None
    with pytest.raises(InvalidSpecification):
        result.breach(1.0, side="left")


def test_a_constant_series_stays_constant():
    result = forecast([7.0] * 12, horizon=3)
    assert result.mean == pytest.approx([7.0] * 3)


def test_long_series_use_the_recent_values():
    values = np.concatenate([np.full(500, 90.0), np.random.default_rng(1).normal(5, 1, 600)])
    result = forecast(values, model="ewma", horizon=1)
    assert result.warnings[0].code == "only_recent_used"
    assert result.mean[0] == pytest.approx(5, abs=1.5)


@pytest.mark.parametrize(
    ("values", "kwargs", "error"),
    [
        ([], {}, NotEnoughData),
        ([1.0, 2.0, 3.0], {}, NotEnoughData),
        ([1.0] * 8, {"model": "holt-winters", "season": 4}, NotEnoughData),
        ([1.0] * 20, {"model": "holt-winters"}, InvalidSpecification),
        ([1.0] * 20, {"season": 1}, InvalidSpecification),
        ([1.0] * 20, {"model": "oracle"}, InvalidSpecification),
        ([1.0] * 20, {"horizon": 0}, InvalidSpecification),
        ([1.0] * 20, {"horizon": 5000}, InvalidSpecification),
        ([1.0] * 20, {"confidence": 0}, InvalidSpecification),
        ([1.0] * 20, {"season": 4, "seasonal": "both"}, InvalidSpecification),
        ([-1.0, 1.0] * 10, {"season": 4, "seasonal": "multiplicative"}, InvalidSpecification),
        ([math.inf] * 20, {}, DegenerateData),
        (["x"] * 20, {}, InvalidSpecification),
    ],
)
def test_hostile_input_raises_the_engines_own_error(values, kwargs, error):
    with pytest.raises(error) as caught:
        forecast(values, **kwargs)
    assert str(caught.value) != caught.value.code


@pytest.mark.parametrize("weight", [0.0, 1.1, math.nan])
def test_ewma_refuses_a_senseless_weight(weight):
    with pytest.raises(InvalidSpecification):
        ewma([1.0], weight)


@given(
    st.lists(st.integers(-100, 100), min_size=10, max_size=16),
    st.sampled_from([0.5, 64.0]),
    st.integers(-(2**20), 2**20),
)
@settings(max_examples=15, deadline=None)
def test_forecasts_follow_unit_and_zero_point(values, scale, shift):
    first = forecast(values, model="ewma", horizon=2)
    moved = forecast([v * scale + shift for v in values], model="ewma", horizon=2)
    assert moved.mean == pytest.approx(first.mean * scale + shift, rel=1e-4, abs=scale * 0.05)


@given(st.lists(st.floats(-1e12, 1e12), max_size=14))
@settings(max_examples=25, deadline=None)
def test_anything_gives_a_result_or_the_engines_own_error(values):
    try:
        result = forecast(values, horizon=2)
    except StatsError:
        return
    assert np.isfinite(result.mean).all()
    assert np.all(result.lower <= result.upper)
