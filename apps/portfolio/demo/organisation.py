"""The people and teams of the example organisation."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.models import EmailAddress

from apps.accounts.choices import Role
from apps.accounts.examples import DOMAIN, PASSWORD
from apps.accounts.models import RoleAssignment, Team, User


@dataclass(frozen=True)
class Person:
    key: str
    name: str
    role: Role
    team: str
    language: str = ""


TEAMS = {
    "company": ("Harbour Telecom 港灣電信", None),
    "desk": ("Service desk 客服中心", "company"),
    "network": ("Network operations 網路維運", "company"),
    "care": ("Customer relations 顧客關係", "company"),
}

# The first five are the accounts shown at the start, one for each role.
PEOPLE = [
    Person("admin", "Chang Jui-Lin 張瑞麟", Role.ADMINISTRATOR, "company"),
    Person("lead", "Hsu Mei-Ling 許美玲", Role.QUALITY_LEAD, "company"),
    Person("manager", "Lin Hui-Chun 林慧君", Role.MANAGER, "company"),
    Person("member", "Wu Chia-Hao 吳家豪", Role.TEAM_MEMBER, "desk"),
    Person("staff", "Lo Pei-Shan 羅佩珊", Role.STAFF, "desk"),
    Person("tsai", "Tsai Wen-Bin 蔡文彬", Role.MANAGER, "network"),
    Person("kuo", "Kuo Shu-Fen 郭淑芬", Role.MANAGER, "care"),
    Person("yeh", "Yeh Shu-Hui 葉淑惠", Role.QUALITY_LEAD, "care"),
    Person("kao", "Kao Yi-Fang 高宜芳", Role.TEAM_MEMBER, "network"),
    Person("tseng", "Tseng Kai 曾凱", Role.TEAM_MEMBER, "network"),
    Person("chen", "Chen Wei-Ting 陳韋廷", Role.TEAM_MEMBER, "desk"),
    Person("pan", "Pan Jun-Wei 潘俊瑋", Role.TEAM_MEMBER, "care"),
]


@dataclass(frozen=True)
class Organisation:
    teams: dict[str, Team]
    people: dict[str, User]

    def __getitem__(self, key: str) -> User:
        return self.people[key]


def create_organisation() -> Organisation:
    """Teams, people and the role each holds."""
    teams: dict[str, Team] = {}
    for key, (name, parent) in TEAMS.items():
        teams[key] = Team.objects.create(name=name, parent=teams[parent] if parent else None)
    people: dict[str, User] = {}
    for person in PEOPLE:
        user = User.objects.create_user(
            f"{person.key}@{DOMAIN}", person.name, PASSWORD,
            language=person.language, home_team=teams[person.team],
            is_staff=person.role == Role.ADMINISTRATOR,
            is_superuser=person.role == Role.ADMINISTRATOR,
        )  # fmt: skip
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        RoleAssignment.objects.create(user=user, team=teams[person.team], role=person.role)
        people[person.key] = user
    return Organisation(teams, people)
