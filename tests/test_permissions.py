"""Every URL, every method, every person: nobody sees or changes what is not theirs.

Walks the URL configuration; a view that is missing from `permission_table` fails. Each GET is
also held to three promises: it changes nothing, it carries the content security policy, and its
page has no inline script, style or event handler.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from apps.accounts.choices import Role, Visibility
from apps.accounts.models import ApiToken, User
from apps.accounts.policies import GRANTS, Action, may
from apps.approvals.choices import Outcome
from apps.approvals.models import Condition
from apps.approvals.plans import ConditionPlan
from apps.approvals.selectors import pending_seats
from apps.charts.models import ControlChart, Exclusion, Phase, Signal
from apps.charts.recompute import recompute
from apps.charts.services import exclude_point, start_phase
from apps.measurements.models import Characteristic, Import, ImportProfile
from apps.measurements.reading import read
from apps.measurements.services import create_characteristic, create_token, receive_import
from apps.notifications.models import Notification
from apps.projects import services as projects
from apps.projects.models import Attachment, Project, ProjectAction
from tests import factories
from tests.factories import Org
from tests.permission_table import TABLE, Bearer, Open, Row

# The mark makes pytest-django prepare the database; `_django_db_helper` below isolates the tests.
pytestmark = [pytest.mark.django_db, pytest.mark.slow]

LETTERS = {
    "A": "administrator", "L": "lead", "G": "manager", "M": "member",
    "S": "staff", "N": "neighbour", "O": "outsider",
}  # fmt: skip
# The administrator opens every page on every database; who else may is decided in Python.
EACH = ["A", *(pytest.param(letter, marks=pytest.mark.once) for letter in LETTERS if letter != "A")]
SIGN_IN = "/accounts/login/"
FORM = "application/x-www-form-urlencoded"


# --- the URLs ---------------------------------------------------------------------------------


def walk(patterns: list[Any], space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from walk(entry.url_patterns, inner)
        else:
            yield f"{space}{entry.name or entry.pattern}", entry


ALL_URLS = dict(walk(get_resolver().url_patterns))
ADMIN = sorted(name for name in ALL_URLS if name.startswith("admin:"))
OURS = sorted(name for name in ALL_URLS if name in TABLE)


def test_every_view_stands_in_the_table_and_every_row_is_a_view() -> None:
    assert set(ALL_URLS) - set(ADMIN) == set(TABLE)


# --- the world --------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    org: Org
    places: dict[str, dict[str, Any]]

    def url(self, name: str) -> str:
        row = TABLE[name]
        return reverse(name, kwargs=self.places[row.at] if row.at else {})

    def client(self, letter: str) -> Client:
        client = Client(raise_request_exception=False)
        if letter:
            client.force_login(self.user(letter))
        return client

    def user(self, letter: str) -> User:
        return getattr(self.org, LETTERS[letter])


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Made once: each test below takes back what it changes."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _django_db_helper(world: World) -> Iterator[None]:
    """Instead of pytest-django's own, which closes the connection and with it the world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def make_world() -> World:
    call_command("createcachetable", verbosity=0)
    org = factories.make_org()
    places = {
        **_projects(org),
        **_charts(org),
        "reset_key": {"uidb36": "1", "key": "abc-def"},
        "provider": {"provider_id": "oidc"},
        "key": {"key": "abc"},
        "api_unknown": {"rest": "nowhere"},
    }
    for model in (Project, Characteristic):
        model.objects.update(visibility=Visibility.TEAM)
    notice = Notification.objects.create(user=org.member, key="k", kind="gate.passed", url="/")
    token, _secret = make_token(org.member)
    made = {
        "notice": {"pk": notice.pk},
        "token": {"pk": token.pk},
        "api_characteristic": {"characteristic_id": places["characteristic"]["pk"]},
    }
    return World(org, places | made)


def make_token(user: User, *, may_write: bool = True) -> tuple[ApiToken, str]:
    return create_token(actor=user, name="Line 3", may_write=may_write, reach="everything", days=30)


