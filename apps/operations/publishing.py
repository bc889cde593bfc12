"""Publishing a hint costs a page a second at most, and only the first one.

A message is a hint: the sweep finds the same work in the database. So while the broker does not
answer there is no point in waiting for it once more for every hint of a request.
"""

from __future__ import annotations

import time
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

PAUSE = 5.0
"""Seconds during which nothing is published after a failure; the sweep comes every 15 s."""


class HintingCelery(Celery):
    """A Celery application that gives a silent broker a rest."""

    _silent_until = 0.0

    def send_task(self, *args: Any, **options: Any) -> Any:
        if time.monotonic() < self._silent_until:
            raise OperationalError("the broker did not answer a moment ago")
        try:
            return super().send_task(*args, **options)
        except (OperationalError, RedisError, OSError):
            self._silent_until = time.monotonic() + PAUSE
            raise

    def broker_is_back(self) -> None:
        """Publish at once again."""
        self._silent_until = 0.0
