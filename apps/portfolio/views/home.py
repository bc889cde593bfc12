"""Home: what waits for the person signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.accounts.policies import Action, manages_people, may
from apps.accounts.views.settings import person
from apps.charts.models import Signal
from apps.charts.wording.rules import signal_sentence
from apps.portfolio.work import Work
from apps.projects.selectors import stages_of_rounds, tracks_of
from apps.projects.views.listing import project_row
from apps.projects.views.reviews import review_row


@dataclass(frozen=True)
class SignalRow:
    signal: Signal
    sentence: str
    mine: bool


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    work = Work(person(request))
    context = {
        "work": work,
        "first": work.first_step,
        "may_log": may(work.user, Action.LOG_INITIATIVE),
        "without_role": not work.user.standing,
        "manages_people": manages_people(work.user),
        "reviews": _reviews(work),
        "projects": _projects(work),
        "signals": [
            SignalRow(one, signal_sentence(one), one.assigned_to_id == work.user.pk)
            for one in work.signals
        ],
    }
    return render(request, "portfolio/home.html", context)


def _reviews(work: Work) -> list[dict[str, Any]]:
    stages = stages_of_rounds(work.reviews)
    return [review_row(round_, stages[round_.subject_id]) for round_ in work.reviews]


def _projects(work: Work) -> list[dict[str, Any]]:
    tracks = tracks_of(work.projects)
    return [project_row(project, tracks[project.pk]) for project in work.projects]
