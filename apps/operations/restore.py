"""Restoring a backup into an empty database: all of it, proved, or nothing.

The tables are made as the backup's migrations say, filled, read again and compared with the
archive row by row, brought up to this version, and the audit chain is recomputed; only then does
it count. PostgreSQL does all that in one transaction; on SQLite a new file is made beside the
place and moved there at the end.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from apps.audit.models import Entry
from apps.audit.verification import verify as verify_chain
from apps.operations.archive import Archive, Manifest, Part, line_of
from apps.operations.backup import Made, Say, note
from apps.operations.errors import ArchiveDamaged, RestoreRefused
from apps.operations.models import Backup
from apps.operations.tables import (
    LEFT_OUT,
    comparable,
    newest_of,
    read,
    read_back,
    refuse_unknown,
    stored_otherwise,
)

TARGET_REMEDY = {
    "sqlite": "Name an empty data folder with IMPROVE_DATA, or move the database file away.",
    "postgresql": "Create an empty database and name it with DATABASE_URL.",
}


def restore(path: Path, say: Say, *, sha256: str = "", head: str = "") -> Made:
    """Restore a backup; `sha256` and `head`, when given, must be those printed earlier."""
    began = time.monotonic()
    archive = Archive(path)
    manifest = archive.manifest
    if sha256 and sha256 != archive.sha256:
        raise ArchiveDamaged(f"This is another backup: its SHA-256 is {archive.sha256}.")
    refuse_unknown([(app, name) for app, name in manifest.migrations], "This backup was made")
    _refuse_filled()
    say("Checking the archive")
    archive.verify(lambda line: None)
    with _all_or_nothing():
        say(f"Making the tables, {len(manifest.migrations)} migrations")
        _migrate_to(manifest)
        _fill(archive, say)
        _bring_up_to_date(say)
        _prove_the_trail(manifest, head)
        made = Made(path, manifest, archive.sha256, path.stat().st_size, time.monotonic() - began)
        note(made, kind=Backup.Kind.RESTORED)
    archive.close()
    return made


# --- Whether ------------------------------------------------------------------------------------


def _refuse_filled() -> None:
    if connection.vendor == "sqlite" and not _sqlite_path().exists():
        return  # looking would make the file
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    if tables:
        raise RestoreRefused(
            f"The database holds {len(tables)} tables already; a backup is restored into an empty "
            f"one only. {TARGET_REMEDY[connection.vendor]}"
        )


# --- All or nothing -------------------------------------------------------------------------------


@contextmanager
def _all_or_nothing() -> Iterator[None]:
    if connection.vendor == "sqlite":
        with _beside(_sqlite_path()):
            yield
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            # A table with checks that are still owed could not be altered by a later migration.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            yield


def _sqlite_path() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


@contextmanager
def _beside(final: Path) -> Iterator[None]:
    """Work on a file beside the final one, which takes its place at the end."""
    draft = final.with_name(f"{final.name}.restoring")
    ends = ("", "-wal", "-shm", "-journal")
    connection.close()
    for end in ends:
        Path(f"{draft}{end}").unlink(missing_ok=True)
    connection.settings_dict["NAME"] = str(draft)
    try:
        yield
        connection.close()  # the last one to leave puts the write-ahead log into the file
        for end in ends[1:]:
            Path(f"{final}{end}").unlink(missing_ok=True)
        draft.replace(final)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = str(final)
        for end in ends:
            Path(f"{draft}{end}").unlink(missing_ok=True)


# --- Tables and rows ------------------------------------------------------------------------------


def _migrate_to(manifest: Manifest) -> None:
    """The tables as they were when the backup was made."""
    executor = MigrationExecutor(connection)
    wanted = [(app, name) for app, name in manifest.migrations]
    executor.migrate(newest_of(wanted, executor.loader.graph))


def _bring_up_to_date(say: Say) -> None:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        say(f"Bringing it up to this version, {len(plan)} migrations")
        call_command("migrate", verbosity=0, interactive=False)


def _fill(archive: Archive, say: Say) -> None:
    parts = _in_order(archive.manifest.parts)
    _check_columns(parts)
    with _loading():
        _empty([*(part.table for part in parts), *LEFT_OUT])
        expected = {}
        for part in parts:
            if part.rows:
                say(f"  {part.table}: {part.rows} rows")
            try:
                expected[part.table] = _load(archive, part)
            except (DatabaseError, ValueError, TypeError, OverflowError) as error:
                raise ArchiveDamaged(
                    f"{part.table} does not fit into this database: {error}"
                ) from error
            _set_counter(part)
    say("Comparing what is stored with the archive")
    with transaction.atomic():
        for part in parts:
            if _digest(part) != expected[part.table]:
                raise ArchiveDamaged(f"{part.table} was not stored as it is in the archive.")


def _in_order(parts: list[Part]) -> list[Part]:
    """What others point at comes first, so that the database can check as rows come in."""
    targets = _targets()
    waiting = {part.table: part for part in parts}
    ordered: list[Part] = []
    while waiting:
        done = {part.table for part in ordered}
        free = [
            table for table in waiting if not (targets.get(table, set()) & set(waiting)) - {table}
        ]
        # A circle: the checks wait until the end of the transaction anyway.
        for table in sorted(free or list(waiting)[:1]):
            if table not in done:
                ordered.append(waiting.pop(table))
    return ordered


def _targets() -> dict[str, set[str]]:
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        relations = {name: connection.introspection.get_relations(cursor, name) for name in names}
    # For each column: the column it points at, and that one's table.
    return {name: {there[1] for there in found.values()} for name, found in relations.items()}


def _check_columns(parts: list[Part]) -> None:
    """Names from an archive reach the database only when they are names of the database."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for part in parts:
            if part.table not in tables:
                raise ArchiveDamaged(f"The archive names a table that is not ours: {part.table}.")
            described = connection.introspection.get_table_description(cursor, part.table)
            stored, named = {column.name for column in described}, [c.name for c in part.columns]
            if stored != set(named) or len(named) != len(stored) or not set(part.key) <= stored:
                raise ArchiveDamaged(f"The archive names other columns of {part.table} than ours.")


