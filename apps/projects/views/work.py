"""The work of the stages: deliverables with files, and actions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.policies import Action, fetch, may, require
from apps.common.errors import Conflict, Refused
from apps.projects import services
from apps.projects.badges import DELIVERABLE, Badge
from apps.projects.choices import ActionState, DeliverableState
from apps.projects.forms import ActionForm, AttachmentForm, DeliverableForm, VersionForm
from apps.projects.guards import require_editable, require_running
from apps.projects.models import Attachment, Deliverable, Project, ProjectAction
from apps.projects.views.fetching import conflict, person, project_for, project_url, refused


def _deliverable(request: HttpRequest, project: Project, pk: int) -> Deliverable:
    records = Deliverable.objects.filter(stage__project=project).select_related(
        "stage__template", "stage__project", "template", "edited_by"
    )
    deliverable: Deliverable = fetch(records, person(request), pk=pk)
    return deliverable


def _closed_words(deliverable: Deliverable) -> str:
    """Why the content cannot be edited now; empty when it can."""
    try:
        require_running(deliverable.stage.project)
        require_editable(deliverable.stage)
    except Refused as error:
        return str(error)
    if deliverable.state == DeliverableState.COMPLETE:
        return _("It is complete. Choose “Work on it again” to change it.")
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
def deliverable(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    project = project_for(request, number)
    record = _deliverable(request, project, pk)
    may_work = may(request.user, Action.WORK_ON_PROJECT, project)
    closed_words = _closed_words(record)
    form = None
    if request.method == "POST":
        require(request.user, Action.WORK_ON_PROJECT, project)
        form = DeliverableForm(request.POST, initial={"version": record.version})
        if form.is_valid():
            try:
                services.edit_deliverable(
                    actor=person(request), deliverable=record, **form.cleaned_data
                )
            except Conflict as error:
                return conflict(request, error, back=request.path, typed=form.cleaned_data["body"])
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Saved."))
                return redirect(request.path)
    elif may_work and not closed_words:
        form = DeliverableForm(initial={"version": record.version, "body": record.body})
    state = DeliverableState(record.state)
    context: dict[str, Any] = {
        "project": project, "deliverable": record, "name": _(record.template.name),
        "guidance": _(record.template.guidance) if record.template.guidance else "",
        "stage_name": _(record.stage.template.name), "form": form, "file_form": AttachmentForm(),
        "badge": Badge(DELIVERABLE[state], str(state.label)), "closed_words": closed_words,
        "attachments": list(record.attachments.select_related("uploaded_by")),
        "may_work": may_work,
    }  # fmt: skip
    return render(request, "projects/deliverable.html", context)


@require_POST
def deliverable_complete(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    return _settle(request, number, pk, services.complete_deliverable, _("Complete."))


@require_POST
def deliverable_reopen(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    return _settle(request, number, pk, services.reopen_deliverable, _("Open again."))


def _settle(request: HttpRequest, number: int, pk: int, service: Any, done: str) -> HttpResponse:
    project = project_for(request, number)
    record = _deliverable(request, project, pk)
    require(request.user, Action.WORK_ON_PROJECT, project)
    page = reverse("projects:deliverable", args=[project.number, record.pk])
    form = VersionForm(request.POST)
    if not form.is_valid():
        return refused(request, Refused(_("Open the page again and repeat.")), page)
    try:
        service(actor=person(request), deliverable=record, version=form.cleaned_data["version"])
    except Conflict as error:
        return conflict(request, error, back=page)
    except Refused as error:
        return refused(request, error, page)
    messages.success(request, done)
    return redirect(page)


@require_POST
def attachment_add(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    project = project_for(request, number)
    record = _deliverable(request, project, pk)
    require(request.user, Action.WORK_ON_PROJECT, project)
    page = reverse("projects:deliverable", args=[project.number, record.pk])
    form = AttachmentForm(request.POST, request.FILES)
    if not form.is_valid():
        problem = next(iter(form.errors["file"]), _("Choose a file first."))
        return refused(request, Refused(str(problem)), page)
    try:
        services.attach_file(
            actor=person(request), deliverable=record, file=form.cleaned_data["file"]
        )
    except Refused as error:
        return refused(request, error, page)
    messages.success(request, _("Attached."))
    return redirect(page)


def _attachment(request: HttpRequest, project: Project, pk: int) -> Attachment:
    record: Attachment = fetch(
        Attachment.objects, person(request), pk=pk, deliverable__stage__project=project
    )
    return record


@require_safe
def attachment(request: HttpRequest, number: int, pk: int) -> FileResponse:
    """A file is only ever handed out for saving, never shown inside the site."""
    record = _attachment(request, project_for(request, number), pk)
    return FileResponse(
        default_storage.open(record.stored_as), as_attachment=True, filename=record.file_name,
        content_type="application/octet-stream",
    )  # fmt: skip


@require_POST
def attachment_remove(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    project = project_for(request, number)
    record = _attachment(request, project, pk)
    require(request.user, Action.WORK_ON_PROJECT, project)
    page = reverse("projects:deliverable", args=[project.number, record.deliverable_id])
    try:
        services.remove_attachment(actor=person(request), attachment=record)
    except Refused as error:
        return refused(request, error, page)
    messages.success(request, _("Removed."))
    return redirect(page)


@require_safe
def actions(request: HttpRequest, number: int) -> HttpResponse:
    """The board: to do, doing, checking, done."""
    project = project_for(request, number)
    return render(request, "projects/actions.html", _board(request, project))


def _board(
    request: HttpRequest, project: Project, form: ActionForm | None = None
) -> dict[str, Any]:
    records = list(project.actions.select_related("owner"))
    states = [{"state": state.value, "label": state.label} for state in ActionState]
    columns = [
        {
            **state,
            "actions": [record for record in records if record.state == state["state"]],
            "previous": states[place - 1] if place else None,
            "next": states[place + 1] if place + 1 < len(states) else None,
        }
        for place, state in enumerate(states)
    ]
    may_work = may(request.user, Action.WORK_ON_PROJECT, project)
    if form is None and may_work:
        form = ActionForm(initial={"owner": request.user.pk})
    return {"project": project, "columns": columns, "form": form}


@require_POST
def action_add(request: HttpRequest, number: int) -> HttpResponse:
    project = project_for(request, number)
    require(request.user, Action.WORK_ON_PROJECT, project)
    form = ActionForm(request.POST)
    if form.is_valid():
        try:
            services.add_action(actor=person(request), project=project, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Added."))
            return redirect("projects:actions", project.number)
    return render(request, "projects/actions.html", _board(request, project, form))


@require_POST
def action_move(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    project = project_for(request, number)
    require(request.user, Action.WORK_ON_PROJECT, project)
    record: ProjectAction = fetch(
        ProjectAction.objects.filter(project=project), person(request), pk=pk
    )
    board = reverse("projects:actions", args=[project.number])
    form, state = VersionForm(request.POST), request.POST.get("state", "")
    if not form.is_valid() or state not in ActionState.values:
        return refused(request, Refused(_("Open the page again and repeat.")), board)
    try:
        services.move_action(
            actor=person(request), action=record, version=form.cleaned_data["version"], state=state
        )
    except Conflict as error:
        return conflict(request, error, back=board)
    except Refused as error:
        return refused(request, error, project_url(project))
    return redirect(board)
