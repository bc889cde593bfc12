"""A backup of an older version is loaded as it was, then brought up to this one."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from apps.measurements.models import Characteristic
from apps.operations import backup
from apps.operations.archive import Archive
from apps.operations.errors import RestoreRefused
from tests.factories import Org
from tests.operations.restoring import (
    assert_alive,
    empty_postgres,
    everything,
    manage,
    opened,
    restore,
)

pytestmark = pytest.mark.django_db(transaction=True)


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
