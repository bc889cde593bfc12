"""Which hour, day, week or month a moment belongs to, in the time zone where it was observed.

A day begins at local midnight, also when it has 23 or 25 hours; of the two hours that bear the
same name when clocks go back, each is an hour of its own. Weeks are those of ISO 8601.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from apps.measurements.choices import Interval

IntArray = NDArray[np.int64]

DAY = 86_400
# 1970 began on a Thursday; three days before is the Monday of its week.
MONDAY = 3


def window_labels(seconds: IntArray, interval: str, zone: ZoneInfo) -> NDArray[np.object_]:
    """The window of each moment (seconds since 1970, in order) as an ISO text.

    >>> window_labels(np.array([0, 90_000]), "day", ZoneInfo("Asia/Taipei")).tolist()
    ['1970-01-01', '1970-01-02']
    """
    offsets = utc_offsets(seconds, zone)
    local = seconds + offsets
    if interval == Interval.HOUR:
        # By the instant at which the hour began: unlike its name, that is never the same twice.
        keys = local // 3600 * 3600 - offsets
    elif interval == Interval.DAY:
        keys = local // DAY
    elif interval == Interval.WEEK:
        keys = (local // DAY + MONDAY) // 7
    else:
        keys = (local // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    starts = run_starts(keys)
    lengths = np.diff(starts, append=len(keys))
    texts = [_text(int(local[start]), int(keys[start]), interval, zone) for start in starts]
    labels: NDArray[np.object_] = np.repeat(np.array(texts, np.object_), lengths)
    return labels


def run_starts(keys: IntArray) -> IntArray:
    """Where each run of equal keys begins."""
    if not len(keys):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))


def utc_offsets(seconds: IntArray, zone: ZoneInfo) -> IntArray:
    """Seconds east of UTC at each moment; the moments are in order.

    The zone is asked once for each day that occurs, not for each moment.
    """
    days = seconds // DAY
    starts = run_starts(days)
    stops = np.append(starts, len(seconds))[1:]
    offsets = np.empty(len(seconds), np.int64)
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        first = int(days[start]) * DAY
        before, after = _offset(first, zone), _offset(first + DAY, zone)
        offsets[start:stop] = before
        if before != after:
            change = _change_between(first, first + DAY, before, zone)
            offsets[start:stop][seconds[start:stop] >= change] = after
    return offsets


def _change_between(low: int, high: int, before: int, zone: ZoneInfo) -> int:
    """The first second with another offset than `before`, by halving."""
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(seconds: int, zone: ZoneInfo) -> int:
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    found = moment.astimezone(zone).utcoffset() or dt.timedelta()
    return int(found.total_seconds())


def _text(local: int, key: int, interval: str, zone: ZoneInfo) -> str:
    at = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=local)
    if interval == Interval.HOUR:
        return _hour_text(at.replace(minute=0, second=0), key, zone)
    if interval == Interval.DAY:
        return at.strftime("%Y-%m-%d")
    if interval == Interval.WEEK:
        year, week, _day = at.isocalendar()
        return f"{year:04d}-W{week:02d}"
    return at.strftime("%Y-%m")


def _hour_text(at: dt.datetime, start: int, zone: ZoneInfo) -> str:
    """The hour's name; with its distance from UTC where two hours bear that name."""
    text = at.strftime("%Y-%m-%d %H:00")
    aware = at.replace(tzinfo=zone)
    if aware.utcoffset() == aware.replace(fold=1).utcoffset():
        return text
    offset = _offset(start, zone) // 60
    return f"{text} {'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"
