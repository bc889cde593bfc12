"""`manage.py worker`: one more worker, on this machine or on another.

    DATABASE_URL=postgres://… REDIS_URL=redis://… python manage.py worker

It needs the two addresses and nothing else: uploaded files lie in the database, and so do the
settings that every part must have alike. It takes mail only where EMAIL_URL says how to send it.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from apps.operations.health import broker
from apps.operations.parts import MODEST, worker_command
from apps.operations.sharing import shared_settings


class Command(BaseCommand):
    help = "Run a worker that needs the addresses of database and broker and nothing else."
    # It serves nobody, so it needs no secret.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--concurrency",
            type=int,
            default=settings.CELERY_WORKER_CONCURRENCY,
            help="how many tasks it works on at once (WORKER_CONCURRENCY)",
        )
        parser.add_argument(
            "--mail",
            action="store_true",
            help="send mail also without EMAIL_URL: into the data folder",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = self._from_the_database()
        if not broker(settings.CELERY_BROKER_URL).ok:
            # It may come later: the worker goes on trying.
            self.stderr.write(f"The broker does not answer yet: {_place(settings.REDIS_URL)}")
        mail = options["mail"] or bool(os.environ.get("EMAIL_URL"))
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        os.environ |= MODEST | {"IMPROVE_DATA": str(settings.DATA_DIR)}
        for name, value in found.items():
            os.environ.setdefault(name, value)
        self.stdout.write(
            f"Worker on {connection.vendor}, {len(found)} shared settings found, "
            f"{'sends mail' if mail else 'leaves mail to others'}."
        )
        self.stdout.flush()
        connections.close_all()
        os.chdir(settings.BASE_DIR)
        command = worker_command(sys.executable, concurrency=options["concurrency"], mail=mail)
        os.execv(sys.executable, command)  # noqa: S606  our own interpreter, no shell

    def _from_the_database(self) -> dict[str, str]:
        """The shared settings; refused while the database is not the one this version needs."""
        try:
            executor = MigrationExecutor(connection)
            missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if missing:
                raise CommandError(
                    f"The database lacks {len(missing)} migrations of this version. "
                    "Prepare it first: python manage.py prepare",
                    returncode=2,
                )
            return shared_settings()
        except DatabaseError as error:
            raise CommandError(f"The database does not answer: {error}", returncode=2) from None


def _place(url: str) -> str:
    """An address without its password."""
    return url.rpartition("@")[2] or "the one in the data folder"
