"""The mail sender: each mail once, however often and however badly it runs."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core import mail as outbox
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from apps.accounts.models import User
from apps.notifications import sending, tasks
from apps.notifications.models import Mail, MailState
from tests.notifications.test_notify import tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> User:
    return User.objects.create_user("reader@example.org", "Reader", time_zone="Europe/Paris")


def test_running_twice_sends_once(reader: User) -> None:
    tell(reader)
    tasks.send_mail()
    tasks.send_mail()
    assert len(outbox.outbox) == 1
    assert Mail.objects.get().state == MailState.SENT


def test_two_senders_that_read_the_same_mail_send_it_once(reader: User) -> None:
    tell(reader)
    seen_by_both = [Mail.objects.select_related("notification__user").get() for _ in range(2)]
    assert [sending._send_one(mail) for mail in seen_by_both] == [True, False]
    assert len(outbox.outbox) == 1


def test_a_failing_server_is_tried_three_times_and_then_said_so(
    reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(reader)
    tries = []

    def refuse(self: EmailMultiAlternatives) -> int:
        tries.append(self)
        raise ConnectionRefusedError("no mail server")

    monkeypatch.setattr(EmailMultiAlternatives, "send", refuse)
    start = timezone.now()
    for run in range(6):
        with time_machine.travel(start + run * timedelta(minutes=3), tick=False):
            sending.send_owed()
    assert len(tries) == 3
    mail = Mail.objects.get()
    assert (mail.state, mail.attempts) == (MailState.FAILED, 3)
    assert "no mail server" in mail.failure


def test_a_failure_pauses_before_the_next_attempt(
    reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(reader)
    with monkeypatch.context() as patched:
        patched.setattr(EmailMultiAlternatives, "send", lambda self: 1 / 0)
        sending.send_owed()
    assert sending.send_owed() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        assert sending.send_owed() == 1


def test_a_sender_killed_in_the_middle_leaves_the_mail_to_the_next(reader: User) -> None:
    tell(reader)
    assert sending._claim(Mail.objects.get())
    assert sending.send_owed() == 0
    with time_machine.travel(timezone.now() + sending.CLAIM):
        assert sending.send_owed() == 1


def test_a_mail_that_kills_its_sender_each_time_is_given_up(reader: User) -> None:
    tell(reader)
    start = timezone.now()
    for run in range(sending.ATTEMPTS):
        with time_machine.travel(start + run * sending.CLAIM, tick=False):
            assert sending._claim(Mail.objects.get())
    with time_machine.travel(start + 5 * sending.CLAIM):
        assert sending.send_owed() == 0
    assert Mail.objects.get().state == MailState.FAILED
    assert not outbox.outbox


def test_one_broken_mail_does_not_stop_the_others(
    reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(reader, key="first")
    tell(reader, key="second")
    compose, broken = sending.compose, Mail.objects.earliest("pk").pk

    def compose_or_fail(mail: Mail) -> EmailMultiAlternatives:
        if mail.pk == broken:
            raise RuntimeError("cannot be written")
        return compose(mail)

    monkeypatch.setattr(sending, "compose", compose_or_fail)
    assert sending.send_owed() == 1


def test_the_mail_speaks_the_readers_language_and_links_to_this_site(
    reader: User, settings: object
) -> None:
    settings.SITE_URL = "https://improve.example.org/"  # type: ignore[attr-defined]
    reader.language = "zh-hant"
    reader.save()
    tell(reader)
    sending.send_owed()
    message = outbox.outbox[0]
    assert message.to == ["reader@example.org"]
    assert "2026年11月24日" in message.body
    assert "https://improve.example.org/reviews/1/" in message.body
    html = message.alternatives[0][0]
    assert 'lang="zh-hant"' in html
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert message.extra_headers["Message-ID"].endswith("@improve.example.org>")
