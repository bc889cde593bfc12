"""What our Celery worker does beside its tasks: it signs, and its children die with it."""

from __future__ import annotations

import gc
import signal
from typing import Any

from celery import Celery, bootsteps
from celery.signals import celeryd_init, worker_before_create_process, worker_process_init

from apps.operations.heartbeat import INTERVAL, sign_and_let_go
from apps.operations.process import die_with_parent


class SignOfLife(bootsteps.StartStopStep):
    """The worker's main process writes its sign of life on its own timer."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._timer: Any = None

    def start(self, parent: Any) -> None:
        sign_and_let_go("worker")
        self._timer = parent.timer.call_repeatedly(INTERVAL, sign_and_let_go, ("worker",))

    def stop(self, parent: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()


def be_patient(conf: Any, **kwargs: Any) -> None:
    """The web's time limit for the broker is short on purpose; the worker can wait longer."""
    conf.broker_transport_options = {**conf.broker_transport_options, "socket_timeout": 5}


def before_fork(**kwargs: Any) -> None:
    """Keep the collector off what parent and children share, so that it stays shared."""
    gc.freeze()


def in_child(**kwargs: Any) -> None:
    """A pool process whose worker was killed would wait for work for ever."""
    die_with_parent(signal.SIGKILL)


def install(app: Celery) -> None:
    app.steps["worker"].add(SignOfLife)
    celeryd_init.connect(be_patient, weak=False)
    worker_before_create_process.connect(before_fork, weak=False)
    worker_process_init.connect(in_child, weak=False)