@contextmanager
def _loading() -> Iterator[None]:
    """Constraints are checked at the end; on SQLite nothing is synced, the file is a draft."""
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            yield
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return
    with connection.cursor() as cursor:
        for pragma in ("foreign_keys=OFF", "journal_mode=OFF", "synchronous=OFF"):
            cursor.execute(f"PRAGMA {pragma}")
    with transaction.atomic():
        yield
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA foreign_key_check")
            broken = cursor.fetchone()
            if broken:
                raise ArchiveDamaged(
                    f"A row of {broken[0]} points at a row of {broken[2]} that is missing."
                )
    # Opened anew, it is as durable and as strict as ever.
    connection.close()


def _empty(tables: list[str]) -> None:
    """Migrations may have put rows in; the archive has its own."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608  names of our own tables, no input


def _load(archive: Archive, part: Part) -> str:
    """Store the rows of a part; the digest by which they are compared afterwards."""
    otherwise = stored_otherwise(part, connection)
    digest = hashlib.sha256()

    def rows() -> Iterator[list[object]]:
        if not otherwise:
            yield from archive.rows(part)
            return
        for row in archive.rows(part):
            digest.update(line_of(comparable(part, row)))
            yield row

    stored = read_back(part, connection, rows())
    (_copy if connection.vendor == "postgresql" else _insert)(part, stored)
    return digest.hexdigest() if otherwise else part.sha256


def _names(part: Part) -> str:
    return ", ".join(connection.ops.quote_name(column.name) for column in part.columns)


def _insert(part: Part, rows: Iterator[list[object]]) -> None:
    table = connection.ops.quote_name(part.table)
    places = ", ".join("?" * len(part.columns))
    with connection.wrap_database_errors:
        connection.connection.executemany(
            f"INSERT INTO {table} ({_names(part)}) VALUES ({places})",  # noqa: S608  names of our own tables, no input
            rows,
        )


def _copy(part: Part, rows: Iterator[list[object]]) -> None:
    table = connection.ops.quote_name(part.table)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({_names(part)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _digest(part: Part) -> str:
    """The rows as they are stored now, written as the archive writes them."""
    otherwise = stored_otherwise(part, connection)
    digest = hashlib.sha256()
    for row in read(part, connection):
        digest.update(line_of(comparable(part, row) if otherwise else row))
    return digest.hexdigest()


def _set_counter(part: Part) -> None:
    """The next number is one that was never given out, also not to a row deleted since."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            if part.last_id is not None:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [part.table])
                cursor.execute(
                    "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)",
                    [part.table, part.last_id],
                )
            return
        for sequence in connection.introspection.get_sequences(cursor, part.table):
            name = connection.ops.quote_name(sequence["name"])
            cursor.execute(
                "SELECT setval(%s::regclass, %s, %s)",
                [name, part.last_id or 1, part.last_id is not None],
            )


# --- Proof ----------------------------------------------------------------------------------------


def _prove_the_trail(manifest: Manifest, head: str) -> None:
    verdict = verify_chain()
    if not verdict.intact:
        raise ArchiveDamaged(
            f"The audit trail is broken at entry {verdict.broken_at}: {verdict.finding}."
        )
    if manifest.audit_head and verdict.head != manifest.audit_head:
        raise ArchiveDamaged("The audit trail does not end where the manifest says.")
    if head and not Entry.objects.filter(hash=head).exists():
        raise ArchiveDamaged("The audit trail is whole, but does not contain the head you gave.")
