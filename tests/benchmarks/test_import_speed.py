"""How long a file of a million rows takes, against the driver's own bulk load in the same run.

    make bench                       on SQLite
    DATABASE_URL=postgres://… make bench

Wall-clock figures of a busy machine say little, so both ratios are printed and the one of
processor time is held: of this process, its children and the PostgreSQL server process.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable
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
from tests.benchmarks.measuring import (
    Took,
    another_writer,
    forget_peak,
    load,
    measured,
    resident,
    where,
)
from tests.benchmarks.table import note
from tests.factories import Org
from tests.processes import Broker

ROWS = 1_000_000
START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db(transaction=True)


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
    kept = []
    with capsys.disabled():
        print()
        for name, (grown, child) in zip(("", ", stored already"), found, strict=True):
            # One after the other: the child has ended before the worker loads what it found.
            what = f"import of {ROWS:,} rows{name}, more memory"
            remark = f"worker {grown:.0f}, child {child:.0f}"
            kept.append(note(where(), what, max(grown, child), "MB", target=400, remark=remark))
    assert all(kept)


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
        print(f"\n{where()}, {ROWS:,} rows")
        print(f"driver's bulk load   {bare}")
        print(f"file to committed    {whole} (reading {read}; rested {rested:.2f} s apart)")
        print(f"ratio                {whole.wall / bare.wall:.2f} wall, {ratio:.2f} processor")
        print(f"stored to arrays     {fetched}")
        note(where(), "file to committed", ROWS / whole.wall, "rows/s", remark=load())
        kept = note(
            where(),
            f"import of {ROWS:,} rows / the driver's bulk load",
            ratio,
            "×",
            target=2.5,
            remark=f"wall {whole.wall / bare.wall:.2f} ×, {load()}",
        )
    assert kept


def slowest_upload(thing: Characteristic, client: Client) -> float:
    """The longest of 20 answers."""
    url, took = reverse("measurements:import", args=[thing.pk]), []
    for number in range(20):
        file = SimpleUploadedFile("a.csv", f"value\n{number}\n".encode())
        began = time.perf_counter()
        assert client.post(url, {"file": file, "complete": "whole"}).status_code == 302
        took.append(time.perf_counter() - began)
    return max(took)


def test_an_upload_answers_without_a_broker(
    org: Org, client_as: Callable[[User], Client], capsys
) -> None:
    longest = slowest_upload(make(org, "Imported"), client_as(org.lead))
    with capsys.disabled():
        assert note(where(), "upload without a broker, slowest of 20", longest, "s", target=2)


def test_an_upload_answers_while_the_broker_is_frozen(
    org: Org, client_as: Callable[[User], Client], broker: Broker, capsys
) -> None:
    client = client_as(org.lead)
    broker.freeze()
    try:
        longest = slowest_upload(make(org, "Imported"), client)
    finally:
        broker.thaw()
    with capsys.disabled():
        what = "upload while the broker is frozen, slowest of 20"
        assert note(where(), what, longest, "s", target=2, remark=load())


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
    with another_writer() as found:
        importing.import_rows(import_.pk)
    p50, p99 = (1000 * found[int(len(found) * share)] for share in (0.5, 0.99))
    remark = f"{len(found)} writes, p50 {p50:.1f}, longest {1000 * found[-1]:.1f} ms, {load()}"
    with capsys.disabled():
        what = "another writer during the import, p99"
        assert note(where(), what, p99, "ms", target=50, remark=remark)
