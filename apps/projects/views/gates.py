"""Asking for a gate, taking the request back, setting a condition aside, finishing a stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.policies import Action, require
from apps.approvals.choices import LayerRule
from apps.approvals.models import Condition
from apps.approvals.plans import LayerPlan
from apps.common.errors import Conflict, Refused
from apps.projects import services
from apps.projects.choices import Capacity
from apps.projects.conditions import evaluate, unmet_blocking
from apps.projects.forms import NoteForm, ReasonForm, SettleConditionForm, VersionForm
from apps.projects.guards import barred_from_deciding
from apps.projects.models import STAGE_SUBJECT, ConditionTemplate, Project, Stage
from apps.projects.seats import seat as seat_people
from apps.projects.selectors import current_stage
from apps.projects.views.fetching import conflict, person, project_for, project_url, to_project


def stage_in_turn(project: Project) -> Stage:
    stage = current_stage(project)
    if stage is None:
        raise Http404
    return stage


def seat_layers(plans: tuple[LayerPlan, ...]) -> list[dict[str, Any]]:
    """The seats that will be asked, for the side card."""
    return [
        {
            "title": layer_title(place, plan.rule),
            "seats": [
                {
                    "name": seat.user.name, "capacity": Capacity(seat.capacity).label,
                    "state": "neutral",
                    "text": _("mandatory") if seat.mandatory else _("optional"),
                }
                for seat in plan.seats
            ],
        }
        for place, plan in enumerate(plans, 1)
    ]  # fmt: skip


def layer_title(place: int, rule: str) -> str:
    return _("Layer %(number)s · %(rule)s") % {"number": place, "rule": LayerRule(rule).label}


def _page(request: HttpRequest, project: Project, form: Any, **words: Any) -> HttpResponse:
    context = {"project": project, "form": form, "project_url": project_url(project), **words}
    return render(request, "projects/transition.html", context)


def _perform(
    request: HttpRequest, project: Project, form: Any, act: Callable[[], object], done: str
) -> HttpResponse | None:
    """Do it; the answer when that settles the request, None when the form has to be shown."""
    try:
        act()
    except Conflict as error:
        typed = next((v for v in form.cleaned_data.values() if isinstance(v, str) and v), "")
        return conflict(request, error, back=request.path, typed=typed)
    except Refused as error:
        form.add_error(None, str(error))
        return None
    messages.success(request, done)
    return to_project(project)


@require_http_methods(["GET", "HEAD", "POST"])
def gate_submit(request: HttpRequest, number: int) -> HttpResponse:
    """Ask the approvers: what holds, what does not, who will be asked."""
    project = project_for(request, number)
    require(request.user, Action.SUBMIT_GATE, project)
    stage, user = stage_in_turn(project), person(request)
    form = NoteForm(request.POST or None, initial={"version": stage.version})
    if request.method == "POST" and form.is_valid():
        answer = _perform(
            request, project, form,
            lambda: services.submit_gate(actor=user, stage=stage, **form.cleaned_data),
            _("Submitted. The approvers are told; you are told when they decide."),
        )  # fmt: skip
        if answer:
            return answer
    verdicts = evaluate(stage)
    seating = seat_people(stage, barred_from_deciding(project) | {user.pk})
    unmet = unmet_blocking(verdicts)
    for missing in seating.missing if request.method != "POST" else ():
        messages.error(request, missing)
    return _page(
        request, project, form,
        heading=_("Submit the %(stage)s gate for review") % {"stage": _(stage.template.name)},
        consequence=_(
            "Figures, charts, deliverables and their hashes are frozen as a packet. The stage "
            "cannot be edited until the gate is decided or you withdraw the request."
        ),
        button=_("Submit for review"), unmet=unmet,
        unmet_words=_("The gate cannot be asked yet. Each item links to where it is fixed."),
        others=[verdict for verdict in verdicts if verdict not in unmet],
        blocked=bool(unmet or seating.missing), seats=seat_layers(seating.layers),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def gate_withdraw(request: HttpRequest, number: int) -> HttpResponse:
    project = project_for(request, number)
    require(request.user, Action.SUBMIT_GATE, project)
    stage, user = stage_in_turn(project), person(request)
    form = ReasonForm(request.POST or None, initial={"version": stage.version})
    if request.method == "POST" and form.is_valid():
        answer = _perform(
            request, project, form,
            lambda: services.withdraw_gate(actor=user, stage=stage, **form.cleaned_data),
            _("Withdrawn. The stage is open again."),
        )  # fmt: skip
        if answer:
            return answer
    return _page(
        request, project, form, heading=_("Withdraw the request"), button=_("Withdraw"),
        consequence=_("The round ends without a decision; signatures given stay in the history."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def stage_finish(request: HttpRequest, number: int) -> HttpResponse:
    """End a stage that has no gate."""
    project = project_for(request, number)
    require(request.user, Action.SUBMIT_GATE, project)
    stage, user = stage_in_turn(project), person(request)
    form = VersionForm(request.POST or None, initial={"version": stage.version})
    if request.method == "POST" and form.is_valid():
        answer = _perform(
            request, project, form,
            lambda: services.finish_stage(actor=user, stage=stage, **form.cleaned_data),
            _("Finished. The next stage is open."),
        )  # fmt: skip
        if answer:
            return answer
    unmet = unmet_blocking(evaluate(stage))
    return _page(
        request, project, form, unmet=unmet, blocked=bool(unmet),
        heading=_("Finish %(stage)s") % {"stage": _(stage.template.name)}, button=_("Finish"),
        unmet_words=_("The stage is not finished yet. Each item links to where it is fixed."),
        consequence=_("This stage needs no approval. The next one opens at once."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def waive(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Let the gate be asked although one condition is not met."""
    project = project_for(request, number)
    require(request.user, Action.WAIVE_CONDITION, project)
    stage, user = stage_in_turn(project), person(request)
    condition = ConditionTemplate.objects.filter(stage=stage.template, pk=pk).first()
    if condition is None:
        raise Http404
    form = ReasonForm(request.POST or None, initial={"version": stage.version})
    if request.method == "POST" and form.is_valid():
        answer = _perform(
            request, project, form,
            lambda: services.waive_condition(
                actor=user, stage=stage, condition=condition, reason=form.cleaned_data["reason"]
            ),
            _("Waived. Your name and reason stand beside the condition."),
        )  # fmt: skip
        if answer:
            return answer
    verdict = next((v for v in evaluate(stage) if v.template.pk == pk), None)
    return _page(
        request, project, form, heading=_("Waive a condition"), button=_("Waive"),
        unmet=[verdict] if verdict else [],
        unmet_words=_("You let the gate be asked without this:"),
        consequence=_("The condition stays visible as waived, with your name and reason."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def condition_settle(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Say how a condition set by an approver was met."""
    project, user = project_for(request, number), person(request)
    condition = (
        Condition.objects.filter(
            round__subject_type=STAGE_SUBJECT,
            round__subject_id__in=project.stages.values("pk"),
            pk=pk,
        )
        .select_related("owner")
        .first()
    )
    if condition is None:
        raise Http404
    if condition.owner_id != user.pk:
        require(user, Action.WORK_ON_PROJECT, project)
    form = SettleConditionForm(request.POST or None, initial={"version": condition.version})
    if request.method == "POST" and form.is_valid():
        answer = _perform(
            request, project, form,
            lambda: services.settle_condition(actor=user, condition=condition, **form.cleaned_data),
            _("Met. The approver is told."),
        )  # fmt: skip
        if answer:
            return answer
    return _page(
        request, project, form, heading=_("Condition met"), button=_("Mark as met"),
        consequence=condition.text,
    )  # fmt: skip
