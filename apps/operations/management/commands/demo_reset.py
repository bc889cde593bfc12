"""`manage.py demo_reset`: the example from the beginning."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from apps.operations.errors import CannotStart
from apps.operations.ownership import take_folder
from apps.operations.prepare import prepare


class Command(BaseCommand):
    help = "Delete the example's database and files, and make the example again (demo mode only)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This deletes data, so it works in demo mode only: IMPROVE_DEMO=1")
        database = Path(str(settings.DATABASES["default"]["NAME"]))
        if connection.vendor != "sqlite" or settings.DATA_DIR not in database.parents:
            raise CommandError(
                "The database is not a file in the data folder. Empty it yourself, then start."
            )
        try:
            take_folder(settings.DATA_DIR, address="demo_reset")
        except CannotStart as error:
            raise CommandError(str(error), returncode=2) from None
        connection.close()
        for name in (database.name, f"{database.name}-wal", f"{database.name}-shm"):
            (settings.DATA_DIR / name).unlink(missing_ok=True)
        for folder in ("scratch", "mail"):
            shutil.rmtree(settings.DATA_DIR / folder, ignore_errors=True)
        prepare(self.stdout.write)
