"""Home, search, help: for each person what is theirs, in queries that do not grow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Visibility
from apps.accounts.models import User
from apps.charts.models import Signal
from apps.charts.services import assign_signal
from apps.portfolio.glossary import CATEGORIES, all_terms, search_terms
from apps.portfolio.work import Work
from apps.projects.choices import ProjectState
from apps.projects.models import Project
from tests import factories
from tests.factories import Org

pytestmark = pytest.mark.django_db

Clients = Callable[[User], Client]


def page(client: Client, url: str = "/") -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def chart_with_signal(org: Org):
    values = [*factories.steady(24), 99.0, *factories.steady(3)]
    return factories.make_chart(org.member, org.desk, values, name="First response")


def test_nothing_to_do(org: Org, client_as: Clients) -> None:
    home = page(client_as(org.staff))
    assert "Nothing waits for you." in home
    assert "No chart needs attention." in home
    assert "Open control charts" in home


def test_a_team_member_without_work_is_shown_where_to_begin(org: Org, client_as: Clients) -> None:
    work = Work(org.member)
    assert work.first_step.url == "/projects/new/"
    assert "No project yet." in page(client_as(org.member))


def test_a_manager_decides_first(org: Org, client_as: Clients) -> None:
    project = factories.make_project(org)
    round_ = factories.submit(factories.stage_now(project), org.member)
    assert Work(org.manager).first_step.url == f"/reviews/{round_.pk}/"
    home = page(client_as(org.manager))
    assert "Waiting for your decision" in home
    assert "One decision waits for you, since today." in home
    assert project.title in home


def test_a_review_on_hold_waits_for_nobody(org: Org) -> None:
    project = factories.make_project(org)
    factories.submit(factories.stage_now(project), org.member)
    factories.projects.hold(
        actor=org.manager, project=project, version=factories.present(project).version,
        reason="Budget",
    )  # fmt: skip
    assert Work(org.manager).reviews == []


def test_an_initiative_waits_for_who_may_accept_it(org: Org) -> None:
    project = factories.make_project(org, until=ProjectState.SUBMITTED)
    assert Work(org.manager).initiatives == [project]
    assert Work(org.lead).initiatives == [project]
    assert Work(org.member).initiatives == [], "nobody accepts their own"
    assert Work(org.neighbour).initiatives == []
    assert Work(org.manager).first_step.url == f"/projects/{project.number}/"


def test_the_owner_goes_on_with_the_next_step_of_the_project(org: Org) -> None:
    project = factories.make_project(org)
    assert Work(org.member).first_step.url.startswith(f"/projects/{project.number}/")


def test_a_signal_asks_its_person_first_and_everyone_who_may_help(org: Org) -> None:
    chart = chart_with_signal(org)
    assert [one.chart_id for one in Work(org.member).signals] == [chart.pk]
    assert "Nobody looks into the signal of 1 chart." in Work(org.member).headline
    signal = Signal.objects.first()
    for one in Signal.objects.all():
        assign_signal(actor=org.lead, signal=one, person=org.member, due=None)
    work = Work(org.member)
    assert work.own_signals
    assert work.nobodys_signals == []
    assert work.first_step.url == f"/charts/{signal.chart_id}/"
    assert Work(org.lead).signals == []


def test_staff_see_the_charts_that_need_attention(org: Org, client_as: Clients) -> None:
    chart_with_signal(org)
    home = page(client_as(org.staff))
    assert "First response" in home
    assert "Nobody assigned" in home
    assert "Signals that need you" not in home


def test_actions_of_the_project_are_seen_by_owner_and_sponsor(org: Org) -> None:
    project = factories.make_project(org)
    today = Work(org.member).today
    factories.projects.add_action(
        actor=org.member, project=project, title="Call back", owner=org.member, due=today
    )
    assert [one.title for one in Work(org.member).actions] == ["Call back"]
    assert [one.title for one in Work(org.manager).actions] == ["Call back"]
    assert Work(org.staff).actions == []
    assert Work(org.manager).own_actions == []


def test_the_queries_of_home_do_not_grow_with_projects(org: Org, client_as: Clients) -> None:
    client, counts = client_as(org.manager), []
    for more in (1, 3):
        for _ in range(more):
            project = factories.make_project(org)
            factories.submit(factories.stage_now(project), org.member)
        client.get("/")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get("/")
        counts.append(len(captured))
    assert counts[1] <= counts[0] + 1, counts


# --- search -----------------------------------------------------------------------------------


def test_search_finds_projects_and_charts_by_all_words(org: Org, client_as: Clients) -> None:
    project = factories.make_project(org, title="Shorten first response")
    chart_with_signal(org)
    found = page(client_as(org.member), "/portfolio/search/?q=response+first")
    assert f"/projects/{project.number}/" in found
    assert "/charts/" in found
    assert "Nothing found" in page(client_as(org.member), "/portfolio/search/?q=first+nowhere")
    code = page(client_as(org.member), f"/portfolio/search/?q={project.code.lower()}")
    assert project.title in code


def test_search_shows_only_what_the_person_may_see(org: Org, client_as: Clients) -> None:
    factories.make_project(org, title="Shorten first response")
    Project.objects.update(visibility=Visibility.TEAM)
    for user in (org.neighbour, org.outsider):
        assert "Nothing found" in page(client_as(user), "/portfolio/search/?q=shorten")


def test_what_is_searched_for_is_shown_as_text(org: Org, client_as: Clients) -> None:
    found = page(client_as(org.member), "/portfolio/search/?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in found


def test_search_without_words_says_how(org: Org, client_as: Clients) -> None:
    assert "What are you looking for?" in page(client_as(org.member), "/portfolio/search/")


# --- help -------------------------------------------------------------------------------------


def test_every_term_has_three_languages_and_a_known_category() -> None:
    terms = all_terms()
    assert len(terms) > 250
    assert all(term.en and term.zh_hant and term.zh_hans for term in terms)
    assert {term.category for term in terms} <= set(CATEGORIES)
    assert len({term.key for term in terms}) == len(terms)


def test_a_term_is_found_in_any_language() -> None:
    assert [term.en for term in search_terms("控制下限")] == ["lower control limit"]
    assert "control chart" in [term.en for term in search_terms("Control Chart")]


def test_the_glossary_shows_the_readers_language_beside_english(
    org: Org, client_as: Clients
) -> None:
    client = client_as(org.staff)
    client.post("/language/", {"language": "zh-hant"})
    shown = page(client, "/help/?q=lower+control")
    assert "管制下限" in shown
    assert "控制下限" not in shown


def test_help_explains_the_chart(org: Org, client_as: Clients) -> None:
    assert "<svg" in page(client_as(org.staff), "/help/charts/")


# --- the frame --------------------------------------------------------------------------------


def test_the_navigation_counts_reviews_and_marks_the_place(org: Org, client_as: Clients) -> None:
    project = factories.make_project(org)
    factories.submit(factories.stage_now(project), org.member)
    response = client_as(org.manager).get("/projects/")
    nav = {entry["key"]: entry for entry in response.context["nav"]}
    assert list(nav) == ["home", "projects", "reviews", "charts"]
    assert nav["reviews"]["badge"] == 1
    assert [key for key, entry in nav.items() if entry["current"]] == ["projects"]


def test_the_frame_asks_nothing_of_who_is_not_signed_in(client: Client) -> None:
    with CaptureQueriesContext(connection) as captured:
        client.get("/accounts/login/")
    assert not [query for query in captured if "approvals" in query["sql"]]
    assert not [query for query in captured if "notifications" in query["sql"]]


def test_who_has_no_role_is_told_how_to_get_one(org: Org, client_as: Clients) -> None:
    first = User.objects.create_superuser("first@example.org", "First Person", "x" * 20)
    assert 'href="/reference/"' in client_as(first).get("/").content.decode().split("<main")[1]
    assert "Ask an administrator" in client_as(org.outsider).get("/").content.decode()
    assert "no role" not in client_as(org.member).get("/").content.decode()
