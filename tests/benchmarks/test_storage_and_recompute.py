"""Reading, recomputing and appending at scale, each against a named baseline of the same run.

    make bench                       on SQLite
    DATABASE_URL=postgres://… make bench

`IMPROVE_BENCH_ROWS=10000000` goes up to ten million stored rows; the default is one million.
Both sides of a ratio take turns, so that what else the machine does falls on both.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction

from apps.charts import recompute as job
from apps.charts.computing import compute
from apps.charts.models import ChartResult, ControlChart
from apps.charts.recompute import recompute
from apps.charts.services import freeze_limits, open_chart
from apps.measurements.models import Characteristic, Observation
from apps.measurements.selectors import snapshot
from apps.measurements.services import append_observations, create_characteristic
from apps.measurements.storage import Rows, write_rows
from tests.benchmarks.measuring import Took, another_writer, in_child, load, measured, where
from tests.benchmarks.table import note
from tests.factories import Org

pytestmark = pytest.mark.django_db(transaction=True)

MOST_ROWS = int(os.environ.get("IMPROVE_BENCH_ROWS", "1000000"))
START_US = 1_577_836_800_000_000


def stored(org: Org, n: int) -> tuple[Characteristic, float]:
    """A characteristic with `n` values, a minute apart, and how many were written in a second."""
    thing = create_characteristic(actor=org.lead, team=org.desk, name=f"{n:,} values {Characteristic.objects.count()}", lsl=5.0,
                                  target=10.0, usl=15.0)  # fmt: skip
    source = np.random.default_rng(1)
    step = 100_000
    began = time.perf_counter()
    for first in range(0, n, step):
        count = min(step, n - first)
        values = np.round(source.normal(10, 1, count), 3)
        times = START_US + 60_000_000 * np.arange(first, first + count)
        with transaction.atomic():
            write_rows(characteristic_id=thing.pk, first=first + 1, source_id=None,
                       rows=Rows(values.tolist(), observed_us=times.tolist()))  # fmt: skip
    took = time.perf_counter() - began
    Characteristic.objects.filter(pk=thing.pk).update(
        next_sequence=n + 1, data_version=1, reshaped_version=1
    )
    thing.refresh_from_db()
    return thing, n / took


def filled(org: Org, n: int) -> tuple[ControlChart, float]:
    """A chart of `n` stored values with frozen limits, computed; values written in a second."""
    thing, rate = stored(org, n)
    chart = open_chart(actor=org.lead, characteristic=thing)
    recompute(chart.pk)
    freeze_limits(actor=org.lead, chart=chart, number=0, reason="Agreed")
    recompute(chart.pk)
    return chart, rate


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
        print(f"\n{where()}, {load()}")
        yield


def test_stored_rows_to_arrays(org: Org, capsys: pytest.CaptureFixture[str]) -> None:
    thing, _rate = stored(org, 1_000_000)
    ratios = []
    with shown(capsys):
        for _ in range(3):
            with measured() as bare:
                assert len(bare_fetch(thing.pk)) == 1_000_000
            with measured() as ours:
                assert len(snapshot(thing.pk).values) == 1_000_000
            ratios.append(ours.processor / bare.processor)
            print(f"driver to array {bare}\nsnapshot        {ours}  ratio {ratios[-1]:.2f}")
        what = "10⁶ stored rows to arrays / the driver's fetch"
        kept = note(where(), what, statistics.median(ratios), "×", target=3.0, remark=load())
    assert kept


@dataclass
class Side:
    """One size that is appended to: its charts, what each append took, how it was computed."""

    charts: list[ControlChart]
    took: list[Took] = field(default_factory=list)
    stored: list[float] = field(default_factory=list)
    ways: list[str] = field(default_factory=list)

    def append(self, values: list[float], ways: list[str]) -> None:
        ways.clear()
        chart = self.charts[len(self.took) % len(self.charts)]
        thing = chart.characteristic
        with measured() as took:
            with measured() as writing:
                append_observations(actor=thing.owner, characteristic=thing, values=values)
            assert recompute(chart.pk)
        self.took.append(took)
        self.stored.append(writing.processor)
        self.ways.append("".join(ways))

    def seconds(self, *, processor: bool = True) -> list[float]:
        return [one.processor if processor else one.wall for one in self.took]

    def __str__(self) -> str:
        cpu, wall = self.seconds(), self.seconds(processor=False)
        slowest = max(range(len(wall)), key=wall.__getitem__)
        return (
            f"processor median {1000 * statistics.median(cpu):.0f} ms,"
            f" mean {1000 * statistics.fmean(cpu):.0f} ms,"
            f" {1000 * statistics.fmean(self.stored):.0f} ms of it to store the rows; wall median"
            f" {1000 * statistics.median(wall):.0f} ms, longest {1000 * wall[slowest]:.0f} ms"
            f" ({self.ways[slowest] or 'carried on'}, {1000 * cpu[slowest]:.0f} ms processor);"
            f" of {len(wall)} {self.ways.count('')} carried on,"
            f" {self.ways.count('figures anew')} with figures anew,"
            f" {sum('whole' in way for way in self.ways)} computed whole"
        )


def test_appending_to_many_costs_what_appending_to_few_does(
    org: Org, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """105 appends of 100 to each: among a million one of them lets the figures settle anew."""
    ways: list[str] = []

    def told(way: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def calling(*args: Any) -> Any:
            ways.append(way)
            return call(*args)

        return calling

    monkeypatch.setattr(job, "compute", told("whole", job.compute))
    monkeypatch.setattr(job, "_with_figures", told("figures anew", job._with_figures))
    # Three charts by turns, so that ten thousand stay near ten thousand.
    few = Side([filled(org, 10_000)[0] for _ in range(3)])
    many = Side([filled(org, 1_000_000)[0]])
    source = np.random.default_rng(2)
    with shown(capsys):
        for _ in range(105):
            values = np.round(source.normal(10, 1, 100), 3).tolist()
            for side in (few, many):
                side.append(values, ways)
        print(f"append 100 onto 10⁴: {few}\nappend 100 onto 10⁶: {many}")
        kept = []
        for name, figure in (("median", statistics.median), ("mean", statistics.fmean)):
            ratio, wall = (
                figure(many.seconds(processor=cpu)) / figure(few.seconds(processor=cpu))
                for cpu in (True, False)
            )
            what = f"append 100 onto 10⁶ / onto 10⁴, {name}"
            remark = f"wall {wall:.2f} ×, {load()}"
            kept.append(note(where(), what, ratio, "×", target=1.5, remark=remark))
        assert "whole" not in "".join(few.ways + many.ways)
    assert all(kept)


def recomputed(chart_id: int) -> tuple[Took, Took]:
    """Read and computed alone, nothing stored."""
    chart = ControlChart.objects.select_related("characteristic").get(pk=chart_id)
    with measured() as read:
        data = snapshot(chart.characteristic_id)
    with measured() as computed:
        compute(job._setting(chart), data)
    return read, computed


def brought_up_to_date(chart_id: int) -> Took:
    with measured() as took:
        assert recompute(chart_id)
    return took


def test_growth_with_stored_rows(org: Org, capsys: pytest.CaptureFixture[str]) -> None:
    n, kept, values = 1_000, True, np.round(np.random.default_rng(2).normal(10, 1, 100), 3)
    with shown(capsys):
        print(
            f"{'rows':>10} {'written':>11} {'read':>9} {'compute':>9} {'whole':>9} {'(proc.)':>9}"
            f" {'values/s':>9} {'peak':>8} {'per row':>7} {'append':>8} {'stored':>7}"
        )
        while n <= MOST_ROWS:
            chart, rate = filled(org, n)
            ControlChart.objects.filter(pk=chart.pk).update(settings_version=9)
            (read, computed), _ = in_child(partial(recomputed, chart.pk))
            whole, peak = in_child(partial(brought_up_to_date, chart.pk))
            took = []
            for _ in range(5):
                with measured() as one:
                    append_observations(actor=org.lead, characteristic=chart.characteristic,
                                        values=values.tolist())  # fmt: skip
                    assert recompute(chart.pk)
                took.append(one.wall)
            result = ChartResult.objects.get(chart=chart)
            size = sum(len(json.dumps(each.content)) for each in result.blocks.iterator(20))
            print(
                f"{n:>10,} {rate:>9,.0f}/s {read.wall:>7.3f} s"
                f" {computed.wall:>7.3f} s {whole.wall:>7.3f} s {whole.processor:>7.3f} s"
                f" {n / whole.wall:>9,.0f} {peak:>5.0f} MB {peak * 2**20 / n:>5.0f} B"
                f" {1000 * statistics.median(took):>5.0f} ms {size / n:>5.0f} B",
                flush=True,
            )
            if n >= 1_000_000:
                what = f"whole recompute of {n:,}, memory per row"
                kept &= note(where(), what, peak * 2**20 / n, "bytes", target=150, remark=load())
            n *= 10
    assert kept


def test_another_writer_while_a_large_chart_is_stored(
    org: Org, capsys: pytest.CaptureFixture[str]
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has many writers at once")
    chart, _rate = filled(org, 1_000_000)
    ControlChart.objects.filter(pk=chart.pk).update(settings_version=9)
    with another_writer() as found:
        assert recompute(chart.pk)
    remark = f"{len(found)} writes, p50 {1000 * found[len(found) // 2]:.1f} ms, {load()}"
    with shown(capsys):
        what = "another writer, 10⁶ points stored anew, longest"
        note(where(), what, 1000 * found[-1], "ms", remark=remark)


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
        note(where(), "an observation with its time", (bytes_used() - before) / n, "bytes")
