"""`manage.py prepare`: the database as this version needs it, before any part starts.

`start` does the same by itself; this is for parts that run each by itself (compose.yaml).
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.operations.prepare import prepare_database


class Command(BaseCommand):
    help = "Bring tables, methodologies and shared settings up to date."

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database(self.stdout.write)
