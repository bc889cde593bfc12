"""Taking a backup: everything the database held at one moment, while people go on working.

The rows are read in one snapshot (SQLite: one read transaction on its write-ahead log;
PostgreSQL: one REPEATABLE READ transaction), so writers neither wait nor come in half. Uploaded
files are rows too. Not inside: SECRET_KEY and everything else in the environment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from apps.audit.models import CHAIN, ChainHead
from apps.audit.services import record
from apps.operations.archive import Archive, Manifest, Part, Writer
from apps.operations.models import Backup
from apps.operations.tables import LEFT_OUT, all_parts, read

Say = Callable[[str], None]
TELL_EVERY = 2.0
BEGIN = {
    "sqlite": "BEGIN DEFERRED",
    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
}


@dataclass(frozen=True)
class Made:
    path: Path
    manifest: Manifest
    sha256: str
    bytes: int
    seconds: float


def take(path: Path, say: Say) -> Made:
    """Write a backup, read it back, and note that it was made."""
    began = time.monotonic()
    writer = Writer(path)
    try:
        with snapshot() as connection:
            manifest = _written(writer, connection, say)
        sha256 = writer.finish(manifest)
    except BaseException:
        writer.abandon()
        raise
    archive = Archive(path)
    archive.verify(lambda line: None)
    archive.close()
    made = Made(path, manifest, sha256, path.stat().st_size, time.monotonic() - began)
    note(made, kind=Backup.Kind.MADE)
    return made


@contextmanager
def snapshot() -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own that sees the database as it is now, until the end."""
    connection = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            # Not `atomic`: on SQLite that takes the write lock, and everybody would wait.
            cursor.execute(BEGIN[connection.vendor])
            # The snapshot is that of the first look.
            cursor.execute("SELECT count(*) FROM django_migrations")
        yield connection
        with suppress(Exception), connection.cursor() as cursor:
            cursor.execute("ROLLBACK")
    finally:
        connection.close()


def _written(writer: Writer, connection: BaseDatabaseWrapper, say: Say) -> Manifest:
    manifest = Manifest(
        made_at=timezone.now().isoformat(timespec="seconds"),
        vendor=connection.vendor,
        migrations=sorted(
            list(name) for name in MigrationRecorder(connection).applied_migrations()
        ),
        audit_head=_audit_head(connection),
        left_out=list(LEFT_OUT),
    )
    for part in all_parts(connection):
        total = _count(part, connection)
        tell = _progress(part.table, total, say)
        counted = writer.add(part, read(part, connection), tell)
        manifest.parts.append(replace(counted, last_id=_last_id(part, connection)))
        if counted.rows:
            say(f"  {part.table}: {counted.rows} rows")
    return manifest


def _progress(table: str, total: int, say: Say) -> Callable[[int], None]:
    told = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told
        if time.monotonic() - told > TELL_EVERY:
            told = time.monotonic()
            say(f"  {table}: {done} of {total} rows")

    return tell


def _count(part: Part, connection: BaseDatabaseWrapper) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(part.table)}")  # noqa: S608  names of our own tables, no input
        return int(cursor.fetchone()[0])


def _audit_head(connection: BaseDatabaseWrapper) -> str:
    table = connection.ops.quote_name(ChainHead._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT hash FROM {table} WHERE name = %s", [CHAIN])  # noqa: S608  names of our own tables, no input
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _last_id(part: Part, connection: BaseDatabaseWrapper) -> int | None:
    """The last number the table's counter gave out; None when it has none or gave none."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [part.table])
        else:
            sequences = connection.introspection.get_sequences(cursor, part.table)
            if not sequences:
                return None
            name = connection.ops.quote_name(sequences[0]["name"])
            cursor.execute(f"SELECT last_value FROM {name} WHERE is_called")  # noqa: S608  names of our own tables, no input
        row = cursor.fetchone()
    return int(row[0]) if row else None


def note(made: Made, *, kind: str) -> Backup:
    """Write down that a backup was made or restored, in the table and in the trail."""
    with transaction.atomic():
        noted = Backup.objects.create(
            kind=kind,
            at=timezone.now(),
            name=made.path.name[-200:],
            sha256=made.sha256,
            bytes=made.bytes,
            rows=made.manifest.rows,
            seconds=made.seconds,
        )
        record(
            actor=None,
            verb=f"backup.{kind}",
            target=noted,
            details={
                "file": noted.name,
                "sha256": noted.sha256,
                "rows": noted.rows,
                "made_at": made.manifest.made_at,
            },
        )
    return noted


def remove_older(folder: Path, *, keep: int, pattern: str) -> list[str]:
    """Remove all but the newest backups that lie in a folder under our names."""
    found = sorted(folder.glob(pattern), reverse=True)
    for path in found[keep:]:
        path.unlink()
    return [path.name for path in found[keep:]]
