"""Lists of projects: what a person sees, in a number of queries that does not grow."""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.projects import services
from apps.projects.selectors import (
    filtered_projects,
    overdue_actions,
    projects_for_home,
    reviews_waiting_for,
    rounds_around,
    stages_of_rounds,
    tracks_of,
)
from tests.factories import Crew, Org, make_crew, make_project, stage_now, submit


def codes(projects: object) -> list[int]:
    return [project.number for project in projects]


def test_filters_and_orders(org: Org) -> None:
    crew = make_crew(org)
    first = make_project(org, crew=crew, title="Alpha calls")
    second = make_project(org, crew=crew, key="pdca", title="Beta bills")
    user = org.member
    assert codes(filtered_projects(user)) == [second.number, first.number]
    assert codes(filtered_projects(user, text="alpha")) == [first.number]
    assert codes(filtered_projects(user, text=first.code)) == [first.number]
    assert codes(filtered_projects(user, text="%")) == []
    assert codes(filtered_projects(user, methodology="pdca")) == [second.number]
    assert codes(filtered_projects(user, state="draft")) == []
    assert codes(filtered_projects(user, team=org.network)) == []
    assert codes(filtered_projects(user, team=org.root, sort="title")) == [1, 2]
    assert codes(filtered_projects(user, sort="gate"))[0] == second.number
    assert codes(filtered_projects(org.staff, mine=True)) == []
    assert codes(projects_for_home(org.manager)) == [second.number, first.number]


def test_a_project_of_a_team_only_is_not_seen_elsewhere(org: Org) -> None:
    make_project(org, visibility="team")
    assert codes(filtered_projects(org.staff)) == [1]
    assert codes(filtered_projects(org.neighbour)) == []
    assert codes(filtered_projects(org.outsider)) == []


def test_a_delegate_sees_the_project_of_the_gate(org: Org) -> None:
    project = make_project(org, visibility="team")
    round_ = submit(stage_now(project), org.member)
    services.delegate_seat(actor=org.manager, round_=round_, to=org.neighbour, reason="Away")
    assert codes(filtered_projects(org.neighbour)) == [1]
    assert list(reviews_waiting_for(org.neighbour)) == [round_]
    assert list(rounds_around(org.manager)) == [round_]
    assert not rounds_around(org.outsider).exists()


def test_a_longer_list_takes_no_more_queries(org: Org) -> None:
    crew = make_crew(org)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page = list(filtered_projects(org.member))
            tracks_of(page)
            for project in page:
                str((project.owner, project.sponsor, project.team, project.methodology))
                str(project.target.chart)
            rounds = list(reviews_waiting_for(org.manager))
            for stage in stages_of_rounds(rounds).values():
                str((stage.template, stage.project))
        return len(captured)

    grow(org, crew)
    queries()
    few = queries()
    grow(org, crew)
    grow(org, crew)
    assert queries() == few


def grow(org: Org, crew: Crew) -> None:
    submit(stage_now(make_project(org, crew=crew)), org.member)


def test_overdue_actions_of_a_person(org: Org) -> None:
    project = make_project(org)
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    late = services.add_action(
        actor=org.member, project=project, title="Late", owner=org.staff, due=yesterday
    )
    services.add_action(
        actor=org.member, project=project, title="Open", owner=org.staff,
        due=timezone.localdate(),
    )  # fmt: skip
    assert list(overdue_actions(org.staff)) == [late]
    services.move_action(actor=org.staff, action=late, version=late.version, state="done")
    assert list(overdue_actions(org.staff)) == []
