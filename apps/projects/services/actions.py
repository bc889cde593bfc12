"""Actions: what a person does for the project by a date."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.policies import Action, require
from apps.audit.services import record
from apps.common.errors import Refused
from apps.projects.choices import ActionState
from apps.projects.guards import require_open
from apps.projects.models import Project, ProjectAction
from apps.projects.notices import tell
from apps.projects.services.locking import compare, lock_project


@transaction.atomic
def add_action(
    *, actor: User, project: Project, title: str, owner: User, due: dt.date | None = None
) -> ProjectAction:
    project = lock_project(project)
    require(actor, Action.WORK_ON_PROJECT, project)
    require_open(project)
    _check(title, owner)
    action = ProjectAction.objects.create(
        project=project, title=title.strip(), owner=owner, due=due
    )
    record(
        actor=actor, verb="action.added", target=action, subject=project,
        details={"title": action.title, "person": owner.name, "due": str(due or "")},
    )  # fmt: skip
    _assign(actor, action)
    return action


@transaction.atomic
def edit_action(
    *, actor: User, action: ProjectAction, version: int, title: str, owner: User,
    due: dt.date | None,
) -> ProjectAction:  # fmt: skip
    action = _lock(action, version)
    require(actor, Action.WORK_ON_PROJECT, action.project)
    require_open(action.project)
    _check(title, owner)
    given = owner.pk != action.owner_id
    action.title, action.owner, action.due = title.strip(), owner, due
    action.save_over(version, fields=["title", "owner", "due"])
    record(
        actor=actor, verb="action.edited", target=action, subject=action.project,
        details={"title": action.title, "person": owner.name, "due": str(due or "")},
    )  # fmt: skip
    if given:
        _assign(actor, action)
    return action


@transaction.atomic
def move_action(*, actor: User, action: ProjectAction, version: int, state: str) -> ProjectAction:
    """Move an action on the board. Its own person may, besides those who work on the project."""
    action = _lock(action, version)
    if action.owner_id != actor.pk or not may_see(actor, action.project):
        require(actor, Action.WORK_ON_PROJECT, action.project)
    require_open(action.project)
    if state not in ActionState.values:
        raise Refused(_("Choose where the action stands."))
    if action.state == state:
        return action
    before, action.state = action.state, state
    action.done_at = timezone.now() if state == ActionState.DONE else None
    action.save_over(version, fields=["state", "done_at"])
    record(
        actor=actor, verb="action.moved", target=action, subject=action.project,
        details={
            "title": action.title,
            "from": before,
            "to": {"msgid": ActionState(state).source},
        },
    )  # fmt: skip
    return action


def may_see(user: User, project: Project) -> bool:
    return user.is_active and Project.objects.visible_to(user).filter(pk=project.pk).exists()


def _lock(action: ProjectAction, version: int) -> ProjectAction:
    project = lock_project(action.project_id)
    locked = ProjectAction.objects.select_related("owner").get(pk=action.pk)
    locked.project = project
    compare(locked, version)
    return locked


def _check(title: str, owner: User) -> None:
    if not title.strip():
        raise Refused(_("Say what is to be done."))
    if not owner.is_active:
        raise Refused(_("%(name)s is no longer active. Choose someone else.") % {"name": owner})


def _assign(actor: User, action: ProjectAction) -> None:
    tell(
        [action.owner], kind="action.assigned",
        event=f"action:{action.pk}:given:{action.version}", project=action.project, actor=actor,
        text=action.title,
    )  # fmt: skip
