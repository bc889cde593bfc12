"""How the benchmarks take time and memory: wall clock, processor, and a process of its own."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, TypeVar

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


def seconds_of(pid: int, *, with_children: bool = False) -> float:
    """What a process of this machine has used, and its ended children; 0 where there is none."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    fields = status.rsplit(")", 1)[1].split()
    ticks = [int(field) for field in fields[11 : 15 if with_children else 13]]
    return sum(ticks) / os.sysconf("SC_CLK_TCK")


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
        found: tuple[Found, float] = ours.recv()
        return found
    finally:
        child.join()


def _told(job: Callable[[], Found], out: multiprocessing.connection.Connection) -> None:
    forget_peak()
    before = resident("VmRSS")
    found = job()
    out.send((found, resident("VmHWM") - before))
    connections.close_all()


@contextmanager
def another_writer() -> Iterator[list[float]]:
    """Another writer of the same SQLite file: how long each of its writes took, rising; known
    when the block has ended."""
    context = multiprocessing.get_context("spawn")
    stop, ready, waits = context.Event(), context.Event(), context.Queue()
    path = str(connection.settings_dict["NAME"])
    other = context.Process(target=_write_now_and_then, args=(path, ready, stop, waits))
    other.start()
    ready.wait()
    found: list[float] = []
    try:
        yield found
    finally:
        stop.set()
        found += sorted(waits.get())
        other.join()


def _write_now_and_then(path: str, ready: Event, stop: Event, waits: Any) -> None:
    """One row every 10 ms."""
    with sqlite3.connect(path, timeout=20, isolation_level=None) as other:
        other.execute("PRAGMA synchronous = NORMAL")
        found = []
        ready.set()
        while not stop.is_set():
            started = time.perf_counter()
            other.execute("UPDATE accounts_team SET name = name")
            found.append(time.perf_counter() - started)
            time.sleep(0.01)
    waits.put(found)
