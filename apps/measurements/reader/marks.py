"""What is odd once all rows are known: far values, repeated times, the order of time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.measurements.reader.findings import Report
from apps.measurements.reader.jobs import BY_COLUMN, INDIVIDUALS, SEVERAL, VARIABLE, Target
from apps.measurements.reader.times import AHEAD, EPOCH, MICROSECOND

NO_TIME = -(2**63)
# A value this many times the interquartile range away from the middle half, and ten times the
# usual value, is more likely a slip of the decimal mark than a measurement.
FAR = 10.0
TIMES = 10.0
ENOUGH = 10
# What another row of the file says already, and what a later one says again.
EARLIER, LATER = 1, 2


def warn_of_far_values(
    values: NDArray[np.float64],
    rows: NDArray[np.int32],
    column: str,
    target: Target,
    report: Report,
) -> None:
    if target.data_type not in {VARIABLE, SEVERAL} or len(values) < ENOUGH:
        return
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    spread = max(float(high - low), abs(float(middle)) * 1e-9)
    away = np.maximum(values - high, low - values) > FAR * spread
    away &= np.abs(values) >= TIMES * abs(middle)
    for place in np.flatnonzero(away).tolist():
        report.warn(int(rows[place]), column, f"{values[place]:.6g}", "far")


def doubles(arrays: Mapping[str, NDArray[Any]], target: Target) -> NDArray[np.int8]:
    """Which rows say again what another row of the file says: `EARLIER`, `LATER`, or both.

    Of single values, those of the same time and factors. Values of one subgroup are often taken
    at one time: there, only the same value of the same subgroup and time is a double. Values of
    one row of the file never are.
    """
    times, rows = arrays["times"], arrays["rows"]
    found = np.zeros(len(times), dtype=np.int8)
    timed = _repeated(times)
    if not len(timed):
        return found
    keys = [times[timed], arrays["strata"][timed]]
    if target.subgrouping == BY_COLUMN:
        keys.append(arrays["codes"][timed])
    if target.subgrouping != INDIVIDUALS:
        keys += [arrays["values"][timed], np.nan_to_num(arrays["sizes"][timed], nan=-1.0)]
        keys += list(arrays["others"][timed].T)
    rows = rows[timed]
    order = np.lexsort((rows, *keys))
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = False
    for key in keys:
        begins[1:] |= key[order[1:]] != key[order[:-1]]
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(order)) - 1
    group = np.cumsum(begins) - 1
    found[timed[order]] |= np.where(rows[order] != rows[order[starts[group]]], EARLIER, 0).astype(
        np.int8
    )
    found[timed[order]] |= np.where(rows[order] != rows[order[ends[group]]], LATER, 0).astype(
        np.int8
    )
    return found


def _repeated(times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of times that occur more than once; most files have none, and need no sorting."""
    if len(times) < 2 or bool((times[1:] > times[:-1]).all()):
        return np.empty(0, dtype=np.int64)
    order = np.argsort(times, kind="stable")
    alike = times[order[1:]] == times[order[:-1]]
    twice = np.zeros(len(times), dtype=bool)
    twice[order[1:]] |= alike
    twice[order[:-1]] |= alike
    return np.flatnonzero(twice & (times != NO_TIME))


def warn_of_doubles(
    arrays: Mapping[str, NDArray[Any]], column: str, report: Report, zone: tzinfo
) -> None:
    for place in np.flatnonzero(arrays["doubles"] & EARLIER).tolist():
        row, moment = int(arrays["rows"][place]), _written(arrays["times"][place], zone)
        report.warn(row, column, moment, "time_repeated")


def warn_of_times_ahead(
    arrays: Mapping[str, NDArray[Any]], column: str, report: Report, zone: tzinfo, now: int
) -> dict[str, int] | None:
    """How many rows are dated ahead, and the first of them; such a row may be a plan, or a slip."""
    ahead = (
        np.flatnonzero(arrays["times"] > now + AHEAD // MICROSECOND) if now else np.empty(0, int)
    )
    if not len(ahead):
        return None
    rows = np.unique(arrays["rows"][ahead])
    for place in ahead.tolist():
        row, moment = int(arrays["rows"][place]), _written(arrays["times"][place], zone)
        report.warn(row, column, moment, "time_ahead")
    return {"count": len(rows), "first": int(rows[0])}


def _written(us: int, zone: tzinfo) -> str:
    return (EPOCH + int(us) * MICROSECOND).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def in_order(times: NDArray[np.int64]) -> bool:
    return bool((times[1:] >= times[:-1]).all())
