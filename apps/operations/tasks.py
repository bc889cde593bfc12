"""Doorbells of the operations app."""

from __future__ import annotations

from celery import shared_task

from apps.operations.heartbeat import sign


@shared_task(name="operations.heartbeat")
def heartbeat() -> None:
    sign("tasks")
