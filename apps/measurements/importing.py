"""Writing the confirmed rows of an import, and making them count in one step.

Rows are written in short transactions into a run of places reserved for them; they count once
the state says so. On SQLite, which has one writer at a time, the import rests between two
transactions so that others get their turn.
"""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone
from numpy.typing import NDArray

from apps.common.errors import Refused
from apps.measurements import files, leases
from apps.measurements.announcing import announce
from apps.measurements.choices import COUNTED_TYPES, Doubles, ImportState
from apps.measurements.duplicates import REPLACE_MOST, Plan, plan_of
from apps.measurements.models import Characteristic, Import, Observation, reserve_places
from apps.measurements.reading import TakenAway, load_rows
from apps.measurements.replacing import Content, contents_of, replace_values
from apps.measurements.selectors import NO_TIME, hidden_places, moved_since
from apps.measurements.storage import Rows, write_rows
from apps.measurements.strata import MOST_STRATA, combination, strata_of

CHUNK = {"sqlite": 2_500, "postgresql": 50_000}
# A waiting SQLite writer tries again after 1, 2, 5, 10 … ms: the rest has to be long enough to
# be met, measured in tests/benchmarks/test_import_speed.py. With a rest of twice the hold each
# try meets a hold with one chance in three: 99 of 100 writers are through after five, at 33 ms.
HOLD_SECONDS = 0.010
REST_SHARE = 2.0
REST_LEAST = 0.002
LEAST_CHUNK = 1_000


def import_rows(import_id: int) -> bool:
    """Write the rows and make them count; False when there was nothing to do."""
    import_ = leases.take(import_id, leases.WRITABLE)
    if import_ is None:
        return False
    try:
        parts = [import_, *import_.parts.order_by("pk")]
        _reserve(import_, parts)
        written = 0
        for part in parts:
            written = _write_all(import_, part, written)
        _make_them_count(import_, parts)
    except TakenAway:
        return False
    except Untrue as no:
        return _end_refused(import_, no)
    except Exception as error:
        leases.let_go(import_, error=f"{type(error).__name__}: {error}"[:2000])
        raise
    return True


