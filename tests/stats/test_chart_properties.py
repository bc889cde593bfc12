"""What must hold for every chart: units, mirrors, phases, exclusions, and hostile data."""

import json
import math
import warnings
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.stats import (
    ControlChart,
    DegenerateData,
    FrozenLimits,
    InvalidSpecification,
    NotEnoughData,
    Phase,
    StatsError,
    chart,
)
from apps.stats.constants import d2, d3
from tests.stats.chart_cases import COUNTED, KINDS, MEASURED, NELSON, ROWS, Case, make

LINES = ("points", "center", "lcl", "ucl", "sigma")
SIDE = {"above": "below", "below": "above", "": ""}
SEEDS = st.integers(0, 10**6)


def judge(case: Case, **choices: object) -> ControlChart:
    return chart(case.kind, case.values, **{**case.arguments, **choices}, rules=NELSON)


def assert_is_a_sentence(refusal: StatsError) -> None:
    assert str(refusal).endswith(".")
    assert "{" not in str(refusal)


def broken(judged: ControlChart) -> set[tuple]:
    return {(s.panel, s.rule, s.point, s.first, s.side) for s in judged.signals}


def assert_lines(actual: ControlChart, expected: ControlChart, scale: float, shift: float) -> None:
    """Level panels move and stretch, panels of spread only stretch."""
    for panel, other in zip(actual.panels, expected.panels, strict=True):
        level = panel.name in ("individuals", "mean", "ewma", "moving_average", "run")
        for line in LINES:
            offset = shift if level and line != "sigma" else 0.0
            got, want = getattr(panel, line), getattr(other, line) * scale + offset
            np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-8 * (abs(shift) + abs(scale)))


@pytest.mark.parametrize("kind", MEASURED)
@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, exponent=st.integers(-6, 6), shift=st.integers(-1000, 1000), gaps=st.booleans())
def test_units_change_nothing(
    kind: str, seed: int, exponent: int, shift: int, *, gaps: bool
) -> None:
    case = make(kind, seed, 40, gaps=gaps)
    scale = 2.0**exponent
    before = judge(case)
    after = judge(
        Case(
            kind,
            case.values * scale + shift * scale,
            case.by_point,
            case.by_observation,
            case.point_of,
        )
    )
    assert_lines(after, before, scale, shift * scale)
    assert broken(after) == broken(before)


@pytest.mark.parametrize("kind", [k for k in MEASURED if k != "cusum"])
@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, gaps=st.booleans())
def test_mirrored_data_give_mirrored_signals(kind: str, seed: int, *, gaps: bool) -> None:
    case = make(kind, seed, 40, gaps=gaps)
    mirrored = Case(kind, -case.values, case.by_point, case.by_observation, case.point_of)
    spread = {"moving_range", "range", "sd"}
    expected = {
        (panel, rule, point, first, side if panel in spread else SIDE[side])
        for panel, rule, point, first, side in broken(judge(case))
    }
    assert broken(judge(mirrored)) == expected


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_mirrored_data_swap_the_arms_of_a_cusum(seed: int) -> None:
    case = make("cusum", seed, 40)
    one, other = judge(case), judge(Case("cusum", -case.values))
    np.testing.assert_allclose(
        one.panel("cusum_upper").points, other.panel("cusum_lower").points, atol=1e-9
    )


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, cut=st.integers(25, 35), gaps=st.booleans())
def test_phases_are_separate_charts(kind: str, seed: int, cut: int, *, gaps: bool) -> None:
    case = make(kind, seed, 60, gaps=gaps)
    whole = judge(case, phases=(Phase(0), Phase(cut, "after")))
    parts = [judge(case.part(0, cut)), judge(case.part(cut, 60))]
    for number, panel in enumerate(whole.panels):
        for line in LINES:
            joined = np.concatenate([getattr(part.panels[number], line) for part in parts])
            np.testing.assert_array_equal(getattr(panel, line), joined)
    later = {
        (p, r, point + cut, first + cut, side) for p, r, point, first, side in broken(parts[1])
    }
    assert broken(whole) == broken(parts[0]) | later
    assert [(phase.start, phase.stop, phase.name) for phase in whole.phases] == [
        (0, cut, ""),
        (cut, 60, "after"),
    ]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, where=st.integers(0, 39), bridge=st.booleans())
