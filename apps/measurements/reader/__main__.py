"""The child process: one job from standard input, lines of JSON on standard output."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from apps.measurements.reader.jobs import FileRefused, Job
from apps.measurements.reader.read import read_file

TELL_EVERY = 0.25


def main() -> int:
    job = Job.from_json(json.load(sys.stdin))
    _limit(job)
    try:
        report = read_file(job, _Teller())
        _say(report={**report, "peak_bytes": _peak_bytes()})
    except FileRefused as no:
        _say(refused={"code": no.code, "params": no.params})
    except MemoryError:
        _say(refused={"code": "memory", "params": {"most": job.limits.memory_bytes}})
    return 0


def _limit(job: Job) -> None:
    memory, seconds = job.limits.memory_bytes, job.limits.seconds
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    files = job.limits.unpacked_bytes * 4
    resource.setrlimit(resource.RLIMIT_FSIZE, (files, files))


def _peak_bytes() -> int | None:
    """The most memory this process has held; getrusage would count its parent's too."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    lines = status.read_text().splitlines()
    peak = next((line for line in lines if line.startswith("VmHWM:")), None)
    return int(peak.split()[1]) * 1024 if peak else None


def _say(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class _Teller:
    """Says how far the reading is, a few times a second."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + TELL_EVERY
            _say(progress=[done, total])


if __name__ == "__main__":
    sys.exit(main())
