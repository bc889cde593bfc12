"""Who may do what: one table.

A row names an action and who holds it: roles (at the record's team or above it) and
relations (to the record itself). `may` is the only place where the table is read. What a
person may *see* is `Model.objects.visible_to(user)`; `may` asks that first, so that nobody
changes what they cannot see.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404

from apps.accounts.choices import Relation, Role
from apps.accounts.models import Team, TeamOwned, User

ADMINISTRATOR, QUALITY_LEAD, MANAGER, TEAM_MEMBER, STAFF = (
    Role.ADMINISTRATOR, Role.QUALITY_LEAD, Role.MANAGER, Role.TEAM_MEMBER, Role.STAFF,
)  # fmt: skip
OWNER, MEMBER, SPONSOR, APPROVER = (
    Relation.OWNER, Relation.MEMBER, Relation.SPONSOR, Relation.APPROVER,
)  # fmt: skip


class Action(StrEnum):
    MANAGE_PEOPLE = "manage_people"
    CREATE_CHARACTERISTIC = "create_characteristic"
    EDIT_CHARACTERISTIC = "edit_characteristic"
    IMPORT_DATA = "import_data"
    SETTLE_CHART = "settle_chart"
    EXPLAIN_SIGNAL = "explain_signal"
    LOG_INITIATIVE = "log_initiative"
    TRIAGE_INITIATIVE = "triage_initiative"
    EDIT_PROJECT = "edit_project"
    WORK_ON_PROJECT = "work_on_project"
    SUBMIT_GATE = "submit_gate"
    PAUSE_PROJECT = "pause_project"
    CANCEL_PROJECT = "cancel_project"
    WAIVE_CONDITION = "waive_condition"
    DECIDE_GATE = "decide_gate"


GRANTS: dict[Action, frozenset[str]] = {
    Action.MANAGE_PEOPLE: frozenset({ADMINISTRATOR}),
    # Data and charts
    Action.CREATE_CHARACTERISTIC: frozenset({ADMINISTRATOR, QUALITY_LEAD, TEAM_MEMBER}),
    Action.EDIT_CHARACTERISTIC: frozenset({ADMINISTRATOR, QUALITY_LEAD, OWNER}),
    Action.IMPORT_DATA: frozenset({ADMINISTRATOR, QUALITY_LEAD, TEAM_MEMBER, OWNER}),
    Action.SETTLE_CHART: frozenset({ADMINISTRATOR, QUALITY_LEAD, OWNER}),
    Action.EXPLAIN_SIGNAL: frozenset({ADMINISTRATOR, QUALITY_LEAD, MANAGER, TEAM_MEMBER, OWNER}),
    # Initiatives
    Action.LOG_INITIATIVE: frozenset({ADMINISTRATOR, QUALITY_LEAD, MANAGER, TEAM_MEMBER}),
    Action.TRIAGE_INITIATIVE: frozenset({ADMINISTRATOR, QUALITY_LEAD, MANAGER, SPONSOR}),
    Action.EDIT_PROJECT: frozenset({ADMINISTRATOR, QUALITY_LEAD, OWNER}),
    Action.WORK_ON_PROJECT: frozenset({ADMINISTRATOR, QUALITY_LEAD, OWNER, MEMBER}),
    Action.SUBMIT_GATE: frozenset({QUALITY_LEAD, OWNER}),
    Action.PAUSE_PROJECT: frozenset({ADMINISTRATOR, MANAGER, SPONSOR}),
    Action.CANCEL_PROJECT: frozenset({ADMINISTRATOR, MANAGER, SPONSOR}),
    Action.WAIVE_CONDITION: frozenset({MANAGER, SPONSOR}),
    # A seat at the open round decides; a role alone never does.
    Action.DECIDE_GATE: frozenset({APPROVER}),
}

M = TypeVar("M", bound=Model)


def may(user: User | AnonymousUser, action: Action, record: TeamOwned | Team | None = None) -> bool:
    """Whether a person may do something to a record, at a team, or (None) anywhere."""
    if not isinstance(user, User) or not user.is_active:
        return False
    granted = GRANTS[action]
    if record is None:
        return bool(user.standing.roles & granted)
    team = record if isinstance(record, Team) else record.team
    if user.standing.roles_at(team) & granted:
        return True
    return isinstance(record, TeamOwned) and bool(record.relations_of(user) & granted)


def require(
    user: User | AnonymousUser, action: Action, record: TeamOwned | Team | None = None
) -> None:
    """Raise `PermissionDenied` unless `may`."""
    if not may(user, action, record):
        raise PermissionDenied


def manages_people(user: User | AnonymousUser) -> bool:
    """Whether a person may edit people, teams and roles: only at the top of the organisation.

    An administrator of a part could else give themselves the whole.
    """
    if not isinstance(user, User) or not user.is_active or not user.is_staff:
        return False
    top = Team.objects.filter(parent__isnull=True)
    return user.is_superuser or any(may(user, Action.MANAGE_PEOPLE, team) for team in top)


def fetch(queryset: Any, user: User | AnonymousUser, **lookup: Any) -> Any:
    """The one way to get a record for a page: outsiders get 404, as if it were not there."""
    visible: QuerySet[Any] = queryset.visible_to(user)
    try:
        return visible.get(**lookup)
    except visible.model.DoesNotExist:
        raise Http404 from None


def teams_where(user: User, action: Action) -> QuerySet[Team]:
    """The teams at which a person may do something by role, for the choices of a form."""
    teams = Team.objects.none()
    for path in user.standing.paths_of(GRANTS[action]):
        teams = teams | Team.objects.filter(path__startswith=path)
    return teams
