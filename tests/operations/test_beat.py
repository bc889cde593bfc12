"""The scheduler: everything is due at once, it signs, and no broker stops it."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest
from django.conf import settings
from redis import Redis

from apps.operations.beat import LivelyScheduler, make_app
from apps.operations.models import Heartbeat
from tests.processes import Broker

pytestmark = pytest.mark.django_db(transaction=True)


def scheduler() -> LivelyScheduler:
    return LivelyScheduler(app=make_app())


def queued(broker: Broker) -> int:
    with Redis(unix_socket_path=str(broker.socket_path)) as client:
        return int(client.llen("celery")) + int(client.llen("mail"))


def tick_until(beat: Any, condition: Any, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        beat.tick()


def test_every_entry_is_sent_in_the_first_moment(broker: Broker) -> None:
    broker.empty()
    beat = scheduler()
    tick_until(beat, lambda: queued(broker) == len(settings.CELERY_BEAT_SCHEDULE))
    assert beat.tick() > 0
    assert queued(broker) == len(settings.CELERY_BEAT_SCHEDULE)


def test_it_signs_though_the_broker_is_gone(broker: Broker) -> None:
    broker.stop()
    beat = scheduler()
    for _number in range(3):
        beat.tick()
    assert Heartbeat.objects.filter(part="beat").exists()


def test_it_goes_on_when_the_broker_is_back(broker: Broker) -> None:
    broker.stop()
    beat = scheduler()
    for _number in range(len(settings.CELERY_BEAT_SCHEDULE)):
        beat.tick()
    broker.start()
    for entry in beat.schedule.values():
        entry.last_run_at -= entry.schedule.run_every
    beat._heap = None
    tick_until(beat, lambda: queued(broker) >= len(settings.CELERY_BEAT_SCHEDULE))


def test_every_entry_expires_when_the_next_is_due() -> None:
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["options"]["expires"] == entry["schedule"]


def test_it_loads_no_app() -> None:
    code = "import sys, apps.operations.beat; print('apps.charts.models' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"
