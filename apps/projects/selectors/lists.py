"""Lists of projects and actions, each in a number of queries that does not grow with rows."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Min, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import Team, User
from apps.audit.models import Entry
from apps.audit.selectors import history_of
from apps.projects.choices import ActionState, ProjectState, StageState
from apps.projects.models import Member, Project, ProjectAction

ORDERS: dict[str, list[Any]] = {
    "": ["-number"],
    "number": ["number"],
    "-number": ["-number"],
    "title": ["title", "number"],
    "-title": ["-title", "-number"],
    "gate": [F("next_gate").asc(nulls_last=True), "number"],
    "-gate": [F("next_gate").desc(nulls_last=True), "-number"],
}
UNSETTLED = [
    StageState.NOT_STARTED,
    StageState.IN_PROGRESS,
    StageState.IN_REVIEW,
    StageState.REWORK,
    StageState.STALE,
]
RUNNING = [
    ProjectState.DRAFT,
    ProjectState.SUBMITTED,
    ProjectState.BACKLOG,
    ProjectState.ACTIVE,
    ProjectState.ON_HOLD,
    ProjectState.SUSTAINING,
]


def filtered_projects(
    user: User,
    *,
    text: str = "",
    state: str = "",
    team: Team | None = None,
    methodology: str = "",
    mine: bool = False,
    sort: str = "",
) -> QuerySet[Project]:
    """The projects a person may see, with `next_gate`: the planned date of the nearest gate."""
    projects: QuerySet[Project] = (
        Project.objects.visible_to(user)
        .select_related("owner", "sponsor", "team", "methodology", "target__chart__characteristic",
                        "target__chart__result")
        .annotate(
            next_gate=Min(
                "stages__planned_gate",
                filter=Q(stages__state__in=UNSETTLED, stages__cycle=F("cycle")),
            )
        )
    )  # fmt: skip
    if text:
        projects = projects.filter(_text(text))
    if state:
        projects = projects.filter(state=state)
    if team is not None:
        projects = projects.filter(team__path__startswith=team.path)
    if methodology:
        projects = projects.filter(methodology__key=methodology)
    if mine:
        projects = projects.filter(_mine(user))
    return projects.order_by(*ORDERS[sort])


def _text(text: str) -> Q:
    found = Q(title__icontains=text) | Q(problem__icontains=text)
    digits = text.strip().upper().removeprefix("P-")
    if digits.isdecimal() and len(digits) < 9:
        found |= Q(number=int(digits))
    return found


def _mine(user: User) -> Q:
    member = Member.objects.filter(user=user)
    return Q(owner=user) | Q(sponsor=user) | Q(pk__in=member.values("project"))


def projects_for_home(user: User, limit: int = 8) -> list[Project]:
    """The running projects in which a person has a part, the most lately changed first."""
    return list(
        filtered_projects(user, mine=True)
        .filter(state__in=RUNNING)
        .order_by("-updated_at", "-number")[:limit]
    )


def overdue_actions(user: User) -> QuerySet[ProjectAction]:
    """A person's actions whose date has passed, in projects that run; the latest first."""
    return (
        ProjectAction.objects.filter(
            owner=user, due__lt=timezone.localdate(), project__state__in=RUNNING
        )
        .exclude(state=ActionState.DONE)
        .exclude(project__state=ProjectState.ON_HOLD)
        .select_related("project", "owner")
        .order_by("due", "pk")
    )


def actions_of(project: Project) -> QuerySet[ProjectAction]:
    """The actions of a project, by date, those without a date last."""
    return (
        ProjectAction.objects.filter(project=project)
        .select_related("owner")
        .order_by(F("due").asc(nulls_last=True), "pk")
    )


def history_of_project(project: Project) -> QuerySet[Entry]:
    return history_of(project)