def _projects(org: Org) -> dict[str, dict[str, Any]]:
    project = factories.make_project(org)
    stage = factories.stage_now(project)
    deliverable = stage.deliverables.first()
    file = SimpleUploadedFile("charter.txt", b"text")
    projects.attach_file(actor=org.member, deliverable=deliverable, file=file)
    projects.add_action(
        actor=org.member, project=project, title="Call back", owner=org.member, due=None
    )
    beside = factories.make_chart(org.member, org.desk, factories.steady(9))
    secondary = projects.add_secondary_target(
        actor=org.member, project=project, chart=beside, from_value=9.0, to_value=8.0
    )
    round_ = factories.submit(stage, org.member)
    number = {"number": project.number}
    return {
        "project": number,
        "secondary": number | {"pk": secondary.pk},
        "member": number | {"pk": project.members.first().pk},
        "deliverable": number | {"pk": deliverable.pk},
        "attachment": number | {"pk": Attachment.objects.get().pk},
        "action": number | {"pk": ProjectAction.objects.get().pk},
        "gate_condition": number | {"pk": stage.template.conditions.first().pk},
        "round": {"pk": round_.pk},
        "cyclic": {"number": factories.make_project(org, key="pdca").number},
        "condition": _condition(org),
    }


def _condition(org: Org) -> dict[str, Any]:
    project = factories.make_project(org)
    stage = factories.stage_now(project)
    round_ = factories.submit(stage, org.member)
    blocks = projects.later_gates(stage)[0][0]
    due = timezone.localdate() + dt.timedelta(days=9)
    plan = ConditionPlan("Ask the night shift", org.member, due, blocks)
    while (seat := pending_seats(round_).first()) is not None and not Condition.objects.exists():
        round_ = factories.decide(
            round_, seat.user, Outcome.APPROVE_WITH_CONDITIONS, conditions=[plan], comment="Yes"
        )
    return {"number": project.number, "pk": Condition.objects.first().pk}


def _charts(org: Org) -> dict[str, dict[str, Any]]:
    values = [*factories.steady(24), 99.0, *factories.steady(5)]
    chart = factories.make_chart(org.member, org.desk, values)
    start_phase(actor=org.member, chart=chart, start_sequence=11, name="New", reason="Moved")
    exclude_point(actor=org.member, chart=chart, sequence=5, reason="Power cut")
    recompute(chart.pk)
    bare = create_characteristic(actor=org.member, team=org.desk, name="Not charted yet")
    profile = ImportProfile.objects.create(characteristic=bare, name="Export", saved_by=org.member)
    csv = SimpleUploadedFile("values.csv", b"value\n1\n2\nthree\n4\n")
    made = receive_import(actor=org.member, characteristic=chart.characteristic, file=csv)
    read(made.pk)
    one = {"pk": chart.pk}
    return {
        "chart": one,
        "characteristic": {"pk": chart.characteristic_id},
        "bare": {"pk": bare.pk},
        "profile": {"pk": bare.pk, "profile": profile.pk},
        "observation": {"pk": chart.characteristic_id, "sequence": 3},
        "phase": one | {"phase_pk": Phase.objects.first().pk},
        "numbered_phase": one | {"number": 1},
        "point": one | {"exclusion_pk": Exclusion.objects.get().pk},
        "signal": {"pk": Signal.objects.first().pk},
        "import": {"pk": made.pk},
    }


# --- who gets what ----------------------------------------------------------------------------


def expected(row: Row, letter: str, method: str) -> str:
    allowed = row.get if method == "GET" else row.post
    if allowed is None:
        return "refused method"
    if letter not in row.sees:
        return "not there"
    return "answered" if letter in allowed else "forbidden"


def found(response: Any) -> str:
    code = response.status_code
    if code == 302 and response.url.startswith(SIGN_IN):
        return "sign in"
    names = {403: "forbidden", 404: "not there", 405: "refused method"}
    return names.get(code, "answered" if code < 500 else f"error {code}")


def ask(client: Client, method: str, url: str) -> Any:
    """One request; what it changes is taken back, so that the next one finds the same world."""
    with transaction.atomic():
        response = client.generic(method, url, data="", content_type=FORM)
        transaction.set_rollback(True)
    return response


def refusals(world: World, letter: str, method: str, answers: dict[str, Any]) -> list[str]:
    """Where an answer is not what the table says."""
    wrong = []
    for name, response in answers.items():
        row = TABLE[name]
        if isinstance(row, Row):
            want, got = expected(row, letter, method), found(response)
            if want != got:
                wrong.append(f"{method} {name} as {LETTERS[letter]}: {got}, not {want}")
    return wrong


