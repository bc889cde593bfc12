"""A backup restored into an empty database, compared with the source: everything, both ways."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F

from apps.audit.models import ChainHead, Entry
from apps.audit.services import record
from apps.charts.models import ChartResult, ControlChart, PointBlock, Signal
from apps.charts.recompute import recompute
from apps.charts.sweep import sweep
from apps.files.models import Piece, StoredFile
from apps.measurements.models import Characteristic, Correction, Observation
from apps.measurements.services import append_observations, receive_import
from apps.operations import backup, tables
from apps.operations.archive import MANIFEST, Archive
from apps.operations.errors import ArchiveDamaged, RestoreRefused
from apps.operations.models import Backup, Heartbeat
from apps.projects.models import Deliverable
from apps.projects.services import attach_file
from tests.factories import Org, make_chart, make_project, steady
from tests.operations.trees import environment
from tests.processes import database_url

pytestmark = pytest.mark.django_db(transaction=True)
OTHER = "restored"


# --- What is backed up ----------------------------------------------------------------------------


@pytest.fixture
def filled(org: Org) -> Org:
    """A row of every kind that could go wrong on the way."""
    chart = make_chart(org.lead, org.desk, [*steady(40), 0.1 + 0.2, -0.0])
    project = make_project(org)
    deliverable = Deliverable.objects.filter(stage__project=project).first()
    assert deliverable is not None
    attach_file(
        actor=org.member, deliverable=deliverable, file=ContentFile(os.urandom(1_200_000), name="a")
    )
    receive_import(
        actor=org.member,
        characteristic=chart.characteristic,
        file=SimpleUploadedFile("值.csv", b"time,value\n" + b"2026-11-20 08:00,4.5\n" * 99),
    )
    described = "quote \" \\ tab \t line \n 繁體 😀 \u2028 O'Neil"
    Characteristic.objects.filter(pk=chart.characteristic_id).update(
        description=described, variables=["z", "a", None], factors=[{"b": 1.5, "a": [True, {}]}]
    )
    Correction.objects.create(
        characteristic=chart.characteristic, sequence=1, reason="a\tb", corrected_by=org.lead,
        value_before=5e-324, value_after=1.7976931348623157e308, size_before=-2.5e-17,
    )  # fmt: skip
    StoredFile.objects.create(name="gone/1").delete()  # its number is never given out again
    Heartbeat.objects.create(part="worker", at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    return org


@pytest.fixture
def archive(filled: Org, tmp_path: Path) -> Path:
    path = tmp_path / "backup.zip"
    backup.take(path, lambda line: None)
    return path


# --- Another database -----------------------------------------------------------------------------


def manage(
    url: str, folder: Path, *arguments: str, secret: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        # No secret: whoever restores may not have it, and needs it only to serve.
        env=environment(folder, SECRET_KEY=secret, DATABASE_URL=url),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def restore(path: Path, url: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return manage(url, folder, "restore", str(path), *more)


@contextlib.contextmanager
def empty_postgres(name: str) -> Iterator[str]:
    """An empty database beside the test's own; its URL."""
    own = database_url()
    with psycopg.connect(_dsn(connection.settings_dict), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield own.rpartition("/")[0] + f"/{name}"
        finally:
            _forget()
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _dsn(found: dict[str, Any]) -> str:
    given = {"dbname": found["NAME"], "user": found["USER"], "password": found["PASSWORD"],
             "host": found["HOST"], "port": found["PORT"]}  # fmt: skip
    return psycopg.conninfo.make_conninfo(**{key: value for key, value in given.items() if value})


@contextlib.contextmanager
def opened(url: str) -> Iterator[str]:
    """The alias under which the restored database can be asked in this process."""
    import environ

    _forget()
    base = dict(connections.databases["default"])
    made = {**base, **environ.Env.db_url_config(url)}
    made["OPTIONS"] = {} if url.startswith("sqlite") else base["OPTIONS"]
    connections.databases[OTHER] = made
    # By itself: the test case watches over connections that open when they are used.
    connections[OTHER].connect()
    try:
        yield OTHER
    finally:
        _forget()


def _forget() -> None:
    if OTHER in connections.databases:
        connections[OTHER].close()
        del connections[OTHER]
        del connections.databases[OTHER]


def everything(alias: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every model as Django reads it, not as the backup does."""
    models = [*apps.get_models(include_auto_created=True), MigrationRecorder.Migration]
    found = {}
    for model in models:
        if model._meta.db_table not in tables.LEFT_OUT:
            names = [field.attname for field in model._meta.concrete_fields]
            rows = model._base_manager.using(alias).order_by("pk").values_list(*names)
            found[model._meta.db_table] = sorted(
                [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows],
                key=repr,
            )
    return found


def assert_same(source: dict[str, list[Any]], alias: str, *, restored: int) -> None:
    """Equal in every row, but for the backup noted here and the restore noted there."""
    there = everything(alias)
    noted = {Backup._meta.db_table, Entry._meta.db_table, ChainHead._meta.db_table}
    assert set(there) == set(source)
    for table in set(source) - noted:
        assert there[table] == source[table], table
    entries = [row for row in there[Entry._meta.db_table] if row in source[Entry._meta.db_table]]
    assert len(there[Entry._meta.db_table]) == len(entries) + restored
    assert Backup.objects.using(alias).filter(kind="restored").count() == restored
    names = set(connections[alias].introspection.table_names())
    assert names == set(there) | (set(tables.LEFT_OUT) & names)


def assert_alive(alias: str) -> None:
    """The restored database refuses what the first one refused, and counts on from there."""
    with pytest.raises(DatabaseError, match="append-only"):
        Entry.objects.using(alias).update(reason="changed")
    with pytest.raises(DatabaseError, match="append-only"):
        Entry.objects.using(alias).all()._raw_delete(alias)
    last = StoredFile.objects.order_by("-pk").values_list("pk", flat=True)[0]
    assert StoredFile.objects.using(alias).create(name="new").pk == last + 2
    assert Heartbeat.objects.using(alias).count() == 0


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


# --- Damaged, foreign, newer ----------------------------------------------------------------------


def verified(path: Path) -> None:
    Archive(path).verify(lambda line: None)


def test_cut_short_anywhere_it_is_refused(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    verified(archive)
    cut = tmp_path / "cut.zip"
    for share in range(40):
        cut.write_bytes(whole[: len(whole) * share // 40])
        with pytest.raises(ArchiveDamaged):
            verified(cut)
    cut.write_bytes(whole[:-1])
    with pytest.raises(ArchiveDamaged):
        verified(cut)


def test_a_changed_byte_anywhere_in_a_part_shows(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    with zipfile.ZipFile(archive) as packed:
        last = packed.getinfo(MANIFEST).header_offset
    changed = tmp_path / "changed.zip"
    shown = 0
    for number in range(60):
        at = last * number // 60
        changed.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            verified(changed)
        except (ArchiveDamaged, RestoreRefused):
            shown += 1
            continue
        # What a zip holds twice, such as a date, may differ; what it holds must not.
        for part in Archive(archive).manifest.parts:
            assert list(Archive(changed).lines(part)) == list(Archive(archive).lines(part))
    assert shown > 50


def rewritten(
    source: Path, target: Path, change: Callable[[dict[str, bytes]], None], *, reseal: bool = False
) -> Path:
    """The archive with other contents; `reseal` makes the manifest agree, as a forger would."""
    with zipfile.ZipFile(source) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    change(parts)
    if reseal:
        import hashlib

        manifest = json.loads(parts[MANIFEST])
        for part in manifest["parts"]:
            content = parts[f"tables/{part['table']}.jsonl"]
            part["rows"], part["bytes"] = content.count(b"\n"), len(content)
            part["sha256"] = hashlib.sha256(content).hexdigest()
        parts[MANIFEST] = json.dumps(manifest).encode()
    with zipfile.ZipFile(target, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return target


def _edit(parts: dict[str, bytes], name: str, old: bytes, new: bytes) -> None:
    assert old in parts[name]
    parts[name] = parts[name].replace(old, new, 1)


OBSERVATIONS = "tables/measurements_observation.jsonl"
ENTRIES = "tables/audit_entry.jsonl"


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: parts.pop(OBSERVATIONS),
        lambda parts: parts.pop(MANIFEST),
        lambda parts: parts.update({"../../evil.py": b"print('here')\n"}),
        lambda parts: parts.update({OBSERVATIONS: parts[OBSERVATIONS].split(b"\n", 1)[1]}),
        lambda parts: parts.update({OBSERVATIONS: parts[OBSERVATIONS] + b"[1]\n"}),
        lambda parts: parts.update({OBSERVATIONS: parts[OBSERVATIONS][:-1]}),
        lambda parts: _edit(parts, OBSERVATIONS, b"10.", b"11."),
        lambda parts: parts.update({MANIFEST: b"{}"}),
        lambda parts: parts.update({MANIFEST: b'{"format": 1, "parts": [{"rows": 1}]}'}),
    ],
    ids=["a part less", "no manifest", "a part more", "a row less", "a row more", "half a line",
         "another value", "an empty manifest", "a strange manifest"],
)  # fmt: skip
def test_tampered_with_it_is_refused(
    archive: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None]
) -> None:
    with pytest.raises(ArchiveDamaged):
        verified(rewritten(archive, tmp_path / "other.zip", change))


def tables_of(url: str) -> list[str]:
    with opened(url) as alias:
        return connections[alias].introspection.table_names()


def test_what_a_forger_sealed_anew_fails_at_the_trail_and_leaves_nothing(
    archive: Path, tmp_path: Path
) -> None:
    forged = rewritten(
        archive,
        tmp_path / "forged.zip",
        lambda parts: _edit(parts, ENTRIES, b"characteristic.created", b"characteristic.removed"),
        reseal=True,
    )
    verified(forged)
    folder = tmp_path / "there"
    if connection.vendor == "postgresql":
        with empty_postgres("improve_forged") as url:
            done = restore(forged, url, folder)
            assert tables_of(url) == []
    else:
        url = f"sqlite:///{folder / 'improve.sqlite3'}"
        done = restore(forged, url, folder)
        assert list(folder.glob("*.sqlite3*")) == []
    assert done.returncode == 1
    assert "Nothing was restored. The audit trail is broken at entry" in done.stderr
    digest = Archive(archive).sha256
    other = restore(forged, f"sqlite:///{folder / 'other.sqlite3'}", folder, "--sha256", digest)
    assert other.returncode == 1
    assert "This is another backup" in other.stderr
    assert not (folder / "other.sqlite3").exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'"format": 1', b'"format": 2', "format 2; this version knows formats up to 1"),
        (b'"0002_append_only"', b'"0999_tomorrow"', "another version, which knows audit.0999"),
    ],
)
def test_a_newer_version_is_refused(
    archive: Path, tmp_path: Path, old: bytes, new: bytes, words: str
) -> None:
    newer = rewritten(archive, tmp_path / "new.zip", lambda p: _edit(p, MANIFEST, old, new))
    folder = tmp_path / "there"
    done = restore(newer, f"sqlite:///{folder / 'improve.sqlite3'}", folder)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert not (folder / "improve.sqlite3").exists()


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


# --- From an older version ------------------------------------------------------------------------


OLDER = "0008_appended_only_since"


def older(archive: Path, url: str, folder: Path) -> Path:
    """A backup of the same rows as a version made it that knew fewer migrations."""
    path = folder.with_name("older.zip")
    for arguments in (
        ("restore", str(archive)), ("migrate", "measurements", OLDER), ("backup", str(path)),
    ):  # fmt: skip
        done = manage(url, folder, *arguments, secret="one-of-its-own-0123456789-abcdefghij")
        assert done.returncode == 0, done.stdout + done.stderr
    assert Archive(path).manifest.migrations != Archive(archive).manifest.migrations
    return path


def test_an_older_backup_is_loaded_as_it_was_and_then_brought_up_to_this_version(
    filled: Org, tmp_path: Path
) -> None:
    wrong_year = int(dt.datetime(2062, 1, 1, tzinfo=dt.UTC).timestamp() * 1e6)
    Characteristic.objects.update(newest_us=wrong_year)
    path = tmp_path / "backup.zip"
    backup.take(path, lambda line: None)
    source = everything("default")
    with contextlib.ExitStack() as stack:
        urls = [
            stack.enter_context(empty_postgres(f"improve_{name}"))
            if connection.vendor == "postgresql"
            else f"sqlite:///{tmp_path / name / 'improve.sqlite3'}"
            for name in ("before", "after")
        ]
        old = older(path, urls[0], tmp_path / "before")
        done = restore(old, urls[1], tmp_path / "after")
        assert done.returncode == 0, done.stderr
        assert "Bringing it up to this version" in done.stdout
        with opened(urls[1]) as alias:
            # What the newer migrations do to rows they have done to these.
            [moved] = Characteristic.objects.using(alias).all()
            assert (moved.newest_us, moved.ahead_us) == (wrong_year, 0)
            Characteristic.objects.using(alias).update(ahead_us=None)
            there = everything(alias)
            for table in ("measurements_characteristic", "measurements_observation",
                          "measurements_correction", "charts_pointblock"):  # fmt: skip
                assert there[table] == source[table], table
            applied = MigrationRecorder.Migration.objects.using(alias)
            assert {("measurements", "0010_times_ahead")} <= set(applied.values_list("app", "name"))
            assert_alive(alias)


def test_a_version_behind_the_database_takes_no_backup(filled: Org, tmp_path: Path) -> None:
    """It would leave out what it does not know, and no version could restore it."""
    recorder = MigrationRecorder(connection)
    recorder.record_applied("measurements", "0999_tomorrow")
    try:
        with pytest.raises(
            RestoreRefused, match=r"another version, which knows measurements\.0999"
        ):
            backup.take(tmp_path / "backup.zip", lambda line: None)
    finally:
        recorder.record_unapplied("measurements", "0999_tomorrow")
    assert list(tmp_path.iterdir()) == []
