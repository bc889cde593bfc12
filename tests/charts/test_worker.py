"""The promise behind the page: a chart always ends with the last row, whatever is killed."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from celery import current_app
from django.db import connection

from apps.charts import recompute as job
from apps.charts.models import ChartResult, ControlChart
from apps.charts.recompute import recompute
from apps.charts.selectors import freshness
from apps.charts.sweep import sweep
from apps.measurements.services import append_observations
from tests.factories import Org, make_chart, steady
from tests.processes import Broker, Worker

pytestmark = pytest.mark.django_db(transaction=True)

Eventually = Callable[..., Any]


def points(chart: ControlChart) -> int:
    return ChartResult.objects.filter(chart=chart).values_list("n_points", flat=True).first() or 0


def append(org: Org, chart: ControlChart, values: list[float]) -> None:
    append_observations(actor=org.lead, characteristic=chart.characteristic, values=values)


def test_new_data_is_charted_by_the_worker(
    org: Org, worker: Worker, eventually: Eventually
) -> None:
    chart = make_chart(org.lead, org.desk, steady(30), computed=False)
    eventually(lambda: points(chart) == 30, within=30, what="the first result")
    append(org, chart, [10.0])
    eventually(lambda: points(chart) == 31, within=30, what="the result with the new value")


def test_charts_settle_when_workers_are_killed_at_random(
    org: Org, worker: Worker, eventually: Eventually
) -> None:
    """kill -9 of the whole worker while data comes in; the restarted one finds what was left."""
    random.seed(1)
    charts = [make_chart(org.lead, org.desk, steady(30), computed=False) for _ in range(4)]
    for _round in range(4):
        for chart in charts:
            append(org, chart, steady(25))
        time.sleep(random.uniform(0.0, 0.15))
        worker.kill()
        worker.start()
    current_app.send_task("charts.sweep")
    for chart in charts:
        eventually(lambda chart=chart: points(chart) == 130, within=60, what="130 points")
    assert not ControlChart.objects.dirty().exists()


def test_data_that_comes_in_while_the_broker_is_down_is_charted_afterwards(
    org: Org, worker: Worker, broker: Broker, eventually: Eventually
) -> None:
    chart = make_chart(org.lead, org.desk, steady(30), computed=False)
    eventually(lambda: points(chart) == 30, within=30, what="the first result")
    broker.stop()
    append(org, chart, [10.0, 9.5])
    chart = ControlChart.objects.select_related("characteristic", "result").get(pk=chart.pk)
    assert freshness(chart).state == "computing"
    broker.start()
    eventually(lambda: _rung(), within=20, what="the broker takes tasks again")
    eventually(lambda: points(chart) == 32, within=60, what="the values of the outage")


def _rung() -> bool:
    try:
        current_app.send_task("charts.sweep")
    except Exception:
        return False
    return True


def test_without_any_worker_the_sweep_does_the_same(org: Org) -> None:
    charts = [make_chart(org.lead, org.desk, steady(30), computed=False) for _ in range(3)]
    assert sweep(recompute) == 3
    assert [points(chart) for chart in charts] == [30, 30, 30]
    assert sweep(recompute) == 0


def test_many_workers_on_one_chart_give_the_newest_result(org: Org) -> None:
    """Five threads compute while a sixth appends; nothing older is left, nothing twice."""
    chart = make_chart(org.lead, org.desk, steady(30), computed=False)
    failures: list[Exception] = []

    def run(work: Callable[[], object]) -> None:
        try:
            for _ in range(6):
                work()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(lambda: recompute(chart.pk),)) for _ in range(4)]
    threads.append(threading.Thread(target=run, args=(lambda: append(org, chart, [10.2, 9.8]),)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    ControlChart.objects.filter(pk=chart.pk).update(attempts=0)
    recompute(chart.pk)
    result = ChartResult.objects.get(chart=chart)
    assert result.n_points == 42
    assert result.blocks.count() == 1
    assert len(result.blocks.get().content["sequence"]) == 42


def test_a_killed_attempt_is_counted_before_it_computes(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies in the middle: what stands in the database is an attempt without a reason."""
    chart = make_chart(org.lead, org.desk, steady(30), computed=False)

    class Killed(BaseException):
        pass

    def die(*_args: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(job, "compute", die)
        with pytest.raises(Killed):
            recompute(chart.pk)
    chart.refresh_from_db()
    assert (chart.attempts, chart.failure) == (1, "")
    assert recompute(chart.pk)
