"""The turns of a cycle: what is tried and predicted, and what Act decides."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.policies import Action, require
from apps.common.errors import Conflict, Refused
from apps.common.templatetags.formats import number
from apps.projects import services
from apps.projects.badges import cycle_badge
from apps.projects.choices import CycleDecision
from apps.projects.forms import CycleForm, CyclePlanForm
from apps.projects.guards import require_any
from apps.projects.models import Cycle, Project
from apps.projects.views.fetching import conflict, person, project_for, project_url, to_project


def cycle_rows(project: Project) -> dict[str, Any]:
    """Each cycle with its prediction held against its result, and the lessons carried over."""
    cycles = list(project.cycles.all())
    rows = [_row(cycle, project) for cycle in cycles]
    lessons = [cycle.lesson for cycle in cycles if cycle.lesson]
    return {"cycle_rows": rows, "lessons": lessons}


def _row(cycle: Cycle, project: Project) -> dict[str, Any]:
    running = not cycle.decision and cycle.number == project.cycle
    result: dict[str, Any] = services.result_of(project.pk) if running else cycle.result
    now: dict[str, Any] = result.get("now") or {}
    decimals = int(result.get("decimals", 2))
    unit = result.get("unit", "")
    interval = ""
    if now.get("lower") is not None and now.get("upper") is not None:
        interval = _("%(lower)s to %(upper)s") % {
            "lower": number(now["lower"], decimals), "upper": number(now["upper"], decimals)
        }  # fmt: skip
    return {
        "number": cycle.number,
        "tried": cycle.tried,
        "predicted": "–"
        if cycle.predicted is None
        else f"{formats.number_format(cycle.predicted)} {unit}".strip(),
        "result": f"{number(now.get('value'), decimals)} {unit}".strip(),
        "interval": interval,
        "badge": cycle_badge(cycle),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def cycle_decide(request: HttpRequest, number: int) -> HttpResponse:
    """Act: adopt, adapt or abandon."""
    project = project_for(request, number)
    require_any(person(request), (Action.SUBMIT_GATE, Action.TRIAGE_INITIATIVE), project)
    form = CycleForm(request.POST or None, initial={"version": project.version})
    if request.method == "POST" and form.is_valid():
        try:
            services.decide_cycle(actor=person(request), project=project, **form.cleaned_data)
        except Conflict as error:
            return conflict(request, error, back=request.path, typed=form.cleaned_data["lesson"])
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Decided. The record keeps prediction, result and lesson."))
            return to_project(project)
    hints = {
        CycleDecision.ADOPT.value: _("The change becomes the standard; the project is closed."),
        CycleDecision.ADAPT.value: _("The next cycle starts with the lesson and the same chart."),
        CycleDecision.ABANDON.value: _("The project is closed without success; the lesson stays."),
    }
    context = {
        "project": project, "form": form, "hints": hints, "project_url": project_url(project),
        **cycle_rows(project),
    }  # fmt: skip
    return render(request, "projects/cycle_decide.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def cycle_plan(request: HttpRequest, number: int) -> HttpResponse:
    """Write down what this cycle tries and predicts."""
    project = project_for(request, number)
    require(request.user, Action.EDIT_PROJECT, project)
    cycle = get_object_or_404(Cycle, project=project, number=project.cycle)
    initial = {"version": cycle.version, "tried": cycle.tried, "predicted": cycle.predicted}
    form = CyclePlanForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.plan_cycle(actor=person(request), cycle=cycle, **form.cleaned_data)
        except Conflict as error:
            return conflict(request, error, back=request.path, typed=form.cleaned_data["tried"])
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return to_project(project)
    context = {
        "project": project, "form": form, "heading": _("What this cycle tries"),
        "purpose": _("Write down what you try and what it will bring before you try it."),
        "button": _("Save"), "back": project_url(project),
    }  # fmt: skip
    return render(request, "projects/form.html", context)
