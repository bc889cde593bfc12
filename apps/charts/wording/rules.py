"""Run rules and signals in words, for every rule set, from the kind of pattern."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from apps import stats
from apps.charts.choices import RuleSet
from apps.charts.models import Signal
from apps.charts.patterns import resolved
from apps.measurements.choices import Direction

# The share of stable processes of 100 points, with known limits, that break a rule at least once;
# by kind of pattern and length. A test compares each figure with `stats.false_alarm_rate`.
FALSE_ALARMS = {
    ("beyond", 1): 0.237,
    ("one_side", 7): 0.542,
    ("one_side", 8): 0.316,
    ("one_side", 9): 0.167,
    ("trend", 6): 0.205,
    ("alternating", 14): 0.145,
    ("k_of_n", 3): 0.180,
    ("k_of_n", 5): 0.280,
    ("inside", 15): 0.092,
    ("outside_both", 8): 0.008,
    ("outside", 8): 0.008,
}

SPREAD_PANELS = frozenset({"moving_range", "range", "sd"})


# A variable whose absence lowers T² by more than this is off: the 99.73 % point of chi-square with
# one degree of freedom (Runger, Alt and Montgomery 1996), the square of three sigma.
LARGE_PART = 9.0


def leading(parts: Sequence[Sequence[Any]]) -> list[tuple[str, float]]:
    """The variables that make a point of several stand out; the largest one in any case."""
    large = [(str(name), float(value)) for name, value in parts if value >= LARGE_PART]
    return large or [(str(name), float(value)) for name, value in parts[:1]]


def count_word(n: int) -> str:
    """A small number as a word, as it begins a sentence."""
    words = {
        1: _("One"), 2: _("Two"), 3: _("Three"), 4: _("Four"), 5: _("Five"), 6: _("Six"),
        7: _("Seven"), 8: _("Eight"), 9: _("Nine"), 10: _("Ten"), 11: _("Eleven"),
        12: _("Twelve"),
    }  # fmt: skip
    return words.get(n, str(n))


def panel_title(name: str) -> str:
    """The name of a plotted series."""
    return {
        "individuals": _("Single values"),
        "moving_range": _("Moving range"),
        "mean": _("Mean"),
        "range": _("Range"),
        "sd": _("Standard deviation"),
        "proportion": _("Share of defective units"),
        "count": _("Count"),
        "rate": _("Defects per unit"),
        "time": _("From one event to the next"),
        "t2": _("Distance T² of all variables"),
    }.get(name, name)


def rule_name(rule: str) -> str:
    """`nelson:2` as "Nelson 2"."""
    set_name, _colon, number = rule.partition(":")
    label = dict(RuleSet.choices).get(set_name, set_name)
    return f"{label} {number}"


def rules_in_words(rules: list[str]) -> str:
    """All rules by set: "Nelson 1, 2"."""
    by_set: dict[str, list[str]] = {}
    for rule in rules:
        set_name, _colon, number = rule.partition(":")
        by_set.setdefault(set_name, []).append(number)
    labels = dict(RuleSet.choices)
    parts = [f"{labels.get(name, name)} {', '.join(numbers)}" for name, numbers in by_set.items()]
    return "; ".join(parts) or _("none")


def rule_in_words(rule: stats.Rule) -> str:
    """What breaks a rule, for the list of rules to choose from."""
    words = {"length": rule.length, "count": rule.count, "zone": f"{rule.zone:g}"}
    sentences: dict[str, str] = {
        "beyond": _("A point beyond a control limit"),
        "one_side": _("%(length)s points in a row on one side of the center line"),
        "trend": _("%(length)s points in a row, all rising or all falling"),
        "alternating": _("%(length)s points in a row, alternating up and down"),
        "k_of_n": _(
            "%(count)s of %(length)s points in a row beyond %(zone)s sigma, on the same side"
        ),
        "inside": _("%(length)s points in a row within %(zone)s sigma of the center line"),
        "outside_both": _(
            "%(length)s points in a row farther than %(zone)s sigma from the center line, "
            "on both sides"
        ),
        "outside": _("%(length)s points in a row farther than %(zone)s sigma from the center line"),
        "near_limit": _("%(count)s of %(length)s points in a row close to a limit"),
        "longest_run": _("An unusually long run on one side of the median"),
        "crossings": _("Unusually few crossings of the median"),
    }
    return str(sentences.get(rule.key, rule.name) % words)


def signal_sentence(signal: Signal) -> str:
    """What the points did: "Nine points in a row below the center line"."""
    found = resolved(signal.rule)
    key = found[0].key if found else ""
    n = signal.last - signal.first + 1
    if key == "beyond":
        return _with_parts(_beyond(signal, n), signal)
    words = {"n": count_word(n)}
    if key == "one_side":
        if signal.side == "above":
            return _("%(n)s points in a row above the center line") % words
        return _("%(n)s points in a row below the center line") % words
    if key == "trend":
        if signal.side == "above":
            return _("%(n)s points in a row, all rising") % words
        return _("%(n)s points in a row, all falling") % words
    if key == "k_of_n":
        return _k_of_n(signal, found[0])
    if key == "near_limit":
        words = {"count": count_word(found[0].count), "length": found[0].length}
        return _("%(count)s of %(length)s points in a row close to a limit") % words
    sentences = {
        "alternating": _("%(n)s points in a row, alternating up and down"),
        "inside": _("%(n)s points in a row within 1 sigma of the center line"),
        "outside_both": _("%(n)s points in a row farther than 1 sigma from the center line"),
        "outside": _("%(n)s points in a row farther than 1 sigma from the center line"),
        "longest_run": _("An unusually long run on one side of the median"),
        "crossings": _("Unusually few crossings of the median"),
    }
    return sentences.get(key, rule_name(signal.rule)) % words


def _with_parts(sentence: str, signal: Signal) -> str:
    """With the variables that signal, where several are judged together."""
    parts = signal.details.get("parts")
    if not parts:
        return sentence
    names = ", ".join(name for name, _value in leading(parts))
    return _("%(sentence)s: %(names)s") % {"sentence": sentence, "names": names}


def _beyond(signal: Signal, n: int) -> str:
    words = {"n": count_word(n), "chart": panel_title(signal.panel)}
    if signal.panel in SPREAD_PANELS:
        if signal.side == "above":
            return ngettext(
                "%(chart)s: one point above the upper limit",
                "%(chart)s: %(n)s points in a row above the upper limit",
                n,
            ) % (words | {"n": n})
        return ngettext(
            "%(chart)s: one point below the lower limit",
            "%(chart)s: %(n)s points in a row below the lower limit",
            n,
        ) % (words | {"n": n})
    if signal.side == "above":
        return (
            ngettext(
                "One point above the upper limit", "%(n)s points in a row above the upper limit", n
            )
            % words
        )
    return (
        ngettext(
            "One point below the lower limit", "%(n)s points in a row below the lower limit", n
        )
        % words
    )


def _k_of_n(signal: Signal, rule: stats.Rule) -> str:
    words = {"count": count_word(rule.count), "length": rule.length, "zone": f"{rule.zone:g}"}
    if signal.side == "above":
        return (
            _(
                "%(count)s of %(length)s points in a row more than %(zone)s sigma above the center line"
            )
            % words
        )
    return (
        _("%(count)s of %(length)s points in a row more than %(zone)s sigma below the center line")
        % words
    )


def verdict(signal: Signal, direction: str) -> str:
    """`better`, `worse`, or nothing where a side means neither."""
    if not signal.side or signal.panel == "t2":
        return ""
    lower = signal.side == "below"
    if signal.panel in SPREAD_PANELS:
        return "better" if lower else "worse"
    if direction == Direction.LOWER:
        return "better" if lower else "worse"
    if direction == Direction.HIGHER:
        return "worse" if lower else "better"
    return ""


def verdict_in_words(found: str) -> str:
    return {
        "better": pgettext("a signal", "for the better"),
        "worse": pgettext("a signal", "for the worse"),
    }.get(found, "")
