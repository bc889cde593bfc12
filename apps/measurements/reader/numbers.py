"""The strict grammar of numbers.

Python's float() also takes nan, inf, 1_000, 1e400 and full-width digits; a file of measurements
may hold none of them silently. A thousands separator, a percent sign or a clock reading is
taken only by a declared rule.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

PLAIN, PERCENT, RATIO, MINUTES, HOURS = "plain", "percent", "ratio", "mm:ss", "hh:mm"
FORMATS = (PLAIN, PERCENT, RATIO, MINUTES, HOURS)
SECONDS_IN = {
    "ms": 0.001, "s": 1, "sec": 1, "second": 1, "seconds": 1, "秒": 1,
    "min": 60, "minute": 60, "minutes": 60, "分": 60, "分鐘": 60, "分钟": 60,
    "h": 3600, "hr": 3600, "hour": 3600, "hours": 3600, "小時": 3600, "小时": 3600,
    "d": 86400, "day": 86400, "days": 86400, "天": 86400,
}  # fmt: skip
SPACES = " \t\u00a0\u202f"
ERROR_CELLS = ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!")
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
CLOCK = re.compile(r"(-?)(\d{1,6}):([0-5]\d)(?::([0-5]\d))?(?:[.,](\d{1,6}))?", re.ASCII)
EXPONENT = r"(?:[eE][+-]?\d{1,3})?"


class BadNumber(Exception):
    """A cell is not a number under the rule; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class NumberRule:
    decimal: str = "."
    thousands: str = ""
    format: str = PLAIN
    unit: str = ""

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        mark = re.escape(self.decimal)
        whole = r"\d+"
        if self.thousands:
            gap = "[ \u00a0\u202f]" if self.thousands == " " else re.escape(self.thousands)
            whole = rf"(?:\d{{1,3}}(?:{gap}\d{{3}})+|\d+)"
        return re.compile(rf"[+-]?(?:{whole}(?:{mark}\d+)?|{mark}\d+){EXPONENT}", re.ASCII)

    @cached_property
    def _block(self) -> re.Pattern[str] | None:
        """Many plain numbers at once, one on each line; None where only single cells are read."""
        if self.thousands or self.format != PLAIN:
            return None
        mark = re.escape(self.decimal)
        return re.compile(rf"(?:[+-]?\d+(?:{mark}\d+)?{EXPONENT}\n)*+", re.ASCII)

    def read_block(self, cells: Sequence[str]) -> list[float] | None:
        """All cells as numbers, or None when any needs a closer look."""
        if self._block is None:
            return None
        text = "\n".join(cells) + "\n"
        if self._block.fullmatch(text) is None or text.count("\n") != len(cells):
            return None
        if self.decimal != ".":
            cells = text.replace(self.decimal, ".").split("\n")[:-1]
        return list(map(float, cells))

    def read(self, cell: object) -> float:
        """One cell as a number, or `BadNumber`."""
        if isinstance(cell, bool):
            raise BadNumber("boolean")
        if isinstance(cell, int | float):
            if not math.isfinite(cell):
                raise BadNumber("not_finite")
            return float(cell)
        if not isinstance(cell, str):
            raise BadNumber("not_number")
        text = cell.strip(SPACES)
        if not text:
            raise BadNumber("empty")
        if self.format in {MINUTES, HOURS}:
            return self._read_clock(text)
        if self.format in {PERCENT, RATIO}:
            if not text.endswith("%"):
                plain = self._pattern.fullmatch(text) is not None
                raise BadNumber("percent_missing" if plain else _why_not(text, self.decimal))
            value = self._read_plain(text[:-1].rstrip(SPACES))
            return value if self.format == PERCENT else value / 100
        return self._read_plain(text)

    def _read_plain(self, text: str) -> float:
        if self._pattern.fullmatch(text) is None:
            raise BadNumber(_why_not(text, self.decimal))
        if self.thousands:
            for sign in self.thousands if self.thousands != " " else SPACES:
                text = text.replace(sign, "")
        return _finite(float(text.replace(self.decimal, ".")))

    def _read_clock(self, text: str) -> float:
        found = CLOCK.fullmatch(text)
        if found is None:
            why = _why_not(text, self.decimal)
            raise BadNumber("not_clock" if why in {"not_number", "other_mark"} else why)
        sign, first, second, third, part = found.groups()
        if sign:
            raise BadNumber("negative_clock")
        fraction = float(f"0.{part}") if part else 0.0
        if third is not None or self.format == HOURS:
            seconds = int(first) * 3600 + int(second) * 60 + int(third or 0) + fraction
        else:
            seconds = int(first) * 60 + int(second) + fraction
        return seconds / SECONDS_IN[self.unit]


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise BadNumber("too_large")
    return value


def _why_not(text: str, decimal: str) -> str:
    other = "," if decimal == "." else "."
    reasons = (
        ("spreadsheet_error", text.upper() in ERROR_CELLS),
        ("formula", text.startswith("=")),
        ("not_finite", NOT_FINITE.fullmatch(text) is not None),
        (
            "underscore",
            "_" in text and re.fullmatch(r"[+-]?\d[\d_]*(\.\d[\d_]*)?", text, re.ASCII) is not None,
        ),
        ("not_ascii", any(sign.isdecimal() and not sign.isascii() for sign in text)),
        ("percent_sign", re.fullmatch(r"[+-]?[\d.,]+\s*%", text, re.ASCII) is not None),
        (
            "other_mark",
            re.fullmatch(rf"[+-]?[\d ]+(?:[{other} ]\d+)+(?:[.,]\d+)?", text, re.ASCII) is not None,
        ),
    )
    return next((code for code, holds in reasons if holds), "not_number")
