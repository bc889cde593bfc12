"""The connection to PostgreSQL is cut while a chart is computed and stored."""

from __future__ import annotations

import random
import threading
import time

import pytest
from django.db import InterfaceError, OperationalError, connection

from apps.charts.models import ChartResult, PointBlock
from apps.charts.recompute import recompute
from tests.factories import Org, make_chart
from tests.recovery.fresh import append, is_fresh, noise

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.slow]


def test_twenty_cuts_store_all_or_nothing(org: Org) -> None:
    source = random.Random(2)
    chart = make_chart(org.lead, org.desk, noise(source, 6_000))
    began = time.monotonic()
    append(org, chart, noise(source, 1))
    recompute(chart.pk)
    whole = time.monotonic() - began
    cut = 0
    for _offset in range(20):
        before = ChartResult.objects.get(chart=chart)
        append(org, chart, noise(source, 3))
        cut += recompute_cut_after(chart.pk, source.uniform(0.0, whole))
        after = ChartResult.objects.get(chart=chart)
        assert after.n_points in {before.n_points, before.n_points + 3}
        counts = [block.content["count"] for block in PointBlock.objects.filter(result=after)]
        assert sum(counts) == after.n_points
        recompute(chart.pk)
        assert is_fresh(chart)
    assert cut >= 5


def recompute_cut_after(chart_id: int, seconds: float) -> bool:
    """Recompute in a thread whose connection the server ends; whether that hit the computation."""
    pid: list[int] = []
    ready, hit = threading.Event(), []

    def run() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pid.append(cursor.fetchone()[0])
            ready.set()
            recompute(chart_id)
        except (OperationalError, InterfaceError) as error:
            hit.append(error)
        finally:
            ready.set()
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(10)
    time.sleep(seconds)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", pid)
    thread.join(60)
    return bool(hit)
