"""Imports whose process is killed, cut off from the database, or left without room, anywhere."""

from __future__ import annotations

import os
import random
import resource
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections

from apps.audit.verification import verify
from apps.measurements import importing, reading, services
from apps.measurements.choices import ImportState
from apps.measurements.models import Characteristic, Correction, Import, Observation
from apps.measurements.selectors import snapshot
from tests.factories import Org

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

KILLS = 24
ROWS = 1_000
ROOM = 120_000
MINUTES = [f"2026-{1 + n // 1440 % 9:02}-{1 + n // 12960:02} {n // 60 % 24:02}:{n % 60:02}"
           for n in range(ROWS)]  # fmt: skip


def text_of(attempt: int) -> str:
    """The same times in every file, so that each replaces what the one before brought."""
    return "time,length,width\n" + "".join(
        f"{minute},{attempt + n},{attempt - n}\n" for n, minute in enumerate(MINUTES)
    )


def values_of(attempt: int) -> tuple[list[int], list[int]]:
    return [attempt + n for n in range(ROWS)], [attempt - n for n in range(ROWS)]


@pytest.fixture
def both(org: Org) -> list[Characteristic]:
    return [
        services.create_characteristic(actor=org.lead, team=org.desk, name=name)
        for name in ("Length", "Width")
    ]


def upload(org: Org, both: list[Characteristic], attempt: int) -> Import:
    columns = {"0": "time", "1": "value", "2": f"{both[1].pk}:value"}
    return services.receive_import(
        actor=org.member, characteristic=both[0],
        file=SimpleUploadedFile("a.csv", text_of(attempt).encode()),
        mapping={"columns": columns}, reading={"order": "file"},
    )  # fmt: skip


def fresh(import_: Import) -> Import:
    return Import.objects.get(pk=import_.pk)


def confirm(org: Org, import_: Import) -> None:
    present = fresh(import_)
    services.confirm_import(
        actor=org.member, import_=present, version=present.version, guesses_confirmed=True,
        accept_refused=True, again=True, doubles_stored="replace",
    )  # fmt: skip


def in_a_process(work: Callable[[], Any]) -> int:
    """Run it in a process of its own, with a connection of its own; the process."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child


def seen(both: list[Characteristic]) -> tuple[list[float], list[float]]:
    length, width = (snapshot(one.pk).values.tolist() for one in both)
    return length, width


def let_another_go_on() -> None:
    Import.objects.update(leased_until=None, attempts=0)


def cut_off(child: int) -> None:
    """The server ends the connections of every process but this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    os.waitpid(child, 0)


def kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_killed_anywhere_an_import_is_whole_or_not_there(
    org: Org, both: list[Characteristic], monkeypatch
) -> None:
    """Two characteristics, each value replaced by the next file; killed while it is read, while
    rows are written and around the commit. On PostgreSQL every second kill cuts the connection."""
    monkeypatch.setitem(importing.CHUNK, connection.vendor, 130)
    monkeypatch.setattr(importing, "LEAST_CHUNK", 130)
    chance = random.Random(20261123)
    first = upload(org, both, 0)
    began = time.monotonic()
    reading.read(first.pk)
    read_in = time.monotonic() - began
    confirm(org, first)
    began = time.monotonic()
    importing.import_rows(first.pk)
    written_in = time.monotonic() - began
    assert seen(both) == values_of(0)

    unfinished = 0
    for attempt in range(1, KILLS + 1):
        before = values_of(attempt - 1)
        import_ = upload(org, both, attempt)
        ends = [kill, cut_off] if connection.vendor == "postgresql" else [kill]
        if attempt % 4 == 0:
            child = in_a_process(lambda pk=import_.pk: reading.read(pk))
            time.sleep(read_in * chance.random())
            ends[attempt // 4 % len(ends)](child)
            let_another_go_on()
        if fresh(import_).state != ImportState.PREVIEW:
            assert reading.read(import_.pk)
        confirm(org, import_)
        child = in_a_process(lambda pk=import_.pk: importing.import_rows(pk))
        time.sleep(1.2 * written_in * chance.random())
        ends[attempt % len(ends)](child)
        state = fresh(import_).state
        assert seen(both) == (values_of(attempt) if state == ImportState.IMPORTED else before)
        if state != ImportState.IMPORTED:
            unfinished += 1
            let_another_go_on()
            assert importing.import_rows(import_.pk)
        assert seen(both) == values_of(attempt)
    assert unfinished >= KILLS // 4, "too few were hit on the way"
    assert Observation.objects.count() == 2 * ROWS
    # Each value of each file but the first was corrected once; equal ones were left as they are.
    assert Correction.objects.count() == 2 * ROWS * KILLS
    assert verify().intact


def test_without_room_on_the_disk_nothing_counts_and_it_goes_on_later(
    org: Org, both: list[Characteristic]
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the disk of PostgreSQL is its server's")
    import_ = upload(org, both, 0)
    reading.read(import_.pk)
    confirm(org, import_)

    def with_little_room() -> None:
        # Less than what SQLite's log of these rows takes, and than the database holds already.
        resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))
        importing.import_rows(import_.pk)

    _child, status = os.waitpid(in_a_process(with_little_room), 0)
    assert os.waitstatus_to_exitcode(status) == 1, "there was room enough"
    assert seen(both) == ([], [])
    assert fresh(import_).state == ImportState.IMPORTING
    let_another_go_on()
    assert importing.import_rows(import_.pk)
    assert seen(both) == values_of(0)


def test_without_room_for_what_was_read_it_is_read_again_later(
    org: Org, both: list[Characteristic], monkeypatch
) -> None:
    import_ = upload(org, both, 0)
    whole = reading.limits
    monkeypatch.setattr(
        reading, "limits",
        lambda: type(whole())(**{**whole().__dict__, "unpacked_bytes": 1_000}),
    )  # fmt: skip
    with pytest.raises(reading.ChildFailed):
        reading.read(import_.pk)
    assert "File too large" in fresh(import_).failure
    monkeypatch.undo()
    let_another_go_on()
    assert reading.read(import_.pk)
    assert fresh(import_).rows_ready == ROWS