class Untrue(Exception):
    """What was decided when the writing began no longer holds; nothing of the file may count."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def _end_refused(import_: Import, no: Untrue) -> bool:
    with transaction.atomic():
        present = leases.locked_own(import_, ImportState.IMPORTING)
        if present is None:
            return False
        leases.refuse(present, code=no.code, params=no.params)
    return True


def _reserve(import_: Import, parts: list[Import]) -> None:
    """Decide what becomes of each row, and reserve places; once, whoever goes on later."""
    if import_.first_sequence is not None:
        return
    plans = [_decided(part) for part in parts]
    with transaction.atomic():
        if leases.locked_own(import_, ImportState.IMPORTING) is None:
            raise TakenAway
        # In one order, so that two imports into the same characteristics do not wait for each
        # other for ever.
        for part, plan in sorted(
            zip(parts, plans, strict=True), key=lambda pair: pair[0].characteristic_id
        ):
            characteristic = Characteristic.objects.get(pk=part.characteristic_id)
            first = reserve_places(characteristic, len(plan.added))
            part.first_sequence, part.last_sequence = first, first + len(plan.added) - 1
            Import.objects.filter(pk=part.pk).update(
                first_sequence=first, last_sequence=part.last_sequence
            )
        total = sum(len(plan.added) for plan in plans)
        leases.hold(import_, ImportState.IMPORTING, rows_done=0, rows_total=total)


def _decided(part: Import) -> Plan:
    """What becomes of each row, as found when the writing began; stored for later steps."""
    name = _plan_name(part)
    arrays, strata = load_rows(part.report["rows_file"])
    plan = plan_of(
        part.characteristic, arrays, strata, in_file=part.doubles_in_file,
        stored=part.doubles_stored,
    )  # fmt: skip
    if len(plan.replacing) > REPLACE_MOST:
        raise Untrue("replace_many", count=len(plan.replacing), most=REPLACE_MOST)
    if part.doubles_in_file != Doubles.ADD or part.doubles_stored != Doubles.ADD:
        files.remove(name)
        np.savez(files.path_of(name), **dataclasses.asdict(plan))
        files.keep(name)
    return plan


def _plan_name(part: Import) -> str:
    return f"{part.report['rows_file']}.plan.npz"


def _plan_of(part: Import, count: int) -> Plan:
    """The plan as it was stored; every row of the file is added when there is none."""
    if part.doubles_in_file == Doubles.ADD and part.doubles_stored == Doubles.ADD:
        none = np.empty(0, dtype=np.int64)
        return Plan(np.arange(count), none, none, none)
    with np.load(files.fetched(_plan_name(part))) as stored:
        return Plan(**{name: stored[name] for name in stored.files})


def _write_all(import_: Import, part: Import, before: int) -> int:
    """Write the rows of one characteristic; how many of the whole are written then."""
    first, last = part.first_sequence, part.last_sequence
    if first is None or last is None:
        raise TakenAway
    arrays, strata = load_rows(part.report["rows_file"])
    plan = _plan_of(part, len(arrays["values"]))
    numbers = _strata_numbers(import_, part, strata)
    done = Observation.objects.filter(
        characteristic_id=part.characteristic_id, sequence__range=(first, last)
    ).count()
    total, step = len(plan.added), CHUNK[connection.vendor]
    while done < total:
        rows = _rows(part, arrays, plan.added[done : done + step], numbers)
        started = time.monotonic()
        with transaction.atomic():
            counted = before + done + len(rows)
            if not leases.hold(import_, ImportState.IMPORTING, rows_done=counted):
                raise TakenAway
            write_rows(
                characteristic_id=part.characteristic_id,
                first=first + done,
                rows=rows,
                source_id=part.pk,
            )
        done += len(rows)
        if connection.vendor == "sqlite" and done < total:
            held = time.monotonic() - started
            step = next_step(step, held)
            rest(held)
    return before + total


def _strata_numbers(
    import_: Import, part: Import, strata: list[dict[str, str]]
) -> NDArray[np.object_]:
    """The number of each combination of factor values, by its code; those not yet known made."""
    found = [combination(values) for values in strata]
    if not any(found):
        return np.array([None], dtype=np.object_)
    try:
        with transaction.atomic():
            if not leases.hold(import_, ImportState.IMPORTING):
                raise TakenAway
            characteristic = Characteristic.objects.select_for_update().get(
                pk=part.characteristic_id
            )
            if {name for values in found for name, _value in values} - {*characteristic.factors}:
                # A factor was renamed, or taken away, after the file was read.
                raise Untrue("stored_changed")
            numbers = strata_of(characteristic, found)
    except Refused as error:
        raise Untrue("strata_many", most=MOST_STRATA) from error
    return np.array([numbers.get(values) for values in found], dtype=np.object_)


def next_step(step: int, held: float) -> int:
    """How many rows to write at once, so that the write lock is held about `HOLD_SECONDS`."""
    wanted = int(step * HOLD_SECONDS / max(held, 1e-6))
    return min(CHUNK["sqlite"], max(LEAST_CHUNK, min(wanted, 2 * step)))


def rest(worked: float) -> None:
    """Let other writers in, in proportion to how long they had to wait."""
    time.sleep(max(worked * REST_SHARE, REST_LEAST))


def _rows(
    part: Import,
    arrays: dict[str, NDArray[Any]],
    places: NDArray[np.int64],
    strata: NDArray[np.object_],
) -> Rows:
    times = arrays["times"][places].tolist()
    codes = arrays["codes"][places]
    with_size = part.characteristic.data_type in COUNTED_TYPES
    others = arrays["others"][places].astype("<f8")
    return Rows(
        values=arrays["values"][places].tolist(),
        sizes=arrays["sizes"][places].tolist() if with_size else None,
        subgroups=arrays["labels"][codes].tolist() if codes.any() else None,
        observed_us=[None if moment == NO_TIME else moment for moment in times],
        others=[row.tobytes() for row in others] if others.shape[1] else None,
        strata=strata[arrays["strata"][places]].tolist() if len(strata) > 1 else None,
    )


def _make_them_count(import_: Import, parts: list[Import]) -> None:
    """One transaction for all characteristics: from here on the rows of all of them count."""
    changes = {part.pk: _changes_of(part) for part in parts}
    with transaction.atomic():
        if leases.locked_own(import_, ImportState.IMPORTING) is None:
            raise TakenAway
        presents = Import.objects.select_for_update().filter(pk__in=list(changes))
        for present in presents.order_by("characteristic_id"):
            characteristic = Characteristic.objects.select_for_update().get(
                pk=present.characteristic_id
            )
            _make_part_count(present, characteristic, changes[present.pk])
    rows_file = import_.report["rows_file"]
    files.remove_read(rows_file, keep=f"{rows_file}.refused")


@dataclasses.dataclass(frozen=True)
class _Changes:
    """What the commit of one part does to stored observations, worked out before it locks."""

    relied_on: NDArray[np.int64]
    replacing: dict[int, Content]


def _changes_of(part: Import) -> _Changes:
    if part.doubles_stored == Doubles.ADD:
        return _Changes(np.empty(0, dtype=np.int64), {})
    arrays, _strata = load_rows(part.report["rows_file"])
    plan = _plan_of(part, len(arrays["values"]))
    return _Changes(plan.relied_on, contents_of(part, arrays, plan))


def _make_part_count(present: Import, characteristic: Characteristic, changes: _Changes) -> None:
    for begin, end in hidden_places(characteristic.pk):
        if ((changes.relied_on >= begin) & (changes.relied_on <= end)).any():
            raise Untrue("stored_changed")
    if np.isin(moved_since(characteristic, present.created_at), changes.relied_on).any():
        raise Untrue("stored_changed")
    replaced = replace_values(present, changes.replacing)
    first, last = _places(present)
    count = last - first + 1
    present.finish()
    present.committed_at = timezone.now()
    present.rows_imported, present.rows_replaced = count, replaced
    present.leased_until = None
    present.failure = ""
    present.save_over(
        present.version,
        fields=[
            "state", "committed_at", "rows_imported", "rows_replaced", "leased_until", "failure",
        ],
    )  # fmt: skip
    announce(
        actor=present.confirmed_by,
        verb="import.imported",
        characteristic=characteristic,
        target=present,
        appended=(first, last) if count and not replaced else None,
        arrived=bool(count or replaced),
        details={
            "count": count,
            "replaced": replaced,
            "file": present.file_name,
            "sha256": present.sha256,
            "refused": present.rows_refused,
            "first": present.first_sequence,
            "last": present.last_sequence,
        },
    )


def _places(import_: Import) -> tuple[int, int]:
    if import_.first_sequence is None or import_.last_sequence is None:
        raise TakenAway
    return import_.first_sequence, import_.last_sequence


def remove_hidden_rows(import_id: int) -> int:
    """Delete what an import wrote before it was cancelled or refused; in short transactions."""
    import_ = Import.objects.get(pk=import_id)
    if import_.state not in {ImportState.CANCELLED, ImportState.REFUSED}:
        return 0
    first, last = import_.first_sequence, import_.last_sequence
    if first is None or last is None:
        return 0
    removed = 0
    step = CHUNK[connection.vendor]
    for start in range(first, last + 1, step):
        started = time.monotonic()
        deleted, _kinds = Observation.objects.filter(
            characteristic_id=import_.characteristic_id,
            sequence__range=(start, min(start + step - 1, last)),
        ).delete()
        removed += deleted
        if connection.vendor == "sqlite":
            rest(time.monotonic() - started)
    Import.objects.filter(pk=import_id).update(first_sequence=None, last_sequence=None)
    return removed