def test_an_excluded_point_is_never_counted(
    kind: str, seed: int, where: int, *, bridge: bool
) -> None:
    """Whatever value stands there, nothing else on the chart changes."""
    case = make(kind, seed, 40)
    mask = np.zeros(40, bool)
    mask[where] = True
    rows = mask if case.point_of is None else case.point_of == where
    other = case.values.copy()
    other[rows] = other[rows] + 2 if kind in COUNTED else other[rows] * 3 + 1
    choices = {"exclude": mask, "gaps": "bridge" if bridge else "break"}
    one = judge(case, **choices)
    two = judge(Case(kind, other, case.by_point, case.by_observation, case.point_of), **choices)
    assert broken(one) == broken(two)
    assert where not in {signal.point for signal in one.signals}
    for panel, changed in zip(one.panels, two.panels, strict=True):
        for line in LINES:
            np.testing.assert_array_equal(
                getattr(panel, line)[~mask], getattr(changed, line)[~mask]
            )


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, where=st.integers(0, 39))
def test_a_missing_point_is_an_excluded_point(kind: str, seed: int, where: int) -> None:
    case = make(kind, seed, 40)
    mask = np.zeros(40, bool)
    mask[where] = True
    rows = mask if case.point_of is None else case.point_of == where
    holed = case.values.copy()
    holed[rows] = np.nan
    gone = judge(Case(kind, holed, case.by_point, case.by_observation, case.point_of))
    excluded = judge(case, exclude=mask)
    assert broken(gone) == broken(excluded)
    for panel, other in zip(gone.panels, excluded.panels, strict=True):
        np.testing.assert_array_equal(panel.points[~mask], other.points[~mask])


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, stop=st.integers(20, 40))
def test_a_baseline_gives_the_limits_of_its_points_alone(kind: str, seed: int, stop: int) -> None:
    case = make(kind, seed, 40)
    based, alone = judge(case, baseline=(0, stop)), judge(case.part(0, stop))
    assert based.phases[0].center == pytest.approx(alone.phases[0].center, rel=1e-12)
    assert based.phases[0].sigma == pytest.approx(alone.phases[0].sigma, rel=1e-12, nan_ok=True)
    frozen = judge(case, phases=(Phase(0, frozen=alone.phases[0].frozen),))
    if kind not in ROWS:  # points that set the moments of a T2 have a limit of their own
        np.testing.assert_allclose(frozen.panels[0].ucl, based.panels[0].ucl, rtol=1e-12)
        assert broken(frozen) == broken(based)


@pytest.mark.parametrize("kind", ["p", "np", "c", "u", "g", "run"])
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_limits_without_moving_ranges_do_not_depend_on_order(kind: str, seed: int) -> None:
    case = make(kind, seed, 40)
    order = np.random.default_rng(seed).permutation(40)
    mixed = Case(kind, case.values[order], {k: v[order] for k, v in case.by_point.items()})
    assert judge(mixed).phases[0].center == pytest.approx(judge(case).phases[0].center, rel=1e-13)


@pytest.mark.parametrize("kind", ["p", "np", "c", "u", "laney-p", "laney-u", "g"])
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_limits_of_counts_stay_possible(kind: str, seed: int) -> None:
    case = make(kind, seed, 30)
    panel = judge(case).panels[0]
    assert (panel.lcl >= 0).all()
    if kind in ("p", "laney-p"):
        assert (panel.ucl <= 1).all()
    if kind == "np":
        assert (panel.ucl <= case.by_point["sizes"]).all()


# --- Numbers that defeat careless arithmetic ------------------------------------------------------


