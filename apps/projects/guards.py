"""What must hold before a project is changed, beside the permission to do it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.policies import Action, may
from apps.audit.selectors import people_who
from apps.common.errors import Refused
from apps.projects.choices import ProjectState, StageState
from apps.projects.models import Project, Stage

# Whoever did one of these wrote a part of what a gate decides on, and may not decide on it.
AUTHORING = {
    "project.logged",
    "project.edited",
    "project.submitted",
    "target.added",
    "target.removed",
    "target.set",
    "cycle.planned",
    "deliverable.edited",
    "deliverable.completed",
    "deliverable.reopened",
    "attachment.added",
    "attachment.removed",
    "gate.submitted",
}
SETTLED = {StageState.PASSED, StageState.PASSED_WITH_CONDITIONS, StageState.SKIPPED}
IN_WORK = {StageState.IN_PROGRESS, StageState.REWORK}


def barred_from_deciding(project: Project) -> set[int]:
    """Who may not decide on a project: its owner, and by its history all who wrote or asked."""
    return {project.owner_id, project.created_by_id} | people_who(project, verbs=AUTHORING)


def require_any(user: User, actions: tuple[Action, ...], project: Project) -> None:
    if not any(may(user, action, project) for action in actions):
        raise PermissionDenied


def require_running(project: Project) -> None:
    """The work of a project goes on only while it is active."""
    if project.state == ProjectState.ACTIVE:
        return
    if project.state == ProjectState.ON_HOLD:
        raise Refused(_("The project is on hold. Resume it first."))
    raise Refused(
        _("The project is not active, but “%(state)s”.") % {"state": project.get_state_display()}
    )


def require_open(project: Project) -> None:
    """What describes a project may change until it has ended."""
    if project.state in {
        ProjectState.CLOSED,
        ProjectState.CANCELLED,
        ProjectState.DECLINED,
        ProjectState.DUPLICATE,
    }:
        raise Refused(
            _("This has ended (“%(state)s”) and is kept as it was.")
            % {"state": project.get_state_display()}
        )


def require_no_review(project: Project) -> None:
    """What a gate decides on stays as it is while it is being reviewed."""
    if project.stages.filter(state=StageState.IN_REVIEW).exists():
        raise Refused(_("A gate is in review. Withdraw the request first, then change this."))


def require_editable(stage: Stage) -> None:
    """Whether the work of a stage may change now; says what to do when not."""
    match stage.state:
        case StageState.IN_REVIEW:
            raise Refused(_("The stage is in review. Withdraw the request first."))
        case StageState.PASSED | StageState.PASSED_WITH_CONDITIONS:
            raise Refused(
                _(
                    "The stage has passed. Reopen the deliverable first: the stage then counts as "
                    "stale, and its gate is asked again."
                )
            )
        case StageState.SKIPPED:
            raise Refused(_("The stage was skipped."))
    if stage.cycle != stage.project.cycle:
        raise Refused(_("This cycle has ended and is kept as it was."))


def require_reason(reason: str) -> str:
    if not reason.strip():
        raise Refused(_("Say why."))
    return reason.strip()


def unsettled_before(stage: Stage) -> Stage | None:
    """The first earlier stage of the same cycle that has not passed."""
    return (
        stage.project.stages.select_related("template")
        .filter(cycle=stage.cycle, order__lt=stage.order)
        .exclude(state__in=SETTLED)
        .order_by("order")
        .first()
    )
