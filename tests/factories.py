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
from apps.approvals.choices import Outcome, RoundState
from apps.approvals.models import Round
from apps.approvals.selectors import pending_seats
from apps.charts.models import ControlChart
from apps.charts.recompute import recompute
from apps.charts.services import open_chart, start_phase
from apps.measurements.services import append_observations, create_characteristic
from apps.projects import services as projects
from apps.projects.choices import ProjectState
from apps.projects.conditions import evaluate, unmet_blocking
from apps.projects.models import Deliverable, Methodology, Project, Stage
from apps.projects.selectors import current_stage
from apps.projects.services import sync_methodologies

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


# --- projects and gates ---------------------------------------------------------------------


@dataclass(frozen=True)
class Crew:
    """The people who sit in the gates of a project, none of whom works on it."""

    sponsor: User
    process_owner: User
    coach: User


def make_crew(org: Org) -> Crew:
    return Crew(
        sponsor=org.manager,
        process_owner=make_user(f"Petra Process {next(_numbers)}", role=Role.STAFF, team=org.desk),
        coach=make_user(f"Carl Coach {next(_numbers)}", role=Role.STAFF, team=org.desk),
    )


def methodology(key: str) -> Methodology:
    sync_methodologies()
    return Methodology.objects.get(key=key, in_use=True)


def make_project(
    org: Org,
    *,
    key: str = "dmaic",
    until: ProjectState = ProjectState.ACTIVE,
    crew: Crew | None = None,
    **fields: Any,
) -> Project:
    """A project of the member, sponsored by the manager, brought to a state by its services."""
    crew = crew or make_crew(org)
    project = projects.log_initiative(
        actor=org.member, team=org.desk, methodology=methodology(key), owner=org.member,
        sponsor=crew.sponsor,
        **{
            "title": "Shorten first response",
            "problem": "Business customers wait 6.8 min for a technician since May.",
            **fields,
        },
    )  # fmt: skip
    for capacity, user in (("process_owner", crew.process_owner), ("coach", crew.coach)):
        projects.add_member(actor=org.member, project=project, user=user, capacity=capacity)
    if until == ProjectState.DRAFT:
        return present(project)
    projects.submit_initiative(actor=org.member, project=project, version=present(project).version)
    if until == ProjectState.SUBMITTED:
        return present(project)
    projects.accept(actor=org.manager, project=project, version=present(project).version)
    if until == ProjectState.BACKLOG:
        return present(project)
    projects.start_project(actor=org.member, project=project, version=present(project).version)
    return present(project)


def present(project: Project) -> Project:
    """The project as the database has it now."""
    return Project.objects.select_related("owner", "sponsor", "team", "methodology").get(
        pk=project.pk
    )


def stage_now(project: Project) -> Stage:
    stage = current_stage(present(project))
    if stage is None:
        raise AssertionError("the project stands in no stage")
    return stage


def stage_named(project: Project, key: str) -> Stage:
    return Stage.objects.select_related("template", "project").get(
        project=project, cycle=present(project).cycle, template__key=key
    )


def fill(stage: Stage, actor: User) -> None:
    """Write and complete every required deliverable of a stage."""
    for one in stage.deliverables.filter(template__required=True).order_by("template__order"):
        if one.state != "complete":
            body = one.body or f"{one.template.name}: done"
            projects.edit_deliverable(actor=actor, deliverable=one, version=one.version, body=body)
            one = Deliverable.objects.get(pk=one.pk)
            projects.complete_deliverable(actor=actor, deliverable=one, version=one.version)


def waive_unmet(stage: Stage, by: User) -> None:
    """Set aside what the data of a test do not show."""
    for verdict in unmet_blocking(evaluate(stage)):
        projects.waive_condition(
            actor=by, stage=stage, condition=verdict.template, reason="Not what is tested here"
        )


def submit(stage: Stage, actor: User, note: str = "") -> Round:
    """Fill the stage, set the rest aside, and ask for its gate."""
    fill(stage, actor)
    sponsor = stage.project.sponsor
    if sponsor is not None:
        waive_unmet(stage, sponsor)
    return projects.submit_gate(
        actor=actor, stage=stage, version=Stage.objects.get(pk=stage.pk).version, note=note
    )


def decide(round_: Round, user: User, outcome: Outcome = Outcome.APPROVE, **words: Any) -> Round:
    return projects.decide_gate(
        actor=user, round_=round_, outcome=outcome,
        **{
            "comment": "", "conditions": [], "password": PASSWORD,
            "seen_hash": round_.content_hash, **words,
        },
    )  # fmt: skip


def approve_all(round_: Round) -> Round:
    """Every seat signs when it is its turn."""
    while round_.state == RoundState.OPEN:
        seat = pending_seats(round_).filter(mandatory=True).first() or pending_seats(round_).first()
        assert seat is not None
        round_ = decide(round_, seat.user)
    return round_


def pass_stage(project: Project, actor: User) -> Stage:
    """Bring the present stage to its end: by its gate, or without one; return the next."""
    stage = stage_now(project)
    if stage.template.has_gate:
        approve_all(submit(stage, actor))
    else:
        fill(stage, actor)
        if stage.project.sponsor is not None:
            waive_unmet(stage, stage.project.sponsor)
        projects.finish_stage(actor=actor, stage=stage, version=stage.version)
    return Stage.objects.select_related("template").get(pk=stage.pk)
