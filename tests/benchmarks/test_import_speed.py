"""How long a file of a million rows takes, against the driver's own bulk load in the same run.

    make bench                       on SQLite
    DATABASE_URL=postgres://… make bench

Wall-clock figures of a busy machine say little, so both ratios are printed and the one of
processor time is held: of this process, its children and the PostgreSQL server process.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import random
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest
from django.core.files import File
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.measurements import importing, reading, services
from apps.measurements.models import Characteristic, Import, Observation
from apps.measurements.selectors import snapshot
from apps.measurements.storage import COLUMNS
from tests.factories import Org

ROWS = 1_000_000
START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db(transaction=True)


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
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages) + server_seconds()


def server_seconds() -> float:
    """What the PostgreSQL process behind this connection has used, if it runs on this machine."""
    if connection.vendor != "postgresql" or connection.connection is None:
        return 0.0
    status = Path(f"/proc/{connection.connection.info.backend_pid}/stat")
    if not status.exists():
        return 0.0
    fields = status.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def lines() -> list[tuple[int, float, str]]:
    source = random.Random(1)
    return [(number, round(source.gauss(10, 1), 4), "abc"[number % 3]) for number in range(ROWS)]


def make(org: Org, name: str) -> Characteristic:
    return services.create_characteristic(
        actor=org.lead, team=org.desk, name=name, subgrouping="column"
    )


def bulk_load(characteristic: Characteristic, lines: list[tuple[int, float, str]]) -> Took:
    first = int(START.timestamp()) * 1_000_000
    rows = [
        (
            characteristic.pk, number + 1, value, None, label, first + number * 60_000_000, None,
            None, None,
        )
        for number, value, label in lines
    ]  # fmt: skip
    table, names = Observation._meta.db_table, ", ".join(COLUMNS)
    places = ", ".join("?" * len(COLUMNS))
    with measured() as took, transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            connection.connection.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({places})", rows
            )
        else:
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
    return took


def as_csv(lines: list[tuple[int, float, str]]) -> bytes:
    rows = (
        f"{(START + dt.timedelta(minutes=number)).strftime('%Y-%m-%d %H:%M:%S')},{value},{label}\n"
        for number, value, label in lines
    )
    return ("time,value,shift\n" + "".join(rows)).encode()


def write_now_and_then(path: str, stop: Event, waits: Any) -> None:
    """Another writer of the same SQLite file: one row every 10 ms, and how long each took."""
    with sqlite3.connect(path, timeout=20, isolation_level=None) as other:
        other.execute("PRAGMA synchronous = NORMAL")
        found = []
        while not stop.is_set():
            started = time.perf_counter()
            other.execute("UPDATE accounts_team SET name = name")
            found.append(time.perf_counter() - started)
            time.sleep(0.01)
    waits.put(found)


def resident(kind: str) -> float:
    """Megabytes this process holds (VmRSS), or has held at most since `forget_peak` (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind)) / 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def test_what_a_million_rows_take_in_memory(org: Org, tmp_path: Path, capsys) -> None:
    """Alone, before anything else has stretched this process; then the same file again, of which
    every row is stored already."""
    path, chance = tmp_path / "big.csv", random.Random(1)
    with path.open("w") as out:
        out.write("time,value,shift\n")
        for number in range(ROWS):
            moment = (START + dt.timedelta(minutes=number)).strftime("%Y-%m-%d %H:%M:%S")
            out.write(f"{moment},{chance.gauss(10, 1):.4f},{'abc'[number % 3]}\n")
    thing = make(org, "Imported")
    found = []
    for doubles in ("add", "replace"):
        with path.open("rb") as file:
            import_ = services.receive_import(
                actor=org.lead, characteristic=thing, file=File(file, "big.csv")
            )
        forget_peak()
        before = resident("VmRSS")
        assert reading.read(import_.pk)
        import_ = Import.objects.get(pk=import_.pk)
        child = import_.report["peak_bytes"] / 2**20
        if doubles == "add":
            services.confirm_import(
                actor=org.lead, import_=import_, version=import_.version, guesses_confirmed=True
            )
            assert importing.import_rows(import_.pk)
        else:
            assert import_.rows_known == ROWS
        found.append((resident("VmHWM") - before, child))
    with capsys.disabled():
        for name, (grown, child) in zip(("first time", "once more"), found, strict=True):
            print(f"\n{name}: +{grown:.0f} MB in the worker, {child:.0f} MB in the child")
    # One after the other: the child has ended before the worker loads what it found.
    assert all(max(grown, child) <= 400 for grown, child in found)


