"""Reading characteristics and their observations.

Observations of an import that is not committed, or was reversed, lie in the table and do not
count: every read goes through `counted`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from apps.measurements.choices import DataType, ImportState, Subgrouping
from apps.measurements.models import Characteristic, Import, Observation, SpecificationLimits

# Stand for NULL in a bulk read; no observation bears them.
NO_TIME = -(2**63)
NO_SIZE = -1.0
READ_TRIES = 5


@dataclass(frozen=True)
class Snapshot:
    """What a chart is computed from, as it stood at one moment.

    `observed_at` is in seconds since 1970 (UTC), NaN where no time is known. `sizes` is None for
    measured values, `subgroups` is None unless subgroups go by a column of the data.
    """

    characteristic_id: int
    data_version: int
    values: NDArray[np.float64]
    sizes: NDArray[np.float64] | None
    subgroups: NDArray[np.object_] | None
    sequences: NDArray[np.int64]
    observed_at: NDArray[np.float64]
    lsl: float | None
    target: float | None
    usl: float | None


def specification_in_force(
    characteristic: Characteristic, *, on: dt.date | None = None
) -> SpecificationLimits | None:
    """The newest limits whose date has come."""
    day = on or timezone.localdate()
    return (
        SpecificationLimits.objects.filter(characteristic=characteristic, valid_from__lte=day)
        .order_by("-valid_from", "-pk")
        .first()
    )


def hidden_places(characteristic_id: int) -> list[tuple[int, int]]:
    """The runs of places whose observations do not count."""
    return [
        (first, last)
        for first, last in Import.objects.hidden()
        .filter(characteristic_id=characteristic_id)
        .values_list("first_sequence", "last_sequence")
        if first is not None and last is not None
    ]


def counted(characteristic: Characteristic) -> QuerySet[Observation]:
    """The observations that count, in their order."""
    rows = Observation.objects.filter(characteristic=characteristic).order_by("sequence")
    for first, last in hidden_places(characteristic.pk):
        rows = rows.exclude(sequence__range=(first, last))
    return rows


@contextmanager
def one_moment() -> Iterator[None]:
    """Everything read inside is of one moment, and no writer waits for it.

    Inside a transaction that is already open the reader has to compare versions itself.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        # A plain BEGIN: the configured transaction would take the write lock.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("COMMIT")
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield


def snapshot(characteristic_id: int) -> Snapshot:
    """All that counts of one characteristic, in arrays, with the version it belongs to."""
    with one_moment():
        for _attempt in range(READ_TRIES):
            characteristic = Characteristic.objects.get(pk=characteristic_id)
            found = _read(characteristic)
            now = Characteristic.objects.values_list("data_version", flat=True).get(
                pk=characteristic_id
            )
            if now == characteristic.data_version:
                return found
    raise RuntimeError(f"characteristic {characteristic_id} changed during {READ_TRIES} reads")


def _read(characteristic: Characteristic) -> Snapshot:
    with_size = characteristic.data_type != DataType.VARIABLE
    with_label = characteristic.subgrouping == Subgrouping.COLUMN
    rows = _fetch(characteristic.pk, with_size=with_size, with_label=with_label)
    limits = specification_in_force(characteristic)
    return Snapshot(
        characteristic_id=characteristic.pk,
        data_version=characteristic.data_version,
        values=np.ascontiguousarray(rows["value"]),
        sizes=_with_nan(rows["size"], NO_SIZE) if with_size else None,
        subgroups=np.ascontiguousarray(rows["subgroup"]) if with_label else None,
        sequences=np.ascontiguousarray(rows["sequence"]),
        observed_at=_seconds(rows["observed_us"]),
        lsl=limits.lsl if limits else None,
        target=limits.target if limits else None,
        usl=limits.usl if limits else None,
    )


def _fetch(characteristic_id: int, *, with_size: bool, with_label: bool) -> NDArray[np.void]:
    """The counted rows as one structured array, without an object per row."""
    columns: list[tuple[str, type]] = [("sequence", np.int64), ("value", np.float64)]
    terms = ["sequence", "value", f"COALESCE(observed_us, {NO_TIME})"]
    columns.append(("observed_us", np.int64))
    if with_size:
        columns.append(("size", np.float64))
        terms.append(f"COALESCE(size, {NO_SIZE})")
    if with_label:
        columns.append(("subgroup", np.object_))
        terms.append("subgroup")
    where, parameters = "characteristic_id = %s", [characteristic_id]
    for first, last in hidden_places(characteristic_id):
        where += " AND NOT sequence BETWEEN %s AND %s"
        parameters += [first, last]
    table = Observation._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(terms)} FROM {table} WHERE {where} ORDER BY sequence",  # noqa: S608
            parameters,
        )
        return np.fromiter(iter(cursor), dtype=np.dtype(columns))


def _with_nan(values: NDArray[np.float64], missing: float) -> NDArray[np.float64]:
    return np.where(values == missing, np.nan, values)


def _seconds(microseconds: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(microseconds == NO_TIME, np.nan, microseconds / 1e6)


def known_times(characteristic_id: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Time (microseconds) and value of every counted observation that has a time."""
    rows = _fetch(characteristic_id, with_size=False, with_label=False)
    timed = rows[rows["observed_us"] != NO_TIME]
    return timed["observed_us"], timed["value"]


def earlier_import_of(characteristic: Characteristic, sha256: str) -> Import | None:
    """The newest committed import of the same file into the same characteristic."""
    return (
        Import.objects.filter(
            characteristic=characteristic, sha256=sha256, state=ImportState.IMPORTED
        )
        .order_by("-committed_at")
        .first()
    )