@pytest.mark.parametrize(("offset", "scale"), [(1e9, 1.0), (0.0, 1e-9), (-3e8, 1e-3), (1e12, 1.0)])
def test_individuals_against_exact_arithmetic(offset: float, scale: float) -> None:
    values = offset + scale * np.random.default_rng(4).normal(size=200)
    with mpmath.workdps(40):
        exact = [mpmath.mpf(float(v)) for v in values]
        center = mpmath.fsum(exact) / len(exact)
        ranges = [abs(b - a) for a, b in pairwise(exact)]
        sigma = mpmath.fsum(ranges) / len(ranges) * mpmath.sqrt(mpmath.pi) / 2
        ucl = center + 3 * sigma
    judged = chart("i-mr", values)
    assert judged.phases[0].center == pytest.approx(float(center), rel=1e-15)
    assert judged.phases[0].sigma == pytest.approx(float(sigma), rel=1e-12)
    assert judged.panels[0].ucl[0] == pytest.approx(float(ucl), rel=1e-15)


@pytest.mark.parametrize("estimator", ["sbar", "sbar-mvlue", "pooled-sd", "rbar", "rbar-mvlue"])
def test_subgroups_far_from_zero_against_exact_arithmetic(estimator: str) -> None:
    near = np.random.default_rng(5).normal(size=(30, 6)).ravel()
    far = 1e9 + near
    exact = far - 1e9  # what binary numbers near 1e9 can hold of it, exactly
    sigmas = [
        chart("xbar-s", v, subgroup_size=6, estimator=estimator).phases[0].sigma
        for v in (far, exact)
    ]
    assert sigmas[0] == pytest.approx(sigmas[1], rel=1e-10)


@pytest.mark.parametrize("value", [0.1, 0.7, 1e9 + 0.3, -4.4e-9, 0.0])
@pytest.mark.parametrize("kind", [k for k in MEASURED if k not in ("i-mr-rs",)])
def test_a_constant_series_has_limits_without_width_and_no_signal(kind: str, value: float) -> None:
    grouped = {"subgroup_size": 3} if kind.startswith("xbar") else {}
    judged = chart(kind, [value] * 30, rules="nelson", **grouped)
    assert judged.signals == ()
    assert judged.panels[0].points.tolist() == [value] * len(judged.panels[0].points) or (
        kind == "cusum"
    )
    if kind != "run":
        assert judged.phases[0].sigma == 0
        assert "zero_sigma" in {notice.code for notice in judged.warnings}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_points_give_a_result_or_a_reason(kind: str, n: int) -> None:
    case = make(kind, 1, 40).part(0, n)
    try:
        judged = judge(case)
    except (NotEnoughData, DegenerateData) as refusal:
        assert_is_a_sentence(refusal)
    else:
        assert judged.n_points == n
        assert "few_points" in {notice.code for notice in judged.warnings}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_hostile_values_never_escape_the_family_of_errors(kind: str, data: st.DataObject) -> None:
    case = make(kind, 3, 30)
    flat = case.values.reshape(-1)
    entries = st.sampled_from(
        [0.0, -1.0, math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, 1e-300, 1.5, 2.0**53]
    )
    for position, value in data.draw(
        st.dictionaries(st.integers(0, len(flat) - 1), entries, max_size=len(flat)), label="values"
    ).items():
        flat[position] = value
    if data.draw(st.booleans(), label="all alike"):
        flat[:] = data.draw(entries, label="value")
    if "sizes" in case.by_point and data.draw(st.booleans(), label="odd sizes"):
        sizes = st.sampled_from([0.0, -1.0, math.nan, math.inf, 1.0, 1e300, 0.5])
        case.by_point["sizes"][data.draw(st.integers(0, 29))] = data.draw(sizes, label="size")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            judged = judge(case)
        except StatsError as refusal:
            assert_is_a_sentence(refusal)
            return
    json.dumps(judged.to_dict(), allow_nan=False)
    for phase in judged.phases:
        assert math.isfinite(phase.center)


