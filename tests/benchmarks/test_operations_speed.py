"""Backup and restore of a million observations; a page while the broker is frozen."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import repeat
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from apps.measurements.services import append_observations, create_characteristic
from apps.measurements.storage import Rows, write_rows
from apps.operations import backup
from tests.benchmarks.measuring import WHERE, forget_peak, load, resident
from tests.benchmarks.table import note
from tests.factories import Org
from tests.processes import Broker

ROWS = int(os.environ.get("BENCH_BACKUP_ROWS", "1000000"))
pytestmark = pytest.mark.django_db(transaction=True)


def test_backup_and_restore(org: Org, tmp_path: Path) -> None:
    thing = create_characteristic(actor=org.lead, team=org.desk, name="Much")
    for first in range(1, ROWS, 100_000):
        with transaction.atomic():
            rows = Rows(
                values=[10 + number % 997 / 7 for number in range(first, first + 100_000)],
                observed_us=range(first * 10**6, (first + 100_000) * 10**6, 10**6),
            )
            write_rows(characteristic_id=thing.pk, first=first, rows=rows, source_id=None)
    where = WHERE[connection.vendor]
    path = tmp_path / "backup.zip"
    forget_peak()
    before = resident("VmRSS")
    made = backup.take(path, lambda line: None)
    grown = resident("VmHWM") - before
    note(where, f"backup, {ROWS:,} observations, read back", made.seconds, "s")
    note(where, "  rows per second", made.manifest.rows / made.seconds, "rows/s")
    note(where, "  bytes per row in the archive", made.bytes / made.manifest.rows, "bytes")
    note(where, "  more memory", grown, "MB", target=100)
    began = time.monotonic()
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'there.sqlite3'}", "IMPROVE_DATA": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "improve.settings",
    }  # fmt: skip
    restoring = subprocess.Popen(
        [sys.executable, "manage.py", "restore", str(path)],
        cwd=settings.BASE_DIR, env=environment, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    _pid, status, used = os.wait4(restoring.pid, 0)
    took = time.monotonic() - began
    assert status == 0
    note(where, "restore into SQLite, compared row by row", took, "s", remark=load())
    note(where, "  rows per second", made.manifest.rows / took, "rows/s")
    note(where, "  peak memory", used.ru_maxrss / 1024, "MB", target=400)


def test_a_frozen_broker(org: Org, broker: Broker) -> None:
    where, client = WHERE[connection.vendor], Client()
    thing = create_characteristic(actor=org.lead, team=org.desk, name="Wait")
    client.get("/health/ready")
    broker.freeze()
    try:
        took = []
        for _ in repeat(None, 5):
            began = time.monotonic()
            append_observations(actor=org.lead, characteristic=thing, values=[1.0])
            took.append(time.monotonic() - began)
        note(where, "write while the broker is frozen, the slowest of 5", max(took), "s", target=2)
        began = time.monotonic()
        assert client.get("/health/ready").status_code == 503
        note(
            where, "health page while the broker is frozen", time.monotonic() - began, "s", target=2
        )
    finally:
        broker.thaw()
