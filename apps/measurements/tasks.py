"""Doorbells: each takes an id and calls one function."""

from __future__ import annotations

import logging
from threading import Thread
from typing import Any

from celery import shared_task

from apps.measurements import importing, reading
from apps.measurements import sweep as sweep_job

logger = logging.getLogger(__name__)
# Below the broker's visibility timeout, so that no running task is delivered twice.
TIME_LIMITS = {"soft_time_limit": 270, "time_limit": 285}


@shared_task(name="measurements.read_import", **TIME_LIMITS)
def read_import(import_id: int) -> None:
    reading.read(import_id)


@shared_task(name="measurements.import_rows", **TIME_LIMITS)
def import_rows(import_id: int) -> None:
    importing.import_rows(import_id)


@shared_task(name="measurements.sweep")
def sweep() -> None:
    sweep_job.sweep(read_import.delay, import_rows.delay)


def ring(task: Any, import_id: int) -> None:
    """Queue a task without waiting for the broker: a frozen one would hold the page for seconds.

    A hint only; when it is lost, the sweep finds the same work.
    """
    Thread(target=_publish, args=(task, import_id), daemon=True, name="doorbell").start()


def _publish(task: Any, import_id: int) -> None:
    try:
        task.delay(import_id)
    except Exception:
        logger.warning("Import %s was not queued; the sweep will take it up.", import_id)
