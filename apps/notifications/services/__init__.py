"""Telling people, and what they do with what they were told."""

from apps.notifications.services.preferring import set_preference
from apps.notifications.services.reading import mark_all_read, mark_read
from apps.notifications.services.settling import settle
from apps.notifications.services.telling import notify

__all__ = ["mark_all_read", "mark_read", "notify", "set_preference", "settle"]
