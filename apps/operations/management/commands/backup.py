"""`manage.py backup`: everything the database holds at one moment, in one file.

    python manage.py backup                      into the data folder, backups/
    python manage.py backup FILE
    python manage.py backup --keep 14            and remove older ones from that folder
    python manage.py backup --verify FILE        is it whole, and as it was written?

Runs while people work. Exit codes: 0 done; 1 damaged or failed; 2 refused, nothing was written.
Inside: every table, uploaded files among them. Not inside: SECRET_KEY and the rest of the
environment, sessions (everybody signs in again), logs.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from apps.operations.archive import Archive
from apps.operations.backup import remove_older, take
from apps.operations.errors import ArchiveDamaged, RestoreRefused

NAME, PATTERN = "improve-%Y%m%dT%H%M%SZ.zip", "improve-*Z.zip"


class Command(BaseCommand):
    help = "Write everything the database holds at one moment into one file, or verify such a file."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", help="default: backups/ in the data folder")
        parser.add_argument("--verify", action="store_true", help="check FILE instead")
        parser.add_argument(
            "--keep", type=int, metavar="N", help="keep the newest N in backups/ of the data folder"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["verify"]:
                self._verify(options["file"])
            else:
                self._take(options["file"], options["keep"])
        except RestoreRefused as error:
            raise CommandError(str(error), returncode=2) from None
        except ArchiveDamaged as error:
            raise CommandError(f"Damaged. {error}", returncode=1) from None
        except (OSError, DatabaseError) as error:
            raise CommandError(f"Failed, nothing is kept of it: {error}", returncode=1) from None

    def _verify(self, file: str | None) -> None:
        if not file:
            raise RestoreRefused("Name the file: python manage.py backup --verify FILE")
        archive = Archive(Path(file))
        archive.verify(self.stdout.write)
        found = archive.manifest
        self.stdout.write(
            f"Whole: {found.rows} rows in {len(found.parts)} tables, made {found.made_at} "
            f"on {found.vendor}.\nSHA-256 {archive.sha256}"
        )

    def _take(self, file: str | None, keep: int | None) -> None:
        folder = settings.DATA_DIR / "backups"
        if keep is not None and (file or keep < 1):
            raise RestoreRefused("--keep N (1 or more) looks after backups/ and takes no FILE.")
        path = Path(file) if file else folder / time.strftime(NAME, time.gmtime())
        if path.exists():
            raise RestoreRefused(f"{path} exists; a backup never overwrites another.")
        made = take(path, self.stdout.write)
        self.stdout.write(
            f"{made.path}: {made.manifest.rows} rows, {made.bytes / 1e6:.1f} MB, "
            f"{made.seconds:.1f} s, read back and whole.\nSHA-256 {made.sha256}"
        )
        if keep is not None:
            for name in remove_older(folder, keep=keep, pattern=PATTERN):
                self.stdout.write(f"Removed {name}")
