"""Who the people around a project are."""

from __future__ import annotations

from apps.accounts.choices import Role
from apps.accounts.models import RoleAssignment, User
from apps.accounts.policies import GRANTS, Action
from apps.projects.choices import Capacity
from apps.projects.models import Project


def triagers_of(project: Project) -> list[User]:
    """Who may accept an initiative: its sponsor, and those with the role at its team or above."""
    roles = {role for role in GRANTS[Action.TRIAGE_INITIATIVE] if role in Role.values}
    rows = RoleAssignment.objects.filter(role__in=roles, user__is_active=True).select_related(
        "user", "team"
    )
    people = {row.user_id: row.user for row in rows if project.team.path.startswith(row.team.path)}
    if project.sponsor is not None:
        people[project.sponsor.pk] = project.sponsor
    return sorted(people.values(), key=lambda user: (user.name, user.pk))


def people_in(project: Project) -> dict[str, list[User]]:
    """The people named in each capacity."""
    named: dict[str, list[User]] = {}
    if project.sponsor is not None:
        named[Capacity.SPONSOR] = [project.sponsor]
    for member in project.members.select_related("user"):
        seated = named.setdefault(member.capacity, [])
        if member.user not in seated:
            seated.append(member.user)
    return named
