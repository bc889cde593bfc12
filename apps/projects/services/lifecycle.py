"""A project from its start to its end: started, on hold, resumed, cancelled, closed, reopened."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.policies import Action, require
from apps.approvals.models import Condition
from apps.approvals.selectors import open_round_of
from apps.approvals.services import withdraw
from apps.audit.services import record
from apps.common.errors import Refused
from apps.projects.choices import MethodologyShape, ProjectState, StageState
from apps.projects.guards import barred_from_deciding, require_any, require_reason
from apps.projects.models import STAGE_SUBJECT, Methodology, Project, Stage
from apps.projects.notices import team_of, tell
from apps.projects.services.advancing import lay_out_cycle, make_stale, start_next
from apps.projects.services.locking import lock_project, move


@transaction.atomic
def start_project(*, actor: User, project: Project, version: int) -> Project:
    """Start an accepted initiative: pin the newest version of its methodology, lay out stages."""
    project = lock_project(project, version)
    require_any(actor, (Action.TRIAGE_INITIATIVE, Action.EDIT_PROJECT), project)
    newest = Methodology.objects.filter(key=project.methodology.key, in_use=True).first()
    if newest is not None:
        project.methodology = newest
    project.started_at = timezone.now()
    move(project, project.start, fields=["methodology", "started_at"])
    lay_out_cycle(project)
    details = {"methodology": project.methodology.name, "version": project.methodology.version}
    record(actor=actor, verb="project.started", target=project, details=details)
    start_next(actor=actor, project=project)
    tell(
        [*team_of(project), project.sponsor], kind="project.started", event="started",
        project=project, actor=actor,
    )  # fmt: skip
    return project


@transaction.atomic
def hold(*, actor: User, project: Project, version: int, reason: str) -> Project:
    """Pause: reminders stop and gates wait until it is resumed."""
    project = lock_project(project, version)
    require(actor, Action.PAUSE_PROJECT, project)
    project.state_reason, project.paused_from = require_reason(reason), project.state
    move(project, project.hold, fields=["state_reason", "paused_from"])
    record(actor=actor, verb="project.held", target=project, reason=project.state_reason)
    tell(
        team_of(project), kind="project.held", event=f"held:{project.version}", project=project,
        actor=actor, reason=project.state_reason,
    )  # fmt: skip
    return project


@transaction.atomic
def resume(*, actor: User, project: Project, version: int, reason: str = "") -> Project:
    """Go on where it was paused or cancelled; after a cancellation the reason is asked for."""
    project = lock_project(project, version)
    cancelled = project.state == ProjectState.CANCELLED
    require(actor, Action.CANCEL_PROJECT if cancelled else Action.PAUSE_PROJECT, project)
    if cancelled:
        require_reason(reason)
    sustaining = project.paused_from == ProjectState.SUSTAINING
    transition = {
        (False, False): project.resume,
        (False, True): project.resume_sustaining,
        (True, False): project.reinstate,
        (True, True): project.reinstate_sustaining,
    }[cancelled, sustaining]
    project.paused_from, project.state_reason = "", reason.strip()
    fields = ["paused_from", "state_reason"]
    if cancelled:
        project.ended_at = None
        fields.append("ended_at")
    move(project, transition, fields=fields)
    record(actor=actor, verb="project.resumed", target=project, reason=reason.strip())
    tell(
        team_of(project), kind="project.resumed", event=f"resumed:{project.version}",
        project=project, actor=actor,
    )  # fmt: skip
    return project


@transaction.atomic
def cancel(*, actor: User, project: Project, version: int, reason: str) -> Project:
    """Stop the project. An open gate request is withdrawn; everything stays readable."""
    project = lock_project(project, version)
    require(actor, Action.CANCEL_PROJECT, project)
    project.state_reason = require_reason(reason)
    if project.state != ProjectState.ON_HOLD:
        project.paused_from = project.state
    project.ended_at = timezone.now()
    move(project, project.cancel, fields=["state_reason", "paused_from", "ended_at"])
    _withdraw_open_gates(actor, project, project.state_reason)
    record(actor=actor, verb="project.cancelled", target=project, reason=project.state_reason)
    tell(
        [*team_of(project), project.sponsor], kind="project.cancelled",
        event=f"cancelled:{project.version}", project=project, actor=actor,
        reason=project.state_reason,
    )  # fmt: skip
    return project


def _withdraw_open_gates(actor: User, project: Project, reason: str) -> None:
    for stage in project.stages.select_related("template").filter(state=StageState.IN_REVIEW):
        round_ = open_round_of(stage)
        if round_ is not None:
            withdraw(actor=actor, round_=round_, reason=reason, history_of=project)
        move(stage, stage.withdraw)


@transaction.atomic
def close_project(*, actor: User, project: Project, version: int, reason: str) -> Project:
    """End the watch over a completed project: its gain holds. Not by who owns or wrote it."""
    project = lock_project(project, version)
    require(actor, Action.TRIAGE_INITIATIVE, project)
    if project.state != ProjectState.SUSTAINING:
        raise Refused(_("Only a completed project whose result is watched can be closed."))
    if actor.pk in barred_from_deciding(project):
        raise Refused(_("You own or wrote this, so someone else closes it."))
    owed = Condition.objects.open().on(STAGE_SUBJECT, project.stages.values("pk")).first()
    if owed is not None:
        raise Refused(_("A condition is still open: %(text)s") % {"text": owed.text})
    project.state_reason = require_reason(reason)
    move(project, project.close, fields=["state_reason"])
    record(actor=actor, verb="project.closed", target=project, reason=project.state_reason)
    tell(
        team_of(project), kind="project.closed", event=f"closed:{project.version}",
        project=project, actor=actor,
    )  # fmt: skip
    return project


@transaction.atomic
def reopen_project(
    *, actor: User, project: Project, version: int, reason: str, stage: Stage | None = None
) -> Project:
    """Bring an ended project back: at a chosen stage (the last one), or, in a cycle, with the
    next turn.

    Later stages become stale; what was signed stays.
    """
    project = lock_project(project, version)
    require(actor, Action.TRIAGE_INITIATIVE, project)
    project.state_reason, project.ended_at = require_reason(reason), None
    cyclic = project.methodology.shape == MethodologyShape.CYCLE
    if cyclic:
        project.cycle += 1
    move(project, project.reopen, fields=["state_reason", "ended_at", "cycle"])
    details = {"stage": {"msgid": stage.template.name}} if stage and not cyclic else {"stage": ""}
    record(
        actor=actor, verb="project.reopened", target=project, details=details,
        reason=project.state_reason,
    )  # fmt: skip
    if cyclic:
        lay_out_cycle(project)
    else:
        _reopen_at(actor, project, stage, project.state_reason)
    start_next(actor=actor, project=project)
    tell(
        [*team_of(project), project.sponsor], kind="project.reopened",
        event=f"reopened:{project.version}", project=project, actor=actor,
        reason=project.state_reason,
    )  # fmt: skip
    return project


def _reopen_at(actor: User, project: Project, stage: Stage | None, reason: str) -> None:
    if stage is not None and stage.project_id != project.pk:
        raise Refused(_("Choose a stage of this project."))
    stages = list(project.stages.select_related("template").order_by("order"))
    at = stages[-1].order if stage is None else stage.order
    stages = [one for one in stages if one.order >= at]
    for one in stages:
        one.project = project
    first, later = stages[0], stages[1:]
    first.ended_at = None
    move(first, first.reopen, fields=["ended_at"])
    record(
        actor=actor, verb="stage.reopened", target=first, subject=project,
        details={"stage": {"msgid": first.template.name}}, reason=reason,
    )  # fmt: skip
    passed = {StageState.PASSED, StageState.PASSED_WITH_CONDITIONS}
    make_stale(actor=actor, stages=[one for one in later if one.state in passed], because=reason)