@pytest.mark.parametrize(
    ("kind", "values", "choices", "error"),
    [
        ("unknown", [1, 2], {}, InvalidSpecification),
        ("i-mr", [], {}, NotEnoughData),
        ("i-mr", [1.0], {}, NotEnoughData),
        ("i-mr", [math.nan] * 5, {}, NotEnoughData),
        ("i-mr", ["a", "b"], {}, InvalidSpecification),
        ("i-mr", [1 + 2j, 3], {}, InvalidSpecification),
        ("i-mr", [[1, 2], [3, 4]], {}, InvalidSpecification),
        ("i-mr", [1, math.inf, 3], {}, InvalidSpecification),
        ("i-mr", [10**400, 1], {}, InvalidSpecification),
        ("i-mr", [[1, 2], [3]], {}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"center": "x"}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"baseline": (0.5, 2)}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"phases": (Phase(0.5),)}, InvalidSpecification),
        ("xbar-r", [1, 2, 3], {"subgroups": [[1], [1, 2]]}, InvalidSpecification),
        ("p", [1, 2], {"sizes": "many"}, InvalidSpecification),
        ("p", [1, 2], {"sizes": [[1], [1, 2]]}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"subgroup_size": 2}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"sizes": 5}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"sigma": 0.0}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"sigma": -1.0}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"center": math.nan}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"estimator": "pooled-sd"}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"width": 0}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"width": "x"}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"colour": "red"}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"mr_length": 1}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"exclude": [True, False]}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"exclude": [1, 0, 0]}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"exclude": [True] * 3}, NotEnoughData),
        ("i-mr", [1, 2, 3], {"baseline": (2, 1)}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"baseline": (0, 4)}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"phases": (Phase(2), Phase(1))}, InvalidSpecification),
        ("i-mr", [1, 2, 3], {"phases": (Phase(3),)}, InvalidSpecification),
        (
            "i-mr",
            [1, 2, 3],
            {"phases": (Phase(0, baseline=(0, 2), frozen=FrozenLimits(0, 1)),)},
            InvalidSpecification,
        ),
        ("xbar-r", [1, 2, 3], {}, InvalidSpecification),
        ("xbar-r", [1, 2, 3], {"subgroup_size": 1}, NotEnoughData),
        ("xbar-r", [1, 2, 3], {"subgroup_size": 0}, InvalidSpecification),
        ("xbar-r", [1, 2, 3], {"subgroup_size": 2.5}, InvalidSpecification),
        ("xbar-r", [1, 2, 3], {"subgroups": [1, 1]}, InvalidSpecification),
        ("xbar-r", [1, 2], {"subgroups": [1, 1], "subgroup_size": 2}, InvalidSpecification),
        ("xbar-r", list(range(400)), {"subgroup_size": 200}, InvalidSpecification),
        ("p", [1, 2], {}, InvalidSpecification),
        ("p", [1, 2], {"sizes": [10, -1]}, InvalidSpecification),
        ("p", [1, 2], {"sizes": [10, 0]}, InvalidSpecification),
        ("p", [1, 12], {"sizes": 10}, InvalidSpecification),
        ("p", [1, -2], {"sizes": 10}, InvalidSpecification),
        ("p", [0.1, 0.2], {"sizes": 10}, InvalidSpecification),
        ("p", [1, 2], {"sizes": 10, "center": 1.5}, InvalidSpecification),
        ("c", [1, 2], {"sizes": 10}, InvalidSpecification),
        ("t", [1, -2], {}, InvalidSpecification),
        ("z-mr", [1, 2], {}, InvalidSpecification),
        ("i-mr", [1, 2], {"parts": ["a", "b"]}, InvalidSpecification),
        ("t2", [[1, 2], [2, 4], [3, 6], [4, 8], [5, 10]], {}, DegenerateData),
        ("t2", [[1, 2], [2, 4]], {}, NotEnoughData),
        ("t2", [1, 2, 3], {}, InvalidSpecification),
        ("ewma", [1, 2, 3], {"weight": 2}, InvalidSpecification),
        (
            "i-mr-rs",
            [1, 2, 3, 4],
            {"subgroup_size": 2, "phases": (Phase(0, frozen=FrozenLimits(0, 1)),)},
            InvalidSpecification,
        ),
    ],
)
def test_bad_requests_are_refused_with_a_sentence(
    kind: str, values: list, choices: dict, error: type[StatsError]
) -> None:
    with pytest.raises(error) as refusal:
        chart(kind, values, **choices)
    assert_is_a_sentence(refusal.value)