@pytest.mark.parametrize("letter", EACH)
def test_who_may_change_what(world: World, letter: str) -> None:
    client = world.client(letter)
    rows = [name for name in OURS if isinstance(TABLE[name], Row)]
    answers = {name: ask(client, "POST", world.url(name)) for name in rows}
    wrong = refusals(world, letter, "POST", answers)
    assert not wrong, "\n".join(wrong)


@pytest.mark.once
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_who_is_not_signed_in_is_sent_to_sign_in(world: World, method: str) -> None:
    wrong = []
    for name in OURS:
        row, response = TABLE[name], ask(world.client(""), method, world.url(name))
        if isinstance(row, Row) and found(response) != "sign in":
            public = name == "set_language" and response.status_code in (302, 405)
            if not public:
                wrong.append(f"{method} {name}: {response.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.once
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_methods_nobody_offers(world: World, method: str) -> None:
    client, wrong = world.client("A"), []
    for name in OURS:
        if isinstance(TABLE[name], Row):
            got = found(ask(client, method, world.url(name)))
            if got != "refused method":
                wrong.append(f"{method} {name}: {got}")
    assert not wrong, "\n".join(wrong)


def ask_as_program(world: World, name: str, method: str, secret: str) -> Any:
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "one"}
    with transaction.atomic():
        response = world.client("").generic(
            method, world.url(name), data='{"observations":[{"value":1}]}',
            content_type="application/json", headers=headers,
        )  # fmt: skip
        transaction.set_rollback(True)
    return response


PROGRAMS = [name for name in OURS if isinstance(TABLE[name], Bearer)]


@pytest.mark.parametrize("letter", LETTERS)
def test_a_token_may_what_its_person_may(world: World, letter: str) -> None:
    wrong = []
    _token, secret = make_token(world.user(letter))
    for name in PROGRAMS:
        row = TABLE[name]
        assert isinstance(row, Bearer)
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            allowed = {"GET": row.get, "POST": row.post}.get(method)
            shown = Row(allowed, allowed, row.at, row.sees)
            want = expected(shown, letter, "GET")
            got = found(ask_as_program(world, name, method, secret))
            if got != want:
                wrong.append(
                    f"{method} {name} with the token of {LETTERS[letter]}: {got}, not {want}"
                )
    assert not wrong, "\n".join(wrong)


def test_a_session_is_no_token_and_a_token_no_session(world: World) -> None:
    wrong = []
    for name in PROGRAMS:
        row = TABLE[name]
        assert isinstance(row, Bearer)
        method = "GET" if row.get else "POST"
        for letter in ("", "M", "A"):
            response = ask(world.client(letter), method, world.url(name))
            if response.status_code != 401:
                wrong.append(f"{method} {name} by session: {response.status_code}")
    _token, secret = make_token(world.org.administrator)
    for name in OURS:
        if isinstance(TABLE[name], Row):
            for method in ("GET", "POST"):
                response = ask_as_program(world, name, method, secret)
                public = name == "set_language"
                if found(response) != "sign in" and not public:
                    wrong.append(f"{method} {name} by token: {response.status_code}")
    assert not wrong, "\n".join(wrong)


def test_the_pages_of_signing_in(world: World) -> None:
    wrong = []
    for name in OURS:
        row = TABLE[name]
        if isinstance(row, Open):
            for letter, want in (("", row.anonymous), ("M", row.signed_in), ("O", row.signed_in)):
                got = ask(world.client(letter), "GET", world.url(name)).status_code
                if got != want:
                    wrong.append(f"GET {name} as {letter or 'nobody'}: {got}, not {want}")
                got = ask(world.client(letter), "POST", world.url(name)).status_code
                if got >= 500 and want < 500:
                    wrong.append(f"POST {name} as {letter or 'nobody'}: {got}")
    assert not wrong, "\n".join(wrong)


def test_a_neighbour_reads_what_the_organisation_may_see_and_changes_nothing(world: World) -> None:
    for model in (Project, Characteristic):
        model.objects.update(visibility=Visibility.ORGANISATION)
    client, wrong = world.client("N"), []
    for name in OURS:
        row = TABLE[name]
        if isinstance(row, Row) and row.sees == "ALGMS":
            if row.get is not None:
                want = "answered" if set(row.sees) == set(row.get) else "forbidden"
                got = found(ask(client, "GET", world.url(name)))
                if got != want:
                    wrong.append(f"GET {name}: {got}, not {want}")
            if row.post is not None:
                got = found(ask(client, "POST", world.url(name)))
                if got != "forbidden":
                    wrong.append(f"POST {name}: {got}, not forbidden")
    assert not wrong, "\n".join(wrong)


