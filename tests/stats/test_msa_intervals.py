"""Limits of gauge components and of the benchmark Z: closed forms, coverage, hostile studies."""

import math

import numpy as np
import pytest
from scipy import stats

from apps.stats import bench_z, capability, gage_crossed, gage_nested
from apps.stats.capability_intervals import bench_interval, bissell_interval
from apps.stats.errors import InvalidSpecification
from tests.stats.test_msa import AIAG, long_form
from tests.stats.test_reference_programs_studies import GAGE, GAGE_OPERATORS, GAGE_PARTS


def graybill_wang(
    squares: dict[str, tuple[float, int]], weights: dict[str, float], confidence: float
) -> tuple[float, float]:
    """Modified large-sample limits of a sum of mean squares with positive weights."""
    ends = ((1 + confidence) / 2, (1 - confidence) / 2)
    estimate = sum(weight * squares[name][0] for name, weight in weights.items())
    low, high = (
        sum(
            ((1 - df / stats.chi2.ppf(end, df)) * weights[name] * square) ** 2
            for name, (square, df) in squares.items()
            if name in weights
        )
        for end in ends
    )
    return estimate - math.sqrt(low), estimate + math.sqrt(high)


@pytest.mark.reference(
    "gage_crossed",
    source="Graybill and Wang (1980), JASA 75, 869-873, in Burdick, Borror, Montgomery (2005)",
)
@pytest.mark.parametrize("confidence", [0.80, 0.95])
def test_limits_of_the_gauge_equal_the_modified_large_sample_limits(confidence: float) -> None:
    study = gage_crossed(GAGE, GAGE_PARTS, GAGE_OPERATORS, pooling_alpha=1.0, confidence=confidence)
    parts, repeats = 8, 3
    squares = {line.source: (line.mean_square, line.df) for line in study.table}
    weights = {
        "operator": 1 / (parts * repeats),
        "interaction": (parts - 1) / (parts * repeats),
        "repeatability": (repeats - 1) / repeats,
    }
    low, high = graybill_wang(squares, weights, confidence)
    assert study.component("gage_rr").bounds.sd == pytest.approx(
        (math.sqrt(low), math.sqrt(high)), rel=0.02
    )


@pytest.mark.parametrize("nested", [False, True])
def test_limits_of_repeatability_are_the_exact_chi_square_limits(*, nested: bool) -> None:
    call = gage_nested if nested else gage_crossed
    study = call(GAGE, GAGE_PARTS, GAGE_OPERATORS)
    (line,) = [one for one in study.table if one.source == "repeatability"]
    expected = [
        math.sqrt(line.sum_of_squares / stats.chi2.ppf(end, line.df)) for end in (0.975, 0.025)
    ]
    assert study.component("repeatability").bounds.sd == pytest.approx(expected, rel=2e-3)


def test_limits_hold_the_true_share_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    parts, operators, repeats = 10, 3, 3
    part = np.repeat(np.arange(parts), operators * repeats)
    operator = np.tile(np.repeat(np.arange(operators), repeats), parts)
    gauge = 0.8**2 + 0.5**2 + 0.7**2
    share = 100 * math.sqrt(gauge / (gauge + 9.0))
    hits = 0
    for _ in range(120):
        values = (
            rng.normal(0, 3.0, parts)[part]
            + rng.normal(0, 0.8, operators)[operator]
            + rng.normal(0, 0.5, (parts, operators))[part, operator]
            + rng.normal(0, 0.7, part.size)
        )
        study = gage_crossed(values, part, operator, pooling_alpha=1.0)
        low, high = study.component("gage_rr").bounds.percent_study
        hits += low <= share <= high
    assert hits / 120 == pytest.approx(0.95, abs=0.05)


def test_limits_follow_the_unit_and_repeat_exactly() -> None:
    value, part, operator = long_form(AIAG)
    one = gage_crossed(value, part, operator, tolerance=8.0)
    two = gage_crossed([4 * v for v in value], part, operator, tolerance=32.0)
    assert gage_crossed(value, part, operator, tolerance=8.0) == one
    for first, second in zip(one.components, two.components, strict=True):
        assert second.bounds.sd == pytest.approx([4 * v for v in first.bounds.sd], rel=1e-9)
        assert second.bounds.percent_study == pytest.approx(first.bounds.percent_study, rel=1e-9)
        assert second.bounds.percent_tolerance == pytest.approx(
            first.bounds.percent_tolerance, rel=1e-9
        )
        assert first.bounds.sd[0] <= first.sd <= first.bounds.sd[1]
    low, high = one.categories_bounds
    assert low <= one.distinct_categories <= high
    assert two.categories_bounds == one.categories_bounds


def test_a_component_that_may_be_absent_reaches_zero_and_ranges_have_no_limits() -> None:
    value, part, operator = long_form(AIAG)
    full = gage_crossed(value, part, operator, pooling_alpha=1.0)
    assert full.component("interaction").bounds.sd[0] == 0.0
    by_range = gage_crossed(value, part, operator, method="range")
    assert by_range.categories_bounds is None
    assert all(one.bounds is None for one in by_range.components)
    with pytest.raises(InvalidSpecification):
        gage_crossed(value, part, operator, confidence=1.0)


def test_limits_of_the_benchmark_of_one_limit_are_those_of_bissell() -> None:
    found = bench_interval(4.2, None, 4.2, n=60, df=48.5)
    bissell = bissell_interval(1.4, 60, 48.5)
    assert (found.lower, found.upper) == pytest.approx((3 * bissell.lower, 3 * bissell.upper))


@pytest.mark.parametrize(("lsl", "usl"), [(7.6, 13.0), (8.5, 11.5), (6.0, None)])
def test_limits_of_the_benchmark_hold_the_true_one_as_often_as_they_say(
    lsl: float, usl: float | None
) -> None:
    rng = np.random.default_rng(8)
    true = bench_z(10 - lsl, None if usl is None else usl - 10)[2]
    hits = [0, 0]
    for _ in range(500):
        found = capability(rng.normal(10, 1, 40), lsl=lsl, usl=usl)
        for place, one in enumerate(
            (found.z_bench_within_interval, found.z_bench_overall_interval)
        ):
            hits[place] += one.lower <= true <= one.upper
    assert hits[0] / 500 == pytest.approx(0.95, abs=0.03)
    assert hits[1] / 500 == pytest.approx(0.95, abs=0.03)


def test_limits_of_a_benchmark_far_out_are_figures() -> None:
    found = bench_interval(60.0, 45.0, 45.0, n=30, df=29.0)
    alone = bench_interval(None, 45.0, 45.0, n=30, df=29.0)
    assert (found.lower, found.upper) == pytest.approx((alone.lower, alone.upper), rel=1e-12)
    without = capability([1, 1, 2, 2, 3, 3], subgroup_size=2, lsl=0, usl=4)
    assert without.z_bench_within_interval is None
