"""The top of the process tree: starts the parts, watches them, stops them in order.

`manage.py start` prepares everything with Django loaded, then replaces itself by this module
(`exec`), which uses the standard library only and so costs some ten megabytes.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from apps.operations.parts import Part, Tree, parts_of
from apps.operations.process import Process

READY_WITHIN = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
STEADY_AFTER = 60.0
"""Seconds after which a part that ran counts as healthy again: its back-off starts anew."""


def say(line: str) -> None:
    print(line, flush=True)


class Watch:
    """One part under supervision: its process, and when it may be started again."""

    def __init__(self, part: Part, start: Callable[[Part], Process]) -> None:
        self.part = part
        self._start = start
        self._pause = FIRST_PAUSE
        self.again_at: float | None = None
        self.restarted = False
        self.process = start(part)

    def look(self, now: float) -> str | None:
        """Notice an end, or start again when the pause is over; what happened, in words."""
        if self.again_at is not None:
            return self._restart(now)
        ending = self.process.ending()
        if ending is None:
            return None
        self.process.clear()
        if now - self.process.started > STEADY_AFTER:
            self._pause = FIRST_PAUSE
        self.again_at = now + self._pause
        line = f"! {self.part.name} stopped unexpectedly ({ending}); again in {self._pause:g} s"
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return line

    def _restart(self, now: float) -> str | None:
        if self.again_at is None or now < self.again_at:
            return None
        self.again_at = None
        self.restarted = True
        self.process = self._start(self.part)
        return f"  {self.part.name} started again (process {self.process.pid})"


class Supervisor:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._logs = Path(tree.data) / "logs"
        self._watches: list[Watch] = []
        self._stop_asked = False
        self._wake_reader, self._wake_writer = os.pipe()

    def run(self) -> int:
        self._listen_to_signals()
        try:
            self._start_all()
            if not self._stop_asked:
                self._announce()
            self._watch_until_asked()
        finally:
            self._stop_all()
        return 0

    # --- signals ----------------------------------------------------------------------------

    def _listen_to_signals(self) -> None:
        """SIGINT, SIGTERM and SIGHUP ask to stop; they and SIGCHLD end the wait at once."""
        for end in (self._wake_reader, self._wake_writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop_asked = True

    def _sleep(self, seconds: float) -> None:
        readable, _, _ = select.select([self._wake_reader], [], [], seconds)
        if readable:
            os.read(self._wake_reader, 4096)

    # --- start ------------------------------------------------------------------------------

    def _start_all(self) -> None:
        for part in parts_of(self._tree):
            if self._stop_asked:
                return
            self._watches.append(Watch(part, self._start))
            if part.name == "broker":
                # The others would only log that they cannot reach it yet.
                self._await(part)

    def _start(self, part: Part) -> Process:
        return Process(part, root=self._tree.root, logs=self._logs)

    def _await(self, part: Part) -> bool:
        """Wait until a part is ready; restart what falls over meanwhile."""
        began = time.monotonic()
        while not self._stop_asked and time.monotonic() - began < READY_WITHIN:
            if part.ready():
                say(f"✓ {part.name} ready ({time.monotonic() - began:.1f} s)")
                return True
            self._look_once()
            self._sleep(0.05)
        if not self._stop_asked:
            say(f"! {part.name} is not ready yet; see {self._logs / part.name}.log")
        return False

    def _announce(self) -> None:
        parts = {watch.part.name: watch.part for watch in self._watches}
        self._await(parts["web"])
        if self._stop_asked:
            return
        say(f"\nImprove is at {self._tree.address}\n")
        for line in self._tree.farewell:
            say(line)
        for name in ("worker", "beat"):
            self._await(parts[name])
        if not self._stop_asked:
            say("All parts run. Ctrl-C stops them in order.")

    # --- watch ------------------------------------------------------------------------------

    def _watch_until_asked(self) -> None:
        while not self._stop_asked:
            self._sleep(self._seconds_to_next_restart())
            if not self._stop_asked:
                self._look_once()

    def _look_once(self) -> None:
        now = time.monotonic()
        for watch in self._watches:
            line = watch.look(now)
            if line:
                say(line)

    def _seconds_to_next_restart(self) -> float:
        now = time.monotonic()
        waits = [w.again_at - now for w in self._watches if w.again_at is not None]
        return max(0.01, min([5.0, *waits]))

    # --- stop -------------------------------------------------------------------------------

    def _stop_all(self) -> None:
        began = time.monotonic()
        say("\nStopping …")
        for watch in reversed(self._watches):
            asked = time.monotonic()
            watch.process.stop()
            say(f"✓ {watch.part.name} stopped ({time.monotonic() - asked:.1f} s)")
        say(f"Improve stopped after {time.monotonic() - began:.1f} s. Your data is kept.")


def main() -> int:
    return Supervisor(Tree.load(sys.argv[1])).run()


if __name__ == "__main__":
    sys.exit(main())
