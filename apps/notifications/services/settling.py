"""Notices of what no longer holds."""

from __future__ import annotations

from collections.abc import Collection

from django.utils import timezone

from apps.notifications.models import Notification


def settle(*, kind: str, holding: Collection[str]) -> int:
    """Mark unread notices of a kind as read, but for those whose event still holds; how many."""
    unread = Notification.objects.unread().filter(kind=kind)
    over = [pk for pk, key in unread.values_list("pk", "key") if key not in holding]
    if not over:
        return 0
    return Notification.objects.unread().filter(pk__in=over).update(read_at=timezone.now())
