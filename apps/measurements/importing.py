"""Writing the confirmed rows of an import, and making them count in one step.

Rows are written in short transactions into a run of places reserved for them; they count once
the state says so. On SQLite, which has one writer at a time, the import rests between two
transactions so that others get their turn.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone
from numpy.typing import NDArray

from apps.measurements import files, leases
from apps.measurements.announcing import announce
from apps.measurements.choices import DataType, ImportState
from apps.measurements.models import Characteristic, Import, Observation, reserve_places
from apps.measurements.reading import TakenAway, known_rows, load_rows
from apps.measurements.selectors import NO_TIME
from apps.measurements.storage import Rows, write_rows

CHUNK = {"sqlite": 2_500, "postgresql": 50_000}
# A waiting SQLite writer tries again after 1, 2, 5, 10 … ms: the rest has to be long enough to
# be met, measured in tests/benchmarks/import_speed.py.
HOLD_SECONDS = 0.010
REST_SHARE = 1.0
REST_LEAST = 0.002
LEAST_CHUNK = 1_000


def import_rows(import_id: int) -> bool:
    """Write the rows and make them count; False when there was nothing to do."""
    import_ = leases.take(import_id, leases.WRITABLE)
    if import_ is None:
        return False
    try:
        arrays = _arrays_to_write(import_)
        _write_all(import_, arrays)
        _make_them_count(import_, len(arrays["values"]))
    except TakenAway:
        return False
    except Exception as error:
        leases.let_go(import_, error=f"{type(error).__name__}: {error}"[:2000])
        raise
    return True


def _arrays_to_write(import_: Import) -> dict[str, NDArray[Any]]:
    """The rows to be written. What is skipped is decided once, when places are reserved."""
    arrays = load_rows(import_.report["rows_file"])
    if import_.skip_known:
        arrays = _without_skipped(import_, arrays)
    if import_.first_sequence is None:
        with transaction.atomic():
            present = leases.locked_own(import_, ImportState.IMPORTING)
            if present is None:
                raise TakenAway
            characteristic = Characteristic.objects.get(pk=import_.characteristic_id)
            first = reserve_places(characteristic, len(arrays["values"]))
            import_.first_sequence = first
            import_.last_sequence = first + len(arrays["values"]) - 1
            leases.hold(
                import_,
                ImportState.IMPORTING,
                first_sequence=import_.first_sequence,
                last_sequence=import_.last_sequence,
                rows_done=0,
                rows_total=len(arrays["values"]),
            )
    return arrays


def _without_skipped(import_: Import, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The rows that are not stored already, as found when the writing began."""
    path = files.path_of(import_.report["rows_file"] + ".known.npy")
    if import_.first_sequence is None or not path.exists():
        np.save(path, known_rows(import_, arrays))
    keep = np.ones(len(arrays["values"]), dtype=bool)
    keep[np.load(path)] = False
    return {name: column if name == "labels" else column[keep] for name, column in arrays.items()}


def _write_all(import_: Import, arrays: dict[str, NDArray[Any]]) -> None:
    total = len(arrays["values"])
    first = import_.first_sequence
    if first is None:
        raise TakenAway
    done = Observation.objects.filter(
        characteristic_id=import_.characteristic_id,
        sequence__range=(first, import_.last_sequence),
    ).count()
    step = CHUNK[connection.vendor]
    while done < total:
        rows = _rows(import_, arrays, done, min(done + step, total))
        started = time.monotonic()
        with transaction.atomic():
            if not leases.hold(import_, ImportState.IMPORTING, rows_done=done + len(rows)):
                raise TakenAway
            write_rows(
                characteristic_id=import_.characteristic_id,
                first=first + done,
                rows=rows,
                source_id=import_.pk,
            )
        done += len(rows)
        if connection.vendor == "sqlite" and done < total:
            held = time.monotonic() - started
            step = next_step(step, held)
            rest(held)


def next_step(step: int, held: float) -> int:
    """How many rows to write at once, so that the write lock is held about `HOLD_SECONDS`."""
    wanted = int(step * HOLD_SECONDS / max(held, 1e-6))
    return min(CHUNK["sqlite"], max(LEAST_CHUNK, min(wanted, 2 * step)))


def rest(worked: float) -> None:
    """Let other writers in, in proportion to how long they had to wait."""
    time.sleep(max(worked * REST_SHARE, REST_LEAST))


def _rows(import_: Import, arrays: dict[str, NDArray[Any]], start: int, end: int) -> Rows:
    part = slice(start, end)
    times = arrays["times"][part].tolist()
    codes = arrays["codes"][part]
    with_size = import_.characteristic.data_type != DataType.VARIABLE
    return Rows(
        values=arrays["values"][part].tolist(),
        sizes=arrays["sizes"][part].tolist() if with_size else None,
        subgroups=arrays["labels"][codes].tolist() if codes.any() else None,
        observed_us=[None if moment == NO_TIME else moment for moment in times],
    )


def _make_them_count(import_: Import, count: int) -> None:
    with transaction.atomic():
        present = leases.locked_own(import_, ImportState.IMPORTING)
        if present is None:
            raise TakenAway
        characteristic = Characteristic.objects.select_for_update().get(
            pk=present.characteristic_id
        )
        present.finish()
        present.committed_at = timezone.now()
        present.rows_imported = count
        present.leased_until = None
        present.failure = ""
        present.save_over(
            present.version,
            fields=["state", "committed_at", "rows_imported", "leased_until", "failure"],
        )
        announce(
            actor=present.confirmed_by,
            verb="import.imported",
            characteristic=characteristic,
            target=present,
            details={
                "count": count,
                "file": present.file_name,
                "sha256": present.sha256,
                "refused": present.rows_refused,
                "first": present.first_sequence,
                "last": present.last_sequence,
            },
        )
    files.remove_read(import_.report["rows_file"], keep=(".refused",))


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
