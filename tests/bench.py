"""`make bench`: the times and the memory the README promises, on this machine, now.

Starts the example twice in a temporary folder. The second start finds every chart out of date,
so that the first recompute can be timed from the moment of the start.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil

from apps import stats

ROOT = Path(__file__).resolve().parent.parent
PORT = 8937
PAGE = f"http://127.0.0.1:{PORT}/accounts/login/"
READY = f"http://127.0.0.1:{PORT}/health/ready"
PROMISED = {
    "first page": 5.0,
    "first recompute": 8.0,
    "idle memory": 450.0,
    "clean stop": 5.0,
}


def fetch(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        return error.read()
    except OSError:
        return b""


def wait(condition: Callable[[], bool], began: float, seconds: float = 180) -> float:
    """Seconds from `began` until the condition holds."""
    while not condition():
        if time.monotonic() - began > seconds:
            raise TimeoutError
        time.sleep(0.02)
    return time.monotonic() - began


def all_well() -> bool:
    try:
        return bool(json.loads(fetch(READY))["ok"])
    except (ValueError, KeyError):
        return False


def results_since(database: Path, moment: str) -> int:
    with closing(sqlite3.connect(database, timeout=20)) as connection:
        query = "SELECT count(*) FROM charts_chartresult WHERE computed_at >= ?"
        return int(connection.execute(query, (moment,)).fetchone()[0])


def measure_tree(data: Path, *, recompute: bool) -> dict[str, float]:
    """One start and stop of the example; `recompute`: with charts that wait for it."""
    environment = os.environ | {
        "IMPROVE_DATA": str(data), "IMPROVE_DEMO": "1", "PORT": str(PORT), "REDIS_URL": "",
    }  # fmt: skip
    found = {}
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    began = time.monotonic()
    with (data.parent / "out").open("ab") as log:
        tree = subprocess.Popen(
            [sys.executable, "manage.py", "start"],
            cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        found["first page"] = wait(lambda: b"csrfmiddlewaretoken" in fetch(PAGE), began)
        if recompute:
            database = data / "improve.sqlite3"
            found["first recompute"] = wait(lambda: results_since(database, moment) > 0, began)
        wait(all_well, began)
        time.sleep(5)
        everyone = [psutil.Process(tree.pid), *psutil.Process(tree.pid).children(recursive=True)]
        found["idle memory"] = sum(p.memory_full_info().pss for p in everyone) / 2**20
    finally:
        stopping = time.monotonic()
        tree.send_signal(signal.SIGTERM)
        tree.wait(60)
    found["clean stop"] = time.monotonic() - stopping
    return found


def make_all_dirty(data: Path) -> None:
    with closing(sqlite3.connect(data / "improve.sqlite3")) as connection:
        connection.execute("UPDATE charts_controlchart SET settings_version = settings_version + 1")
        connection.commit()


def measure_engine() -> dict[str, float]:
    """The engine alone, on series with a fixed seed."""
    found = {}
    for count in (10_000, 100_000, 1_000_000):
        values = np.random.default_rng(7).normal(10, 1, count)
        began = time.monotonic()
        stats.chart("i-mr", values)
        found[f"I-MR chart of {count:,} values"] = time.monotonic() - began
    return found


def main() -> int:
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} processors, load {load:.1f} before")
    with tempfile.TemporaryDirectory(prefix="improve-bench-") as folder:
        data = Path(folder) / "data"
        print("first start, with the example being made:")
        show(measure_tree(data, recompute=False), {})
        make_all_dirty(data)
        print("second start:")
        missed = show(measure_tree(data, recompute=True), PROMISED)
    print("engine:")
    show(measure_engine(), {})
    return 1 if missed else 0


def show(found: dict[str, float], promised: dict[str, float]) -> list[str]:
    missed = []
    for name, value in found.items():
        unit = "MB" if "memory" in name else "s"
        limit = promised.get(name)
        late = limit is not None and value > limit
        note = "" if limit is None else f"   promised {limit:g} {unit}{', MISSED' if late else ''}"
        print(f"  {name:<32} {value:8.2f} {unit}{note}", flush=True)
        if late:
            missed.append(name)
    return missed


if __name__ == "__main__":
    sys.exit(main())
