"""`manage.py sync_methodologies`: offer the methodologies that come with this version."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.projects.services import sync_methodologies


class Command(BaseCommand):
    help = "Write the methodologies that come with Improve; projects keep the version they started with."

    def handle(self, *args: Any, **options: Any) -> None:
        added = sync_methodologies()
        if options["verbosity"] == 0:
            return
        for methodology in added:
            self.stdout.write(f"Added {methodology.name}, version {methodology.version}")
        if not added:
            self.stdout.write("The methodologies are up to date.")
