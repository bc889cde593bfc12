"""Charts per second through the real broker: two worker processes against one.

`IMPROVE_BENCH_CHARTS` says how many charts are out of date; each has 1,000 points.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

import numpy as np
import psutil
import pytest
from celery import current_app

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


@dataclass
class Used:
    """Processor seconds by who used them; of what ended in between, up to the last look."""

    seconds: dict[int, float] = field(default_factory=dict)
    began: dict[int, float] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    def look(self, workers: list[Worker], *, first: bool = False) -> None:
        ours = {
            process.pid
            for worker in workers
            for process in (psutil.Process(worker.pid), *psutil.Process(worker.pid).children())
        }
        for process in psutil.process_iter(["name"]):
            name, pid = process.info["name"], process.pid
            if pid in ours:
                self.names[pid] = "workers"
            elif pid == os.getpid():
                self.names[pid] = "this process"
            elif name == "postgres":
                self.names[pid] = "database"
            elif "valkey" in name or "redis" in name:
                self.names[pid] = "broker"
            else:
                continue
            self.seconds[pid] = seconds_of(pid)
            self.began.setdefault(pid, self.seconds[pid] if first else 0.0)

    def by_name(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for pid, name in self.names.items():
            found[name] = found.get(name, 0.0) + self.seconds[pid] - self.began[pid]
        return found


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


def emptied(keys: list[int], workers: list[Worker]) -> float:
    """Charts per second until nothing is out of date; prints who used the processors."""
    used = Used()
    used.look(workers, first=True)
    began = time.monotonic()
    for chart in keys:
        tasks.recompute.delay(chart)
    while ControlChart.objects.dirty().exists():
        time.sleep(0.2)
        used.look(workers)
        assert time.monotonic() - began < 1200
    took = time.monotonic() - began
    used.look(workers)
    shares = used.by_name()
    whole = took * (os.cpu_count() or 1)
    shares["idle, or others"] = whole - sum(shares.values())
    told = ", ".join(
        f"{name} {1000 * seconds / len(keys):.1f} ms a chart ({seconds / whole:.0%})"
        for name, seconds in sorted(shares.items())
    )
    print(
        f"{len(workers)} worker(s): {len(keys) / took:.1f} charts/s, {took:.1f} s; {told}; {load()}"
    )
    return len(keys) / took


def test_two_workers_against_one(
    keys: list[int], broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = []
    with capsys.disabled():
        print(f"\n{where()}: {CHARTS:,} charts of {POINTS:,} points, {os.cpu_count()} processors")
        # The first round makes the rows of the results; the two after it write over them alike.
        for round_, count in enumerate((2, 1, 2)):
            broker.empty()
            ControlChart.objects.update(settings_version=10 + round_, attempts=0)
            workers = [Worker(name=f"worker{number}") for number in range(count)]
            for worker in workers:
                worker.start()
            current_app.control.purge()
            rates.append(emptied(keys, workers))
            for worker in workers:
                worker.stop()
        _, one, two = rates
        note(where(), "charts of 1,000 points, one worker", one, "charts/s", remark=load())
        note(where(), "  values in them", POINTS * one, "values/s")
        kept = note(
            where(), "two worker processes / one", two / one, "×", target=1.5, at_least=True,
            remark=load(),
        )  # fmt: skip
    assert kept
