"""Whether what is stored of a chart is what computing it anew gives, and data to feed it with."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

from apps.charts import recompute as job
from apps.charts.computing import compute
from apps.charts.models import ChartResult, ControlChart, PointBlock, Signal
from apps.measurements.selectors import snapshot
from apps.measurements.services import append_observations
from tests.factories import Org


def is_fresh(chart: ControlChart) -> bool:
    """Limits, points, figures and signals, number by number."""
    chart = ControlChart.objects.select_related("characteristic").get(pk=chart.pk)
    computed = compute(job._setting(chart), snapshot(chart.characteristic_id))
    result = ChartResult.objects.filter(chart=chart).first()
    if result is None:
        return False
    names = ("n_points", "n_observations", "summary", "content", "overview")
    stored = [getattr(result, name) for name in names] + [result.points_digest]
    found = [getattr(computed, name) for name in names] + [computed.digest]
    blocks = PointBlock.objects.filter(result=result).values_list("content", flat=True)
    signals = Signal.objects.filter(chart=chart, present=True)
    return (
        json.loads(json.dumps(found)) == stored
        and json.loads(json.dumps(list(computed.blocks))) == list(blocks)
        and {pattern.key for pattern in computed.patterns}
        == set(signals.values_list("panel", "rule", "side", "sequence"))
    )


def append(org: Org, chart: ControlChart, values: Sequence[float]) -> None:
    append_observations(actor=org.lead, characteristic=chart.characteristic, values=values)


def noise(source: random.Random, n: int) -> list[float]:
    return [round(source.gauss(10.0, 1.0), 3) for _ in range(n)]


@contextmanager
def writers(org: Org, charts: Sequence[ControlChart], n: int) -> Iterator[Callable[[], int]]:
    """So many threads that append to the charts until the block ends; how often they did.

    An error of any of them fails the test.
    """
    stop, failures, counts = threading.Event(), list[Exception](), [0] * n

    def write(number: int) -> None:
        source = random.Random(number)
        try:
            while not stop.is_set():
                append(org, source.choice(charts), noise(source, source.randrange(1, 4)))
                counts[number] += 1
                stop.wait(0.02)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(n)]
    for thread in threads:
        thread.start()
    try:
        yield lambda: sum(counts)
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert not failures, failures


def dirty() -> Any:
    return ControlChart.objects.dirty()
