"""Reading an uploaded file in a child process, and keeping what it found for the preview."""

from __future__ import annotations

import dataclasses
import json
import os
import selectors as io_selectors
import subprocess
import sys
import time
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from apps.accounts.models import User
from apps.measurements import files, leases
from apps.measurements.choices import DataType, ImportState
from apps.measurements.duplicates import Known, known_rows
from apps.measurements.models import Characteristic, Import
from apps.measurements.reader.jobs import Job, Limits, Target
from apps.measurements.reader.times import EPOCH, MICROSECOND
from apps.measurements.selectors import importable_by
from apps.measurements.strata import MOST_STRATA

# Exit by a signal says that a limit of the operating system was met, not that a try might help.
POLL_SECONDS = 0.5
# Other characteristics that the reader compares with the names of the columns.
MOST_OTHERS = 1_000


class ChildFailed(Exception):
    """The child process died of an error of its own."""


class TakenAway(Exception):
    """The import was cancelled, or another worker has it."""


def limits() -> Limits:
    return Limits(
        unpacked_bytes=settings.IMPORT_MAX_UNPACKED_BYTES,
        rows=settings.IMPORT_MAX_ROWS,
        columns=settings.IMPORT_MAX_COLUMNS,
        cell=settings.IMPORT_MAX_CELL,
        strata=MOST_STRATA,
        memory_bytes=settings.IMPORT_MAX_MEMORY_BYTES,
        seconds=settings.IMPORT_MAX_SECONDS,
    )


def read(import_id: int) -> bool:
    """Read the file and show the preview; False when there was nothing to do."""
    import_ = leases.take(import_id, leases.READABLE)
    if import_ is None:
        return False
    try:
        _start(import_)
        answer = _run_child(import_)
    except TakenAway:
        return False
    except (ChildFailed, OSError) as error:
        leases.let_go(import_, error=str(error))
        raise
    if "refused" in answer:
        return _end_refused(import_, answer["refused"])
    return _show_preview(import_, answer["report"])


def _start(import_: Import) -> None:
    with transaction.atomic():
        present = leases.locked_own(import_, import_.state)
        if present is None:
            raise TakenAway
        present.start_reading()
        present.save_over(present.version, fields=["state"])
        import_.version = present.version


def _prefix(import_: Import) -> str:
    """Where this reading writes; another one of the same file writes elsewhere."""
    return f"{import_.stored_as.split('.')[0]}.{import_.lease[:12]}"


def job_for(import_: Import, out: Path) -> Job:
    characteristic = import_.characteristic
    profiles = [
        {
            "name": profile.name,
            "header": profile.header,
            "reading": profile.reading,
            "mapping": profile.mapping,
        }
        for profile in characteristic.import_profiles.all()
    ]
    mapped = mapped_keys(import_.mapping).union(
        *(mapped_keys(profile["mapping"]) for profile in profiles)
    )
    others = importable_by(import_.uploaded_by).exclude(pk=characteristic.pk)
    neighbours = others.filter(team=characteristic.team_id).exclude(pk__in=mapped)
    offered = [*others.filter(pk__in=mapped), *neighbours[:MOST_OTHERS]]
    return Job(
        path=str(files.fetched(import_.stored_as)),
        name=import_.file_name,
        out=str(out),
        target=_target(characteristic, key=""),
        others=[_target(other, key=str(other.pk)) for other in offered],
        time_zone=zone_of(characteristic, import_.uploaded_by),
        now=(timezone.now() - EPOCH) // MICROSECOND,
        reading=import_.reading,
        mapping=import_.mapping,
        profiles=profiles,
        limits=limits(),
    )


def mapped_keys(mapping: dict[str, Any]) -> set[int]:
    """The other characteristics to which columns of a file go."""
    keys = {role.partition(":")[0] for role in mapping.get("columns", {}).values() if ":" in role}
    return {int(key) for key in keys if key.isdecimal()}


def _target(characteristic: Characteristic, *, key: str) -> Target:
    counts_time = characteristic.data_type == DataType.BETWEEN
    return Target(
        key=key,
        name=characteristic.name,
        code=characteristic.code,
        data_type=characteristic.data_type,
        subgrouping=characteristic.subgrouping,
        subgroup_size=characteristic.subgroup_size,
        unit=characteristic.unit.strip().lower(),
        variables=characteristic.variables,
        factors=characteristic.factors,
        last_event=characteristic.newest_us if counts_time else None,
    )


def zone_of(characteristic: Characteristic, person: User) -> str:
    """The characteristic's time zone, else the person's, if this machine knows it."""
    known = zoneinfo.available_timezones()
    zones = (characteristic.time_zone, person.time_zone)
    return next((zone for zone in zones if zone in known), settings.TIME_ZONE)


def _run_child(import_: Import) -> dict[str, Any]:
    job = job_for(import_, files.path_of(_prefix(import_)))
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(settings.BASE_DIR),
        "PYTHONUTF8": "1",
        # One thread: each would reserve memory that counts against the limit.
        "OPENBLAS_NUM_THREADS": "1",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "apps.measurements.reader"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=settings.BASE_DIR,
        env=environment,
    ) as child:
        try:
            return _listen(import_, child, job)
        finally:
            child.kill()


