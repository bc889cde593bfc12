"""`manage.py start`: everything in one process tree, on the parts that come with Improve.

    python manage.py start            http://127.0.0.1:8000
    PORT=9000 python manage.py start

Prepares (database, static files, the example organisation in demo mode), then becomes the
supervisor of broker, scheduler, worker and web server.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from apps.operations import broker
from apps.operations.errors import CannotStart
from apps.operations.ownership import take_folder, take_port
from apps.operations.parts import MODEST, Tree
from apps.operations.prepare import accounts_to_try, prepare
from apps.operations.secret import require_secret


class Command(BaseCommand):
    help = "Start broker, scheduler, worker and web server in one process tree."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
        parser.add_argument("--port", default=os.environ.get("PORT", "8000"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            require_secret()
            tree = self._own(options["host"], _port(options["port"]))
            prepare(self.stdout.write)
        except (CannotStart, ImproperlyConfigured) as error:
            raise CommandError(str(error), returncode=2) from None
        except KeyboardInterrupt:
            raise CommandError("Stopped before anything was started.", returncode=130) from None
        self._become_supervisor(replace(tree, farewell=accounts_to_try()))

    def _become_supervisor(self, tree: Tree) -> None:
        """Leave Django behind: the same process goes on with the standard library only."""
        connections.close_all()
        self.stdout.flush()
        os.environ |= MODEST | {
            "IMPROVE_DATA": str(settings.DATA_DIR),
            "MPLCONFIGDIR": str(settings.DATA_DIR / "run" / "matplotlib"),
        }
        os.chdir(settings.BASE_DIR)
        supervisor = [sys.executable, "-m", "apps.operations.supervisor", tree.dump()]
        os.execv(sys.executable, supervisor)  # noqa: S606  our own interpreter, no shell

    def _own(self, host: str, port: int) -> Tree:
        """Take the data folder and the port, or say who has them."""
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        take_folder(settings.DATA_DIR, address=address)
        listener = take_port(host, port)
        binary = None if settings.REDIS_URL else broker.find_binary()
        if binary is None and not settings.REDIS_URL:
            raise CannotStart(
                "There is no broker: neither the bundled server nor valkey-server or redis-server "
                "on PATH fits this machine. Install one of them, or name one with REDIS_URL."
            )
        if binary:
            settings.BROKER_SOCKET.parent.mkdir(parents=True, exist_ok=True)
        return Tree(
            python=sys.executable,
            root=str(settings.BASE_DIR),
            data=str(settings.DATA_DIR),
            address=address,
            host_header=_host_header(),
            web_socket=listener.detach(),
            broker_binary=str(binary or ""),
            broker_socket=str(settings.BROKER_SOCKET),
            worker_concurrency=settings.CELERY_WORKER_CONCURRENCY,
            web_workers=settings.WEB_WORKERS,
            web_threads=settings.WEB_THREADS,
        )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise CannotStart(f"PORT={text} is not a port. Give a number from 1 to 65535.")
    return int(text)


def _host_header() -> str:
    """A name the web server accepts, for the supervisor's own questions to it."""
    first = settings.ALLOWED_HOSTS[0]
    return "localhost" if first == "*" else first.removeprefix(".")
