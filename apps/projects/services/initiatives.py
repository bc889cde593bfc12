"""An initiative until it is accepted: logged, edited, submitted, returned, declined, accepted."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts.choices import Visibility
from apps.accounts.models import Team, User
from apps.accounts.policies import Action, require
from apps.audit.services import record
from apps.common.errors import Refused
from apps.projects.choices import ProjectState
from apps.projects.guards import (
    barred_from_deciding,
    require_no_review,
    require_open,
    require_reason,
)
from apps.projects.models import Methodology, Project, Target
from apps.projects.notices import tell
from apps.projects.people import triagers_of
from apps.projects.services.locking import lock_project, move

NUMBER_ATTEMPTS = 100


@transaction.atomic
def log_initiative(
    *,
    actor: User,
    team: Team,
    title: str,
    methodology: Methodology,
    owner: User,
    problem: str = "",
    sponsor: User | None = None,
    origin: str = "",
    planned_start: dt.date | None = None,
    planned_end: dt.date | None = None,
    visibility: str = Visibility.ORGANISATION,
) -> Project:
    """Write an initiative down as a draft."""
    require(actor, Action.LOG_INITIATIVE, team)
    if not methodology.in_use:
        raise Refused(_("This version of the methodology is no longer offered."))
    project = Project(
        team=team,
        title=title.strip(),
        problem=problem.strip(),
        methodology=methodology,
        owner=owner,
        sponsor=sponsor,
        origin=origin.strip(),
        planned_start=planned_start,
        planned_end=planned_end,
        visibility=visibility,
        created_by=actor,
    )
    _check(project)
    _number(project)
    Target.objects.create(project=project)
    record(actor=actor, verb="project.logged", target=project, details=_described(project))
    tell([owner, sponsor], kind="project.named", event="named", project=project, actor=actor)
    return project


def _number(project: Project) -> None:
    """Give the next number and store; when another took it meanwhile, the one after."""
    for _attempt in range(NUMBER_ATTEMPTS):
        last = Project.objects.aggregate(last=Max("number"))["last"] or 0
        project.number = last + 1
        try:
            with transaction.atomic():
                project.save(force_insert=True)
        except IntegrityError:
            if not Project.objects.filter(number=project.number).exists():
                raise
            project.pk = None
        else:
            return
    raise Refused(_("Many initiatives are being logged right now. Try again."))


def _check(project: Project) -> None:
    if not project.title:
        raise Refused(_("Give the initiative a title."))
    if project.sponsor_id is not None and project.sponsor_id == project.owner_id:
        raise Refused(_("The sponsor approves, so owner and sponsor are two people."))
    if not project.owner.is_active:
        raise Refused(_("The owner is no longer active. Choose someone else."))
    if (
        project.planned_start
        and project.planned_end
        and project.planned_end < project.planned_start
    ):
        raise Refused(_("The planned end is before the planned start."))


def _described(project: Project) -> dict[str, Any]:
    return {
        "title": project.title,
        "problem": project.problem,
        "methodology": f"{project.methodology.key} {project.methodology.version}",
        "owner": project.owner.name,
        "sponsor": project.sponsor.name if project.sponsor else "",
        "team": project.team.name,
        "origin": project.origin,
        "planned_start": str(project.planned_start or ""),
        "planned_end": str(project.planned_end or ""),
        "visibility": str(project.visibility),
    }


@transaction.atomic
def edit_project(
    *,
    actor: User,
    project: Project,
    version: int,
    title: str,
    problem: str,
    methodology: Methodology,
    owner: User,
    sponsor: User | None,
    origin: str,
    planned_start: dt.date | None,
    planned_end: dt.date | None,
    visibility: str,
) -> Project:
    """Change what describes the project. Its methodology is fixed once it has started."""
    project = lock_project(project, version)
    require(actor, Action.EDIT_PROJECT, project)
    require_open(project)
    require_no_review(project)
    if methodology.pk != project.methodology_id and project.stages.exists():
        raise Refused(_("The project has started; its methodology stays."))
    before = _described(project)
    former = {project.owner_id, project.sponsor_id}
    project.title, project.problem = title.strip(), problem.strip()
    project.methodology, project.owner, project.sponsor = methodology, owner, sponsor
    project.origin, project.visibility = origin.strip(), visibility
    project.planned_start, project.planned_end = planned_start, planned_end
    _check(project)
    changed = {key: [before[key], value] for key, value in _described(project).items()
               if before[key] != value}  # fmt: skip
    if not changed:
        return project
    project.save_over(
        version,
        fields=[
            "title", "problem", "methodology", "owner", "sponsor", "origin", "planned_start",
            "planned_end", "visibility",
        ],
    )  # fmt: skip
    record(actor=actor, verb="project.edited", target=project, details={"changed": changed})
    tell(
        [person for person in (owner, sponsor) if person and person.pk not in former],
        kind="project.named", event=f"named:{project.version}", project=project, actor=actor,
    )  # fmt: skip
    return project


@transaction.atomic
def submit_initiative(*, actor: User, project: Project, version: int) -> Project:
    """Ask for acceptance."""
    project = lock_project(project, version)
    require(actor, Action.EDIT_PROJECT, project)
    if project.state == ProjectState.DRAFT and not project.problem:
        raise Refused(_("Write the problem statement first: what is wrong, where, since when."))
    move(project, project.submit)
    record(actor=actor, verb="project.submitted", target=project)
    tell(
        triagers_of(project), kind="initiative.submitted", event=f"submitted:{project.version}",
        project=project, actor=actor,
    )  # fmt: skip
    return project


@transaction.atomic
def accept(*, actor: User, project: Project, version: int, note: str = "") -> Project:
    """Put a submitted initiative on the backlog; never by who wrote or owns it."""
    project = lock_project(project, version)
    require(actor, Action.TRIAGE_INITIATIVE, project)
    if actor.pk in barred_from_deciding(project):
        raise Refused(_("You own, wrote or submitted this, so someone else accepts it."))
    project.state_reason = note.strip()
    move(project, project.accept, fields=["state_reason"])
    record(actor=actor, verb="project.accepted", target=project, reason=note.strip())
    tell(
        [project.owner], kind="initiative.accepted", event=f"accepted:{project.version}",
        project=project, actor=actor,
    )  # fmt: skip
    return project


@transaction.atomic
def send_back_initiative(*, actor: User, project: Project, version: int, reason: str) -> Project:
    """Return a submitted initiative to its owner, as a draft."""
    project = lock_project(project, version)
    require(actor, Action.TRIAGE_INITIATIVE, project)
    project.state_reason = require_reason(reason)
    move(project, project.send_back, fields=["state_reason"])
    record(actor=actor, verb="project.sent_back", target=project, reason=project.state_reason)
    tell(
        [project.owner], kind="initiative.returned", event=f"returned:{project.version}",
        project=project, actor=actor, reason=project.state_reason,
    )  # fmt: skip
    return project


@transaction.atomic
def decline(
    *, actor: User, project: Project, version: int, reason: str, duplicate_of: Project | None = None
) -> Project:
    """Say no to a submitted initiative, or that it is already being worked on elsewhere."""
    project = lock_project(project, version)
    require(actor, Action.TRIAGE_INITIATIVE, project)
    project.state_reason = require_reason(reason)
    details: dict[str, Any] = {}
    if duplicate_of is None:
        verb = "project.declined"
        move(project, project.decline, fields=["state_reason"])
    else:
        if duplicate_of.pk == project.pk:
            raise Refused(_("An initiative is not a duplicate of itself."))
        verb, details = (
            "project.marked_duplicate",
            {"of": duplicate_of.code, "of_id": duplicate_of.pk},
        )
        move(project, project.mark_duplicate, fields=["state_reason"])
    record(actor=actor, verb=verb, target=project, details=details, reason=project.state_reason)
    tell(
        [project.owner], kind="initiative.declined", event=f"declined:{project.version}",
        project=project, actor=actor, reason=project.state_reason,
    )  # fmt: skip
    return project
