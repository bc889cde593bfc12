"""Whose token, made for what, may read and write which characteristic in which state."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.choices import Visibility
from apps.accounts.services import revoke_token
from apps.measurements.models import Characteristic, Observation
from tests.factories import Org, make_team
from tests.measurements.api_client import Program, program

pytestmark = pytest.mark.django_db

PERSONAS = ("administrator", "lead", "manager", "member", "staff", "neighbour", "outsider")
# Who sees a characteristic of the desk that is shown to its team only, and who may add to it.
SEES = {"administrator", "lead", "manager", "member", "staff"}
ADDS = {"administrator", "lead", "member"}
ONE = [{"value": 1.0}]


def desk_characteristic(org: Org, **fields: Any) -> Characteristic:
    return Characteristic.objects.create(
        **{
            "team": org.desk, "owner": org.member, "name": "Waiting time", "data_type": "variable",
            "visibility": Visibility.TEAM, **fields,
        }
    )  # fmt: skip


def reaching(org: Org, persona: str, reach: str, one: Characteristic, *, write: bool) -> Program:
    """A token that reaches `one` only as "inside"; "outside" names another team or record."""
    user = getattr(org, persona)
    if reach == "everything":
        return program(user, may_write=write)
    if reach == "team inside":
        return program(user, may_write=write, reach="team", team=org.desk)
    if reach == "team outside":
        return program(user, may_write=write, reach="team", team=org.network)
    other = Characteristic.objects.create(
        team=org.network, owner=user, name=f"Other {reach} {write}", data_type="variable"
    )
    chosen = [one, other] if reach == "chosen inside" else [other]
    return program(user, may_write=write, reach="chosen", characteristics=chosen)


def expected(persona: str, reach: str, *, write: bool, archived: bool) -> tuple[int, int]:
    """The status of reading and of adding."""
    if persona not in SEES:
        return 404, 404
    if reach.endswith("outside"):
        return 403, 403
    if not write or persona not in ADDS:
        return 200, 403
    return 200, 409 if archived else 201


REACHES = ("everything", "team inside", "team outside", "chosen inside", "chosen outside")


@pytest.mark.parametrize("archived", [False, True])
@pytest.mark.parametrize("persona", PERSONAS)
def test_person_by_reach_by_right_by_state(org: Org, persona: str, archived: bool) -> None:
    one = desk_characteristic(org, archived_at=timezone.now() if archived else None)
    wrong, added = [], 0
    for reach, write in product(REACHES, (True, False)):
        if reach == "chosen inside" and persona not in SEES:
            continue  # nobody chooses what they cannot see: tested with the form
        sender = reaching(org, persona, reach, one, write=write)
        got = (
            sender.get(f"characteristics/{one.pk}").status_code,
            sender.send(one, ONE).status_code,
        )
        status = sender.get(f"characteristics/{one.pk}/status").status_code
        want = expected(persona, reach, write=write, archived=archived)
        added += got[1] == 201
        listed = sender.get("characteristics").json()["items"]
        shown = {row["id"]: row["writable"] for row in listed}
        if (*got, status) != (*want, want[0]):
            wrong.append(f"{persona}, {reach}, write={write}: {got}, {status}, not {want}")
        if (one.pk in shown) != (want[0] == 200) or shown.get(one.pk, False) != (want[1] == 201):
            wrong.append(f"{persona}, {reach}, write={write}: listed as {shown}")
        only = {row["id"] for row in sender.get("characteristics?writable=true").json()["items"]}
        if only != {pk for pk, writable in shown.items() if writable}:
            wrong.append(f"{persona}, {reach}, write={write}: the filter says {only}, not {shown}")
    assert not wrong, "\n".join(wrong)
    assert Observation.objects.count() == added


@pytest.mark.parametrize("ended", ["revoked", "expired", "inactive"])
def test_a_token_that_is_over_opens_nothing(org: Org, ended: str) -> None:
    one, sender = desk_characteristic(org), program(org.member)
    if ended == "revoked":
        revoke_token(actor=org.member, token=sender.token)
    if ended == "expired":
        type(sender.token).objects.update(expires_at=timezone.now())
    if ended == "inactive":
        type(org.member).objects.filter(pk=org.member.pk).update(is_active=False)
    for response in (
        sender.send(one, ONE),
        sender.get("characteristics"),
        sender.get(f"characteristics/{one.pk}"),
        sender.get(f"characteristics/{one.pk}/status"),
    ):
        assert (response.status_code, response.json()["code"]) == (401, f"token_{ended}")
    assert not Observation.objects.exists()


def test_the_token_of_a_team_reaches_the_teams_below_it_and_no_sister(org: Org) -> None:
    below = desk_characteristic(org, team=make_team("Desk, nights", parent=org.desk))
    sender = program(org.administrator, reach="team", team=org.desk)
    assert sender.send(below, ONE).status_code == 201
    beside = desk_characteristic(org, team=org.network, name="Beside")
    assert sender.send(beside, ONE).json()["code"] == "outside_token"


def test_who_owns_a_characteristic_adds_to_it_without_a_role(org: Org) -> None:
    one = desk_characteristic(org, owner=org.outsider)
    sender = program(org.outsider)
    assert sender.get("characteristics?writable=true").json()["count"] == 1
    assert sender.send(one, ONE).status_code == 201
