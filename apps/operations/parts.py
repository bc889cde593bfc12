"""The parts of the process tree: how each is started, told to stop, and found ready.

Standard library only: the supervisor imports this file and stays slim.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from apps.operations import broker
from apps.operations.probe import get

MODEST = {
    # Arrays here are small: one thread each computes them as fast and needs less memory.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "PYTHONUNBUFFERED": "1",
    # The worker serves no page: the system checks would load every view into it.
    "CELERY_SKIP_CHECKS": "1",
}
BEHIND_PAGES = 5
"""A person waits for a page, nobody for the second in which a chart is recomputed; at the start
the web server loads first, while the worker loads what is left."""
FINAL_SIGNAL_AFTER = {"web": 1.2, "worker": 2.3, "beat": 0.5, "broker": 0.5}
"""Seconds a part has to stop before it is killed; together under the promised 5 s."""


@dataclass(frozen=True)
class Tree:
    """Everything the supervisor must know; made by the start command, passed as JSON."""

    python: str
    root: str
    data: str
    address: str
    host_header: str
    web_socket: int
    broker_binary: str = ""
    broker_socket: str = ""
    worker_concurrency: int = 1
    web_workers: int = 1
    web_threads: int = 8
    farewell: list[str] = field(default_factory=list)

    def dump(self) -> str:
        return json.dumps(self.__dict__)

    @classmethod
    def load(cls, text: str) -> Tree:
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Part:
    name: str
    command: list[str]
    stop_signal: int
    patience: float
    ready: Callable[[], bool]
    inherits: tuple[int, ...] = ()
    # How far it stands back for the others on a busy machine (nice(2)).
    niceness: int = 0
    # What Linux sends it when the supervisor dies without stopping it; `stop_signal` when None.
    orphan_signal: int | None = None


def parts_of(tree: Tree) -> list[Part]:
    """The parts in the order in which they start; they stop in the reverse order."""
    own_broker = [_broker(tree)] if tree.broker_binary else []
    return [*own_broker, _beat(tree), _worker(tree), _web(tree)]


def _broker(tree: Tree) -> Part:
    socket_path = Path(tree.broker_socket)
    return Part(
        name="broker",
        command=broker.arguments(
            Path(tree.broker_binary), socket_path=socket_path, folder=Path(tree.data) / "run"
        ),
        stop_signal=signal.SIGTERM,
        patience=FINAL_SIGNAL_AFTER["broker"],
        ready=lambda: broker.answers(socket_path),
    )


def _beat(tree: Tree) -> Part:
    return Part(
        name="beat",
        command=[tree.python, "-m", "apps.operations.beat"],
        stop_signal=signal.SIGTERM,
        patience=FINAL_SIGNAL_AFTER["beat"],
        ready=lambda: _reported(tree, "beat"),
        niceness=BEHIND_PAGES,
    )


def worker_command(python: str, *, concurrency: int, mail: bool) -> list[str]:
    """Celery's worker as ours are run. Mail has a queue of its own: only a worker that knows the
    mail server may take it."""
    return [
        python, "-m", "celery", "--app", "improve", "worker",
        "--pool", "prefork", "--concurrency", str(concurrency),
        "--queues", "celery,mail" if mail else "celery",
        "--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip


def _worker(tree: Tree) -> Part:
    return Part(
        name="worker",
        command=worker_command(tree.python, concurrency=tree.worker_concurrency, mail=True),
        # SIGQUIT is Celery's soft shutdown: running tasks get two seconds, then go back.
        stop_signal=signal.SIGQUIT,
        # Its broker dies with it: handing tasks back would wait for a broker that never comes.
        # What is left undone is in the database, and the next start finds it.
        orphan_signal=signal.SIGKILL,
        patience=FINAL_SIGNAL_AFTER["worker"],
        ready=lambda: _reported(tree, "worker"),
        niceness=BEHIND_PAGES,
    )


def _web(tree: Tree) -> Part:
    return Part(
        name="web",
        command=[
            tree.python, "-m", "gunicorn", "improve.wsgi:application",
            "--bind", f"fd://{tree.web_socket}", "--worker-class", "gthread",
            "--workers", str(tree.web_workers), "--threads", str(tree.web_threads),
            "--graceful-timeout", "1", "--timeout", "60", "--keep-alive", "5",
            "--access-logfile", "-", "--no-control-socket",
        ],
        stop_signal=signal.SIGTERM,
        patience=FINAL_SIGNAL_AFTER["web"],
        ready=lambda: get(tree.address, "/health/live", host=tree.host_header).status == 200,
        inherits=(tree.web_socket,),
    )  # fmt: skip


def _reported(tree: Tree, name: str) -> bool:
    """Whether the health page has seen a fresh sign of life of the part."""
    report = get(tree.address, "/health/ready", host=tree.host_header).json()
    found = report.get("parts", {}).get(name, {})
    return bool(found.get("ok"))
