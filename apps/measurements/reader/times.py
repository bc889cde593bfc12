"""Dates and times as written in files, and what they mean in a time zone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

YMD, DMY, MDY = "ymd", "dmy", "mdy"
ORDERS = (YMD, DMY, MDY)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
MINUTE = 60_000_000
HOUR = 60 * MINUTE
YEARS = (1900, 2200)
# So much may the clocks of two machines differ: a time is ahead of now only beyond it.
AHEAD = dt.timedelta(minutes=5)

_CLOCK = (
    r"(?:(?:T|\s+)\s*(?P<half1>上午|下午|AM|PM)?\s*"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,6})\d*)?)?"
    r"\s*(?P<half2>AM|PM)?)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
_DATES = {
    YMD: r"(?P<year>\d{4})(?:[-/.]|年)(?P<month>\d{1,2})(?:[-/.]|月)(?P<day>\d{1,2})日?",
    DMY: r"(?P<day>\d{1,2})[./-](?P<month>\d{1,2})[./-](?P<year>\d{4})",
    MDY: r"(?P<month>\d{1,2})[./-](?P<day>\d{1,2})[./-](?P<year>\d{4})",
}
PATTERNS = {
    order: re.compile(date + _CLOCK, re.ASCII | re.IGNORECASE) for order, date in _DATES.items()
}
# ISO without a zone, many at once: numpy reads these itself.
_ISO_BLOCK = re.compile(
    r"(?:\d{4}-\d\d-\d\d[ T][0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?\n)*+", re.ASCII
)


class BadTime(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class TimeRule:
    order: str = YMD
    zone_name: str = "UTC"

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone_name)

    def read(self, cell: object) -> tuple[int, bool]:
        """One cell as microseconds since 1970 (UTC), and whether the clock showed it twice."""
        if isinstance(cell, dt.datetime):
            return self._place(cell)
        if isinstance(cell, dt.date):
            return self._place(dt.datetime(cell.year, cell.month, cell.day))
        if not isinstance(cell, str):
            raise BadTime("time_unread")
        text = cell.strip()
        if not text:
            raise BadTime("time_empty")
        found = PATTERNS[self.order].fullmatch(text)
        if found is None:
            raise BadTime("time_unread")
        return self._place(_moment(found))

    def _place(self, moment: dt.datetime) -> tuple[int, bool]:
        if not YEARS[0] <= moment.year <= YEARS[1]:
            raise BadTime("time_far")
        if moment.tzinfo is not None:
            return (moment - EPOCH) // MICROSECOND, False
        first = moment.replace(tzinfo=self.zone, fold=0)
        second = moment.replace(tzinfo=self.zone, fold=1)
        if first.utcoffset() == second.utcoffset():
            return (first - EPOCH) // MICROSECOND, False
        if first.astimezone(dt.UTC).astimezone(self.zone).replace(tzinfo=None) != moment:
            raise BadTime("time_gap")
        return (first.astimezone(dt.UTC) - EPOCH) // MICROSECOND, True

    def written(self, us: int | None) -> str:
        """A moment as `read` understands it; with its offset where the clock showed it twice."""
        if us is None:
            return ""
        moment = (EPOCH + us * MICROSECOND).astimezone(self.zone)
        twice = moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()
        shown = moment if twice else moment.replace(tzinfo=None)
        return shown.isoformat(" ", "auto" if us % MINUTE else "minutes")

    def read_block(self, cells: Sequence[str]) -> NDArray[np.int64] | None:
        """All cells as microseconds, or None when any needs a closer look."""
        if self.order != YMD:
            return None
        text = "\n".join(cells) + "\n"
        if _ISO_BLOCK.fullmatch(text) is None or text.count("\n") != len(cells):
            return None
        try:
            local = np.array(cells, dtype="M8[us]").astype(np.int64)
        except ValueError:
            return None
        return self._to_utc(local)

    def _to_utc(self, local: NDArray[np.int64]) -> NDArray[np.int64] | None:
        hours, place = np.unique(local // HOUR, return_inverse=True)
        offsets = np.empty(len(hours), dtype=np.int64)
        for index, hour in enumerate(hours.tolist()):
            offset = self._steady_offset(hour)
            if offset is None:
                return None
            offsets[index] = offset
        return local - offsets[place]

    def _steady_offset(self, hour: int) -> int | None:
        """The zone's offset if it is the same all through one hour of its clock."""
        try:
            start = dt.datetime(1970, 1, 1) + dt.timedelta(hours=hour)
        except OverflowError:
            return None
        if not YEARS[0] <= start.year <= YEARS[1]:
            return None
        end = start + dt.timedelta(minutes=59, seconds=59)
        found = {
            moment.replace(tzinfo=self.zone, fold=fold).utcoffset()
            for moment in (start, end)
            for fold in (0, 1)
        }
        offset = found.pop()
        if found or offset is None:
            return None
        return offset // MICROSECOND


def _moment(found: re.Match[str]) -> dt.datetime:
    part = found.groupdict()
    hour = int(part["hour"] or 0)
    half = (part["half1"] or part["half2"] or "").upper()
    if half:
        if not 1 <= hour <= 12:
            raise BadTime("time_impossible")
        hour = hour % 12 + (12 if half in {"PM", "下午"} else 0)
    try:
        return dt.datetime(
            int(part["year"]),
            int(part["month"]),
            int(part["day"]),
            hour,
            int(part["minute"] or 0),
            int(part["second"] or 0),
            int((part["part"] or "0").ljust(6, "0")),
            tzinfo=_zone(part["zone"]),
        )
    except ValueError:
        raise BadTime("time_impossible") from None


def _zone(text: str | None) -> dt.tzinfo | None:
    if not text:
        return None
    if text.upper() == "Z":
        return dt.UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return dt.timezone(sign * dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))
