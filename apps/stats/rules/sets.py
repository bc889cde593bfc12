"""The named rule sets.  A rule is its set and its number, never a bare number.

References
----------
Western Electric, Statistical Quality Control Handbook (1956), pp. 23-28; Nelson, Journal of Quality
Technology 16 (1984) 237-239; AIAG, Statistical Process Control, 2nd ed., table II.1; Montgomery,
Introduction to Statistical Quality Control, table 5.1; Anhoej and Olesen, PLoS ONE 9 (2014)
e113825; NHS England, Making Data Count.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.stats.errors import InvalidSpecification


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the kind of pattern (`key`) and its measures.

    Attributes
    ----------
    length
        Points in the pattern.
    count
        How many of them must lie beyond the zone line (k of n).
    zone
        Distance of the zone line from the center in sigma; 0 stands for the limits as drawn, or
        for the center line where the pattern is about sides.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from apps.stats import chart
    >>> seven = replace(rule_set("nelson")[1], length=7)
    >>> chart("i-mr", [1, 1, 1, 9, 8, 9, 8, 9, 8, 9], rules=[seven]).signals[0].point
    9
    """

    set: str
    number: int
    key: str
    length: int = 1
    count: int = 1
    zone: float = 0.0

    @property
    def name(self) -> str:
        """The name used in results, such as ``nelson:2``."""
        return f"{self.set}:{self.number}"

    def __post_init__(self) -> None:
        shortest = {"trend": 2, "alternating": 3}.get(self.key, 1)
        if self.length < shortest or not 1 <= self.count <= self.length or self.zone < 0:
            raise InvalidSpecification(
                "option_range",
                {
                    "option": f"rule {self.set}:{self.number}",
                    "expected": f"{shortest} points or longer with a count within its length",
                    "value": self.length,
                },
            )


_W, _N, _A, _M, _J, _H = "western-electric", "nelson", "aiag", "montgomery", "anhoej", "nhs"

_ALL = (
    Rule(_W, 1, "beyond"),
    Rule(_W, 2, "k_of_n", length=3, count=2, zone=2.0),
    Rule(_W, 3, "k_of_n", length=5, count=4, zone=1.0),
    Rule(_W, 4, "one_side", length=8),
    Rule(_N, 1, "beyond"),
    Rule(_N, 2, "one_side", length=9),
    Rule(_N, 3, "trend", length=6),
    Rule(_N, 4, "alternating", length=14),
    Rule(_N, 5, "k_of_n", length=3, count=2, zone=2.0),
    Rule(_N, 6, "k_of_n", length=5, count=4, zone=1.0),
    Rule(_N, 7, "inside", length=15, zone=1.0),
    Rule(_N, 8, "outside_both", length=8, zone=1.0),
    Rule(_A, 1, "beyond"),
    Rule(_A, 2, "one_side", length=7),
    Rule(_A, 3, "trend", length=6),
    Rule(_A, 4, "alternating", length=14),
    Rule(_A, 5, "k_of_n", length=3, count=2, zone=2.0),
    Rule(_A, 6, "k_of_n", length=5, count=4, zone=1.0),
    Rule(_A, 7, "inside", length=15, zone=1.0),
    Rule(_A, 8, "outside", length=8, zone=1.0),
    Rule(_M, 1, "beyond"),
    Rule(_M, 2, "k_of_n", length=3, count=2, zone=2.0),
    Rule(_M, 3, "k_of_n", length=5, count=4, zone=1.0),
    Rule(_M, 4, "one_side", length=8),
    Rule(_M, 5, "trend", length=6),
    Rule(_M, 6, "inside", length=15, zone=1.0),
    Rule(_M, 7, "alternating", length=14),
    Rule(_M, 8, "outside_both", length=8, zone=1.0),
    Rule(_J, 1, "longest_run"),
    Rule(_J, 2, "crossings"),
    Rule(_H, 1, "beyond"),
    Rule(_H, 2, "one_side", length=7),
    Rule(_H, 3, "trend", length=7),
    Rule(_H, 4, "near_limit", length=3, count=2, zone=2.0),
)

RULE_SETS: dict[str, tuple[Rule, ...]] = {
    name: tuple(rule for rule in _ALL if rule.set == name) for name in (_W, _N, _A, _M, _J, _H)
}

# Beyond the limits and one run rule: more rules find little more and alarm far more often.
DEFAULT_RULES = ("nelson:1", "nelson:2")

RuleChoice = str | Sequence["str | Rule"]


def rule_set(name: str) -> tuple[Rule, ...]:
    """The rules of a named set.

    Parameters
    ----------
    name
        western-electric, nelson, aiag, montgomery, anhoej or nhs.

    Returns
    -------
    tuple of Rule
        By number; `dataclasses.replace` makes a rule with another length or zone.

    Raises
    ------
    InvalidSpecification
        If there is no such set.

    References
    ----------
    Western Electric (1956), Statistical Quality Control Handbook; Nelson (1984), Journal of Quality
    Technology 16, 237-239; the sources of each set are those of the module.

    Examples
    --------
    >>> [rule.name for rule in rule_set("western-electric")][-1]
    'western-electric:4'
    """
    if name not in RULE_SETS:
        raise InvalidSpecification(
            "unknown_rule_set", {"set": name, "known": ", ".join((*RULE_SETS, "none"))}
        )
    return RULE_SETS[name]


def resolve(rules: RuleChoice) -> tuple[Rule, ...]:
    """Rules from a set name, ``set:numbers``, ``none``, or a sequence of these and of `Rule`.

    Raises
    ------
    InvalidSpecification
        If a name means nothing.

    Examples
    --------
    >>> [rule.name for rule in resolve("nelson:1,5")]
    ['nelson:1', 'nelson:5']
    >>> resolve("none")
    ()
    """
    named = (rules,) if isinstance(rules, str) else rules
    found: dict[str, Rule] = {}
    for entry in named:
        for rule in (entry,) if isinstance(entry, Rule) else _from_text(entry):
            found[rule.name] = rule
    return tuple(found.values())


def _from_text(text: str) -> tuple[Rule, ...]:
    if text == "none":
        return ()
    name, colon, numbers = text.partition(":")
    rules = rule_set(name)
    if not colon:
        return rules
    if not re.fullmatch(r"[0-9]+(,[0-9]+)*", numbers):
        raise InvalidSpecification("unknown_rule", {"rule": text})
    by_number = {rule.number: rule for rule in rules}
    wanted = [int(number) for number in numbers.split(",")]
    if any(number not in by_number for number in wanted):
        raise InvalidSpecification("unknown_rule", {"rule": text})
    return tuple(by_number[number] for number in wanted)