def _listen(import_: Import, child: subprocess.Popen[bytes], job: Job) -> dict[str, Any]:
    if child.stdin is None or child.stderr is None:
        raise ChildFailed("the child has no pipes")
    child.stdin.write(json.dumps(dataclasses.asdict(job)).encode())
    child.stdin.close()
    for line in _lines(import_, child, job.limits.seconds * 2):
        if "progress" not in line:
            return line
        done, total = line["progress"]
        if not leases.hold(import_, ImportState.READING, rows_done=done, rows_total=total):
            raise TakenAway
    code = child.wait()
    if code < 0:
        # A signal: the limit of memory (an allocation aborts) or of time.
        kind = "time" if code == -24 else "memory"
        most = job.limits.seconds if kind == "time" else job.limits.memory_bytes
        return {"refused": {"code": kind, "params": {"most": most}}}
    raise ChildFailed(child.stderr.read()[-2000:].decode("utf-8", "replace"))


def _lines(
    import_: Import, child: subprocess.Popen[bytes], seconds: float
) -> Iterator[dict[str, Any]]:
    """Lines of the child as they come; holds the lease meanwhile."""
    if child.stdout is None:
        raise ChildFailed("the child has no pipes")
    deadline = time.monotonic() + seconds
    stream, rest = child.stdout.fileno(), b""
    with io_selectors.DefaultSelector() as waiting:
        waiting.register(stream, io_selectors.EVENT_READ)
        while True:
            if not waiting.select(timeout=POLL_SECONDS):
                if time.monotonic() > deadline:
                    yield {"refused": {"code": "time", "params": {"most": int(seconds / 2)}}}
                    return
                if not leases.hold(import_, ImportState.READING):
                    raise TakenAway
                continue
            block = os.read(stream, 1 << 16)
            if not block:
                return
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                yield cast(dict[str, Any], json.loads(line))


def _end_refused(import_: Import, refused: dict[str, Any]) -> bool:
    files.remove_read(_prefix(import_))
    with transaction.atomic():
        present = leases.locked_own(import_, ImportState.READING)
        if present is None:
            return False
        if present.reading or present.mapping:
            # A person's choice did not fit the file: back to the page where it can be changed.
            present.report = {**present.report, "unfit": refused, "rows_file": ""}
            _to_preview(present)
        else:
            leases.refuse(present, **refused)
    return True


def _show_preview(import_: Import, report: dict[str, Any]) -> bool:
    prefix = _prefix(import_)
    files.keep_read(prefix)
    known = [_note_known(import_, prefix, part) for part in report["parts"]]
    with transaction.atomic():
        present = leases.locked_own(import_, ImportState.READING)
        if present is None:
            files.remove_read(prefix)
            return False
        present.report = {
            **report,
            "rows_file": prefix,
            "data_version": present.characteristic.data_version,
        }
        rows = report["rows"]
        present.rows_total = present.rows_done = rows["total"]
        present.rows_ready, present.rows_warned = rows["ready"], rows["warned"]
        present.rows_refused, present.rows_known = rows["refused"], sum(map(len, known))
        present.rows_differing = sum(len(found.differing) for found in known)
        _to_preview(present)
    return True


def _note_known(import_: Import, prefix: str, part: dict[str, Any]) -> Known:
    """Complete what the reader says of one characteristic by what is known of it here."""
    characteristic = characteristic_of(import_, part)
    part["rows_file"] = f"{prefix}.{part['target']}" if part["target"] else prefix
    part["shape"] = shape_of(characteristic)
    arrays, strata = load_rows(part["rows_file"])
    known = known_rows(characteristic, arrays, strata)
    part["known"], part["differing"] = len(known), len(known.differing)
    return known


def characteristic_of(import_: Import, part: dict[str, Any]) -> Characteristic:
    """The characteristic that a part of the report is about."""
    if not part["target"]:
        return import_.characteristic
    return Characteristic.objects.get(pk=int(part["target"]))


def _to_preview(import_: Import) -> None:
    import_.show_preview()
    import_.leased_until, import_.attempts, import_.failure = None, 0, ""
    import_.updated_at = timezone.now()
    import_.save_over(
        import_.version,
        fields=[
            "state", "report", "rows_total", "rows_done", "rows_ready", "rows_warned",
            "rows_refused", "rows_known", "rows_differing", "leased_until", "attempts", "failure",
        ],
    )  # fmt: skip


def shape_of(characteristic: Characteristic) -> list[str]:
    """What of the characteristic the reading depended on."""
    return [
        characteristic.data_type,
        characteristic.subgrouping,
        str(characteristic.subgroup_size or ""),
        characteristic.unit,
        *characteristic.variables,
        *characteristic.factors,
    ]


def load_rows(prefix: str) -> tuple[dict[str, NDArray[Any]], list[dict[str, str]]]:
    """The rows that a reading found ready, by column, and their strata; labels decoded."""
    with np.load(files.fetched(prefix + ".npz")) as stored:
        arrays = {name: stored[name] for name in stored.files}
    count = len(arrays["values"])
    # What is empty all through is not stored.
    arrays.setdefault("sizes", np.full(count, np.nan))
    arrays.setdefault("others", np.empty((count, 0)))
    for name in ("codes", "strata", "doubles"):
        arrays.setdefault(name, np.zeros(count, dtype=np.int32))
    text = files.fetched(prefix + ".labels").read_text(encoding="utf-8")
    arrays["labels"] = np.array(text.split("\n"), dtype=np.object_)
    strata: list[dict[str, str]] = json.loads(files.fetched(prefix + ".strata").read_bytes())
    return arrays, strata
