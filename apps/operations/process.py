"""One child process of the supervisor: started in its own group, stopped whole.

Standard library only: the supervisor imports this file and stays slim.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from apps.operations.parts import Part

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 5_000_000
"""Bytes after which a part's log is put aside at the next start."""


def die_with_parent(number: int) -> None:
    """Ask Linux to send this process a signal when its parent dies (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number)


class Process:
    """A running part."""

    def __init__(self, part: Part, *, root: str, logs: Path) -> None:
        self.part = part
        self.started = time.monotonic()
        parent = os.getpid()
        last_word = part.stop_signal if part.orphan_signal is None else part.orphan_signal

        def before_exec() -> None:
            die_with_parent(last_word)
            os.nice(part.niceness)
            if os.getppid() != parent:
                os._exit(0)  # the supervisor died between fork and prctl

        with _log_of(part.name, logs) as log:
            self._popen = subprocess.Popen(
                part.command,
                cwd=root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=part.inherits,
                process_group=0,  # Ctrl-C reaches the supervisor alone, which stops in order
                preexec_fn=before_exec,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def ending(self) -> str | None:
        """How it ended, in words; None while it runs."""
        code = self._popen.poll()
        if code is None:
            return None
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exit code {code}"

    def stop(self) -> None:
        """Stop it and whatever it started: politely, then at once."""
        self._signal(self.part.stop_signal, group=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(self.part.patience)
        self.clear()

    def clear(self) -> None:
        """Kill what is left of the process group, so that no child stays behind."""
        self._signal(signal.SIGKILL, group=True)
        self._popen.wait()

    def _signal(self, number: int, *, group: bool) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if group:
                os.killpg(self.pid, number)
            elif self._popen.poll() is None:
                os.kill(self.pid, number)


def _log_of(name: str, logs: Path) -> IO[bytes]:
    logs.mkdir(parents=True, exist_ok=True)
    path = logs / f"{name}.log"
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")
