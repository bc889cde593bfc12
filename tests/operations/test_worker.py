"""A real worker on a real broker: it works, it signs, and its children die with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psutil
import pytest
from django.utils import timezone

from apps.operations.models import Heartbeat
from apps.operations.tasks import heartbeat
from tests.processes import Broker, Worker

Eventually = Callable[..., Any]


def signed(part: str) -> bool:
    return Heartbeat.objects.filter(
        part=part, at__gte=timezone.now() - timedelta(seconds=30)
    ).exists()


def test_a_task_goes_the_whole_way(worker: Worker, eventually: Eventually) -> None:
    eventually(lambda: signed("worker"), what="the worker's own sign")
    assert not signed("tasks")
    heartbeat.delay()
    eventually(lambda: signed("tasks"), what="the task's sign")


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the parent-death signal is Linux's")
def test_a_killed_worker_leaves_no_child(worker: Worker) -> None:
    children = psutil.Process(worker.pid).children(recursive=True)
    assert children
    os.kill(worker.pid, signal.SIGKILL)
    assert psutil.wait_procs(children, timeout=5)[1] == []


def test_a_worker_outlives_its_broker(
    worker: Worker, broker: Broker, eventually: Eventually
) -> None:
    broker.stop()
    broker.start()
    heartbeat.delay()
    eventually(lambda: signed("tasks"), within=30, what="the task after the broker came back")
