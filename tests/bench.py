"""`make bench`: every figure that is promised, measured on this machine, now, in one table.

    make bench                  everything, on SQLite and on PostgreSQL where there is one
    make bench ARGS="start"     start | engine | databases

The example is started twice in a temporary folder (the second start finds every chart out of
date, so that the first recompute can be timed), the engine is compared with bare numpy, and the
modules of tests/benchmarks run on both databases. Exit code 1 when a promise is missed or a
benchmark fails.
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
from tests.benchmarks.table import FILE, HEADER, collected, note
from tests.postgres import PostgresNotFound, postgres

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


def start() -> bool:
    """The whole tree, twice."""
    with tempfile.TemporaryDirectory(prefix="improve-bench-") as folder:
        data = Path(folder) / "data"
        show("first start", measure_tree(data, recompute=False), {})
        make_all_dirty(data)
        show("start", measure_tree(data, recompute=True), PROMISED)
    return True


def show(where: str, found: dict[str, float], promised: dict[str, float]) -> None:
    for name, value in found.items():
        note(where, name, value, "MB" if "memory" in name else "s", target=promised.get(name))


def engine() -> bool:
    """The engine alone: its own benchmark, and series with a fixed seed."""
    for count in (10_000, 100_000, 1_000_000):
        values = np.random.default_rng(7).normal(10, 1, count)
        began = time.monotonic()
        stats.chart("i-mr", values)
        note("engine", f"I-MR chart of {count:,} values", time.monotonic() - began, "s")
    return run([sys.executable, "-m", "tests.benchmarks.stats_speed"], {})


def databases() -> bool:
    """Every test module of tests/benchmarks, on each database."""
    # Named by itself: the suite leaves this folder out.
    command = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "tests/benchmarks"]
    well = run(command, {"DATABASE_URL": ""})
    try:
        with postgres() as url:
            return run(command, {"DATABASE_URL": url}) and well
    except PostgresNotFound as error:
        print(f"PostgreSQL: not found, {error}", flush=True)
        return well


def run(command: list[str], changes: dict[str, str]) -> bool:
    done = subprocess.run(command, cwd=ROOT, env=os.environ | changes, check=False)
    return done.returncode == 0


SECTIONS: dict[str, Callable[[], bool]] = {
    "start": start,
    "engine": engine,
    "databases": databases,
}


def main() -> int:
    wanted = sys.argv[1:] or list(SECTIONS)
    unknown = set(wanted) - set(SECTIONS)
    if unknown:
        print(f"Unknown: {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
        return 2
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before", flush=True)
    with tempfile.TemporaryDirectory(prefix="improve-bench-") as folder:
        path = Path(folder) / "lines"
        os.environ[FILE] = str(path)
        failed = [name for name in wanted if not SECTIONS[name]()]
        lines = collected(path)
    print(f"\n{HEADER}")
    for line in lines:
        print(line)
    missed = [f"{line.where}: {line.what.strip()}" for line in lines if not line.kept]
    print(f"\nload {os.getloadavg()[0]:.1f} after")
    print(f"Missed: {'; '.join(missed)}" if missed else "Every promise is kept.")
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return 1 if missed or failed else 0


if __name__ == "__main__":
    sys.exit(main())
