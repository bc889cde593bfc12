"""Telling the story in the past: services run as they would have run on that day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from unittest.mock import patch

from apps.portfolio.demo.series import TAIPEI


class Clock:
    """Days are counted back from the day the example is made, so that due dates stay near."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.now = datetime.now(TAIPEI)

    def day(self, ago: int) -> date:
        return self.today - timedelta(days=ago)

    @contextmanager
    def at(self, ago: int, hour: int = 10, minute: int = 0) -> Iterator[datetime]:
        """Within the block it is `ago` days before today, and never later than now."""
        moment = datetime.combine(self.day(ago), time(hour, minute), TAIPEI)
        moment = min(moment, self.now)
        with patch("django.utils.timezone.now", return_value=moment):
            yield moment