# --- the reference data -----------------------------------------------------------------------

ADMIN_KWARGS = {"app_label": "accounts", "content_type_id": "1", "url": "nowhere"}


def admin_urls(world: World) -> Iterator[tuple[str, str]]:
    for name in ADMIN:
        pattern = ALL_URLS[name]
        wanted = pattern.pattern.regex.groupindex or pattern.pattern.converters
        if pattern.name is None:
            yield name, "/reference/nowhere/"
            continue
        kwargs = {key: ADMIN_KWARGS.get(key, str(world.org.member.pk)) for key in wanted}
        args = [world.org.member.pk] if not wanted and pattern.pattern.regex.groups else []
        yield name, reverse(name, kwargs=kwargs, args=args)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("letter", ["", *"LGMSNO"])
def test_reference_data_is_closed_to_everyone_else(world: World, letter: str, method: str) -> None:
    client, opened = world.client(letter), []
    for name, url in admin_urls(world):
        response = ask(client, method, url)
        if name == "admin:logout":
            continue
        if response.status_code not in (302, 403, 404, 405):
            opened.append(f"{method} {name}: {response.status_code}")
        elif response.status_code == 302 and not (
            "login" in response.url or "reference" in response.url
        ):
            opened.append(f"{method} {name}: to {response.url}")
    assert not opened, "\n".join(opened)


def test_an_administrator_opens_every_page_of_the_reference_data(world: World) -> None:
    client, closed = world.client("A"), []
    for name, url in admin_urls(world):
        code = ask(client, "GET", url).status_code
        if code >= 500 or (
            name.endswith(("_changelist", "_add", "index")) and code not in (200, 403)
        ):
            closed.append(f"{name}: {code}")
    assert not closed, "\n".join(closed)
    for name in ("index", "accounts_user_changelist", "accounts_user_add", "accounts_team_add"):
        assert client.get(reverse(f"admin:{name}")).status_code == 200


def test_governed_records_are_read_only_in_the_reference_data() -> None:
    class Request:
        user = User(is_superuser=True, is_staff=True, is_active=True)

    writable = {
        model._meta.label
        for model, one in admin.site._registry.items()
        if one.has_add_permission(Request()) or one.has_change_permission(Request())
    }
    reference = {"accounts.User", "accounts.Team"}
    # A way of working may be edited until the first project follows it (tests/projects).
    until_used = {"projects.Methodology", "projects.StageTemplate"}
    assert writable <= reference | until_used


def test_an_administrator_of_a_part_does_not_edit_people(world: World) -> None:
    part = factories.make_user(role=Role.ADMINISTRATOR, team=world.org.desk, is_staff=True)
    client = Client()
    client.force_login(part)
    assert client.get("/reference/accounts/user/").status_code == 403


# --- what a GET leaves behind and carries -----------------------------------------------------


# Sessions; and allauth's list of addresses, which notes the address of a person whenever a key
# for a new password is checked.
BOOKKEEPING = {"sessions.Session", "account.EmailAddress"}


def everything() -> dict[str, list[Any]]:
    """All rows of all tables."""
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values_list())
        for model in apps.get_models()
        if model._meta.label not in BOOKKEEPING
    }


