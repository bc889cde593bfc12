"""The sampling plan: how many values are expected each hour, day, week or month, and how it stands.

A period is a stretch of the calendar in the time zone of the characteristic. Values are due in the
period that lies `every` periods after that of the newest value; they are overdue once it has gone
by. So a value taken at nine on Monday and at ten on Tuesday keeps a daily plan.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from apps.measurements.choices import Interval

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Plan:
    every: int
    unit: str
    size: int
    zone: ZoneInfo

    def period_start(self, moment: dt.datetime) -> dt.datetime:
        """When the hour, day, week or month of a moment began."""
        local = moment.astimezone(self.zone)
        if self.unit == Interval.HOUR:
            # By the instant, not by the clock: the clock shows one hour of the year twice.
            into = dt.timedelta(
                minutes=local.minute, seconds=local.second, microseconds=local.microsecond
            )
            return (local.astimezone(dt.UTC) - into).astimezone(dt.UTC)
        return self._midnight(self._first_day(local.date()))

    def later(self, start: dt.datetime, periods: int) -> dt.datetime:
        """When the period begins that comes so many periods after the one that begins at `start`."""
        if self.unit == Interval.HOUR:
            return start + dt.timedelta(hours=periods)
        first = start.astimezone(self.zone).date()
        if self.unit == Interval.DAY:
            return self._midnight(first + dt.timedelta(days=periods))
        if self.unit == Interval.WEEK:
            return self._midnight(first + dt.timedelta(weeks=periods))
        months = first.year * MONTHS + first.month - 1 + periods
        return self._midnight(dt.date(months // MONTHS, months % MONTHS + 1, 1))

    def overdue_from(self, newest: dt.datetime) -> dt.datetime:
        """From when on data are overdue if nothing comes after `newest`."""
        return self.later(self.period_start(newest), self.every + 1)

    def _first_day(self, day: dt.date) -> dt.date:
        if self.unit == Interval.WEEK:
            return day - dt.timedelta(days=day.weekday())
        if self.unit == Interval.MONTH:
            return day.replace(day=1)
        return day

    def _midnight(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(), self.zone).astimezone(dt.UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the data stand to the plan at a moment.

    `overdue_from` is when they became or will become overdue; `found` values came in the newest
    period, of which `plan.size` were planned.
    """

    state: Literal["overdue", "short", "kept"]
    plan: Plan
    overdue_from: dt.datetime
    found: int | None
    period_start: dt.datetime | None

    @property
    def is_overdue(self) -> bool:
        return self.state == "overdue"


def standing(
    plan: Plan,
    *,
    overdue_from: dt.datetime,
    newest: dt.datetime | None,
    found: int,
    now: dt.datetime,
) -> Standing:
    """Overdue first; else whether the newest period, once it is over, holds too few values."""
    start = None if newest is None else plan.period_start(newest)
    counted = None if start is None else found
    state: Literal["overdue", "short", "kept"] = "kept"
    if overdue_from <= now:
        state = "overdue"
    elif start is not None and found < plan.size and plan.later(start, 1) <= now:
        state = "short"
    return Standing(state, plan, overdue_from, counted, start)
