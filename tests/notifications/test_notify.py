"""Telling people: once per event, in the event's transaction, mail only when wanted."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction
from django.utils import translation

from apps.accounts.models import User
from apps.notifications import sentences
from apps.notifications.models import Mail, MailState, Notification
from apps.notifications.services import mark_all_read, mark_read, notify, set_preference

pytestmark = pytest.mark.django_db

KIND = "test.asked"
sentences.register(
    {
        KIND: sentences.Sentence(
            "<b>%(actor)s</b> asks you about %(target)s by %(due)s.", "hourglass-split", "Questions"
        )
    }
)
PARAMS = {"actor": "Mei <script>", "target": "P-014", "due": dt.date(2026, 11, 24)}


@pytest.fixture
def reader() -> User:
    return User.objects.create_user("reader@example.org", "Reader")


def tell(*users: User, key: str = "round:1:opened") -> list[Notification]:
    return notify(users=users, key=key, kind=KIND, params=PARAMS, url="/reviews/1/")


def test_an_event_told_twice_is_one_notice_and_one_mail(reader: User) -> None:
    assert len(tell(reader)) == 1
    assert tell(reader) == []
    assert tell(reader, reader) == []
    assert Notification.objects.count() == Mail.objects.count() == 1


def test_a_second_person_is_told_when_the_first_knows_already(reader: User) -> None:
    other = User.objects.create_user("other@example.org", "Other")
    tell(reader)
    assert [notice.user for notice in tell(reader, other)] == [other]


def test_a_rolled_back_event_tells_nobody(reader: User) -> None:
    def tell_and_fail() -> None:
        tell(reader)
        raise RuntimeError

    with pytest.raises(RuntimeError), transaction.atomic():
        tell_and_fail()
    assert not Notification.objects.exists()
    assert not Mail.objects.exists()


def test_a_disabled_person_is_not_told(reader: User) -> None:
    reader.is_active = False
    reader.save()
    assert tell(reader) == []


@pytest.mark.parametrize(("by_mail", "muted"), [(False, []), (True, [KIND])])
def test_no_mail_for_who_does_not_want_it(reader: User, by_mail: bool, muted: list[str]) -> None:
    set_preference(user=reader, by_mail=by_mail, muted_kinds=muted)
    assert len(tell(reader)) == 1
    assert not Mail.objects.exists()


def test_an_unknown_kind_or_a_missing_word_is_an_error_at_once(reader: User) -> None:
    with pytest.raises(KeyError):
        notify(users=[reader], key="k", kind="test.unheard_of", params={}, url="")
    with pytest.raises(KeyError):
        notify(users=[reader], key="k", kind=KIND, params={"actor": "Mei"}, url="")


@pytest.mark.parametrize("url", ["https://elsewhere.example/", "//elsewhere.example/", "x"])
def test_a_notice_leads_nowhere_else(reader: User, url: str) -> None:
    with pytest.raises(ValueError, match="path"):
        notify(users=[reader], key="k", kind=KIND, params=PARAMS, url=url)


def test_a_sentence_escapes_what_people_wrote_and_writes_dates_for_the_reader(reader: User) -> None:
    notice = tell(reader)[0]
    with translation.override("en"):
        assert sentences.sentence_of(notice) == (
            "<b>Mei &lt;script&gt;</b> asks you about P-014 by Nov. 24, 2026."
        )
        assert sentences.plain_sentence_of(notice).startswith("Mei <script> asks you")
    with translation.override("zh-hans"):
        assert "2026年11月24日" in sentences.sentence_of(notice)


def test_reading_one_and_reading_all(reader: User) -> None:
    first, _second, _third = (tell(reader, key=key)[0] for key in ("a", "b", "c"))
    mark_read(notification=first)
    mark_read(notification=first)
    assert Notification.objects.visible_to(reader).unread().count() == 2
    assert mark_all_read(user=reader) == 2
    assert mark_all_read(user=reader) == 0


def test_owed_mail_is_a_row_before_anything_is_sent(reader: User) -> None:
    tell(reader)
    assert Mail.objects.get().state == MailState.OWED


def test_an_old_notice_without_a_word_is_still_shown(reader: User) -> None:
    old = Notification(user=reader, key="old", kind=KIND, params={"actor": "Mei"})
    assert "about – by –" in sentences.sentence_of(old)
    assert "about – by –" in sentences.plain_sentence_of(old)


def test_a_kind_without_a_name_of_its_own_follows_the_one_before(reader: User) -> None:
    sentences.register(
        {
            "test.first": sentences.Sentence("First", about="A topic"),
            "test.second": sentences.Sentence("Second"),
        }
    )
    assert ("test.second", "") not in sentences.kinds_to_choose()
    set_preference(user=reader, by_mail=True, muted_kinds=["test.first"])
    notify(users=[reader], key="k", kind="test.second", params={}, url="")
    assert not Mail.objects.exists()
