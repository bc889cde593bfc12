"""A backup restored into an empty database, compared with the source: everything, both ways."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.models import F

from apps.audit.models import Entry
from apps.audit.services import record
from apps.charts.models import ChartResult, ControlChart, PointBlock, Signal
from apps.charts.recompute import recompute
from apps.charts.sweep import sweep
from apps.files.models import Piece
from apps.measurements.models import Characteristic, Observation
from apps.measurements.services import append_observations
from apps.operations import backup, tables
from apps.operations.archive import Archive
from apps.operations.models import Backup
from tests.factories import Org
from tests.operations.restoring import (
    assert_alive,
    assert_same,
    empty_postgres,
    everything,
    manage,
    opened,
    restore,
)

pytestmark = pytest.mark.django_db(transaction=True)


# --- Whole ------------------------------------------------------------------------------------


def test_every_table_of_the_database_is_in_it_or_left_out_by_name() -> None:
    inside = {part.table for part in tables.all_parts(connection)}
    with connection.cursor() as cursor:
        assert inside | set(tables.LEFT_OUT) == set(connection.introspection.table_names(cursor))


def test_the_same_kind_of_database(archive: Path, tmp_path: Path) -> None:
    source = everything("default")
    if connection.vendor == "postgresql":
        other: Any = empty_postgres("improve_restored")
    else:
        other = contextlib.nullcontext(f"sqlite:///{tmp_path / 'there' / 'improve.sqlite3'}")
    with other as url:
        done = restore(archive, url, tmp_path / "there")
        assert done.returncode == 0, done.stderr
        assert "compared row by row, audit trail whole" in done.stdout
        with opened(url) as alias:
            assert_same(source, alias, restored=1)
            assert_alive(alias)
        again = restore(archive, url, tmp_path / "there")
        assert again.returncode == 2
        assert "into an empty one only" in again.stderr
        recomputed_alike(url, tmp_path / "there")


def recomputed_alike(url: str, folder: Path) -> None:
    """Computed anew, here and there, from the same rows: the same results."""
    ControlChart.objects.update(settings_version=F("settings_version") + 1)
    assert sweep(recompute) == 1
    with opened(url) as alias:
        ControlChart.objects.using(alias).update(settings_version=F("settings_version") + 1)
    done = manage(url, folder, "sweep", secret="one-of-its-own-0123456789-abcdefghij")
    assert "1 charts were out of date, 1 were recomputed" in done.stdout, done.stderr
    moving = {"id", "computed_at", "result_id", "first_seen_at", "updated_at"}
    with opened(url) as alias:
        for model in (ChartResult, PointBlock, Signal):
            names = [f.attname for f in model._meta.concrete_fields if f.attname not in moving]
            here, there = (
                sorted(model._base_manager.using(each).values_list(*names), key=repr)
                for each in ("default", alias)
            )
            assert _differing(names, here, there) == [], model
            assert here or model is Signal


def _differing(names: list[str], here: list[Any], there: list[Any]) -> list[Any]:
    if len(here) != len(there):
        return [len(here), len(there)]
    return [
        (name, one, other)
        for mine, theirs in zip(here, there, strict=True)
        for name, one, other in zip(names, mine, theirs, strict=True)
        if one != other
    ]


@pytest.mark.postgres
def test_from_postgresql_to_sqlite_and_back(archive: Path, tmp_path: Path) -> None:
    source = everything("default")
    folder = tmp_path / "there"
    lite = f"sqlite:///{folder / 'improve.sqlite3'}"
    done = restore(archive, lite, folder)
    assert done.returncode == 0, done.stderr
    with opened(lite) as alias:
        assert_same(source, alias, restored=1)
    back = tmp_path / "back.zip"
    assert manage(lite, folder, "backup", str(back)).returncode == 0
    with empty_postgres("improve_back") as url:
        done = restore(back, url, folder)
        assert done.returncode == 0, done.stderr
        with opened(url) as alias:
            assert_same(source, alias, restored=2)
            assert_alive(alias)
        with opened(lite) as alias:
            assert_alive(alias)


@pytest.mark.slow
@pytest.mark.once
def test_the_whole_example(tmp_path: Path) -> None:
    call_command("demo", verbosity=0)
    path = tmp_path / "backup.zip"
    made = backup.take(path, lambda line: None)
    assert made.manifest.rows > 3_000
    source = everything("default")
    url = f"sqlite:///{tmp_path / 'there' / 'improve.sqlite3'}"
    done = restore(path, url, tmp_path / "there", "--sha256", made.sha256)
    assert done.returncode == 0, done.stderr
    with opened(url) as alias:
        assert_same(source, alias, restored=1)


# --- One moment -----------------------------------------------------------------------------------


def in_thread(work: Callable[[], object]) -> None:
    """Do it on a connection of its own, and wait for it."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "the writer waits for the backup"
    assert not failed


