"""A worker that was given the addresses of database and broker and nothing else."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from redis import Redis

from apps.charts.models import ChartResult, ControlChart
from apps.measurements import files, services
from apps.measurements.choices import ImportState
from apps.measurements.models import Import, Observation
from apps.measurements.services import append_observations
from apps.operations.models import SharedSetting
from apps.operations.sharing import SHARED, share_settings
from tests.factories import Org, make_chart, steady
from tests.operations.trees import environment
from tests.processes import Broker, Worker

Eventually = Callable[..., Any]
TEXT = "time,value\n" + "".join(f"2026-11-20 08:{minute:02},{minute / 7}\n" for minute in range(40))


@pytest.fixture
def elsewhere(transactional_db: None, broker: Broker, tmp_path: Path) -> Iterator[Worker]:
    broker.empty()
    share_settings()
    SharedSetting.objects.filter(name="TIME_ZONE").update(value="Europe/Berlin")
    running = Worker.on_another_machine(tmp_path / "elsewhere")
    running.start()
    yield running
    running.stop()


def state() -> str:
    return str(Import.objects.values_list("state", flat=True).get())


def test_it_reads_a_file_that_was_uploaded_here_and_computes_its_chart(
    org: Org, elsewhere: Worker, eventually: Eventually, tmp_path: Path
) -> None:
    chart = make_chart(org.lead, org.desk, steady(25), computed=False)
    import_ = services.receive_import(
        actor=org.member,
        characteristic=chart.characteristic,
        file=SimpleUploadedFile("calls.csv", TEXT.encode()),
    )
    eventually(lambda: state() == ImportState.PREVIEW, within=60, what="the preview")
    import_.refresh_from_db()
    services.confirm_import(
        actor=org.member, import_=import_, version=import_.version, guesses_confirmed=True
    )
    eventually(lambda: state() == ImportState.IMPORTED, within=60, what="the rows")
    eventually(
        lambda: ChartResult.objects.filter(chart=chart, n_points=65).exists(),
        within=60,
        what="the chart of all values",
    )
    # The file was read there; this machine's scratch folder never saw it.
    assert (tmp_path / "elsewhere" / "scratch" / files.FOLDER / import_.stored_as).exists()
    assert not files.path_of(import_.stored_as).exists()
    # What it was not told it found in the database: its days begin when everybody's do.
    first = Observation.objects.filter(source=import_).order_by("sequence").first()
    assert first is not None
    assert first.observed_at == dt.datetime(2026, 11, 20, 7, 0, tzinfo=dt.UTC)


def test_mail_waits_for_a_worker_that_knows_the_mail_server(
    elsewhere: Worker, broker: Broker, eventually: Eventually
) -> None:
    with Redis(unix_socket_path=str(broker.socket_path)) as waiting:
        current_app.send_task("notifications.send_mail")
        current_app.send_task("operations.heartbeat")
        eventually(
            lambda: b"operations.heartbeat" in elsewhere.log.read_bytes(), what="the other task"
        )
        assert waiting.llen("mail") == 1


def test_two_machines_share_the_work_and_each_chart_ends_with_its_last_row(
    org: Org, elsewhere: Worker, worker: Worker, eventually: Eventually
) -> None:
    charts = [make_chart(org.lead, org.desk, steady(25), computed=False) for _ in range(12)]
    began = {each: each.log.stat().st_size for each in (worker, elsewhere)}
    for round_ in range(10):
        for chart in charts:
            append_observations(
                actor=org.lead, characteristic=chart.characteristic, values=[10.0 + round_ / 10]
            )
    eventually(lambda: not ControlChart.objects.dirty().exists(), within=90, what="all charts")
    found = ChartResult.objects.filter(chart__in=charts).values_list("n_points", "data_version")
    newest = ControlChart.objects.filter(pk__in=[chart.pk for chart in charts]).values_list(
        "characteristic__data_version", flat=True
    )
    assert sorted(found) == sorted((35, version) for version in newest)
    for each, offset in began.items():
        log = each.log.read_bytes()[offset:]
        assert b"charts.recompute" in log, f"{each.log.name} computed nothing"


def test_no_secret_is_shared(db: None) -> None:
    share_settings()
    assert set(SharedSetting.objects.values_list("name", flat=True)) == set(SHARED)
    assert not {name for name in SHARED if "SECRET" in name or "URL" in name} - {"SITE_URL"}
    assert not SharedSetting.objects.filter(value=settings.SECRET_KEY).exists()


def test_an_unprepared_database_is_named_with_the_remedy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "worker"],
        cwd=settings.BASE_DIR,
        env=environment(tmp_path / "data", SECRET_KEY=""),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "manage.py prepare" in done.stderr
    assert "Traceback" not in done.stderr
