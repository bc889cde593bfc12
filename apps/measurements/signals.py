"""The one word this app sends upward: after commit, the data of a characteristic changed."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with `characteristic_id`; a receiver only queues a task (the sweep is the guarantee).
data_changed = Signal()
