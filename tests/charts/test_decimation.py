"""What is left of very many points keeps their extremes."""

from __future__ import annotations

import numpy as np
import pytest

from apps.charts.decimation import decimated
from apps.charts.spark import spark_svg


@pytest.mark.parametrize("seed", range(5))
def test_extremes_and_kept_points_stay(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=random.integers(1_000, 20_000))
    values[random.integers(0, len(values), 50)] = np.nan
    keep = random.integers(0, len(values), 20).tolist()
    at = decimated(values, 100, keep)
    assert len(at) <= 220
    assert np.all(np.diff(at) > 0)
    assert set(keep) <= set(at.tolist())
    assert np.nanmax(values[at]) == np.nanmax(values)
    assert np.nanmin(values[at]) == np.nanmin(values)


def test_few_points_all_stay() -> None:
    assert decimated(np.arange(10.0), 5).tolist() == list(range(10))


def test_a_stretch_without_values_is_no_trouble() -> None:
    values = np.concatenate((np.full(500, np.nan), np.arange(500.0)))
    assert decimated(values, 20).min() >= 500


def test_a_spark_shows_limits_that_step_runs_and_exclusions() -> None:
    summary = {
        "points": [1.0, None, 3.0, 9.0, 4.0, 4.5],
        "centers": 3.0,
        "lcls": [0.0, 0.0, 0.5, 0.5, None, None],
        "ucls": [6.0, 6.0, 5.5, 5.5, 5.5, 5.5],
        "excluded": [0],
        "phase_starts": [2],
        "patterns": [
            {"run": False, "first": 3, "point": 3, "last": 3},
            {"run": True, "first": -4, "point": 4, "last": 5},
        ],
    }
    svg = spark_svg(summary)
    assert svg.count('class="spark-signal"') == 2
    assert svg.count('class="spark-excluded"') == 1
    assert svg.count('class="spark-run"') == 2
    assert "nan" not in svg
    assert spark_svg({"points": [None]}) == ""
