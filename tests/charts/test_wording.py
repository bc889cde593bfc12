"""Words: every rule and every signal has a sentence, and the figures said beside them are true."""

from __future__ import annotations

import pytest

from apps import stats
from apps.charts.choices import Estimator, RuleSet
from apps.charts.display import Display
from apps.charts.models import Signal
from apps.charts.wording.rules import (
    FALSE_ALARMS,
    count_word,
    panel_title,
    rule_in_words,
    rules_in_words,
    signal_sentence,
    verdict,
)
from apps.charts.wording.statistics import PROBLEMS, WARNINGS, sentence_of
from apps.stats.messages import ERRORS, NOTICES
from apps.stats.registry import chart_type

# Said by the engine in a newer version, or by the charts themselves.
OURS = {
    "phase_too_short", "signals_cut", "untimed_left_out", "capability_of_several",
    "capability_of_times",
}  # fmt: skip

RULES = [rule for name in RuleSet.values for rule in stats.rule_set(name)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_and_its_signal_have_words(rule: stats.Rule) -> None:
    assert rule.name not in rule_in_words(rule)
    for side in ("above", "below", ""):
        signal = Signal(rule=rule.name, panel="individuals", side=side, first=3, last=11)
        sentence = signal_sentence(signal)
        assert rule.name not in sentence
        assert "%" not in sentence


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_stated_false_alarms_are_those_of_the_engine(rule: stats.Rule) -> None:
    rate = stats.false_alarm_rate((rule.name,), 100)
    assert FALSE_ALARMS[rule.key, rule.length] == pytest.approx(rate.rate, abs=0.006)


def test_signals_as_the_pictures_say_them() -> None:
    run = Signal(rule="nelson:2", panel="mean", side="below", first=10, last=18)
    assert signal_sentence(run) == "Nine points in a row below the center line"
    one = Signal(rule="nelson:1", panel="mean", side="above", first=4, last=4)
    assert signal_sentence(one) == "One point above the upper limit"
    two = Signal(rule="nelson:1", panel="mean", side="above", first=4, last=5)
    assert signal_sentence(two) == "Two points in a row above the upper limit"


@pytest.mark.parametrize(
    ("panel", "side", "direction", "expected"),
    [
        ("mean", "below", "lower", "better"),
        ("mean", "above", "lower", "worse"),
        ("mean", "above", "higher", "better"),
        ("mean", "above", "target", ""),
        ("range", "below", "higher", "better"),
        ("range", "above", "target", "worse"),
        ("mean", "", "lower", ""),
    ],
)
def test_better_or_worse_follows_the_direction(
    panel: str, side: str, direction: str, expected: str
) -> None:
    assert verdict(Signal(rule="nelson:1", panel=panel, side=side), direction) == expected


def test_rules_are_listed_by_set() -> None:
    assert rules_in_words(["nelson:1", "nelson:2", "aiag:3"]) == "Nelson 1, 2; AIAG 3"
    assert rules_in_words([]) == "none"


def test_numbers_become_words_while_they_are_small() -> None:
    assert (count_word(9), count_word(21)) == ("Nine", "21")


def test_known_messages_use_the_figures_the_engine_gives() -> None:
    for code, sentence in {**PROBLEMS, **WARNINGS}.items():
        assert code in ERRORS or code in NOTICES or code in OURS, code
        assert str(sentence)


def test_a_message_without_words_of_ours_is_said_in_the_engines() -> None:
    told = {"code": "brand_new", "params": {}, "text": "Something new happened."}
    assert sentence_of(told) == "Something new happened."
    found = {"code": "too_few_points", "params": {"needed": 2, "got": 1}, "text": ""}
    assert "Limits need 2 points" in sentence_of(found)


@pytest.mark.parametrize("kind", ["i-mr", "xbar-r", "xbar-s", "p", "np", "c", "u"])
def test_every_panel_and_estimator_has_a_name(kind: str) -> None:
    values = [4.0, 5.0, 3.0, 6.0] * 5
    needs = {"sizes": 50.0} if kind in {"p", "np", "u"} else {}
    if kind.startswith("xbar"):
        needs = {"subgroup_size": 4}
        values = [v + i % 3 for i, v in enumerate(values)]
    for panel in stats.chart(kind, values, **needs).panels:
        assert panel_title(panel.name) != panel.name
    assert set(chart_type(kind).estimators) <= set(Estimator.values)


def test_a_value_and_the_limit_it_passed_are_never_written_alike() -> None:
    display = Display(unit="%", factor=100.0, decimals=1)
    apart = display.telling_apart(0.34, 0.33998)
    assert (apart.text(0.34), apart.text(0.33998)) == ("34.000", "33.998")
    assert display.telling_apart(0.34, 0.31) == display
