"""Doorbells: each takes an id and calls one function."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from apps.charts import recompute as recompute_job
from apps.charts import sweep as sweep_job


@shared_task(name="charts.recompute")
def recompute(chart_id: int) -> None:
    recompute_job.recompute(chart_id)


@shared_task(name="charts.sweep")
def sweep() -> None:
    sweep_job.sweep(recompute.delay)


@worker_ready.connect
def sweep_at_start(**_signal: Any) -> None:
    """What was left undone while no worker ran is found at once, not at the next beat."""
    sweep.delay()
