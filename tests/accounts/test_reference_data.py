"""Administrators edit people, teams and roles; every change stands in the trail."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.core import mail as outbox
from django.test import Client

from apps.accounts.models import RoleAssignment, User
from apps.audit.models import Entry
from apps.audit.sentences import sentence_of
from tests.accounts.test_signing_in import with_second_step
from tests.factories import Org, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(org: Org, client: Client) -> Client:
    client.force_login(org.administrator)
    return client


def person_form(user: User, **changed: str) -> dict[str, str]:
    return {
        "email": user.email, "name": user.name, "is_active": "on", "theme": "auto",
        "language": "", "time_zone": "", "home_team": "",
        "assignments-TOTAL_FORMS": "0", "assignments-INITIAL_FORMS": "0",
    } | changed  # fmt: skip


def test_adding_a_person(admin: Client, org: Org) -> None:
    body = {
        "email": "New@Example.org", "name": "New", "usable_password": "true",
        "password1": "a much better phrase 7", "password2": "a much better phrase 7",
        "assignments-TOTAL_FORMS": "0", "assignments-INITIAL_FORMS": "0",
    }  # fmt: skip
    assert admin.post("/reference/accounts/user/add/", body).status_code == 302
    person = User.objects.get(email="new@example.org")
    entry = Entry.objects.get(verb="person.added")
    assert (entry.actor_id, entry.target_id) == (org.administrator.pk, person.pk)
    assert "Ada Admin" in sentence_of(entry)


def test_an_address_is_given_once(admin: Client, org: Org) -> None:
    body = {
        "email": org.staff.email.upper(), "name": "Twin", "usable_password": "false",
        "assignments-TOTAL_FORMS": "0", "assignments-INITIAL_FORMS": "0",
    }  # fmt: skip
    assert admin.post("/reference/accounts/user/add/", body).status_code == 200
    assert not User.objects.filter(name="Twin").exists()


def test_giving_a_role_stands_in_the_trail(admin: Client, org: Org) -> None:
    body = person_form(org.outsider) | {
        "assignments-TOTAL_FORMS": "1", "assignments-0-user": str(org.outsider.pk),
        "assignments-0-team": str(org.desk.pk), "assignments-0-role": "manager",
    }  # fmt: skip
    url = f"/reference/accounts/user/{org.outsider.pk}/change/"
    assert admin.post(url, body).status_code == 302
    assert RoleAssignment.objects.filter(user=org.outsider, role="manager").exists()
    assert "Manager" in str(Entry.objects.get(verb="person.edited").details)


def test_a_former_address_opens_nothing(admin: Client, org: Org) -> None:
    former = org.staff.email
    EmailAddress.objects.create(user=org.staff, email=former, primary=True, verified=True)
    url = f"/reference/accounts/user/{org.staff.pk}/change/"
    assert admin.post(url, person_form(org.staff, email="new@example.org")).status_code == 302
    Client().post("/accounts/password/reset/", {"email": former})
    assert not outbox.outbox


def test_people_are_disabled_and_not_deleted(admin: Client, org: Org) -> None:
    assert admin.get(f"/reference/accounts/user/{org.staff.pk}/delete/").status_code == 403


def test_a_lost_phone(admin: Client) -> None:
    person = with_second_step(make_user())
    body = {"action": "remove_second_step", "_selected_action": [person.pk]}
    assert admin.post("/reference/accounts/user/", body).status_code == 302
    assert not person.authenticator_set.exists()
    assert Entry.objects.filter(verb="person.second_step_removed").count() == 1


def test_a_team_is_added_below_another(admin: Client, org: Org) -> None:
    body = {"name": "Night shift", "parent": str(org.desk.pk)}
    assert admin.post("/reference/accounts/team/add/", body).status_code == 302
    assert Entry.objects.filter(verb="team.added").exists()
