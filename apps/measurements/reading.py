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
from apps.measurements.choices import ImportState
from apps.measurements.models import Import
from apps.measurements.reader.jobs import Job, Limits
from apps.measurements.selectors import NO_TIME, known_times

# Exit by a signal says that a limit of the operating system was met, not that a try might help.
POLL_SECONDS = 0.5


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
    except ChildFailed as error:
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
    return Job(
        path=str(files.path_of(import_.stored_as)),
        name=import_.file_name,
        out=str(out),
        data_type=characteristic.data_type,
        subgrouping=characteristic.subgrouping,
        subgroup_size=characteristic.subgroup_size,
        characteristic=characteristic.name,
        unit=characteristic.unit.strip().lower(),
        time_zone=_zone_of(import_.uploaded_by),
        reading=import_.reading,
        mapping=import_.mapping,
        profiles=[
            {
                "name": profile.name,
                "header": profile.header,
                "reading": profile.reading,
                "mapping": profile.mapping,
            }
            for profile in characteristic.import_profiles.all()
        ],
        limits=limits(),
    )


def _zone_of(person: User) -> str:
    """The person's time zone, if this machine knows it."""
    known = person.time_zone in zoneinfo.available_timezones()
    return person.time_zone if known else settings.TIME_ZONE


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
    times = report["covers"]
    known = len(known_rows(import_, load_rows(prefix))) if times else 0
    with transaction.atomic():
        present = leases.locked_own(import_, ImportState.READING)
        if present is None:
            files.remove_read(prefix)
            return False
        characteristic = present.characteristic
        present.report = {
            **report,
            "rows_file": prefix,
            "shape": shape_of(present),
            "data_version": characteristic.data_version,
        }
        rows = report["rows"]
        present.rows_total = present.rows_done = rows["total"]
        present.rows_ready, present.rows_warned = rows["ready"], rows["warned"]
        present.rows_refused, present.rows_known = rows["refused"], known
        _to_preview(present)
    return True


def _to_preview(import_: Import) -> None:
    import_.show_preview()
    import_.leased_until, import_.attempts, import_.failure = None, 0, ""
    import_.updated_at = timezone.now()
    import_.save_over(
        import_.version,
        fields=[
            "state", "report", "rows_total", "rows_done", "rows_ready", "rows_warned",
            "rows_refused", "rows_known", "leased_until", "attempts", "failure",
        ],
    )  # fmt: skip


def shape_of(import_: Import) -> list[str]:
    """What of the characteristic the reading depended on."""
    characteristic = import_.characteristic
    return [
        characteristic.data_type,
        characteristic.subgrouping,
        str(characteristic.subgroup_size or ""),
        characteristic.unit,
    ]


def load_rows(prefix: str) -> dict[str, NDArray[Any]]:
    """The rows that a reading found ready, by column; labels decoded."""
    with np.load(files.path_of(prefix + ".npz")) as stored:
        arrays = {name: stored[name] for name in stored.files}
    text = files.path_of(prefix + ".labels").read_text(encoding="utf-8")
    arrays["labels"] = np.array(text.split("\n"), dtype=np.object_)
    return arrays


def known_rows(import_: Import, arrays: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
    """Places of the rows whose time and value are stored already."""
    stored_times, stored_values = known_times(import_.characteristic_id)
    if not len(stored_times):
        return np.empty(0, dtype=np.int64)
    times, values = arrays["times"], arrays["values"]
    maybe = np.flatnonzero(np.isin(times, stored_times) & (times != NO_TIME))
    relevant = np.isin(stored_times, times[maybe])
    stored = set(
        zip(stored_times[relevant].tolist(), stored_values[relevant].tolist(), strict=True)
    )
    pairs = zip(times[maybe].tolist(), values[maybe].tolist(), strict=True)
    held = [place for place, pair in zip(maybe.tolist(), pairs, strict=True) if pair in stored]
    return np.array(held, dtype=np.int64)
