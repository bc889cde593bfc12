"""The list of notices and the mail preferences."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.notifications.models import Notification, Preference
from tests.factories import make_user
from tests.notifications.test_notify import KIND, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(client: Client) -> User:
    user = make_user()
    client.force_login(user)
    return user


def test_opening_marks_as_read_and_leads_to_the_record(client: Client, user: User) -> None:
    notice = tell(user)[0]
    assert "asks you about" in client.get("/notifications/").content.decode()
    assert client.post(f"/notifications/{notice.pk}/open/").url == "/reviews/1/"
    assert not Notification.objects.unread().exists()


def test_the_filter_shows_unread_only(client: Client, user: User) -> None:
    first, _second = tell(user, key="a")[0], tell(user, key="b")[0]
    client.post(f"/notifications/{first.pk}/read/")
    assert len(client.get("/notifications/?show=unread").context["rows"]) == 1
    assert len(client.get("/notifications/").context["rows"]) == 2
    client.post("/notifications/read/")
    assert "Nothing unread" in client.get("/notifications/?show=unread").content.decode()


def test_the_notices_of_others_are_not_there(client: Client, user: User) -> None:
    other = tell(make_user())[0]
    assert client.post(f"/notifications/{other.pk}/open/").status_code == 404
    assert "No notifications yet" in client.get("/notifications/").content.decode()


def test_many_notices_come_in_pages(client: Client, user: User) -> None:
    for number in range(30):
        tell(user, key=str(number))
    assert len(client.get("/notifications/").context["rows"]) == 25
    assert len(client.get("/notifications/?page=2").context["rows"]) == 5
    assert len(client.get("/notifications/?page=99").context["rows"]) == 5


def test_choosing_what_comes_by_mail(client: Client, user: User) -> None:
    assert client.post("/notifications/preferences/", {"by_mail": "on"}).status_code == 302
    preference = Preference.objects.get(user=user)
    assert preference.by_mail
    assert KIND in preference.muted_kinds
    assert not preference.wants_mail(KIND)
    client.post("/notifications/preferences/", {"by_mail": "on", "kinds": [KIND]})
    assert Preference.objects.get(user=user).wants_mail(KIND)
    bad = client.post("/notifications/preferences/", {"kinds": ["nothing.known"]})
    assert bad.status_code == 200
