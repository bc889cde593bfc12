"""The scheduler: `python -m apps.operations.beat`, exactly one of it.

Celery's own scheduler class, without its command: that would load every app and task, four
times the memory, to send a handful of names. The schedule is `settings.CELERY_BEAT_SCHEDULE`.
Nothing is kept between starts: every entry is due at once, so that work left over from before
is found in the first second, and tasks may run twice anyway.
"""

from __future__ import annotations

import logging
import logging.config
import os
import signal
import time
from datetime import UTC, datetime
from functools import cached_property
from types import FrameType
from typing import Any

from celery import Celery
from celery.beat import ScheduleEntry, Scheduler
from django.conf import settings
from kombu import Producer

from apps.operations.heartbeat import INTERVAL, sign_and_let_go

LONGEST_WAIT = 5.0
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class LivelyScheduler(Scheduler):
    """Celery's in-memory scheduler that writes its sign of life."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._signed_at = float("-inf")
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        super().setup_schedule()
        for entry in self.schedule.values():
            _due_at_once(entry)

    @cached_property
    def producer(self) -> Producer:
        """Connects when it publishes: an error then belongs to that entry, and beat goes on."""
        return self.Producer(self.connection, auto_declare=False)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        now = time.monotonic()
        if now - self._signed_at >= INTERVAL:
            sign_and_let_go("beat")
            self._signed_at = now
        return min(float(super().tick(*args, **kwargs)), LONGEST_WAIT)


def _due_at_once(entry: ScheduleEntry) -> None:
    entry.last_run_at = LONG_AGO


def make_app() -> Celery:
    app = Celery("improve-beat", fixups=[], set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    return app


def main() -> None:
    logging.config.dictConfig(settings.LOGGING)
    scheduler = LivelyScheduler(app=make_app())
    running = True

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal running
        running = False
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while running:
        time.sleep(max(0.0, scheduler.tick()))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "improve.settings")
    main()
