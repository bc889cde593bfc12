"""Reading characteristics and their observations.

Observations of an import that is not committed, or was reversed, lie in the table and do not
count: every read goes through `counted`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from apps.accounts.models import User
from apps.accounts.policies import Action, teams_where
from apps.measurements.arrays import Columns, fetched
from apps.measurements.choices import COUNTED_TYPES, DataType, ImportState, Subgrouping
from apps.measurements.models import (
    Characteristic,
    Correction,
    Import,
    Observation,
    SpecificationLimits,
    Stratum,
)
from apps.measurements.packing import missing, packed_type, unpack, unpacked
from apps.measurements.windows import window_labels

# Stand for NULL in a bulk read; no observation bears them.
NO_TIME = -(2**63)
NO_SIZE = -1.0
NO_STRATUM = 0
READ_TRIES = 5
# Digits of the largest place; a longer text of digits is none.
LONGEST_NUMBER = 18
ONE_DAY = dt.timedelta(days=1)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Snapshot:
    """What a chart is computed from, as it stood at one moment.

    `observed_at` is in seconds since 1970 (UTC), NaN where no time is known. `sizes` is None but
    for counts. `subgroups` is None unless subgroups go by a column of the data or by time; by
    time the observations stand in the order of their time, and those without one are left out.
    `rows` holds all variables of a row where several are measured together, the first of them
    also in `values`. `strata` says for each observation which of `combinations` it belongs to,
    -1 where that is not known.
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
    rows: NDArray[np.float64] | None = None
    variables: tuple[str, ...] = ()
    strata: NDArray[np.int64] | None = None
    combinations: tuple[dict[str, str], ...] = ()
    factors: tuple[str, ...] = ()
    untimed: int = 0


def importable_by(person: User) -> QuerySet[Characteristic]:
    """The characteristics into which a person may import data: by role at the team, or own."""
    teams = teams_where(person, Action.IMPORT_DATA)
    return Characteristic.objects.in_use().filter(Q(team__in=teams) | Q(owner=person))


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


def looked_for(characteristic: Characteristic, text: str, shown: str) -> QuerySet[Observation]:
    """The counted observations of a number, a day (2026-11-18) or a subgroup; or those corrected."""
    rows = counted(characteristic)
    if shown == "corrected":
        places = Correction.objects.filter(characteristic=characteristic).values("sequence")
        rows = rows.filter(sequence__in=places)
    if not text:
        return rows
    found = Q(subgroup__icontains=text)
    if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER:
        found |= Q(sequence=int(text))
    day = _day(text)
    if day is not None:
        start = dt.datetime.combine(day, dt.time(), characteristic.zone)
        end = dt.datetime.combine(day + ONE_DAY, dt.time(), characteristic.zone)
        found |= Q(observed_us__gte=_us(start), observed_us__lt=_us(end))
    return rows.filter(found)


