"""Records for tests, made the way the product makes them. Each app's owner adds a section."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from apps.accounts.choices import Role
from apps.accounts.models import RoleAssignment, Team, User

PASSWORD = "correct horse battery"

_numbers = count(1)

# --- people and teams -----------------------------------------------------------------------


@dataclass(frozen=True)
class Org:
    """A small organisation with one person for each way of standing to a record at the desk."""

    root: Team
    desk: Team
    network: Team
    administrator: User
    lead: User
    manager: User
    member: User
    staff: User
    neighbour: User
    """A team member of another team."""
    outsider: User
    """Signed in, without any role."""

    @property
    def personas(self) -> dict[str, User]:
        names = ("administrator", "lead", "manager", "member", "staff", "neighbour", "outsider")
        return {name: getattr(self, name) for name in names}


def make_team(name: str = "", *, parent: Team | None = None) -> Team:
    return Team.objects.create(name=name or f"Team {next(_numbers)}", parent=parent)


def make_user(
    name: str = "", *, role: Role | None = None, team: Team | None = None, **extra: object
) -> User:
    """A person who can sign in with `PASSWORD`, holding `role` at `team` when both are given."""
    name = name or f"Person {next(_numbers)}"
    email = f"{name.lower().replace(' ', '.')}@example.org"
    user = User.objects.create_user(email, name, PASSWORD, home_team=team, **extra)
    if role is not None and team is not None:
        RoleAssignment.objects.create(user=user, team=team, role=role)
    return user


def make_org() -> Org:
    root = make_team("Organisation")
    desk = make_team("Service desk", parent=root)
    network = make_team("Network", parent=root)
    return Org(
        root=root,
        desk=desk,
        network=network,
        administrator=make_user("Ada Admin", role=Role.ADMINISTRATOR, team=root, is_staff=True),
        lead=make_user("Lena Lead", role=Role.QUALITY_LEAD, team=desk),
        manager=make_user("Max Manager", role=Role.MANAGER, team=desk),
        member=make_user("Mia Member", role=Role.TEAM_MEMBER, team=desk),
        staff=make_user("Stan Staff", role=Role.STAFF, team=desk),
        neighbour=make_user("Nora Neighbour", role=Role.TEAM_MEMBER, team=network),
        outsider=make_user("Otto Outsider"),
    )
