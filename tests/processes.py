"""Real processes for tests: the broker and a Celery worker, started and hurt at will."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

from django.conf import settings
from django.db import connection
from redis import Redis

from apps.operations import broker
from apps.operations.parts import worker_command
from apps.operations.process import die_with_parent
from improve.celery import app
from tests.postgres import socket_url


class Broker:
    """The embedded broker on a socket."""

    def __init__(self, binary: Path, socket_path: Path) -> None:
        self._binary, self.socket_path = binary, socket_path
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.socket_path.parent.mkdir(parents=True, exist_ok=True)
        command = broker.arguments(
            self._binary, socket_path=self.socket_path, folder=self.socket_path.parent
        )
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: die_with_parent(signal.SIGKILL),
        )
        _wait_until(lambda: broker.answers(self.socket_path), 10, "the broker answers")
        app.broker_is_back()

    def stop(self) -> None:
        """Gone at once, with everything in it, as in a crash."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self.socket_path.unlink(missing_ok=True)

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
        app.broker_is_back()

    def empty(self) -> None:
        with contextlib.closing(Redis(unix_socket_path=str(self.socket_path))) as client:
            client.flushall()


class Worker:
    """A Celery worker in its own processes, on the database of the running test."""

    def __init__(
        self,
        command: list[str] | None = None,
        environment: dict[str, str] | None = None,
        name: str = "worker",
    ) -> None:
        self.log = Path(settings.DATA_DIR) / f"{name}.log"
        self._command = command or worker_command(sys.executable, concurrency=1, mail=True)
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def on_another_machine(cls, folder: Path) -> Worker:
        """Told the two addresses and nothing else; `folder` stands for that machine's disk."""
        told = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": database_url(),
            "REDIS_URL": settings.CELERY_BROKER_URL,
            "IMPROVE_DATA": str(folder),
        }
        return cls([sys.executable, "manage.py", "worker"], told, name=folder.name)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        began = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=settings.BASE_DIR,
                env=self._environment or os.environ | _environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=lambda: die_with_parent(signal.SIGKILL),
            )  # fmt: skip
        _wait_until(lambda: self._is_ready(began), 60, f"the worker is ready; see {self.log}")

    def _is_ready(self, began: int) -> bool:
        assert self._process is not None
        written = self.log.read_bytes()[began:]
        assert self._process.poll() is None, written.decode()[-3000:]
        return b" ready." in written

    def kill(self) -> None:
        """kill -9 of the whole worker: main process and pool children, in any order."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
            self.kill()


class Web:
    """The web server that ships, in its own process, on the database of the running test."""

    address = "127.0.0.1"

    def __init__(self) -> None:
        self.log = Path(settings.DATA_DIR) / "web.log"
        self._listening = socket.create_server((self.address, 0))
        self.port: int = self._listening.getsockname()[1]
        self.host = f"{self.address}:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        bound = self._listening.fileno()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-m", "gunicorn", "improve.wsgi:application",
                    "--bind", f"fd://{bound}", "--worker-class", "gthread", "--threads", "4",
                    "--no-control-socket",
                ],
                cwd=settings.BASE_DIR,
                env=os.environ | _environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(bound,),
                process_group=0,
                preexec_fn=lambda: die_with_parent(signal.SIGKILL),
            )  # fmt: skip
        _wait_until(self._answers, 60, f"the web server answers; see {self.log}")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()[-3000:]
        try:
            with urlopen(f"http://{self.host}/health/live", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
        self._listening.close()


def _environment() -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "improve.settings",
        "IMPROVE_DATA": str(settings.DATA_DIR),
        "IMPROVE_DEMO": "1",
        "DATABASE_URL": database_url(),
        "CELERY_SKIP_CHECKS": "1",
    }


def database_url() -> str:
    """The database the running test uses, as DATABASE_URL names it."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    host, port = found["HOST"] or "localhost", str(found["PORT"] or 5432)
    return socket_url(found["USER"], found["PASSWORD"], host, port, found["NAME"])


def _wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds:g} s: {what}")
