"""Run rules: each against a plain restatement of its sentence, and on the cases that trip others."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.stats import (
    DEFAULT_RULES,
    FrozenLimits,
    InvalidSpecification,
    Phase,
    Rule,
    chart,
    false_alarm_rate,
    rule_set,
    verdict,
)
from apps.stats.rules import RULE_SETS, judge, resolve
from apps.stats.rules.patterns import fewest_crossings, longest_run_limit
from tests.stats.chart_cases import NELSON, make

NAN = math.nan
UNIT = (Phase(0, frozen=FrozenLimits(0.0, 1.0)),)


def marks(rule: str | Rule, values: list[float]) -> list[int]:
    """Points marked by one rule on a chart with center 0 and sigma 1."""
    judged = chart("i-mr", values, phases=UNIT, rules=(rule,))
    return [signal.point for signal in judged.signals if signal.panel == "individuals"]


# --- Each rule restated in the plainest words ---------------------------------------------------


def window(values: list[float], end: int, length: int) -> list[float] | None:
    """The window that ends there, None where it is not full or has a gap."""
    if end + 1 < length or any(math.isnan(v) for v in values[end + 1 - length : end + 1]):
        return None
    return values[end + 1 - length : end + 1]


def both_sides(values: list[float], holds) -> bool:
    return holds(values) or holds([-value for value in values])


def beyond_three(w: list[float]) -> bool:
    return abs(w[-1]) > 3


def same_side(w: list[float]) -> bool:
    return both_sides(w, lambda v: all(x > 0 for x in v))


def trending(w: list[float]) -> bool:
    return both_sides(w, lambda v: all(b > a for a, b in pairwise(v)))


def alternating(w: list[float]) -> bool:
    steps = [b - a for a, b in pairwise(w)]
    return all(a * b < 0 for a, b in pairwise(steps))


def k_of(k: int, zone: float):
    def holds(w: list[float]) -> bool:
        return both_sides(w, lambda v: v[-1] > zone and sum(x > zone for x in v) >= k)

    return holds


def inside_one(w: list[float]) -> bool:
    return all(abs(x) <= 1 for x in w)


def outside_one(w: list[float]) -> bool:
    return all(abs(x) > 1 for x in w)


def outside_one_on_both(w: list[float]) -> bool:
    return outside_one(w) and min(w) < 0 < max(w)


def near_limit(w: list[float]) -> bool:
    return both_sides(
        w, lambda v: all(x > 0 for x in v) and 2 < v[-1] <= 3 and sum(2 < x <= 3 for x in v) >= 2
    )


PLAIN = {
    "nelson:1": (1, beyond_three),
    "nelson:2": (9, same_side),
    "nelson:3": (6, trending),
    "nelson:4": (14, alternating),
    "nelson:5": (3, k_of(2, 2)),
    "nelson:6": (5, k_of(4, 1)),
    "nelson:7": (15, inside_one),
    "nelson:8": (8, outside_one_on_both),
    "western-electric:1": (1, beyond_three),
    "western-electric:2": (3, k_of(2, 2)),
    "western-electric:3": (5, k_of(4, 1)),
    "western-electric:4": (8, same_side),
    "aiag:1": (1, beyond_three),
    "aiag:2": (7, same_side),
    "aiag:3": (6, trending),
    "aiag:4": (14, alternating),
    "aiag:5": (3, k_of(2, 2)),
    "aiag:6": (5, k_of(4, 1)),
    "aiag:7": (15, inside_one),
    "aiag:8": (8, outside_one),
    "montgomery:1": (1, beyond_three),
    "montgomery:2": (3, k_of(2, 2)),
    "montgomery:3": (5, k_of(4, 1)),
    "montgomery:4": (8, same_side),
    "montgomery:5": (6, trending),
    "montgomery:6": (15, inside_one),
    "montgomery:7": (14, alternating),
    "montgomery:8": (8, outside_one_on_both),
    "nhs:1": (1, beyond_three),
    "nhs:2": (7, same_side),
    "nhs:3": (7, trending),
    "nhs:4": (3, near_limit),
}
# Few levels, among them the lines themselves, so that runs and ties are common.
LEVELS = [-3.5, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
SERIES = st.one_of(
    st.lists(st.sampled_from([*LEVELS, NAN]), min_size=1, max_size=60),
    st.lists(st.sampled_from([0.5, 1.0, -1.0, 0.0]), min_size=1, max_size=60),
    st.lists(st.sampled_from([1.5, -1.5, 2.5, 0.5]), min_size=1, max_size=60),
    st.lists(st.sampled_from([2.5, 1.5, 3.0, 0.5]), min_size=1, max_size=40),
    st.integers(1, 30).map(lambda n: [(-1) ** i * (0.5 + i / 40) for i in range(n)]),
    st.integers(1, 12).map(lambda n: [i / 5 - 1 for i in range(n)]),
)


@pytest.mark.parametrize("name", PLAIN)
@settings(max_examples=60, deadline=None)
@given(values=SERIES)
def test_rule_says_what_its_sentence_says(name: str, values: list[float]) -> None:
    length, holds = PLAIN[name]
    expected = [
        end
        for end in range(len(values))
        if (w := window(values, end, length)) is not None and holds(w)
    ]
    assert marks(name, values) == expected


def test_every_local_rule_is_restated_above() -> None:
    local = {rule.name for name in RULE_SETS if name != "anhoej" for rule in rule_set(name)}
    assert local == set(PLAIN)


# --- Cases on which other programs go wrong (see the conventions of the rules package) ----------


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        # a run of exactly the length at the very start (pyspc is one point late)
        ("nelson:2", [0.5] * 9, [8]),
        ("nelson:2", [0.5] * 8, []),
        # later points still complete the pattern
        ("nelson:2", [0.5] * 11, [8, 9, 10]),
        # the center line ends a run; a constant series on it never signals (pyspc, ggQC)
        ("nelson:2", [0.5] * 5 + [0.0] + [0.5] * 5, []),
        ("nelson:2", [0.0] * 20, []),
        # exactly fourteen alternating points (manufacturing stops a window early)
        ("nelson:4", [1.0, -1.0] * 7, [13]),
        ("nelson:4", [1.0, -1.0] * 6 + [1.0], []),
        # a tie ends a trend
        ("nelson:3", [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5], [5]),
        ("nelson:3", [-1.0, -0.5, 0.0, 0.0, 1.0, 1.5], []),
        # strict comparison on either side (ggQC treats them differently)
        ("nelson:1", [3.0, -3.0], []),
        ("nelson:1", [3.0001, -3.0001], [0, 1]),
        # k of n needs a full window and its newest point beyond
        ("nelson:5", [2.5, 2.5], []),
        ("nelson:5", [2.5, 2.5, 0.5], []),
        ("nelson:5", [2.5, 0.5, 2.5], [2]),
        ("nelson:5", [2.5, 0.5, -2.5], []),
        # eight of eight, not nine (pyshewhart), and both sides for rule 8
        ("western-electric:4", [-0.5] * 8, [7]),
        ("nelson:8", [1.5, -1.5] * 4, [7]),
        ("nelson:8", [1.5] * 8, []),
        ("aiag:8", [1.5] * 8, [7]),
        # the one-sigma line counts as inside
        ("nelson:7", [1.0] * 15, [14]),
        # a gap ends every pattern
        ("nelson:2", [0.5] * 6 + [NAN] + [0.5] * 6, []),
    ],
)
def test_boundaries(rule: str, values: list[float], expected: list[int]) -> None:
    assert marks(rule, values) == expected


def test_gaps_are_bridged_when_asked() -> None:
    values = [0.5] * 5 + [NAN] + [0.5] * 5
    judged = chart("i-mr", values, phases=UNIT, rules="nelson:2", gaps="bridge")
    (first, last) = judged.signals
    assert (first.first, first.point, last.first, last.point) == (0, 9, 1, 10)


def test_rounding_is_not_a_signal() -> None:
    """0.1 * 3 is not 0.3 in binary; a point on a line stays on it in any unit."""
    for scale in (0.1, 1e-9, 7.3, 1e7):
        values = np.array([3.0, -3.0, 0.0, 1.0, 2.0]) * scale
        judged = chart(
            "i-mr", values, phases=(Phase(0, frozen=FrozenLimits(0.0, scale)),), rules="nelson:1"
        )
        assert [s for s in judged.signals if s.panel == "individuals"] == []


def test_all_rules_of_a_point_are_kept() -> None:
    judged = chart("i-mr", [0.5] * 7 + [2.5, 3.5], phases=UNIT, rules="nelson")
    assert {rule for panel, rule in judged.rules_broken(8) if panel == "individuals"} == {
        "nelson:1",
        "nelson:2",
        "nelson:5",
    }
    flags = judged.rule_flags["individuals"]
    assert flags[8] == (1 << 0) | (1 << 1) | (1 << 4)


def test_patterns_end_at_a_phase_border() -> None:
    phases = (Phase(0, frozen=FrozenLimits(0.0, 1.0)), Phase(5, frozen=FrozenLimits(0.0, 1.0)))
    judged = chart("i-mr", [0.5] * 10, phases=phases, rules="nelson:2")
    assert judged.signals == ()
    assert np.isnan(judged.panel("moving_range").points[[0, 5]]).all()


def test_each_point_is_judged_by_its_own_sample_size() -> None:
    """qcc compares a window with the zones of its newest point and so misses this one."""
    sizes = [1000, 10, 1000]
    values = [round(1000 * 0.55), 5, round(1000 * 0.55)]  # 3.2, 0, 3.2 sigma above 0.5
    judged = chart("p", values, sizes=sizes, center=0.5, rules="nelson:5")
    assert [signal.point for signal in judged.signals] == [2]


def test_moving_ranges_are_judged_by_their_limits_only() -> None:
    judged = chart("i-mr", [0.0, 0.1] * 20 + [0.0], phases=UNIT, rules="nelson")
    assert {s.rule for s in judged.signals if s.panel == "moving_range"} <= {"nelson:1"}


def test_a_length_can_be_adjusted() -> None:
    assert marks(Rule("own", 1, "one_side", length=4), [0.5] * 5) == [3, 4]
    assert marks(Rule("own", 2, "beyond", zone=2.0), [2.5, -2.5, 1.0]) == [0, 1]


@pytest.mark.parametrize("bad", ["nelson:9", "nelson:", "unknown", "nelson:1;2", "nelson:x", ""])
def test_unknown_rules_are_refused(bad: str) -> None:
    with pytest.raises(InvalidSpecification):
        resolve(bad)


@pytest.mark.parametrize(
    "measures", [{"length": 0}, {"length": 3, "count": 4}, {"zone": -1.0}, {"count": 0}]
)
def test_impossible_measures_are_refused(measures: dict[str, float]) -> None:
    with pytest.raises(InvalidSpecification):
        Rule("own", 1, "k_of_n", **measures)


# --- Anhoej ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("useful", "longest", "fewest"),
    # Anhoej and Olesen (2014), PLoS ONE 9, e113825, table 1.
    [
        (10, 6, 2),
        (11, 6, 2),
        (12, 7, 3),
        (15, 7, 4),
        (16, 7, 4),
        (20, 7, 6),
        (22, 7, 7),
        (23, 8, 7),
        (24, 8, 8),
        (30, 8, 10),
        (40, 8, 14),
        (50, 9, 19),
    ],
)
def test_limits_of_anhoej(useful: int, longest: int, fewest: int) -> None:
    assert longest_run_limit(useful) == longest
    assert fewest_crossings(useful) == fewest


def test_run_chart_of_a_shift() -> None:
    judged = chart("run", [1.0, 2.0] * 5 + [8.0, 9.0] * 5)
    assert [(s.rule, s.first, s.last, s.side) for s in judged.signals] == [
        ("anhoej:1", 10, 19, "above"),
        ("anhoej:2", 0, 19, ""),
    ]
    assert judged.panels[0].center[0] == 5.0
    assert np.isnan(judged.panels[0].ucl).all()


def test_points_on_the_median_are_dropped_and_the_run_goes_on() -> None:
    values = [1, 9] * 5 + [9, 9, 5, 9, 9, 9, 5, 9, 9, 9] + [1] * 9 + [1, 9, 1]
    judged = chart("run", values, center=5.0, rules="anhoej:1")
    (signal,) = judged.signals
    assert (signal.first, signal.last, signal.side) == (20, 29, "below")


# --- False alarms ---------------------------------------------------------------------------------


@pytest.mark.reference(
    "false_alarm_rate",
    source="Champ and Woodall (1987), Technometrics 29, 393-399; the normal distribution",
)
@pytest.mark.parametrize(
    ("rules", "expected", "within"),
    [
        # the limits alone: 0.0027 for each of 100 independent points
        ("nelson:1", 0.2369, 1e-4),
        # Champ and Woodall (1987): run length 91.75 for the Western Electric rules
        ("western-electric", 1 - math.exp(-100 / 91.75), 0.04),
        # 300 simulated series of 100 points showed 74 percent
        ("nelson", 0.74, 0.06),
        (DEFAULT_RULES, 0.38, 0.05),
        ("none", 0.0, 0.0),
    ],
)
def test_false_alarm_rates(rules: str, expected: float, within: float) -> None:
    assert false_alarm_rate(rules, 100).rate == pytest.approx(expected, abs=within)


def test_false_alarms_grow_with_length_and_repeat() -> None:
    rates = [false_alarm_rate("nelson:1,2", n).rate for n in (10, 50, 200, 6000)]
    assert rates == sorted(rates)
    assert false_alarm_rate("anhoej", 24).rate == pytest.approx(0.08, abs=0.03)
    with pytest.raises(InvalidSpecification):
        false_alarm_rate("nelson", 0)


# --- NHS ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "improvement", "expected"),
    [
        (5.0, "increase", "improvement"),
        (5.0, "decrease", "concern"),
        (5.0, "neutral", "high"),
        (-5.0, "increase", "concern"),
        (-5.0, "decrease", "improvement"),
        (-5.0, "neutral", "low"),
        (0.2, "increase", "common_cause"),
    ],
)
def test_variation(last: float, improvement: str, expected: str) -> None:
    judged = chart("i-mr", [0.5, -0.5] * 6 + [last], phases=UNIT, rules="nhs")
    assert verdict(judged, improvement=improvement).variation == expected


@pytest.mark.parametrize(
    ("target", "improvement", "expected"),
    [
        (0.0, "increase", "hit_and_miss"),
        (-4.0, "increase", "passing"),
        (4.0, "increase", "failing"),
        (4.0, "decrease", "passing"),
        (-4.0, "decrease", "failing"),
        (4.0, "neutral", ""),
        (None, "increase", ""),
    ],
)
def test_assurance(target: float | None, improvement: str, expected: str) -> None:
    judged = chart("i-mr", [0.5, -0.5] * 6, phases=UNIT, rules="nhs")
    assert verdict(judged, improvement=improvement, target=target).assurance == expected


@pytest.mark.parametrize("kind", ["i-mr", "xbar-s", "p", "run"])
def test_long_series_are_judged_in_chunks_without_a_seam(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(20):
        case = make(kind, seed, 200, gaps=True)
        rules = (*NELSON, "anhoej:1", "anhoej:2", "nhs:4")
        whole = chart(kind, case.values, **case.arguments, rules=rules)
        monkeypatch.setattr(judge, "CHUNK", 16 + seed)
        pieces = chart(kind, case.values, **case.arguments, rules=rules)
        monkeypatch.undo()
        assert pieces.signals == whole.signals


def test_more_rules_than_bits_of_a_word_stay_apart() -> None:
    every = [rule.name for rules in RULE_SETS.values() for rule in rules]
    judged = chart("i-mr", [0.5] * 11 + [3.5], phases=UNIT, rules=every)
    flags = int(judged.rule_flags["individuals"][11])
    named = {judged.rules[bit] for bit in range(64) if flags >> bit & 1}
    assert named == {rule for panel, rule in judged.rules_broken(11) if panel == "individuals"}
    assert "nhs:1" in named
