"""Doorbells of projects."""

from __future__ import annotations

from celery import shared_task

from apps.projects import reminders


@shared_task(name="projects.remind")
def remind() -> None:
    reminders.remind()
