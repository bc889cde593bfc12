"""A real `manage.py start` in a folder of its own, for tests to use and to hurt."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

SECRET = "a-secret-of-this-test-run-only-0123456789"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(data: Path, **changes: str) -> dict[str, str]:
    """Production mode on a plain http address; nothing inherited from the test run's settings."""
    own = {"DJANGO_SETTINGS_MODULE", "REDIS_URL", "DATABASE_URL", "PORT", "HOST", "SECRET_KEY"}
    inherited = {key: value for key, value in os.environ.items() if key not in own}
    chosen = {
        "IMPROVE_DATA": str(data),
        "IMPROVE_DEMO": "0",
        "SECRET_KEY": SECRET,
        "SECURE_SSL_REDIRECT": "0",
    }
    return inherited | chosen | changes


def start_once(data: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "manage.py", "start"],
        cwd=settings.BASE_DIR,
        env=environment(data, **changes),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class RunningTree:
    """A process tree that was started and is ready."""

    def __init__(self, data: Path, **changes: str) -> None:
        self.data, self.port = data, free_port()
        self.log = data.parent / f"{data.name}.out"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "start"],
                cwd=settings.BASE_DIR,
                env=environment(data, PORT=str(self.port), **changes),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def says(self, text: str, *, within: float = 240, times: int = 1) -> None:
        deadline = time.monotonic() + within
        while self.output.count(text) < times:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, f"never said {text!r}:\n{self.output}"
            time.sleep(0.05)

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as got:
                return got.status, got.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def ready(self) -> dict[str, Any]:
        """The health page; while nobody answers, the web is what is red."""
        status, body = self.get("/health/ready")
        content: dict[str, Any] = json.loads(body) if status else {"ok": False, "red": ["web"]}
        return content

    def is_well(self, *parts: str, within: float = 90) -> dict[str, Any]:
        """Wait until these parts (all, when none is named) are well."""
        deadline = time.monotonic() + within
        while True:
            report = self.ready()
            if "web" not in report["red"] and not (
                set(report["red"]) & set(parts or report["red"])
            ):
                return report
            assert time.monotonic() < deadline, f"{report}\n{self.output}"
            time.sleep(0.2)

    def processes(self) -> list[psutil.Process]:
        """The supervisor and everything below it."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def part(self, words: str) -> psutil.Process:
        """The direct child whose command line holds `words`."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if words in " ".join(child.cmdline()))

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ask it to stop, and wait until it has."""
        self.process.send_signal(number)
        self.process.wait(30)

    def destroy(self) -> None:
        """End it whatever state a failed test left it in."""
        if self.process.poll() is None:
            self.stop()
