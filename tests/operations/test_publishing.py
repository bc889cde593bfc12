"""A page that hands over a hint never waits long for the broker, whatever its state."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.common.after_commit import after_commit
from apps.operations import publishing
from apps.operations.tasks import heartbeat
from improve.celery import app
from tests.processes import Broker

# One timeout of the socket and a busy machine; no timeout at all.
LONGEST_FIRST, LONGEST_NEXT = 4.0, 0.5


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    app.broker_is_back()
    yield
    app.broker_is_back()


def publish() -> float:
    began = time.monotonic()
    with pytest.raises(OperationalError):
        heartbeat.delay()
    return time.monotonic() - began


def test_without_a_broker_publishing_fails_at_once() -> None:
    assert not settings.BROKER_SOCKET.exists()
    assert publish() < LONGEST_NEXT


def test_a_frozen_broker_costs_a_second_once(broker: Broker) -> None:
    heartbeat.delay()
    broker.freeze()
    try:
        assert publish() < LONGEST_FIRST
        assert all(publish() < LONGEST_NEXT for _number in range(20))
    finally:
        broker.thaw()
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
