"""Reading a CSV file with a header into columns; every refusal names line, column and value."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none"})
# Digits, one decimal point, an exponent; Python's float() also takes 1_000 and full-width digits.
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
DELIMITERS = (",", ";", "\t")


class TableError(ValueError):
    """A file that cannot be read as asked; its text is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a file by column, and the line of the file each row stands on."""

    columns: dict[str, list[str]]
    lines: list[int]

    def __len__(self) -> int:
        return len(self.lines)

    def text(self, name: str) -> NDArray[np.str_]:
        """The cells of a column as they are.

        Raises
        ------
        TableError
            If there is no such column.
        """
        if name not in self.columns:
            raise TableError(
                _("There is no column “%(name)s”; the file has %(known)s.")
                % {"name": name, "known": ", ".join(self.columns)}
            )
        return np.array(self.columns[name], dtype=np.str_)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """The numbers of a column, NaN where a cell is empty.

        Raises
        ------
        TableError
            If there is no such column or a cell is not a number.
        """
        cells = self.text(name).tolist()
        read = np.empty(len(cells))
        for row, cell in enumerate(cells):
            number = parse_number(cell)
            if number is None:
                raise TableError(
                    _("Line %(line)s, column “%(name)s”: “%(cell)s” is not a number.")
                    % {"line": self.lines[row], "name": name, "cell": cell[:40]}
                )
            read[row] = number
        return read

    def is_numeric(self, name: str) -> bool:
        """Whether every cell of the column is a number or empty, and one is a number."""
        numbers = [parse_number(cell) for cell in self.columns[name]]
        return None not in numbers and any(number == number for number in numbers)


def parse_number(cell: str) -> float | None:
    """A finite number, NaN for a missing one, None for anything else.

    Examples
    --------
    >>> parse_number(" 1.5e3 "), parse_number("NA"), parse_number("1_000"), parse_number("1e999")
    (1500.0, nan, None, None)
    """
    text = cell.strip()
    if text.lower() in MISSING:
        return float("nan")
    if not NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if abs(number) < float("inf") else None


def read_table(lines: Iterable[str]) -> Table:
    """A table from the lines of a CSV file; lines before the header that start with # are notes.

    Raises
    ------
    TableError
        If there is no header, no row, or a row of another length.

    Examples
    --------
    >>> read_table(["day,weight", "1,4.2", "2,"]).numbers("weight")
    array([4.2, nan])
    """
    text = [line.rstrip("\r\n") for line in lines]
    first = next((i for i, line in enumerate(text) if line.strip() and line[0] != "#"), None)
    if first is None:
        raise TableError(_("The file holds no header line."))
    delimiter = next((mark for mark in DELIMITERS if mark in text[first]), ",")
    reader = csv.reader((f"{line}\n" for line in text[first:]), delimiter=delimiter)
    try:
        return _read_rows(reader, first)
    except csv.Error as error:
        raise TableError(
            _("Line %(line)s cannot be read as CSV: %(reason)s.")
            % {"line": first + reader.line_num, "reason": error}
        ) from error


def _read_rows(reader: csv._reader, before: int) -> Table:  # type: ignore[name-defined]
    header = [name.strip().removeprefix("\ufeff") for name in next(reader)]
    if len(set(header)) != len(header) or "" in header:
        raise TableError(_("Each column needs a name of its own in the header line."))
    columns: list[list[str]] = [[] for _name in header]
    numbers: list[int] = []
    for row in reader:
        if not row or (len(header) > 1 and not any(cell.strip() for cell in row)):
            continue
        if len(row) != len(header):
            raise TableError(
                _("Line %(line)s has %(got)s cells; the header has %(expected)s.")
                % {"line": before + reader.line_num, "got": len(row), "expected": len(header)}
            )
        numbers.append(before + reader.line_num)
        for cells, cell in zip(columns, row, strict=True):
            cells.append(cell.strip())
    if not numbers:
        raise TableError(_("The file holds a header but no rows."))
    return Table(dict(zip(header, columns, strict=True)), numbers)
