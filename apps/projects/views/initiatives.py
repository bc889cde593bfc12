"""Logging an initiative, changing what describes it, its target and its people."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.policies import Action, fetch, require
from apps.common.errors import Conflict, Refused
from apps.projects import services
from apps.projects.forms import MemberForm, ProjectForm, SecondaryTargetForm, TargetForm
from apps.projects.models import Member, Project, SecondaryTarget, Target
from apps.projects.views.fetching import (
    conflict,
    person,
    project_for,
    project_url,
    refused,
    to_project,
)


def _methodology_hints(form: ProjectForm) -> dict[str, str]:
    if "methodology" not in form.fields:
        return {}
    choices: Any = form.fields["methodology"]
    return {str(item.pk): _(item.purpose) for item in choices.queryset if item.purpose}


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    require(request.user, Action.LOG_INITIATIVE)
    user = person(request)
    initial = {"owner": user.pk, "team": user.home_team_id}
    form = ProjectForm(request.POST or None, user=user, initial=initial)
    target_form = TargetForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid() and target_form.is_valid():
        try:
            project = _log(request, form, target_form)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Logged as a draft. Submit it when it is ready."))
            return to_project(project)
    return _initiative_page(
        request, form, target_form, heading=_("Log an initiative"), button=_("Log as a draft"),
        back=reverse("projects:list"),
    )  # fmt: skip


@transaction.atomic
def _log(request: HttpRequest, form: ProjectForm, target_form: TargetForm) -> Project:
    user = person(request)
    project = services.log_initiative(actor=user, **form.cleaned_data)
    target = {name: target_form.cleaned_data[name] for name in TargetForm.Meta.fields}
    if any(value is not None for value in target.values()):
        services.set_target(
            actor=user,
            project=project,
            version=Target.objects.get(project=project).version,
            **target,
        )
    return project


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, number: int) -> HttpResponse:
    project = project_for(request, number)
    require(request.user, Action.EDIT_PROJECT, project)
    user, version = person(request), _posted_version(request, project.version)
    form = ProjectForm(request.POST or None, user=user, instance=project)
    target = Target.objects.get(project=project)
    target_form = TargetForm(request.POST or None, user=user, instance=target)
    if request.method == "POST" and form.is_valid() and target_form.is_valid():
        values = {"methodology": project.methodology, **form.cleaned_data}
        values.pop("team", None)
        try:
            with transaction.atomic():
                services.edit_project(
                    actor=user, project=project_for(request, number), version=version, **values
                )
                _set_target(request, project_for(request, number), target, target_form)
        except Conflict as error:
            return conflict(request, error, back=request.path, typed=values["problem"])
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return to_project(project)
    return _initiative_page(
        request, form, target_form, heading=_("Edit the initiative"), button=_("Save"),
        back=project_url(project), project=project,
    )  # fmt: skip


def _set_target(request: HttpRequest, project: Project, stored: Target, form: TargetForm) -> None:
    if form.has_changed():
        services.set_target(
            actor=person(request), project=project,
            version=form.cleaned_data.get("version") or stored.version,
            **{name: form.cleaned_data[name] for name in TargetForm.Meta.fields},
        )  # fmt: skip


def _posted_version(request: HttpRequest, present: int) -> int:
    posted = request.POST.get("project_version", "")
    return int(posted) if posted.isdecimal() and len(posted) < 10 else present


def _initiative_page(
    request: HttpRequest,
    form: ProjectForm,
    target_form: TargetForm,
    *,
    heading: str,
    button: str,
    back: str,
    project: Project | None = None,
) -> HttpResponse:
    context = {
        "form": form, "target_form": target_form, "heading": heading, "button": button,
        "back": back, "project": project, "methodology_hints": _methodology_hints(form),
    }  # fmt: skip
    return render(request, "projects/create.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def target(request: HttpRequest, number: int) -> HttpResponse:
    """From what to what, on which chart, by when."""
    project = project_for(request, number)
    require(request.user, Action.EDIT_PROJECT, project)
    stored = Target.objects.get(project=project)
    form = TargetForm(
        request.POST or None, user=person(request), instance=stored,
        initial={"version": stored.version},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            _set_target(request, project, Target.objects.get(project=project), form)
        except Conflict as error:
            return conflict(request, error, back=request.path)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The target is set."))
            return to_project(project)
    context = {
        "project": project, "form": form, "heading": _("Set the target"), "button": _("Save"),
        "purpose": _("On which chart must the change show, from what to what, by when?"),
        "back": project_url(project),
    }  # fmt: skip
    return render(request, "projects/form.html", context)


@require_POST
def secondary_add(request: HttpRequest, number: int) -> HttpResponse:
    """One more figure, beside the key figure."""
    project = project_for(request, number)
    require(request.user, Action.EDIT_PROJECT, project)
    form = SecondaryTargetForm(request.POST, user=person(request))
    back = project_url(project, "secondary")
    if not form.is_valid():
        return refused(request, Refused(_("Choose a chart, and give both values.")), back)
    try:
        services.add_secondary_target(actor=person(request), project=project, **form.cleaned_data)
    except Refused as error:
        return refused(request, error, back)
    messages.success(request, _("Added."))
    return to_project(project, "secondary")


@require_POST
def secondary_remove(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    project = project_for(request, number)
    require(request.user, Action.EDIT_PROJECT, project)
    secondary: SecondaryTarget = fetch(
        SecondaryTarget.objects.filter(project=project), person(request), pk=pk
    )
    try:
        services.remove_secondary_target(actor=person(request), target=secondary)
    except Refused as error:
        return refused(request, error, project_url(project, "secondary"))
    messages.success(request, _("Removed."))
    return to_project(project, "secondary")


@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest, number: int) -> HttpResponse:
    """Add a person; the people themselves stand on the project's page."""
    project = project_for(request, number)
    if request.method != "POST":
        return to_project(project, "people")
    require(request.user, Action.EDIT_PROJECT, project)
    form = MemberForm(request.POST)
    back = project_url(project, "people")
    if not form.is_valid():
        return refused(request, Refused(_("Choose a person and a capacity.")), back)
    try:
        services.add_member(actor=person(request), project=project, **form.cleaned_data)
    except Refused as error:
        return refused(request, error, back)
    messages.success(request, _("Added."))
    return to_project(project, "people")


@require_POST
def member_remove(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    project = project_for(request, number)
    require(request.user, Action.EDIT_PROJECT, project)
    member: Member = fetch(Member.objects.filter(project=project), person(request), pk=pk)
    try:
        services.remove_member(actor=person(request), member=member)
    except Refused as error:
        return refused(request, error, project_url(project, "people"))
    messages.success(request, _("Removed."))
    return to_project(project, "people")
