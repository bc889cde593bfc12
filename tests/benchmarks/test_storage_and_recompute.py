"""Reading, recomputing and appending at scale, each against a named baseline of the same run.

    make bench                       on SQLite
    DATABASE_URL=postgres://… make bench

`IMPROVE_BENCH_ROWS=10000000` goes up to ten million stored rows; the default is one million.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from celery import current_app
from django.db import connection, transaction

from apps.charts import recompute as job
from apps.charts import tasks
from apps.charts.computing import compute
from apps.charts.models import ChartResult, ControlChart
from apps.charts.recompute import recompute
from apps.charts.services import freeze_limits, open_chart
from apps.measurements.models import Characteristic, Observation
from apps.measurements.selectors import snapshot
from apps.measurements.services import append_observations, create_characteristic
from apps.measurements.storage import Rows, write_rows
from tests.benchmarks.table import note
from tests.benchmarks.test_import_speed import Took, measured
from tests.factories import Org
from tests.processes import Broker, Worker

pytestmark = pytest.mark.django_db(transaction=True)

MOST_ROWS = int(os.environ.get("IMPROVE_BENCH_ROWS", "1000000"))
START_US = 1_577_836_800_000_000


def stored(org: Org, n: int) -> Characteristic:
    """A characteristic with `n` values, a minute apart."""
    thing = create_characteristic(actor=org.lead, team=org.desk, name=f"{n:,} values", lsl=5.0,
                                  target=10.0, usl=15.0)  # fmt: skip
    source = np.random.default_rng(1)
    step = 100_000
    for first in range(0, n, step):
        count = min(step, n - first)
        values = np.round(source.normal(10, 1, count), 3)
        times = START_US + 60_000_000 * np.arange(first, first + count)
        with transaction.atomic():
            write_rows(characteristic_id=thing.pk, first=first + 1, source_id=None,
                       rows=Rows(values.tolist(), observed_us=times.tolist()))  # fmt: skip
    Characteristic.objects.filter(pk=thing.pk).update(
        next_sequence=n + 1, data_version=1, reshaped_version=1
    )
    thing.refresh_from_db()
    return thing


def filled(org: Org, n: int) -> ControlChart:
    """A chart of `n` stored values with frozen limits, computed."""
    thing = stored(org, n)
    chart = open_chart(actor=org.lead, characteristic=thing)
    recompute(chart.pk)
    freeze_limits(actor=org.lead, chart=chart, number=0, reason="Agreed")
    recompute(chart.pk)
    return chart


def bare_fetch(characteristic_id: int) -> np.ndarray:
    """What the driver itself needs to give the same four columns to numpy."""
    table = Observation._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT sequence, value, observed_us FROM {table} WHERE characteristic_id = %s "
            "ORDER BY sequence",
            [characteristic_id],
        )
        return np.array(cursor.fetchall())


@contextmanager
def shown(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    with capsys.disabled():
        print(f"\n{connection.vendor}")
        yield


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_stored_rows_to_arrays(org: Org, capsys: pytest.CaptureFixture[str]) -> None:
    thing = stored(org, 1_000_000)
    ratios = []
    with shown(capsys):
        for _ in range(3):
            with measured() as bare:
                assert len(bare_fetch(thing.pk)) == 1_000_000
            with measured() as ours:
                assert len(snapshot(thing.pk).values) == 1_000_000
            ratios.append(ours.processor / bare.processor)
            print(f"driver to array {bare}\nsnapshot        {ours}  ratio {ratios[-1]:.2f}")
        kept = note(
            connection.vendor,
            "10⁶ stored rows to arrays / the driver's fetch",
            min(ratios),
            "×",
            target=3.0,
        )
    assert kept


def appended(org: Org, chart: ControlChart, times: int) -> list[Took]:
    source = np.random.default_rng(2)
    found = []
    for _ in range(times):
        values = np.round(source.normal(10, 1, 100), 3).tolist()
        with measured() as took:
            append_observations(actor=org.lead, characteristic=chart.characteristic, values=values)
            assert recompute(chart.pk)
        found.append(took)
    return found


def test_appending_to_many_costs_what_appending_to_few_does(
    org: Org, capsys: pytest.CaptureFixture[str]
) -> None:
    """105 appends of 100: among a million one of them lets the figures settle anew."""
    medians, means = [], []
    with shown(capsys):
        for n in (10_000, 1_000_000):
            found = appended(org, filled(org, n), 105)
            took = [one.processor for one in found]
            medians.append(statistics.median(took))
            means.append(statistics.fmean(took))
            print(
                f"append 100 onto {n:>9,}: median {1000 * medians[-1]:.0f} ms, mean"
                f" {1000 * means[-1]:.0f} ms, longest {1000 * max(took):.0f} ms processor;"
                f" wall median {1000 * statistics.median(one.wall for one in found):.0f} ms"
            )
        kept = [
            note(
                connection.vendor,
                f"append 100 onto 10⁶ / onto 10⁴, {name}",
                pair[1] / pair[0],
                "×",
                target=1.5,
            )
            for name, pair in (("median", medians), ("mean", means))
        ]
    assert all(kept)


def test_growth_with_stored_rows(org: Org, capsys: pytest.CaptureFixture[str]) -> None:
    with shown(capsys):
        print("rows        read     compute  whole recompute  values/s  result   peak")
        n = 1_000
        while n <= MOST_ROWS:
            chart = filled(org, n)
            ControlChart.objects.filter(pk=chart.pk).update(settings_version=9)
            with measured() as read:
                data = snapshot(chart.characteristic_id)
            with measured() as computed:
                compute(job._setting(ControlChart.objects.get(pk=chart.pk)), data)
            del data
            with measured() as whole:
                assert recompute(chart.pk)
            result = ChartResult.objects.get(chart=chart)
            size = sum(len(json.dumps(block.content)) for block in result.blocks.iterator())
            print(
                f"{n:>10,} {read.wall:7.3f} s {computed.wall:7.3f} s {whole.wall:10.3f} s"
                f" {n / whole.wall:13,.0f} {size / n:5.0f} B/pt {peak_mb():6.0f} MB"
            )
            n *= 10


def bytes_used() -> int:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_total_relation_size(%s)", [Observation._meta.db_table])
            return int(cursor.fetchone()[0])
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute("PRAGMA freelist_count")
        free = cursor.fetchone()[0]
        cursor.execute("PRAGMA page_size")
        return int((pages - free) * cursor.fetchone()[0])


def test_bytes_of_a_stored_point(org: Org, capsys: pytest.CaptureFixture[str]) -> None:
    n, before = 1_000_000, bytes_used()
    thing = create_characteristic(actor=org.lead, team=org.desk, name="Bytes")
    values = np.round(np.random.default_rng(1).normal(10, 1, n), 3).tolist()
    times = (START_US + 1_000_000 * np.arange(n)).tolist()
    with transaction.atomic():
        write_rows(characteristic_id=thing.pk, first=1, source_id=None,
                   rows=Rows(values, observed_us=times))  # fmt: skip
    with shown(capsys):
        note(
            connection.vendor, "an observation with its time", (bytes_used() - before) / n, "bytes"
        )


def emptied(workers: list[Worker], charts: int, rang: float) -> float:
    """Charts per second until nothing is out of date."""
    while ControlChart.objects.dirty().exists():
        time.sleep(0.05)
        assert time.monotonic() - rang < 600
    return charts / (time.monotonic() - rang)


def test_two_workers_against_one(
    org: Org, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    charts = int(os.environ.get("IMPROVE_BENCH_CHARTS", "2000"))
    source = np.random.default_rng(3)
    for number in range(charts):
        thing = create_characteristic(actor=org.lead, team=org.desk, name=f"Chart {number}")
        append_observations(
            actor=org.lead, characteristic=thing,
            values=np.round(source.normal(10, 1, 1_000), 3).tolist(),
        )  # fmt: skip
        open_chart(actor=org.lead, characteristic=thing)
    keys = list(ControlChart.objects.values_list("pk", flat=True))
    rates = []
    with shown(capsys):
        # The first round makes the rows of the results; the two after it write over them alike.
        for round_, count in enumerate((2, 1, 2)):
            broker.empty()
            ControlChart.objects.update(settings_version=10 + round_, attempts=0)
            workers = [Worker() for _ in range(count)]
            for worker in workers:
                worker.start()
            current_app.control.purge()
            with measured() as took:
                rang = time.monotonic()
                for chart in keys:
                    tasks.recompute.delay(chart)
                rates.append(emptied(workers, charts, rang))
            for worker in workers:
                worker.stop()
            print(
                f"round {round_}, {count} worker(s): {rates[-1]:.1f} charts/s, {1000 * rates[-1]:,.0f} values/s"
                f" (ringing and waiting: {took.processor:.1f} s processor)"
            )
        _, one, two = rates
        note(connection.vendor, "charts of 1,000 points, one worker", one, "charts/s")
        kept = note(
            connection.vendor,
            "two worker processes / one",
            two / one,
            "×",
            target=1.5,
            at_least=True,
            remark=f"load {os.getloadavg()[0]:.1f}",
        )
    assert kept