def _day(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None
    return day if day < dt.date.max - ONE_DAY else None


def _us(moment: dt.datetime) -> int:
    return (moment - EPOCH) // dt.timedelta(microseconds=1)


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


def snapshot(characteristic_id: int, *, first: int = 0, before: int | None = None) -> Snapshot:
    """All that counts of one characteristic, in arrays, with the version it belongs to.

    `first` and `before` leave out the places ahead of one and from one on.
    """
    with one_moment():
        for _attempt in range(READ_TRIES):
            characteristic = Characteristic.objects.get(pk=characteristic_id)
            found = _read(characteristic, first, before)
            now = Characteristic.objects.values_list("data_version", flat=True).get(
                pk=characteristic_id
            )
            if now == characteristic.data_version:
                return found
    raise RuntimeError(f"characteristic {characteristic_id} changed during {READ_TRIES} reads")


def _read(characteristic: Characteristic, first: int, before: int | None) -> Snapshot:
    with_size = characteristic.data_type in COUNTED_TYPES
    with_label = characteristic.subgrouping == Subgrouping.COLUMN
    variables = _variables(characteristic)
    rows = _fetch(
        characteristic.pk,
        with_size=with_size,
        with_label=with_label,
        with_stratum=bool(characteristic.factors),
        variables=len(variables),
        first=first,
        before=before,
    )
    subgroups = rows["subgroup"] if with_label else None
    untimed = 0
    if characteristic.subgrouping == Subgrouping.WINDOW:
        everything = len(rows["sequence"])
        rows = _by_time(rows)
        untimed = everything - len(rows["sequence"])
        subgroups = window_labels(
            rows["observed_us"] // 1_000_000, characteristic.subgroup_window, characteristic.zone
        )
    values = rows["value"]
    strata, combinations = _strata(characteristic, rows)
    limits = specification_in_force(characteristic)
    return Snapshot(
        characteristic_id=characteristic.pk,
        data_version=characteristic.data_version,
        values=values,
        sizes=_with_nan(rows["size"], NO_SIZE) if with_size else None,
        subgroups=subgroups,
        sequences=rows["sequence"],
        observed_at=_seconds(rows["observed_us"]),
        lsl=limits.lsl if limits else None,
        target=limits.target if limits else None,
        usl=limits.usl if limits else None,
        rows=unpack(values, rows["others"]) if variables else None,
        variables=variables,
        strata=strata,
        combinations=combinations,
        factors=tuple(characteristic.factors),
        untimed=untimed,
    )


def _variables(characteristic: Characteristic) -> tuple[str, ...]:
    """The names of the variables, where several are measured together."""
    if characteristic.data_type != DataType.SEVERAL:
        return ()
    return tuple(characteristic.variables)


def _by_time(rows: Columns) -> Columns:
    """The rows that have a time, in its order; those of one moment in the order they came in."""
    timed = rows["observed_us"] != NO_TIME
    if not timed.all():
        rows = {name: column[timed] for name, column in rows.items()}
    times = rows["observed_us"]
    if bool((times[1:] >= times[:-1]).all()):
        return rows
    order = np.argsort(times, kind="stable")
    return {name: column[order] for name, column in rows.items()}


def _strata(
    characteristic: Characteristic, rows: Columns
) -> tuple[NDArray[np.int64] | None, tuple[dict[str, str], ...]]:
    """Which combination of factor values each row has, and the combinations."""
    if not characteristic.factors:
        return None, ()
    known = list(
        Stratum.objects.filter(characteristic=characteristic)
        .order_by("pk")
        .values_list("pk", "values")
    )
    keys = np.array([pk for pk, _values in known], np.int64)
    if not len(keys):
        return np.full(len(rows["stratum"]), -1, np.int64), ()
    places = np.minimum(np.searchsorted(keys, rows["stratum"]), len(keys) - 1)
    codes = np.where(keys[places] == rows["stratum"], places, -1)
    return codes, tuple(values for _pk, values in known)


def _fetch(
    characteristic_id: int,
    *,
    with_size: bool = False,
    with_label: bool = False,
    with_stratum: bool = False,
    variables: int = 0,
    first: int = 0,
    before: int | None = None,
) -> Columns:
    """The counted rows by column."""
    types: dict[str, Any] = {"sequence": np.int64, "value": np.float64, "observed_us": np.int64}
    # Without the cast PostgreSQL takes the sign apart from the number, which then is too large.
    terms = ["sequence", "value", f"COALESCE(observed_us, CAST('{NO_TIME}' AS bigint))"]
    parameters: list[Any] = []
    if with_size:
        types["size"] = np.float64
        terms.append(f"COALESCE(size, {NO_SIZE})")
    if with_label:
        types["subgroup"] = np.object_
        terms.append("subgroup")
    if with_stratum:
        types["stratum"] = np.int64
        terms.append(f"COALESCE(stratum_id, {NO_STRATUM})")
    if variables:
        types["others"] = packed_type(variables)
        terms.append("COALESCE(others, %s)")
        parameters.append(missing(variables))
    where = "characteristic_id = %s"
    parameters.append(characteristic_id)
    if first:
        where += " AND sequence >= %s"
        parameters.append(first)
    if before is not None:
        where += " AND sequence < %s"
        parameters.append(before)
    for hidden in hidden_places(characteristic_id):
        where += " AND NOT sequence BETWEEN %s AND %s"
        parameters += hidden
    table = Observation._meta.db_table
    query = f"SELECT {', '.join(terms)} FROM {table} WHERE {where} ORDER BY sequence"  # noqa: S608  names of our own tables, no input
    return fetched(query, parameters, types)


def _with_nan(values: NDArray[np.float64], missing: float) -> NDArray[np.float64]:
    return np.where(values == missing, np.nan, values)


def _seconds(microseconds: NDArray[np.int64]) -> NDArray[np.float64]:
    seconds = microseconds / 1e6
    seconds[microseconds == NO_TIME] = np.nan
    return seconds


STORED = np.dtype(
    [
        ("sequence", np.int64), ("observed_us", np.int64), ("value", np.float64),
        ("size", np.float64), ("stratum", np.int64), ("subgroup", np.object_),
        ("others", np.object_),
    ]
)  # fmt: skip


def stored_between(characteristic: Characteristic, first_us: int, last_us: int) -> NDArray[np.void]:
    """The counted observations of a stretch of time, whole, in their order."""
    where, parameters = "characteristic_id = %s", [characteristic.pk]
    for first, last in hidden_places(characteristic.pk):
        where += " AND NOT sequence BETWEEN %s AND %s"
        parameters += [first, last]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT sequence, observed_us, value, COALESCE(size, {NO_SIZE}),"  # noqa: S608  names of our own tables, no input
            f" COALESCE(stratum_id, 0), subgroup, others FROM {Observation._meta.db_table}"
            f" WHERE {where} AND observed_us BETWEEN %s AND %s ORDER BY sequence",
            [*parameters, first_us, last_us],
        )
        return np.fromiter(_shared(cursor), dtype=STORED)


