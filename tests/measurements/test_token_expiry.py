"""A token that ends soon: said in the list, and told to its person before a program stops."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.conf import settings

from apps.accounts.models import ApiToken
from apps.accounts.services import create_token, revoke_token
from apps.measurements.sweep import sweep
from apps.notifications.models import Mail, Notification
from apps.notifications.sentences import plain_sentence_of
from tests.factories import Org

MADE = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
DAY, MOMENT = dt.timedelta(days=1), dt.timedelta(microseconds=1)

pytestmark = pytest.mark.django_db


def make(org: Org, *, days: int = 30) -> ApiToken:
    with time_machine.travel(MADE, tick=False):
        token, _secret = create_token(
            actor=org.member, name="Line 3", may_write=True, reach="everything", days=days
        )
    return token


def keys_at(moment: dt.datetime) -> list[str]:
    """The notices there are once beat rang at a moment, twice as two schedulers would."""
    with time_machine.travel(moment, tick=False):
        sweep()
        sweep()
    found = Notification.objects.filter(kind="token.expires").order_by("pk")
    return [key.split(":", 3)[3] for key in found.values_list("key", flat=True)]


def test_the_owner_is_told_two_weeks_and_a_day_before(org: Org) -> None:
    end = make(org).expires_at
    assert keys_at(end - 14 * DAY - MOMENT) == []
    assert keys_at(end - 14 * DAY) == ["14"]
    assert keys_at(end - 5 * DAY) == ["14"]
    assert keys_at(end - DAY - MOMENT) == ["14"]
    assert keys_at(end - DAY) == ["14", "1"]
    assert keys_at(end + DAY) == ["14", "1"]
    notice = Notification.objects.latest("pk")
    assert (notice.user, notice.url) == (org.member, "/settings/tokens/")
    assert "Your API token Line 3 expires on" in plain_sentence_of(notice)
    assert Mail.objects.count() == 2


def test_who_was_not_told_in_time_is_told_once_the_machine_runs_again(org: Org) -> None:
    end = make(org).expires_at
    assert keys_at(end - 3 * DAY) == ["14"]
    assert keys_at(end - MOMENT) == ["14", "1"]


def test_a_token_made_for_a_week_is_told_of_on_its_last_day_only(org: Org) -> None:
    end = make(org, days=7).expires_at
    assert keys_at(MADE) == []
    assert keys_at(end - DAY) == ["1"]


def test_what_is_told_is_settled_when_the_token_has_ended(org: Org) -> None:
    token = make(org)
    unread = Notification.objects.unread().filter(kind="token.expires")
    keys_at(token.expires_at - 14 * DAY)
    assert unread.count() == 1
    revoke_token(actor=org.member, token=token)
    assert keys_at(token.expires_at - DAY) == ["14"], "nothing more is told of a revoked token"
    assert unread.count() == 0


def test_nobody_is_told_of_the_token_of_someone_who_left(org: Org) -> None:
    token = make(org)
    org.member.is_active = False
    org.member.save()
    assert keys_at(token.expires_at - DAY) == []


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (14 * DAY + MOMENT, "In use"),
        (14 * DAY, "Expires in 14 days"),
        (5 * DAY, "Expires in 5 days"),
        (DAY, "Expires in 1 day"),
        (dt.timedelta(hours=1), "Expires today"),
        (dt.timedelta(), "Expired"),
    ],
)
def test_the_list_says_when_it_ends(
    org: Org, client_as: Any, left: dt.timedelta, words: str
) -> None:
    token = make(org)
    assert settings.TIME_ZONE == "Asia/Taipei"
    with time_machine.travel(token.expires_at - left, tick=False):
        page = client_as(org.member).get("/settings/tokens/").content.decode()
    row = page.split("<tbody>")[1].split("</tbody>")[0]
    assert words in row
    assert ("In use" in row) == (words == "In use")
