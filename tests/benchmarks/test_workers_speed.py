"""Charts per second through the real broker: two worker processes against one.

`IMPROVE_BENCH_CHARTS` says how many charts are out of date; each has 1,000 points.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import psutil
import pytest
from celery import current_app
from django.db import connection
from django.db.models import F

from apps.charts import tasks
from apps.charts.models import ControlChart
from apps.charts.services import open_chart
from apps.measurements.services import append_observations, create_characteristic
from tests.benchmarks.measuring import load, seconds_of, where
from tests.benchmarks.table import note
from tests.factories import Org
from tests.processes import Broker, Worker

pytestmark = pytest.mark.django_db(transaction=True)
CHARTS = int(os.environ.get("IMPROVE_BENCH_CHARTS", "2000"))
POINTS = 1_000
# One worker and two take turns with so many charts, so that other load falls on both.
TURN = 250


def processor_by_name(workers: list[Worker]) -> dict[str, float]:
    """Seconds that each part has used until now, those of its ended children among them."""
    us = psutil.Process()
    mains = {worker.pid for worker in workers}
    server = 0
    if connection.vendor == "postgresql":
        server = psutil.Process(connection.connection.info.backend_pid).ppid()
    used = {"workers": 0.0, "database": 0.0, "broker": 0.0, "this process": 0.0}
    for process in psutil.process_iter(["ppid"]):
        pid, parent = process.pid, process.info["ppid"]
        if mains & {pid, parent}:
            name = "workers"
        elif server and server in (pid, parent):
            name = "database"
        elif parent == us.pid:
            name = "broker"
        elif pid == us.pid:
            name = "this process"
        else:
            continue
        used[name] += seconds_of(pid, with_children=pid in mains | {server})
    return used


@pytest.fixture
def keys(org: Org) -> list[int]:
    source = np.random.default_rng(3)
    for number in range(CHARTS):
        thing = create_characteristic(actor=org.lead, team=org.desk, name=f"Chart {number}")
        append_observations(
            actor=org.lead, characteristic=thing,
            values=np.round(source.normal(10, 1, POINTS), 3).tolist(),
        )  # fmt: skip
        open_chart(actor=org.lead, characteristic=thing)
    return list(ControlChart.objects.values_list("pk", flat=True))


@dataclass
class Round:
    """Charts brought up to date, in how long, by whose processor seconds."""

    charts: int = 0
    seconds: float = 0.0
    used: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        return self.charts / self.seconds

    def work_off(self, keys: list[int], count: int) -> None:
        """Bring these charts up to date with so many worker processes, made ready before."""
        workers = [Worker(name=f"worker{number}") for number in range(count)]
        try:
            for worker in workers:
                worker.start()
            # They sweep when they begin: nothing is out of date yet.
            current_app.control.purge()
            ControlChart.objects.filter(pk__in=keys).update(
                settings_version=F("settings_version") + 1, attempts=0
            )
            before, began = processor_by_name(workers), time.monotonic()
            for chart in keys:
                tasks.recompute.delay(chart)
            while ControlChart.objects.dirty().filter(pk__in=keys).exists():
                time.sleep(0.25)
                assert time.monotonic() - began < 1200
            self.seconds += time.monotonic() - began
            self.charts += len(keys)
            after = processor_by_name(workers)
            self.used.update({name: after[name] - before[name] for name in before})
        finally:
            for worker in workers:
                worker.stop()

    def __str__(self) -> str:
        """Where the processors' time went: to whom, and what was left to others or to nobody."""
        whole = self.seconds * (os.cpu_count() or 1)
        used = self.used | {"idle, or others": whole - sum(self.used.values())}
        told = ", ".join(
            f"{name} {1000 * seconds / self.charts:.1f} ms a chart ({seconds / whole:.0%})"
            for name, seconds in used.items()
        )
        return f"{self.rate:.1f} charts/s, {self.seconds:.0f} s; {told}"


def test_two_workers_against_one(
    keys: list[int], broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    first, one, two = Round(), Round(), Round()
    with capsys.disabled():
        print(f"\n{where()}: {CHARTS:,} charts of {POINTS:,} points, {os.cpu_count()} processors")
        # Makes the rows of the results; what is measured writes over them alike.
        first.work_off(keys, 2)
        for begin in range(0, len(keys), TURN):
            part, order = keys[begin : begin + TURN], ((one, 1), (two, 2))
            for side, count in order if begin // TURN % 2 else reversed(order):
                side.work_off(part, count)
            told = f"one {one.rate:.1f}, two {two.rate:.1f} charts/s so far"
            print(f"{begin + len(part):,}: {told}, {load()}", flush=True)
        print(f"one worker: {one}\ntwo workers: {two}")
        note(where(), "charts of 1,000 points, one worker", one.rate, "charts/s", remark=load())
        note(where(), "  values in them", POINTS * one.rate, "values/s")
        kept = note(
            where(), "two worker processes / one", two.rate / one.rate, "×", target=1.5,
            at_least=True, remark=load(),
        )  # fmt: skip
    assert kept