def test_a_million_rows_against_the_driver(
    org: Org, lines: list[tuple[int, float, str]], monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    bare = bulk_load(make(org, "Bare"), lines)
    content, thing = as_csv(lines), make(org, "Imported")
    import_ = services.receive_import(
        actor=org.lead, characteristic=thing, file=SimpleUploadedFile("big.csv", content)
    )
    del content
    rested, rest = 0.0, importing.rest

    def counted_rest(held: float) -> None:
        nonlocal rested
        started = time.perf_counter()
        rest(held)
        rested += time.perf_counter() - started

    monkeypatch.setattr(importing, "rest", counted_rest)
    with measured() as whole:
        with measured() as read:
            assert reading.read(import_.pk)
        import_ = Import.objects.get(pk=import_.pk)
        services.confirm_import(
            actor=org.lead, import_=import_, version=import_.version, guesses_confirmed=True
        )
        assert importing.import_rows(import_.pk)
    whole.wall -= rested
    ratio = whole.processor / bare.processor
    with measured() as fetched:
        assert len(snapshot(thing.pk).values) == ROWS

    with capsys.disabled():
        print(f"\n{connection.vendor}, {ROWS:,} rows")
        print(f"driver's bulk load   {bare}")
        print(f"file to committed    {whole} (reading {read}; rested {rested:.2f} s apart)")
        print(f"ratio                {whole.wall / bare.wall:.2f} wall, {ratio:.2f} processor")
        print(f"stored to arrays     {fetched}")
    assert ratio <= 2.5


def test_an_upload_answers_without_a_broker(
    org: Org, client_as: Callable[[User], Client], capsys
) -> None:
    thing, client = make(org, "Imported"), client_as(org.lead)
    url = reverse("measurements:import", args=[thing.pk])
    took = []
    for number in range(20):
        file = SimpleUploadedFile("a.csv", f"value\n{number}\n".encode())
        began = time.perf_counter()
        assert client.post(url, {"file": file, "complete": "whole"}).status_code == 302
        took.append(time.perf_counter() - began)
    with capsys.disabled():
        print(f"\nupload without a broker: longest of {len(took)} {max(took):.2f} s")
    assert max(took) < 2


def test_a_child_past_its_time_is_stopped(org: Org, settings: Any, capsys) -> None:
    settings.IMPORT_MAX_SECONDS = 1
    settings.IMPORT_MAX_ROWS = 10_000_000
    content = b"value,x\n" + b"1.5,x\n1.5,\n1.5,x,\n" * 2_000_000
    import_ = services.receive_import(
        actor=org.lead, characteristic=make(org, "Long"), file=SimpleUploadedFile("a.csv", content)
    )
    began = time.perf_counter()
    reading.read(import_.pk)
    took = time.perf_counter() - began
    with capsys.disabled():
        print(f"\na child with one second of processor time is stopped after {took:.1f} s")
    assert took < 20


def test_another_writer_on_sqlite_hardly_waits(
    org: Org, lines: list[tuple[int, float, str]], capsys
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has many writers at once")
    thing = make(org, "Imported")
    import_ = services.receive_import(
        actor=org.lead, characteristic=thing, file=SimpleUploadedFile("a.csv", as_csv(lines))
    )
    reading.read(import_.pk)
    import_ = Import.objects.get(pk=import_.pk)
    services.confirm_import(
        actor=org.lead, import_=import_, version=import_.version, guesses_confirmed=True
    )
    stop, waits = multiprocessing.Event(), multiprocessing.Queue()
    path = str(Path(connection.settings_dict["NAME"]))
    other = multiprocessing.Process(target=write_now_and_then, args=(path, stop, waits))
    other.start()
    importing.import_rows(import_.pk)
    stop.set()
    found = sorted(waits.get())
    other.join()
    p50, p99 = (1000 * found[int(len(found) * share)] for share in (0.5, 0.99))
    with capsys.disabled():
        print(
            f"\nanother writer: {len(found)} writes, p50 {p50:.1f} ms, p99 {p99:.1f} ms,"
            f" longest {1000 * found[-1]:.1f} ms"
        )
    assert p99 <= 50
