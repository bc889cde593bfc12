"""Records for tests, made the way the product makes them. Each app's owner adds a section."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from apps.accounts.choices import Role
from apps.accounts.models import RoleAssignment, Team, User
from apps.charts.models import ControlChart
from apps.charts.recompute import recompute
from apps.charts.services import open_chart, start_phase
from apps.measurements.services import append_observations, create_characteristic

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


# --- control charts -------------------------------------------------------------------------

DATA = Path(__file__).parent / "stats" / "data"


def published(name: str) -> dict[str, list[str]]:
    """A published data set by column; lines that begin with # tell its source."""
    lines = (DATA / f"{name}.csv").read_text().splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return {column: [row[column] for row in rows] for column in rows[0]}


def make_chart(
    actor: User,
    team: Team,
    values: Sequence[float] = (),
    *,
    name: str = "",
    kind: str | None = None,
    sizes: Sequence[float] | float | None = None,
    subgroups: Sequence[str] | None = None,
    observed_at: Sequence[dt.datetime | None] | None = None,
    computed: bool = True,
    **characteristic: Any,
) -> ControlChart:
    """A characteristic with data and its chart, by the services a person uses."""
    made = create_characteristic(
        actor=actor, team=team, name=name or f"Characteristic {next(_numbers)}", **characteristic
    )
    if len(values):
        append_observations(
            actor=actor,
            characteristic=made,
            values=values,
            sizes=sizes,
            subgroups=subgroups,
            observed_at=observed_at,
        )
    chart = open_chart(actor=actor, characteristic=made, kind=kind)
    if computed:
        recompute(chart.pk)
    return ControlChart.objects.select_related("characteristic__team", "result").get(pk=chart.pk)


def piston_rings(actor: User, team: Team, *, samples: int = 40) -> ControlChart:
    """Montgomery's piston rings: subgroups of five, limits from the first 25."""
    columns = published("pistonrings")
    chart = make_chart(
        actor,
        team,
        [float(value) for value in columns["diameter"][: 5 * samples]],
        name="Piston ring diameter",
        subgroups=columns["sample"][: 5 * samples],
        subgrouping="column",
        unit="mm",
        decimals=3,
        lsl=73.95,
        target=74.0,
        usl=74.05,
        computed=False,
    )
    start_phase(
        actor=actor, chart=chart, start_sequence=1, name="All", reason="Limits from 25 samples",
        baseline_from=0, baseline_to=25,
    )  # fmt: skip
    recompute(chart.pk)
    return ControlChart.objects.select_related("characteristic__team", "result").get(pk=chart.pk)


def steady(n: int, *, level: float = 10.0) -> list[float]:
    """A series with moving ranges of its own and no signal under the default rules."""
    pattern = (0.0, 1.0, -0.6, 0.4, -1.1, 0.7, -0.3, 0.9, -0.8)
    return [level + pattern[i % len(pattern)] for i in range(n)]
