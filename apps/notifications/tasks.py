"""Doorbells of the mail sender."""

from __future__ import annotations

from celery import shared_task

from apps.notifications import sending


@shared_task(name="notifications.send_mail")
def send_mail() -> None:
    sending.send_owed()
