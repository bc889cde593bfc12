"""How the benchmarks take time and memory: wall clock, processor, and a process of its own."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from django.db import connection, connections

WHERE = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
Found = TypeVar("Found")


def where() -> str:
    return WHERE[connection.vendor]


def load() -> str:
    """Said beside each figure: what else the machine was doing."""
    return f"load {os.getloadavg()[0]:.1f}"


@dataclass
class Took:
    """Wall-clock and processor seconds."""

    wall: float = 0.0
    processor: float = 0.0

    def __str__(self) -> str:
        return f"{self.wall:6.2f} s wall, {self.processor:6.2f} s processor"


@contextmanager
def measured() -> Iterator[Took]:
    took, wall, processor = Took(), time.perf_counter(), processor_seconds()
    yield took
    took.wall = time.perf_counter() - wall
    took.processor = processor_seconds() - processor


def processor_seconds() -> float:
    """Of this process, its children that ended, and the PostgreSQL process that serves it."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages) + server_seconds()


def server_seconds() -> float:
    """What the PostgreSQL process behind this connection has used, if it runs on this machine."""
    if connection.vendor != "postgresql" or connection.connection is None:
        return 0.0
    return seconds_of(connection.connection.info.backend_pid)


def seconds_of(pid: int) -> float:
    """What a process of this machine has used; 0 where there is none."""
    status = Path(f"/proc/{pid}/stat")
    if not status.exists():
        return 0.0
    fields = status.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(kind: str) -> float:
    """Megabytes this process holds (VmRSS), or has held at most since `forget_peak` (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind)) / 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def in_child(job: Callable[[], Found]) -> tuple[Found, float]:
    """What a job gives in a process that has done nothing else, and the megabytes it takes there
    at most, beyond those that the process begins with."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    # Neither process may use, or close, what belongs to the other.
    connections.close_all()
    child = context.Process(target=_told, args=(job, theirs))
    child.start()
    theirs.close()
    try:
        return ours.recv()
    finally:
        child.join()


def _told(job: Callable[[], Found], out: multiprocessing.connection.Connection) -> None:
    forget_peak()
    before = resident("VmRSS")
    found = job()
    out.send((found, resident("VmHWM") - before))
    connections.close_all()
