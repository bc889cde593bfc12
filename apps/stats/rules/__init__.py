"""Run rules: named sets, one function per kind of pattern, and what they cost in false alarms."""

from apps.stats.rules.alarms import FalseAlarmRate, false_alarm_rate
from apps.stats.rules.sets import DEFAULT_RULES, RULE_SETS, Rule, resolve, rule_set

__all__ = [
    "DEFAULT_RULES",
    "RULE_SETS",
    "FalseAlarmRate",
    "Rule",
    "false_alarm_rate",
    "resolve",
    "rule_set",
]
