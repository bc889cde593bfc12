"""Whether a target is SMART: specific, measurable, achievable from where one is, dated."""

from __future__ import annotations

import datetime as dt
import unicodedata

from django.utils.translation import gettext as _

from apps.measurements.choices import Direction
from apps.projects.models import Project, Target

# In Latin letters; a Chinese character says as much as two of them.
PROBLEM_LENGTH = 20


def problem_is_short(project: Project) -> bool:
    """Whether the statement cannot yet say what is wrong, where and since when."""
    text = project.problem.strip()
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide < PROBLEM_LENGTH


def smart_gaps(project: Project, target: Target) -> list[str]:
    """What is missing, in words; empty when nothing is."""
    gaps = []
    if problem_is_short(project):
        gaps.append(_("a problem statement that says what is wrong, where and since when"))
    if target.chart is None:
        gaps.append(_("the chart on which it is measured"))
    if target.from_value is None:
        gaps.append(_("the value it starts from"))
    if target.to_value is None:
        gaps.append(_("the value to reach"))
    if target.from_value is not None and target.to_value is not None:
        gaps.extend(_direction_gap(target))
    if target.due is None:
        gaps.append(_("the date by which"))
    elif target.due <= _first_day(project):
        gaps.append(_("a date after the start"))
    return gaps


def _direction_gap(target: Target) -> list[str]:
    if target.from_value == target.to_value:
        return [_("a value to reach that differs from the start")]
    direction = Direction.TARGET
    if target.chart is not None:
        direction = Direction(target.chart.characteristic.direction)
    assert target.from_value is not None
    assert target.to_value is not None
    rises = target.to_value > target.from_value
    wrong = {Direction.LOWER: rises, Direction.HIGHER: not rises}.get(direction, False)
    return [_("a value to reach that is better than the start")] if wrong else []


def _first_day(project: Project) -> dt.date:
    if project.started_at is not None:
        return project.started_at.date()
    return project.planned_start or project.created_at.date()
