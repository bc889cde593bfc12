"""Doorbells: each takes an id and calls one function."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from apps.measurements import importing, reading
from apps.measurements import sweep as sweep_job

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


@worker_ready.connect
def sweep_at_start(**_signal: Any) -> None:
    """What was left undone while no worker ran is found at once, not at the next beat."""
    sweep.delay()
