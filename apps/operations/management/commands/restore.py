"""`manage.py restore FILE`: a backup into an empty database, all of it or nothing.

    python manage.py restore FILE
    python manage.py restore FILE --sha256 …     only if it is the backup whose digest was printed

The database is the one DATABASE_URL names (SQLite in the data folder without it); it may be of
another kind than the one the backup was made on: that is how an installation moves from SQLite
to PostgreSQL. Exit codes: 0 done; 1 damaged, the database is as empty as before; 2 refused.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from apps.operations.errors import ArchiveDamaged, RestoreRefused
from apps.operations.restore import restore


class Command(BaseCommand):
    help = "Restore a backup into an empty database, all of it or nothing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--sha256", default="", help="the digest printed when it was made")
        parser.add_argument("--head", default="", help="the head hash printed on an earlier report")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = restore(
                Path(options["file"]),
                self.stdout.write,
                sha256=options["sha256"],
                head=options["head"],
            )
        except RestoreRefused as error:
            raise CommandError(str(error), returncode=2) from None
        except ArchiveDamaged as error:
            raise CommandError(f"Nothing was restored. {error}", returncode=1) from None
        except (OSError, DatabaseError) as error:
            raise CommandError(f"Nothing was restored: {error}", returncode=1) from None
        self.stdout.write(
            f"Restored {made.manifest.rows} rows of {made.manifest.made_at} in "
            f"{made.seconds:.1f} s; compared row by row, audit trail whole."
        )
