"""The lines of `make bench`: what was measured, what was promised, whether it is kept.

A benchmark calls `note`; run by `make bench` the lines of all come together in one table, run by
itself it prints them.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "IMPROVE_BENCH"
"""The variable that names the file in which the lines are collected."""


@dataclass(frozen=True)
class Line:
    """`target` is the most (`at_least`: the least) that is promised; None promises nothing."""

    where: str
    what: str
    found: float
    unit: str
    target: float | None = None
    at_least: bool = False
    remark: str = ""

    @property
    def kept(self) -> bool:
        if self.target is None:
            return True
        return self.found >= self.target if self.at_least else self.found <= self.target

    def __str__(self) -> str:
        verdict = "" if self.target is None else "ok" if self.kept else "MISSED"
        sign = "≥" if self.at_least else "≤"
        target = "" if self.target is None else f"{sign} {self.target:g}"
        return (
            f"{self.where:<11} {self.what:<52} {target:>9} {self.found:>11,.4g} "
            f"{self.unit:<8} {verdict:<7} {self.remark}"
        ).rstrip()


HEADER = f"{'where':<11} {'what':<52} {'target':>9} {'found':>11} {'':<8} {'':<7}".rstrip()


def note(
    where: str,
    what: str,
    found: float,
    unit: str = "",
    *,
    target: float | None = None,
    at_least: bool = False,
    remark: str = "",
) -> bool:
    """Write a line down; whether its promise is kept."""
    line = Line(where, what, float(found), unit, target, at_least, remark)
    path = os.environ.get(FILE)
    if path:
        with Path(path).open("a") as out:
            out.write(json.dumps(asdict(line)) + "\n")
    print(line, flush=True)
    return line.kept


def collected(path: Path) -> list[Line]:
    if not path.exists():
        return []
    return [Line(**json.loads(text)) for text in path.read_text().splitlines()]
