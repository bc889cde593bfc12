"""Reading across the apps, for one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.charts.models import ControlChart
from apps.projects.models import Project

SHOWN = 20


@dataclass(frozen=True)
class Group:
    """What was found of one kind: the first rows, and whether there are more."""

    kind: str
    title: str | Promise
    rows: list[Any]
    more: bool

    @property
    def total(self) -> int:
        return len(self.rows)


def find(user: User, words: str) -> list[Group]:
    """Projects and charts with all of the words, of those the person may see."""
    projects = Project.objects.visible_to(user).select_related("owner", "team")
    charts = ControlChart.objects.visible_to(user).select_related(
        "characteristic__team", "characteristic__owner", "result"
    )
    groups = [
        _group("projects", _("Projects"), projects.filter(_project_has(words))),
        _group("charts", _("Control charts"), charts.filter(_chart_has(words))),
    ]
    return [group for group in groups if group.rows]


def _group(kind: str, title: str | Promise, found: QuerySet[Any]) -> Group:
    rows = list(found[: SHOWN + 1])
    return Group(kind, title, rows[:SHOWN], more=len(rows) > SHOWN)


def _project_has(words: str) -> Q:
    wanted = Q()
    for word in words.split():
        part = Q(title__icontains=word) | Q(problem__icontains=word)
        number = word.upper().removeprefix("P-")
        if number.isascii() and number.isdigit() and len(number) <= 6:
            part |= Q(number=int(number))
        wanted &= part
    return wanted


def _chart_has(words: str) -> Q:
    wanted = Q()
    for word in words.split():
        wanted &= (
            Q(characteristic__name__icontains=word)
            | Q(characteristic__code__icontains=word)
            | Q(characteristic__description__icontains=word)
        )
    return wanted
