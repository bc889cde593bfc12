"""One URL and one form for each move of an initiative.

GET says what will happen and asks for what the move needs; POST does it. The table names the
service, who may, from which states the page is offered, and the words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.accounts.policies import Action, may, require
from apps.common.errors import Conflict, Refused
from apps.projects import services
from apps.projects.choices import ProjectState
from apps.projects.forms import ReasonForm, VersionForm
from apps.projects.models import Project
from apps.projects.views.fetching import conflict, person, project_for, project_url, to_project

S = ProjectState


@dataclass(frozen=True)
class Move:
    name: str
    service: Callable[..., Project]
    action: Action
    sources: frozenset[str]
    heading: str | Promise
    consequence: str | Promise
    button: str | Promise
    done: str | Promise
    needs_reason: bool = False
    danger: bool = False

    def offered_to(self, user: User, project: Project) -> bool:
        return project.state in self.sources and may(user, self.action, project)


MOVES = {
    move.name: move
    for move in (
        Move(
            "submit", services.submit_initiative, Action.EDIT_PROJECT, frozenset({S.DRAFT}),
            _("Submit the initiative"),
            _("The sponsor and the managers of the team are asked to accept it."),
            _("Submit"), _("Submitted. You are told when it is decided."),
        ),
        Move(
            "accept", services.accept, Action.TRIAGE_INITIATIVE, frozenset({S.SUBMITTED}),
            _("Accept the initiative"),
            _("It goes to the backlog, from where its owner or a quality lead starts it."),
            _("Accept"), _("Accepted. It can be started now."),
        ),
        Move(
            "send_back", services.send_back_initiative, Action.TRIAGE_INITIATIVE,
            frozenset({S.SUBMITTED}), _("Send the initiative back"),
            _("It becomes a draft again; the owner reads your reason."),
            _("Send back"), _("Sent back to its owner."), needs_reason=True,
        ),
        Move(
            "decline", services.decline, Action.TRIAGE_INITIATIVE, frozenset({S.SUBMITTED}),
            _("Decline the initiative"),
            _("It ends here. The record stays, with your reason."),
            _("Decline"), _("Declined."), needs_reason=True, danger=True,
        ),
        Move(
            "start", services.start_project, Action.EDIT_PROJECT, frozenset({S.BACKLOG}),
            _("Start the project"),
            _("The first stage opens and its clock starts. The methodology is fixed from now on."),
            _("Start"), _("Started. The first stage is open."),
        ),
        Move(
            "hold", services.hold, Action.PAUSE_PROJECT, frozenset({S.ACTIVE, S.SUSTAINING}),
            _("Put the project on hold"),
            _("Reminders stop. It resumes in the stage where it stands."),
            _("Put on hold"), _("On hold."), needs_reason=True,
        ),
        Move(
            "resume", services.resume, Action.PAUSE_PROJECT, frozenset({S.ON_HOLD}),
            _("Resume the project"), _("Work goes on in the stage where it stopped."),
            _("Resume"), _("Resumed."),
        ),
        Move(
            "cancel", services.cancel, Action.CANCEL_PROJECT,
            frozenset({S.ACTIVE, S.SUSTAINING, S.ON_HOLD}), _("Cancel the project"),
            _("Work stops. Everything signed stays on the record."),
            _("Cancel the project"), _("Cancelled."), needs_reason=True, danger=True,
        ),
        Move(
            "reopen", services.reopen_project, Action.PAUSE_PROJECT,
            frozenset({S.COMPLETED, S.SUSTAINING, S.CLOSED}), _("Reopen the project"),
            _("The last stage opens again. Nothing signed is erased."),
            _("Reopen"), _("Reopened."), needs_reason=True,
        ),
    )
}  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def make_move(request: HttpRequest, number: int, name: str) -> HttpResponse:
    """The page of one move, and the move itself."""
    move, project = MOVES[name], project_for(request, number)
    require(request.user, move.action, project)
    if project.state not in move.sources and request.method != "POST":
        messages.error(
            request,
            _("This cannot be done now: it is “%(state)s”.")
            % {"state": project.get_state_display()},
        )
        return to_project(project)
    form_class = ReasonForm if move.needs_reason else VersionForm
    form = form_class(request.POST or None, initial={"version": project.version})
    if request.method == "POST" and form.is_valid():
        try:
            move.service(actor=person(request), project=project, **form.cleaned_data)
        except Conflict as error:
            typed = form.cleaned_data.get("reason", "")
            return conflict(request, error, back=request.path, typed=typed)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, str(move.done))
            return to_project(project)
    context: dict[str, Any] = {
        "project": project, "form": form, "heading": move.heading, "button": move.button,
        "consequence": move.consequence, "danger": move.danger, "project_url": project_url(project),
    }  # fmt: skip
    return render(request, "projects/transition.html", context)
