"""Marking notices as read."""

from __future__ import annotations

from django.utils import timezone

from apps.accounts.models import User
from apps.notifications.models import Notification


def mark_read(*, notification: Notification) -> None:
    Notification.objects.unread().filter(pk=notification.pk).update(read_at=timezone.now())


def mark_all_read(*, user: User) -> int:
    """Mark everything a person was told as read; return how many were not."""
    return Notification.objects.visible_to(user).unread().update(read_at=timezone.now())
