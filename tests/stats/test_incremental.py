"""Appending in pieces gives exactly what one run over everything gives, bit for bit."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.stats import FrozenLimits, InvalidSpecification, Phase, begin, chart, extend
from tests.stats.chart_cases import GROUPED, KINDS, NELSON, Case, make

LINES = ("points", "center", "lcl", "ucl", "sigma", "sizes")
RULES = (*NELSON, "aiag:2", "nhs:4")
EITHER = ("ma", "ewma", "cusum", "t2", "mewma")


def frozen_limits(case: Case, **settings_: object) -> FrozenLimits:
    return chart(case.kind, case.values, **case.arguments, **settings_).phases[-1].frozen


def check(case: Case, cuts: list[int], settings_: dict[str, object]) -> None:
    frozen = frozen_limits(case, **settings_)
    phases = (Phase(0, frozen=frozen),)
    whole = chart(case.kind, case.values, **case.arguments, **settings_, phases=phases, rules=RULES)
    grouped = "subgroups" in case.by_observation
    state = begin(case.kind, frozen, rules=RULES, settings=whole.settings, grouped=grouped)
    pieces, signals = [], []
    borders = [0, *sorted(cuts), case.n_points]
    for first, stop in pairwise(borders):
        if first == stop:
            continue
        piece = case.part(first, stop)
        extension = extend(state, piece.values, **piece.arguments)
        assert extension.first_point == first
        state = extension.state
        pieces.append(extension.panels)
        signals += extension.signals
    for number, panel in enumerate(whole.panels):
        for line in LINES:
            joined = np.concatenate([getattr(piece[number], line) for piece in pieces])
            np.testing.assert_array_equal(
                joined, getattr(panel, line), err_msg=f"{panel.name} {line}"
            )
    key = lambda signal: (signal.panel, signal.rule, signal.point)  # noqa: E731
    assert sorted(signals, key=key) == sorted(whole.signals, key=key)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_pieces_equal_the_whole(kind: str, data: st.DataObject) -> None:
    n_points = data.draw(st.integers(24, 420), label="points")
    case = make(
        kind,
        data.draw(st.integers(0, 10**6), label="seed"),
        n_points,
        gaps=data.draw(st.booleans(), label="gaps"),
        grouped=kind in EITHER and data.draw(st.booleans(), label="grouped"),
    )
    cuts = data.draw(st.lists(st.integers(1, n_points - 1), max_size=6), label="cuts")
    settings_: dict[str, object] = {}
    if data.draw(st.booleans(), label="bridge"):
        settings_["gaps"] = "bridge"
    if kind == "i-mr" and data.draw(st.booleans(), label="longer ranges"):
        settings_["mr_length"] = 4
    if kind == "cusum" and data.draw(st.booleans(), label="head start"):
        settings_["head_start"] = 2.5
    check(case, cuts, settings_)


@pytest.mark.parametrize("kind", KINDS)
def test_one_point_at_a_time(kind: str) -> None:
    check(make(kind, 5, 60), list(range(1, 60)), {})


def test_the_tail_does_not_grow() -> None:
    state = begin("i-mr", FrozenLimits(10.0, 1.0), rules="nelson")
    rng = np.random.default_rng(0)
    for _ in range(30):
        state = extend(state, rng.normal(10, 1, 1000)).state
    assert state.n_points == 30_000
    assert state.tail is not None
    assert state.tail.n_points == 15  # fourteen for rule 7, one for the moving range


@pytest.mark.parametrize("kind", ["ewma", "cusum", "mewma"])
def test_the_tail_of_a_recursive_chart_stays_within_a_block(kind: str) -> None:
    case = make(kind, 1, 5000)
    state = begin(kind, frozen_limits(case))
    for first in range(0, 5000, 50):
        piece = case.part(first, first + 50)
        state = extend(state, piece.values).state
        assert state.tail is None or state.tail.n_points < 300


def test_rules_about_a_whole_series_are_refused() -> None:
    with pytest.raises(InvalidSpecification, match="anhoej:1"):
        begin("i-mr", FrozenLimits(0.0, 1.0), rules="anhoej")


@pytest.mark.parametrize("frozen", [FrozenLimits(0.0, 0.0), FrozenLimits(float("nan"), 1.0)])
def test_impossible_limits_are_refused(frozen: FrozenLimits) -> None:
    with pytest.raises(InvalidSpecification):
        extend(begin("i-mr", frozen), [1.0])


def test_single_values_do_not_follow_subgroups() -> None:
    state = extend(begin("ewma", FrozenLimits(0.0, 1.0), grouped=True), [1.0, 2.0], subgroup_size=2)
    with pytest.raises(InvalidSpecification):
        extend(state.state, [1.0])


def test_grouped_kinds_are_known() -> None:
    assert set(GROUPED) <= set(KINDS)
