"""A chart always ends with the last row: workers are killed while data comes in."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
from celery import current_app
from django.conf import settings
from django.db.models import F

from apps.charts.models import ChartResult, ControlChart, Signal
from apps.charts.recompute import recompute
from apps.charts.services import freeze_limits
from apps.charts.sweep import sweep
from apps.notifications.models import Notification
from tests.factories import Org, make_chart, steady
from tests.processes import Broker, Worker, _environment
from tests.recovery.fresh import append, dirty, is_fresh, noise, writers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Eventually = Callable[..., Any]
KILLS = 200
# Every so many kills take the whole worker, the others the process that computes.
WHOLE = 25


def kill_a_child(worker: Worker) -> bool:
    """kill -9 of the pool's process; its parent starts another."""
    for child in psutil.Process(worker.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
            return True
    return False


def settled(charts: list[ControlChart]) -> bool:
    """Ring as the scheduler would, until nothing is out of date."""
    with contextlib.suppress(Exception):
        current_app.send_task("charts.sweep")
    time.sleep(1)
    return not dirty().filter(pk__in=[chart.pk for chart in charts]).exists()


@pytest.mark.slow
def test_two_hundred_kills_while_three_write_to_fifty_charts(
    org: Org, worker: Worker, eventually: Eventually
) -> None:
    source = random.Random(4)
    charts = [make_chart(org.lead, org.desk, steady(30), computed=False) for _ in range(47)]
    # Three are long enough to be carried on rather than computed whole.
    for _ in range(3):
        chart = make_chart(org.lead, org.desk, noise(source, 12_000))
        freeze_limits(actor=org.lead, chart=chart, number=0, reason="Agreed")
        recompute(chart.pk)
        charts.append(chart)
    kills = 0
    deadline = time.monotonic() + 600
    with writers(org, charts, 3) as written:
        while kills < KILLS:
            assert time.monotonic() < deadline, f"only {kills} kills"
            time.sleep(source.uniform(0.0, 0.25))
            if kills % WHOLE == WHOLE - 1:
                worker.kill()
                worker.start()
                kills += 1
            else:
                kills += kill_a_child(worker)
    assert written() > KILLS
    eventually(lambda: settled(charts), within=60, what="every chart is of the last row")
    assert [chart.pk for chart in charts if not is_fresh(chart)] == []


def test_killed_between_commit_and_publish(org: Org) -> None:
    """The rows are stored, no message was ever sent, the process is gone: the sweep finds it."""
    chart = make_chart(org.lead, org.desk, steady(30))
    script = f"""
import os, signal, django
django.setup()
from apps.accounts.models import User
from apps.charts import tasks
from apps.measurements.models import Characteristic
from apps.measurements.services import append_observations
tasks.recompute.delay = lambda *a: os.kill(os.getpid(), signal.SIGKILL)
append_observations(
    actor=User.objects.get(pk={org.lead.pk}),
    characteristic=Characteristic.objects.get(pk={chart.characteristic_id}),
    values=[10.5, 9.5],
)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=settings.BASE_DIR, env=os.environ | _environment(), check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]
    assert dirty().filter(pk=chart.pk).exists()
    assert sweep(recompute) == 1
    assert ChartResult.objects.get(chart=chart).n_points == 32
    assert is_fresh(chart)


@pytest.fixture
def two_beats(worker: Worker) -> Iterator[None]:
    command = [sys.executable, "-m", "apps.operations.beat"]
    beats = [
        subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=os.environ | _environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]  # fmt: skip
    yield
    for beat in beats:
        beat.kill()
        beat.wait()


@pytest.mark.usefixtures("two_beats")
def test_two_beats_and_every_message_three_times_tell_once(
    org: Org, broker: Broker, eventually: Eventually
) -> None:
    charts = [make_chart(org.lead, org.desk, steady(30)) for _ in range(5)]
    for chart in charts:
        append(org, chart, [25.0])
    for _ in range(3):
        for chart in charts:
            current_app.send_task("charts.recompute", args=[chart.pk])
    eventually(lambda: not dirty().exists(), within=60, what="every chart")
    time.sleep(2)
    for chart in charts:
        assert is_fresh(chart)
        rows = Signal.objects.filter(chart=chart, rule="nelson:1", panel="individuals")
        assert rows.count() == 1
        told = Notification.objects.filter(user=org.lead, url__contains=f"/{chart.pk}/")
        assert told.filter(kind="signal.raised").count() == 1


def test_one_poisoned_chart_among_a_hundred_stops_no_other(
    org: Org, worker: Worker, eventually: Eventually
) -> None:
    """Settings that no computation can read: three attempts, then the reason is kept."""
    charts = [make_chart(org.lead, org.desk, steady(20), computed=False) for _ in range(100)]
    bad = charts[37]
    # The worker may have computed it already: the version makes it out of date again.
    ControlChart.objects.filter(pk=bad.pk).update(
        rules=[{"not": "a rule"}], settings_version=F("settings_version") + 1
    )
    current_app.send_task("charts.sweep")
    others = [chart.pk for chart in charts if chart != bad]
    eventually(
        lambda: ChartResult.objects.filter(chart__in=others).count() == 99,
        within=60, what="the other ninety-nine",
    )  # fmt: skip
    # The reason stands there from the first attempt on.
    given_up = ControlChart.objects.filter(pk=bad.pk, attempts=settings.RECOMPUTE_ATTEMPTS)
    eventually(given_up.exclude(failure="").exists, within=30, what="the last attempt's reason")
    bad.refresh_from_db()
    assert not ChartResult.objects.filter(chart=bad, settings_version=bad.settings_version).exists()
