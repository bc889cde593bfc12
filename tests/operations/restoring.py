"""A restored backup held against its source: other databases, everything in them, whether it lives."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.db.migrations.recorder import MigrationRecorder

from apps.audit.models import ChainHead, Entry
from apps.files.models import StoredFile
from apps.operations import tables
from apps.operations.models import Backup, Heartbeat
from tests.operations.trees import environment
from tests.processes import database_url

OTHER = "restored"


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