def test_a_phase_that_is_still_too_short_is_shown_without_lines() -> None:
    judged = chart("i-mr", [1.0, 2.0, 1.5, 2.5, 9.0], phases=(Phase(0), Phase(4, "new")))
    panel = judged.panels[0]
    assert np.isfinite(panel.ucl[:4]).all()
    assert np.isnan(panel.ucl[4])
    assert panel.points[4] == 9.0
    assert "phase_too_short" in {notice.code for notice in judged.warnings}
    assert judged.to_dict()["phases"][1]["center"] is None


def test_given_limits_need_no_data() -> None:
    judged = chart("i-mr", [13.5], center=10.0, sigma=1.0)
    assert [signal.point for signal in judged.signals] == [0]


def test_a_subgroup_of_one_keeps_its_place_and_takes_no_part_in_sigma() -> None:
    values = [1.0, 2.0, 3.0, 1.0, 3.0]
    judged = chart("xbar-r", values, subgroups=["a", "a", "b", "c", "c"])
    assert judged.panel("mean").points.tolist() == [1.5, 3.0, 2.0]
    assert np.isnan(judged.panel("range").points[1])
    assert judged.phases[0].sigma == pytest.approx((1 + 2) / 2 / d2(2))
    assert judged.subgroup_starts.tolist() == [0, 2, 3]


def test_unequal_ranges_are_weighted_by_their_precision() -> None:
    """Burr (1969): weights d2^2 / d3^2; the plain mean of R/d2 is offered too."""
    values, labels = [1.0, 3.0, 1.0, 2.0, 6.0, 4.0], [1, 1, 2, 2, 2, 2]
    weights = [(d2(n) / d3(n)) ** 2 for n in (2, 4)]
    estimates = [2 / d2(2), 5 / d2(4)]
    expected = np.average(estimates, weights=weights)
    assert chart("xbar-r", values, subgroups=labels).phases[0].sigma == pytest.approx(expected)
    plain = chart("xbar-r", values, subgroups=labels, estimator="rbar")
    assert plain.phases[0].sigma == pytest.approx(np.mean(estimates))


def test_results_cannot_be_changed() -> None:
    values = np.array([1.0, 2.0, 3.0, 2.0])
    judged = chart("i-mr", values)
    with pytest.raises(ValueError, match="read-only"):
        judged.panels[0].points[0] = 9.0
    values[0] = 99.0
    assert judged.panels[0].points[0] == 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_the_baseline_of_a_phase_counts_from_the_start_of_the_chart(kind: str) -> None:
    case = make(kind, 2, 70)
    judged = judge(case, phases=(Phase(0), Phase(30, "new", baseline=(35, 65))))
    alone = judge(case.part(35, 65))
    assert judged.phases[1].center == pytest.approx(alone.phases[0].center, rel=1e-12)
    assert judged.phases[1].sigma == pytest.approx(alone.phases[0].sigma, rel=1e-12, nan_ok=True)
    assert judged.phases[1].n_used == alone.phases[0].n_used == 30
    assert judge(case, phases=(Phase(0), Phase(30)), baseline=(35, 65)).phases[1].center == (
        judged.phases[1].center
    )


@pytest.mark.parametrize(
    ("kind", "values", "more"),
    [
        ("i-mr", [1.0, np.nan, 2.0, np.nan, 3.0], {}),
        ("i-mr", [1.0, np.nan, 2.0, 5.0, 6.0], {"baseline": (0, 3)}),
        ("ewma", [1.0, np.nan, 2.0, np.nan, 3.0], {}),
        ("z-mr", [1.0, 11.0, 2.0, 12.0], {"parts": ["a", "b", "a", "b"]}),
    ],
)
def test_values_without_a_neighbour_are_not_said_to_be_missing(
    kind: str, values: list[float], more: dict[str, Any]
) -> None:
    with pytest.raises(NotEnoughData) as caught:
        chart(kind, values, **more)
    assert caught.value.code == "no_neighbours"
