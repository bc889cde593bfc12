"""The list of projects a person may see."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from apps.accounts.models import Team
from apps.accounts.policies import Action, may
from apps.projects.badges import badge_of, track_rows
from apps.projects.choices import ProjectState
from apps.projects.figures import figures_of
from apps.projects.forms import ProjectFilterForm
from apps.projects.models import Methodology, Project
from apps.projects.selectors import TrackStage, filtered_projects, tracks_of
from apps.projects.views.fetching import person

PER_PAGE = 25


@require_safe
def project_list(request: HttpRequest) -> HttpResponse:
    user, query = person(request), ProjectFilterForm(request.GET)
    if not query.is_valid():
        return render(request, "400.html", status=400)
    wanted = query.cleaned_data
    projects = filtered_projects(
        user,
        text=wanted["q"], state=wanted["state"], team=wanted["team"],
        methodology=wanted["methodology"], mine=bool(wanted["mine"]), sort=wanted["sort"],
    )  # fmt: skip
    page = Paginator(projects, PER_PAGE).get_page(wanted["page"] or 1)
    count = page.paginator.count
    tracks = tracks_of(page.object_list)
    context = {
        "page_obj": page, "rows": [project_row(project, tracks[project.pk]) for project in page.object_list],
        "may_log": may(user, Action.LOG_INITIATIVE),
        "filtered": any(wanted[name] for name in ("q", "state", "team", "methodology", "mine")),
        "summary": ngettext("One project.", "%(count)s projects.", count) % {"count": count}
        if count else _("What is being improved, and how far it is."),
        "sorted_words": _sorted_words(wanted["sort"]),
        "state_options": ProjectState.choices,
        "team_options": list(Team.objects.values_list("pk", "name")),
        "methodology_options": _methodologies(),
        "mine_options": [("1", _("Mine"))],
    }  # fmt: skip
    return render(request, "projects/list.html", context)


def _sorted_words(sort: str) -> str:
    words = {
        "title": _("Sorted by title"), "-title": _("Sorted by title, backwards"),
        "gate": _("Sorted by gate date"), "-gate": _("Sorted by gate date, latest first"),
        "number": _("Sorted by number"),
    }  # fmt: skip
    return words.get(sort, _("Sorted by newest first"))


def _methodologies() -> list[tuple[str, str]]:
    names = Methodology.objects.filter(in_use=True).values_list("key", "name")
    return [(key, _(name)) for key, name in names]


def project_row(project: Project, track: list[TrackStage]) -> dict[str, Any]:
    stage = next((item.stage for item in track if item.is_current), None)
    return {
        "project": project, "track": track_rows(track),
        "figures": figures_of(getattr(project, "target", None)),
        "badge": badge_of(project, stage), "gate": stage.planned_gate if stage else None,
    }  # fmt: skip
