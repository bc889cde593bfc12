"""API tokens: made once, shown once, stored hashed, ended by time or by hand."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApiToken, RoleAssignment
from apps.accounts.services import create_token, revoke_token
from apps.accounts.services.tokens import MOST_LIVE_TOKENS
from apps.accounts.tokens import TokenRefused, count_use, digest, recognised
from apps.audit.models import Entry
from apps.audit.sentences import sentence_of
from apps.common.errors import Refused
from apps.measurements.models import Characteristic
from tests.factories import PASSWORD, Org

pytestmark = pytest.mark.django_db
SECRET = re.compile(r"imp_[\w-]{43}")


def make(org: Org, **fields: Any) -> tuple[ApiToken, str]:
    fields = {"name": "Line 3", "may_write": True, "reach": "everything", "days": 30, **fields}
    return create_token(**{"actor": org.member, **fields})


def why_refused(secret: str, *, after: dt.timedelta = dt.timedelta()) -> str:
    with pytest.raises(TokenRefused) as refusal:
        recognised(secret, now=timezone.now() + after)
    return refusal.value.reason


# --- the secret ---------------------------------------------------------------------------------


def test_only_the_hash_of_the_secret_is_stored(org: Org) -> None:
    token, secret = make(org)
    assert SECRET.fullmatch(secret)
    assert recognised(secret, now=timezone.now()) == token
    columns = ApiToken.objects.values_list().get(pk=token.pk)
    assert not any(secret in str(value) for value in columns)
    assert (token.digest, token.prefix) == (digest(secret), secret[:10])
    entry = Entry.objects.get(verb="token.created")
    assert secret not in str(vars(entry))
    assert "made the API token Line 3" in sentence_of(entry)


def test_no_two_secrets_are_alike(org: Org) -> None:
    assert len({make(org)[1] for _ in range(20)}) == 20


@pytest.mark.parametrize("given", ["", "imp_", "imp_x", "imp_\ud800", "imp_" + "x" * 10_000, "\0"])
def test_what_is_no_token(org: Org, given: str) -> None:
    make(org)
    assert why_refused(given) == "unknown"


def test_the_hash_itself_opens_nothing(org: Org) -> None:
    token, secret = make(org)
    assert why_refused(token.digest) == "unknown"
    assert why_refused(secret.upper()) == "unknown"


# --- its end ------------------------------------------------------------------------------------


def test_it_ends_on_its_day(org: Org) -> None:
    _token, secret = make(org, days=1)
    assert why_refused(secret, after=dt.timedelta(days=1)) == "expired"


@pytest.mark.parametrize("days", [0, -1, 366])
def test_it_lasts_a_year_at_most(org: Org, days: int) -> None:
    with pytest.raises(Refused, match="1 to 365"):
        make(org, days=days)


def test_it_ends_with_its_person(org: Org) -> None:
    _token, secret = make(org)
    org.member.is_active = False
    org.member.save()
    assert why_refused(secret) == "inactive"


@pytest.mark.parametrize("persona", ["member", "administrator"])
def test_it_is_revoked_by_its_person_or_an_administrator(org: Org, persona: str) -> None:
    token, secret = make(org)
    for _ in range(2):
        revoke_token(actor=getattr(org, persona), token=token)
    assert why_refused(secret) == "revoked"
    entry = Entry.objects.get(verb="token.revoked")
    assert entry.actor_name == getattr(org, persona).name


@pytest.mark.parametrize("persona", ["lead", "manager", "staff", "neighbour", "outsider"])
def test_nobody_else_revokes_it(org: Org, persona: str) -> None:
    token, secret = make(org)
    with pytest.raises(PermissionDenied):
        revoke_token(actor=getattr(org, persona), token=token)
    assert recognised(secret, now=timezone.now()) == token


def test_a_person_has_not_ever_more_of_them(org: Org) -> None:
    for _ in range(MOST_LIVE_TOKENS):
        token, _secret = make(org)
    with pytest.raises(Refused, match="Revoke one"):
        make(org)
    revoke_token(actor=org.member, token=token)
    make(org)


def test_a_team_is_named_exactly_where_one_is_meant(org: Org) -> None:
    for fields in ({"reach": "team"}, {"reach": "everything", "team": org.desk}):
        with pytest.raises(Refused, match="Choose the team"):
            make(org, **fields)


# --- the rate limit -----------------------------------------------------------------------------


def test_uses_are_counted_by_the_minute(org: Org) -> None:
    token, _secret = make(org)
    now = dt.datetime(2026, 11, 23, 8, 0, 20, tzinfo=dt.UTC)
    for _ in range(settings.API_REQUESTS_PER_MINUTE):
        assert count_use(token, now=now) == 0
    assert count_use(token, now=now) == 40
    assert count_use(token, now=now + dt.timedelta(seconds=40)) == 0
    token.refresh_from_db()
    assert token.uses_in_minute == 1
    assert token.last_used_at == now + dt.timedelta(seconds=40)


def test_a_program_that_asks_too_often_is_told_how_long_to_wait(org: Org, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    _token, secret = make(org)
    client, headers = Client(), {"Authorization": f"Bearer {secret}"}
    with time_machine.travel("2026-11-23T08:00:15Z", tick=False):
        ApiToken.objects.update(expires_at=timezone.now() + dt.timedelta(days=1))
        got = [client.get("/api/v1/characteristics", headers=headers) for _ in range(4)]
    assert [response.status_code for response in got] == [200, 200, 200, 429]
    assert (got[3]["Retry-After"], got[3].json()["code"]) == ("45", "too_many_requests")
    with time_machine.travel("2026-11-23T08:01:00Z", tick=False):
        assert client.get("/api/v1/characteristics", headers=headers).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "imp_x", "Bearer a b"])
def test_a_header_without_a_token(org: Org, header: str) -> None:
    response = Client().get("/api/v1/characteristics", headers={"Authorization": header})
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response["Content-Type"] == "application/problem+json"


# --- the pages ----------------------------------------------------------------------------------


def signed_in(org: Org) -> Client:
    call_command("createcachetable", verbosity=0)
    client = Client()
    client.post("/accounts/login/", {"login": org.member.email, "password": PASSWORD})
    return client


FORM = {"name": "Laboratory", "rights": "write", "reach": "everything", "days": "90"}


def test_the_password_stands_between_the_form_and_the_token(org: Org) -> None:
    client = signed_in(org)
    assert client.get("/settings/tokens/new/").status_code == 200
    asked = client.post("/settings/tokens/new/", FORM)
    assert asked.status_code == 302
    assert asked.url.startswith("/accounts/reauthenticate/")
    assert not ApiToken.objects.exists()
    wrong = client.post(asked.url, {"password": "wrong"})
    assert wrong.status_code == 200
    assert not ApiToken.objects.exists()
    made = client.post(asked.url, {"password": PASSWORD})
    secret = SECRET.search(made.content.decode())
    assert secret is not None
    assert "no-store" in made["Cache-Control"]
    token = recognised(secret[0], now=timezone.now())
    assert (token.owner, token.name, token.may_write) == (org.member, "Laboratory", True)
    listed = client.get("/settings/tokens/").content.decode()
    assert "Laboratory" in listed
    assert token.prefix in listed
    assert secret[0] not in listed


def confirmed(org: Org) -> Client:
    """Signed in, and the password given again a moment ago."""
    client = signed_in(org)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def test_what_does_not_fit_is_said_at_its_field(org: Org) -> None:
    client = confirmed(org)
    hidden = Characteristic.objects.create(
        team=org.network, owner=org.neighbour, name="Hidden", data_type="variable",
        visibility="team",
    )  # fmt: skip
    for more, field in (
        ({"name": ""}, "name"),
        ({"reach": "team"}, "team"),
        ({"reach": "team", "team": str(org.network.pk)}, "team"),
        ({"reach": "chosen"}, "characteristics"),
        ({"reach": "chosen", "characteristics": [str(hidden.pk)]}, "characteristics"),
        ({"days": "9999"}, "days"),
        ({"rights": "everything"}, "rights"),
    ):
        response = client.post("/settings/tokens/new/", {**FORM, **more})
        assert field in response.context["form"].errors, more
    assert not ApiToken.objects.exists()


def test_chosen_characteristics_are_kept(org: Org) -> None:
    one = Characteristic.objects.create(
        team=org.desk, owner=org.member, name="Waiting time", data_type="variable"
    )
    client = confirmed(org)
    client.post(
        "/settings/tokens/new/", {**FORM, "reach": "chosen", "characteristics": [str(one.pk)]}
    )
    token = ApiToken.objects.get()
    assert [row.characteristic for row in token.characteristics.all()] == [one]


def test_an_administrator_sees_and_revokes_the_tokens_of_all(
    org: Org, client_as: Callable[..., Client]
) -> None:
    token, secret = make(org)
    admin = client_as(org.administrator)
    assert "Line 3" not in admin.get("/settings/tokens/").content.decode()
    assert "Mia Member" in admin.get("/settings/tokens/everyone/").content.decode()
    assert client_as(org.lead).get("/settings/tokens/everyone/").status_code == 403
    response = admin.post(f"/settings/tokens/{token.pk}/revoke/")
    assert response.url == "/settings/tokens/everyone/"
    assert why_refused(secret) == "revoked"
    assert "Revoked" in admin.get("/settings/tokens/everyone/?state=ended&q=mia").content.decode()
    assert admin.get("/settings/tokens/everyone/?state=live").context["rows"] == []
    assert admin.get("/settings/tokens/?state=x").status_code == 400


def test_the_list_costs_the_same_for_any_number(
    org: Org, client_as: Callable[..., Client], django_assert_max_num_queries: Any
) -> None:
    client, counts = client_as(org.member), []
    for _ in range(2):
        for _ in range(10):
            make(org)
        with django_assert_max_num_queries(25) as counted:
            client.get("/settings/tokens/")
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_losing_a_role_takes_it_from_the_token_too(org: Org) -> None:
    one = Characteristic.objects.create(
        team=org.desk, owner=org.lead, name="Waiting time", data_type="variable"
    )
    _token, secret = make(org)
    client, headers = Client(), {"Authorization": f"Bearer {secret}", "Idempotency-Key": "k"}
    url, body = f"/api/v1/characteristics/{one.pk}/observations", '{"observations":[{"value":1}]}'
    kind = "application/json"
    assert client.post(url, body, content_type=kind, headers=headers).status_code == 201
    RoleAssignment.objects.filter(user=org.member).update(role="staff")
    response = client.post(url, body, content_type=kind, headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "not_allowed")
    RoleAssignment.objects.filter(user=org.member).delete()
    response = client.post(url, body, content_type=kind, headers=headers)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
