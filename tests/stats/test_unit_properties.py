"""Units, mirrors and order for the charts and indices that `test_chart_properties` leaves out."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.stats import (
    StatsError,
    capability,
    chart,
    equivalence,
    histogram,
    kruskal_wallis,
    linearity_study,
    nonnormal_capability,
    normality,
    one_way_anova,
    within_sigma,
)
from apps.stats.registry import CHART_TYPES
from tests.stats.chart_cases import COUNTED, MEASURED, NELSON, ROWS, Case, make

SEEDS = st.integers(0, 10**6)
SCALES = st.sampled_from([0.25, 8.0, 1024.0])
SHIFTS = st.integers(-1000, 1000)
HERE = ("z-mr", "t", *COUNTED, *ROWS)


def judged(case: Case, **more: Any) -> Any:
    return chart(case.kind, case.values, **{**case.arguments, **more}, rules=NELSON)


def broken(one: Any) -> set[tuple]:
    return {(s.panel, s.rule, s.point, s.first, s.side) for s in one.signals}


def moved(case: Case, values: np.ndarray, **by_point: np.ndarray) -> Case:
    return Case(
        case.kind, values, {**case.by_point, **by_point}, case.by_observation, case.point_of
    )


def test_every_chart_has_its_property_of_units() -> None:
    assert {*MEASURED, *HERE} == set(CHART_TYPES)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, scale=SCALES, shift=SHIFTS, gaps=st.booleans())
@pytest.mark.parametrize("pooling", ["all", "parts"])
def test_a_short_run_chart_has_no_unit(
    pooling: str, seed: int, scale: float, shift: int, *, gaps: bool
) -> None:
    case = make("z-mr", seed, 60, gaps=gaps)
    other = moved(case, case.values * scale + shift * scale)
    try:
        one = judged(case, pooling=pooling)
    except StatsError as refusal:  # a part with one usable value
        with pytest.raises(type(refusal)):
            judged(other, pooling=pooling)
        return
    two = judged(other, pooling=pooling)
    for first, second in zip(one.panels, two.panels, strict=True):
        np.testing.assert_allclose(second.points, first.points, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(second.ucl, first.ucl, rtol=1e-12)
    assert broken(one) == broken(two)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_a_mirrored_short_run_chart_mirrors_its_signals(seed: int) -> None:
    case = make("z-mr", seed, 60)
    one, two = judged(case), judged(moved(case, -case.values))
    np.testing.assert_allclose(two.panels[0].points, -one.panels[0].points, atol=1e-12)
    side = {"above": "below", "below": "above", "": ""}
    assert broken(two) == {
        (panel, rule, point, first, end if panel == "moving_range" else side[end])
        for panel, rule, point, first, end in broken(one)
    }


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, scale=SCALES, gaps=st.booleans())
@pytest.mark.parametrize("limits", ["sigma", "probability"])
def test_a_t_chart_stretches_with_the_unit_of_time(
    limits: str, seed: int, scale: float, *, gaps: bool
) -> None:
    case = make("t", seed, 40, gaps=gaps)
    one = judged(case, limits=limits)
    two = judged(moved(case, case.values * scale), limits=limits)
    for line in ("points", "center", "ucl", "lcl"):
        np.testing.assert_allclose(
            getattr(two.panels[0], line), scale * getattr(one.panels[0], line), rtol=1e-9
        )
    assert broken(one) == broken(two)


@pytest.mark.parametrize("kind", ["u", "laney-u"])
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, scale=SCALES)
def test_a_rate_shrinks_with_the_unit_of_area(kind: str, seed: int, scale: float) -> None:
    case = make(kind, seed, 40)
    one = judged(case)
    two = judged(moved(case, case.values, sizes=case.by_point["sizes"] * scale))
    for line in ("points", "center", "ucl", "lcl"):
        np.testing.assert_allclose(
            getattr(two.panels[0], line), getattr(one.panels[0], line) / scale, rtol=1e-9
        )
    assert broken(one) == broken(two)


@pytest.mark.parametrize("kind", ["p", "laney-p"])
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_good_units_counted_instead_of_bad_ones_mirror_the_chart(kind: str, seed: int) -> None:
    case = make(kind, seed, 40)
    one = judged(case)
    two = judged(moved(case, case.by_point["sizes"] - case.values))
    np.testing.assert_allclose(two.panels[0].points, 1 - one.panels[0].points, atol=1e-12)
    np.testing.assert_allclose(two.panels[0].ucl, 1 - one.panels[0].lcl, atol=1e-9)
    np.testing.assert_allclose(two.panels[0].lcl, 1 - one.panels[0].ucl, atol=1e-9)


@pytest.mark.parametrize("kind", ROWS)
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, data=st.data())
def test_multivariate_charts_do_not_know_the_axes(
    kind: str, seed: int, data: st.DataObject
) -> None:
    """Units, zero points, mirrors and mixtures of the variables leave T2 and MEWMA as they are."""
    case = make(kind, seed, 40)
    scales = data.draw(st.lists(st.sampled_from([-4.0, 0.5, 1.0, 16.0]), min_size=3, max_size=3))
    mix = np.diag(scales) + np.array([[0, 0.25, 0], [0, 0, -0.5], [0, 0, 0]])
    one, two = judged(case), judged(moved(case, case.values @ mix + [3.0, -100.0, 7.0]))
    np.testing.assert_allclose(two.panels[0].points, one.panels[0].points, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(two.panels[0].ucl, one.panels[0].ucl, rtol=1e-9)
    assert broken(one) == broken(two)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_t2_of_rows_does_not_depend_on_their_order_where_the_moments_are_those_of_all(
    seed: int,
) -> None:
    case = make("t2", seed, 40)
    rows = np.repeat(np.arange(8), 5)
    order = np.concatenate([np.random.default_rng(seed).permutation(5) + 5 * i for i in range(8)])
    one = chart("t2", case.values, subgroups=rows)
    two = chart("t2", case.values[order], subgroups=rows)
    np.testing.assert_allclose(two.panels[0].points, one.panels[0].points, rtol=1e-7, atol=1e-9)


numbers = st.lists(st.integers(-4000, 4000).map(lambda i: i / 64), min_size=9, max_size=30).filter(
    lambda v: len(set(v)) > 3
)


@given(numbers, SCALES, SHIFTS)
@settings(max_examples=40, deadline=None)
def test_every_figure_of_capability_has_no_unit(
    values: list[float], scale: float, shift: int
) -> None:
    low, high = min(values) - 1, max(values) + 2
    more = {"lsl": low, "usl": high, "target": high - 1}
    one = capability(values, **more)
    two = capability(
        np.array(values) * scale + shift, **{k: v * scale + shift for k, v in more.items()}
    )
    for name in (
        "cp", "cpk", "cpl", "cpu", "pp", "ppk", "ppl", "ppu", "cpm",
        "z_bench_within_interval", "z_bench_overall_interval",
    ):  # fmt: skip
        first, second = getattr(one, name), getattr(two, name)
        assert (first is None) == (second is None)
        if first is not None:
            assert (second.value, second.lower, second.upper) == pytest.approx(
                (first.value, first.lower, first.upper), rel=1e-7, abs=1e-9
            )
    for name in ("z_bench_overall", "expected_ppm_overall", "observed_below", "df_within"):
        assert getattr(two, name) == pytest.approx(getattr(one, name), rel=1e-6, abs=1e-6)


@given(numbers, SCALES)
@settings(max_examples=15, deadline=None)
@pytest.mark.parametrize("family", ["lognormal", "weibull", "gamma", "exponential"])
@pytest.mark.parametrize("method", ["percentile", "z-score"])
def test_indices_of_positive_families_do_not_know_the_unit(
    family: str, method: str, values: list[float], scale: float
) -> None:
    positive = np.array(values) - min(values) + 1.0
    limits = {"lsl": 0.5, "usl": float(positive.max()) * 2}
    chosen = {"distribution": family, "method": method}
    one = nonnormal_capability(positive, **limits, **chosen)
    two = nonnormal_capability(
        positive * scale, **{k: v * scale for k, v in limits.items()}, **chosen
    )
    for name in ("pp", "ppk", "ppl", "ppu", "z_bench"):
        first, second = getattr(one, name), getattr(two, name)
        assert (first is None) == (second is None)
        if first is not None and math.isfinite(first):
            assert second == pytest.approx(first, rel=1e-5, abs=1e-6)


@given(numbers, SCALES, SHIFTS)
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("family", ["normal", "smallest-extreme-value", "largest-extreme-value"])
def test_indices_of_families_with_a_location_do_not_know_the_zero_point(
    family: str, values: list[float], scale: float, shift: int
) -> None:
    low, high = min(values) - 1, max(values) + 2
    one = nonnormal_capability(values, lsl=low, usl=high, distribution=family)
    two = nonnormal_capability(
        np.array(values) * scale + shift,
        lsl=low * scale + shift,
        usl=high * scale + shift,
        distribution=family,
    )
    assert (two.pp, two.ppl, two.ppu) == pytest.approx((one.pp, one.ppl, one.ppu), rel=1e-5)


UNITLESS = {
    "normality": lambda v, scale, shift: normality(v).statistic,
    "anova": lambda v, scale, shift: one_way_anova({"a": v[::2], "b": v[1::2]}).statistic,
    "kruskal": lambda v, scale, shift: kruskal_wallis({"a": v[::2], "b": v[1::2]}).statistic,
    "equivalence": lambda v, scale, shift: (
        equivalence(v[::2], v[1::2], low=-20 * scale, high=30 * scale).p_value
    ),
    "within": lambda v, scale, shift: within_sigma(v).sigma / scale,
    "histogram": lambda v, scale, shift: float(histogram(v, bins=5).counts.max()),
    "linearity": lambda v, scale, shift: (
        linearity_study(v, np.tile([1.0, 2.0, 3.0], len(v))[: len(v)] * scale + shift).slope.value
    ),
}


@pytest.mark.parametrize("name", UNITLESS)
@given(numbers, SCALES, SHIFTS)
@settings(max_examples=25, deadline=None)
def test_figures_without_a_unit_stay(
    name: str, values: list[float], scale: float, shift: int
) -> None:
    try:
        first = UNITLESS[name](np.array(values), 1.0, 0.0)
    except StatsError:
        return
    second = UNITLESS[name](np.array(values) * scale + shift, scale, float(shift))
    assert second == pytest.approx(first, rel=1e-6, abs=1e-8)