def _shared(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The same rows, with one object for all equal labels instead of one for each row."""
    labels: dict[str, str] = {}
    for *numbers, label, others in rows:
        yield (*numbers, labels.setdefault(label, label), others)


def replacements_in(import_: Import) -> QuerySet[Correction]:
    """Corrections that later imports made to the observations of this one."""
    return Correction.objects.filter(
        characteristic=import_.characteristic_id,
        source__isnull=False,
        sequence__range=(import_.first_sequence or 0, import_.last_sequence or 0),
    )


def earlier_import_of(characteristic: Characteristic, sha256: str) -> Import | None:
    """The newest committed import of the same file into the same characteristic."""
    return (
        Import.objects.filter(
            characteristic=characteristic, sha256=sha256, state=ImportState.IMPORTED
        )
        .order_by("-committed_at")
        .first()
    )


def changes_of(correction: Correction) -> list[dict[str, Any]]:
    """What a correction changed: the name of each number, before and after."""
    names = correction.characteristic.variables or [""]
    before = [correction.value_before, *unpacked(correction.others_before)]
    after = [correction.value_after, *unpacked(correction.others_after)]
    rows = zip(names, before, after, strict=False)
    changed = [{"name": name, "before": old, "after": new} for name, old, new in rows if old != new]
    if correction.size_before != correction.size_after:
        sizes = {"before": correction.size_before, "after": correction.size_after}
        changed.append({"name": _("Size"), **sizes})
    if correction.time_changed:
        times = {"before": _moment(correction.observed_us_before),
                 "after": _moment(correction.observed_us_after)}  # fmt: skip
        changed.append({"name": _("Time"), "is_time": True, **times})
    return changed


def _moment(us: int | None) -> dt.datetime | None:
    return None if us is None else EPOCH + dt.timedelta(microseconds=us)


def moved_since(characteristic: Characteristic, since: dt.datetime) -> list[int]:
    """The places of observations whose time was corrected from a moment on."""
    rows = Correction.objects.filter(characteristic=characteristic, corrected_at__gte=since)
    return list(
        rows.exclude(observed_us_before=F("observed_us_after"))
        .exclude(observed_us_after=None)
        .values_list("sequence", flat=True)
    )
