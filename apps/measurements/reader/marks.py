"""What is odd once all rows are known: far values, repeated times, the order of time."""

from __future__ import annotations

import datetime as dt
from datetime import tzinfo

import numpy as np
from numpy.typing import NDArray

from apps.measurements.reader.findings import Report
from apps.measurements.reader.jobs import INDIVIDUALS, Job

NO_TIME = -(2**63)
# A value this many times the interquartile range away from the middle half, and ten times the
# usual value, is more likely a slip of the decimal mark than a measurement.
FAR = 10.0
TIMES = 10.0
ENOUGH = 10


def warn_of_far_values(
    values: NDArray[np.float64], rows: NDArray[np.int32], column: str, job: Job, report: Report
) -> None:
    if job.counts or len(values) < ENOUGH:
        return
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    spread = max(float(high - low), abs(float(middle)) * 1e-9)
    away = np.maximum(values - high, low - values) > FAR * spread
    away &= np.abs(values) >= TIMES * abs(middle)
    for place in np.flatnonzero(away).tolist():
        report.warn(int(rows[place]), column, f"{values[place]:.6g}", "far")


def warn_of_repeated_times(
    times: NDArray[np.int64],
    rows: NDArray[np.int32],
    column: str,
    job: Job,
    report: Report,
    zone: tzinfo,
) -> None:
    """Single values at one and the same time are often one value exported twice."""
    if job.subgrouping != INDIVIDUALS or len(times) == 0:
        return
    order = np.argsort(times, kind="stable")
    same = np.zeros(len(times), dtype=bool)
    same[order[1:]] = times[order[1:]] == times[order[:-1]]
    same &= times != NO_TIME
    for place in np.flatnonzero(same).tolist():
        moment = dt.datetime.fromtimestamp(int(times[place]) // 1_000_000, zone)
        report.warn(int(rows[place]), column, moment.strftime("%Y-%m-%d %H:%M:%S"), "time_repeated")


def in_order(times: NDArray[np.int64]) -> bool:
    return bool((times[1:] >= times[:-1]).all())