def test_a_writer_goes_on_while_the_backup_is_taken_and_is_not_in_it(
    filled: Org, tmp_path: Path
) -> None:
    thing = Characteristic.objects.get()
    before = Observation.objects.count()
    wrote = []

    def write_on(line: str) -> None:
        if not wrote:  # some tables are written down, observations are not
            assert "measurements_observation" not in line
            wrote.append(1)
            in_thread(
                lambda: append_observations(
                    actor=filled.lead, characteristic=thing, values=[1.0, 2.0]
                )
            )

    path = tmp_path / "backup.zip"
    backup.take(path, write_on)
    assert Observation.objects.count() == before + 2
    counts = {part.table: part.rows for part in Archive(path).manifest.parts}
    assert counts["measurements_observation"] == before
    assert counts["audit_entry"] == Entry.objects.count() - 2  # the values, and the backup itself


def test_with_three_writers_every_backup_is_of_one_moment(filled: Org, tmp_path: Path) -> None:
    thing = Characteristic.objects.get()
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            append_observations(actor=filled.lead, characteristic=thing, values=[1.0, 2.0, 3.0])
        connections.close_all()

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    try:
        taken = [backup.take(tmp_path / f"{n}.zip", lambda line: None) for n in range(4)]
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert len({made.manifest.rows for made in taken}) > 1, "nobody wrote meanwhile"
    for made in taken:
        rows = {part.table: _rows(made.path, part.table) for part in made.manifest.parts}
        (characteristic,) = rows["measurements_characteristic"]
        assert len(rows["measurements_observation"]) == characteristic["next_sequence"] - 1
        added = [e for e in rows["audit_entry"] if e["verb"] == "observations.appended"]
        told = sum(json.loads(entry["details"])["count"] for entry in added)
        assert told == len(rows["measurements_observation"])
        (head,) = rows["audit_chainhead"]
        assert head["hash"] == made.manifest.audit_head == rows["audit_entry"][-1]["hash"]
        assert head["sequence"] == len(rows["audit_entry"])


def _rows(path: Path, table: str) -> list[dict[str, Any]]:
    archive = Archive(path)
    part = next(part for part in archive.manifest.parts if part.table == table)
    names = [column.name for column in part.columns]
    return [dict(zip(names, row, strict=True)) for row in archive.rows(part)]


# --- The command ----------------------------------------------------------------------------------


def test_the_command_keeps_the_newest_and_never_overwrites(
    filled: Org, tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DATA_DIR = tmp_path
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in range(1, 5):
        (folder / f"improve-2026010{day}T000000Z.zip").write_bytes(b"old")
    (folder / "mine.zip").write_bytes(b"mine")
    call_command("backup", "--keep", "2")
    left = sorted(path.name for path in folder.iterdir())
    assert left[0] == "improve-20260104T000000Z.zip"
    assert left[2] == "mine.zip"
    assert (folder / left[1]).stat().st_mode & 0o077 == 0
    noted = Backup.objects.get()
    assert noted.name == left[1]
    assert noted.sha256 in capsys.readouterr().out
    assert Entry.objects.order_by("sequence").last().verb == "backup.made"
    call_command("backup", "--verify", str(folder / left[1]))
    assert "Whole: " in capsys.readouterr().out


def test_a_failed_backup_leaves_no_file_and_no_note(
    filled: Org, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "read", full)
    done = None
    try:
        call_command("backup", str(tmp_path / "backup.zip"))
    except Exception as error:
        done = error
    assert "No space left" in str(done)
    assert getattr(done, "returncode", None) == 1
    assert list(tmp_path.iterdir()) == []
    assert not Backup.objects.exists()


def test_numbers_that_postgresql_writes_otherwise_keep_the_trail_whole(org: Org) -> None:
    from django.db import transaction

    from apps.audit.verification import verify

    with transaction.atomic():
        record(
            actor=org.lead,
            verb="test.numbers",
            target=org.desk,
            details={"a": 1e16, "b": -0.0, "c": [1e300, 1e-7, 0.1], "d": {"e": -1e22}},
        )
    assert verify().intact
    assert Piece.objects.count() == 0
