"""A page that hands over a hint never waits long for the broker, whatever its state."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.common.after_commit import after_commit
from apps.operations import publishing
from apps.operations.tasks import heartbeat
from improve.celery import app
from tests.processes import Broker


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    app.broker_is_back()
    yield
    app.broker_is_back()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks for which the broker was really asked, each at the cost of a time limit."""
    found: list[str] = []
    original = Celery.send_task

    def send_task(self: Celery, name: str, *args: Any, **options: Any) -> Any:
        found.append(name)
        return original(self, name, *args, **options)

    monkeypatch.setattr(Celery, "send_task", send_task)
    return found


def publish() -> None:
    with pytest.raises(OperationalError):
        heartbeat.delay()


def test_a_page_waits_a_second_at_most_and_tries_once() -> None:
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    assert options["socket_timeout"] == options["socket_connect_timeout"] == 1
    assert options["max_retries"] == 0
    assert not options["retry_on_timeout"]
    assert not settings.CELERY_TASK_PUBLISH_RETRY


def test_without_a_broker_publishing_fails_at_once(asked: list[str]) -> None:
    assert not settings.BROKER_SOCKET.exists()
    publish()
    assert len(asked) == 1


def test_a_frozen_broker_is_asked_once(broker: Broker, asked: list[str]) -> None:
    heartbeat.delay()
    broker.freeze()
    try:
        for _number in range(20):
            publish()
    finally:
        broker.thaw()
    assert len(asked) == 2
    heartbeat.delay()


def test_after_a_pause_the_broker_is_asked_again(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "PAUSE", 0.2)
    broker.stop()
    publish()
    broker.start()
    monkeypatch.setattr(app, "_silent_until", time.monotonic() + 0.1)
    publish()
    time.sleep(0.15)
    heartbeat.delay()


def test_a_killed_and_restarted_broker_is_published_to_again(broker: Broker) -> None:
    heartbeat.delay()
    broker.stop()
    publish()
    broker.start()
    heartbeat.delay()


@pytest.mark.django_db(transaction=True)
def test_a_hint_that_fails_does_not_fail_the_change(caplog: pytest.LogCaptureFixture) -> None:
    with transaction.atomic():
        after_commit(heartbeat.delay)
    assert "A hint was not sent" in caplog.text