class Inline(HTMLParser):
    """Finds what the content security policy forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "style" or "style" in named:
            self.found.append(f"<{tag} style>")
        data = str(named.get("type", "")).endswith("json")
        if tag == "script" and "src" not in named and not data:
            self.found.append("<script> without src")
        self.found += [f"<{tag} {key}>" for key in named if key.startswith("on")]
        for key in ("href", "src", "action"):
            if str(named.get(key, "")).strip().lower().startswith("javascript:"):
                self.found.append(f"<{tag} {key}=javascript:>")


def checked(response: Any) -> list[str]:
    """A page runs our own scripts only; a file (an image, a table) runs none."""
    policy = response.headers.get("Content-Security-Policy", "")
    if not response.headers.get("Content-Type", "").startswith("text/html"):
        closed = "script-src 'self'" in policy or "default-src 'none'" in policy
        return [] if closed else ["no content security policy"]
    wrong = [] if "script-src 'self';" in f"{policy};" else ["no content security policy"]
    if "unsafe" in policy:
        wrong.append("an unsafe content security policy")
    parser = Inline()
    parser.feed(response.content.decode())
    return wrong + parser.found


@pytest.mark.parametrize("letter", ["", *EACH])
def test_who_may_read_what_and_reading_changes_nothing(world: World, letter: str) -> None:
    client, before = world.client(letter), everything()
    answers = {name: client.get(world.url(name)) for name in OURS}
    wrong = refusals(world, letter, "GET", answers) if letter else []
    answers |= {name: client.get(url) for name, url in admin_urls(world)}
    for name, response in answers.items():
        wrong += [f"{name}: {what}" for what in checked(response)]
    assert not wrong, "\n".join(wrong)
    after = everything()
    assert [label for label in before if before[label] != after[label]] == []


# --- hostile questions ------------------------------------------------------------------------

LISTS = [
    "q=" + "x" * 5000, "q=%ff%fe", "page=0", "page=-1", "sort=-password", "sort=%00", "state=%00",
    "state=nothing", "team=abc", "team=" + "9" * 40, "team=%00", "methodology=%00", "mine=%00",
    "show=%00", "kind=x", "kind=%00", "next=%00", "page=1&page=2", "q[]=1", "q=%00", "page=abc",
    "page=" + "9" * 31, "sort=__class__", "ordering=__class__", "%00=1",
]  # fmt: skip
# What gets as far as the database, which may refuse it in a way of its own.
REACHING = ["q=%00", "q=%ff%fe", "page=" + "9" * 31, "team=" + "9" * 40, "state=%00", "sort=%00"]
CHART = ["as_of=abc", "first=-1", "first=abc", "last=" + "9" * 31, "points=%00", "language=%00"]
CHARTS = {"charts:detail", "charts:data", "charts:table", "charts:csv", "charts:svg"}


def answers(world: World, wanted: dict[str, list[str]]) -> list[str]:
    client, broken = world.client("M"), []
    for name, queries in wanted.items():
        for query in queries:
            code = client.get(f"{world.url(name)}?{query}").status_code
            if code >= 500 and code != 503:
                broken.append(f"{name}?{query[:40]}: {code}")
    return broken


def test_hostile_query_strings_get_an_answer(world: World) -> None:
    readable = [
        name
        for name, row in TABLE.items()
        if name in ALL_URLS and (isinstance(row, Open) or "M" in (row.get or ""))
    ]
    wanted = {name: ["q=%00", "page=abc", "sort=__class__"] for name in readable}
    for name in readable:
        if not TABLE[name].at:
            wanted[name] = REACHING if connection.vendor == "postgresql" else LISTS
        elif name in CHARTS:
            wanted[name] = CHART
    broken = answers(world, wanted)
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("number", ["0", "999999999", "9" * 18, "9" * 30])
def test_numbers_of_records_that_are_not_there(world: World, number: str) -> None:
    client = world.client("M")
    for start in ("projects", "reviews", "charts", "characteristics", "notifications"):
        end = "open/" if start == "notifications" else ""
        ask_with = client.post if end else client.get
        assert ask_with(f"/{start}/{number}/{end}").status_code == 404


# --- the table of actions ---------------------------------------------------------------------


def test_nobody_may_do_anything_to_what_they_do_not_see(world: World) -> None:
    records = [*Project.objects.all(), *Characteristic.objects.all()]
    for letter in LETTERS:
        user = world.user(letter)
        for record in records:
            seen = type(record).objects.visible_to(user).filter(pk=record.pk).exists()
            if not seen:
                assert not [action for action in Action if may(user, action, record)]


def test_a_disabled_person_sees_and_may_nothing(world: World) -> None:
    lead = world.org.lead
    lead.is_active = False
    assert not Project.objects.visible_to(lead).exists()
    assert not ControlChart.objects.visible_to(lead).exists()
    assert not [action for action in Action if may(lead, action)]


def test_every_action_is_granted_to_somebody() -> None:
    assert set(GRANTS) == set(Action)
    assert all(GRANTS.values())


def test_imports_are_seen_by_who_sees_their_characteristic(world: World) -> None:
    assert Import.objects.count() == 1
    assert Import.objects.visible_to(world.org.staff).count() == 1
    assert Import.objects.visible_to(world.org.neighbour).count() == 0
