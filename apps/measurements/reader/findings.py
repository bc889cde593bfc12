"""The row report while it is written: like neighbours in one line, refused rows in a file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

REFUSED, WARNING = "refused", "warning"
# Lines of the report that are kept for the page; the rest is counted (and every refused row is
# in the file).
MOST_LINES = 400
SHOWN = 60
# Stands for the values of a run of rows that differ.
ALIKE = "…"


@dataclass
class Finding:
    """What is wrong (or odd) in one row, or in a run of like neighbours."""

    result: str
    first: int
    last: int
    count: int
    column: str
    value: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "result": self.result,
            "rows": [self.first, self.last],
            "count": self.count,
            "column": self.column,
            "value": self.value,
            "code": self.code,
            "params": self.params,
        }


class Report:
    """Findings in the order of rows; closes the file of refused rows when left."""

    def __init__(self, refused_path: Path) -> None:
        self._lines: dict[str, list[Finding]] = {REFUSED: [], WARNING: []}
        self._more = {REFUSED: 0, WARNING: 0}
        self._rows: dict[str, set[int]] = {REFUSED: set(), WARNING: set()}
        # One cell may be refused for several characteristics: it is told once.
        self._told: set[tuple[int, str, str]] = set()
        self._path = refused_path
        self._file: TextIO | None = None

    def __enter__(self) -> Report:
        self._file = self._path.open("w", encoding="utf-8")
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()

    def refuse(
        self, row: int, column: str, value: object, code: str, cells: list[Any], **params: Any
    ) -> None:
        if self._file is None:
            raise RuntimeError("the report is not open")
        if (row, column, code) in self._told:
            return
        self._told.add((row, column, code))
        line = [row, column, code, params, [as_text(cell) for cell in cells]]
        self._file.write(json.dumps(line, ensure_ascii=True) + "\n")
        self._add(REFUSED, row, column, value, code, params)

    def warn(self, row: int, column: str, value: object, code: str, **params: Any) -> None:
        if (row, column, code) not in self._told:
            self._told.add((row, column, code))
            self._add(WARNING, row, column, value, code, params)

    def _add(
        self, result: str, row: int, column: str, value: object, code: str, params: dict[str, Any]
    ) -> None:
        self._rows[result].add(row)
        lines = self._lines[result]
        last = lines[-1] if lines else None
        text = cut(as_text(value))
        if (
            last is not None
            and (last.column, last.code, last.params) == (column, code, params)
            and last.last + 1 == row
        ):
            last.last = row
            last.count += 1
            last.value = text if last.value == text else ALIKE
        elif len(lines) < MOST_LINES:
            lines.append(Finding(result, row, row, 1, column, text, code, params))
        else:
            self._more[result] += 1

    def rows(self, result: str) -> int:
        """How many rows have this result."""
        return len(self._rows[result])

    def as_json(self) -> dict[str, Any]:
        every = [
            finding
            for lines in self._lines.values()
            for finding in sorted(lines, key=lambda finding: finding.first)
        ]
        return {
            "findings": [finding.as_json() for finding in every],
            "more": dict(self._more),
        }


def as_text(cell: object) -> str:
    """A cell as a person sees it: whole numbers without .0, nothing for an empty cell."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return "" if cell is None else str(cell)


def cut(text: str) -> str:
    """Short enough for a table, without control characters."""
    plain = "".join(sign if sign.isprintable() else "·" for sign in text[: SHOWN + 1])
    return plain if len(plain) <= SHOWN else plain[:SHOWN] + "…"
