"""Text files: cells between delimiters."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

from apps.measurements.reader.encodings import LONGEST_LINE, Encoding, find_encoding
from apps.measurements.reader.jobs import FileRefused, Limits
from apps.measurements.reader.tables import BLOCK, Layout, Rows, check_length, check_width

DELIMITERS = (";", "\t", ",", "|")
LOOK_LINES = 60
# A cell this long means a quotation mark that is never closed.
OPEN_QUOTE = 100_000


class DelimitedTable:
    def __init__(self, path: Path, limits: Limits, *, encoding: str = "", delimiter: str = ""):
        self._path = path
        self._limits = limits
        self._encoding: Encoding = find_encoding(path, encoding)
        found, sure = (delimiter, True) if delimiter else self._find_delimiter()
        if found not in DELIMITERS:
            raise FileRefused("delimiter_unknown", delimiter=found)
        self.layout = Layout(
            kind="text",
            encoding=self._encoding.name,
            delimiter=found,
            sure=self._encoding.sure and sure,
        )
        self.encoding_sure = self._encoding.sure
        self.expected_rows = self._encoding.lines

    def blocks(self) -> Iterator[Rows]:
        csv.field_size_limit(OPEN_QUOTE)
        first = 1
        with self._open() as stream:
            reader = csv.reader(stream, delimiter=self.layout.delimiter)
            while rows := self._next_rows(reader, first):
                check_width(rows, first, self._limits)
                check_length(first, rows, self._limits)
                yield first, rows
                first += len(rows)

    def _open(self) -> TextIO:
        return self._path.open(encoding=self._encoding.codec, newline="")

    def _next_rows(self, reader: Iterator[list[str]], first: int) -> list[list[str]]:
        rows: list[list[str]] = []
        try:
            rows.extend(islice(reader, BLOCK))
        except csv.Error as error:
            code = "quote_open" if "field larger" in str(error) else "not_a_table"
            raise FileRefused(code, row=first + len(rows)) from error
        return rows

    def _find_delimiter(self) -> tuple[str, bool]:
        """The delimiter that gives most lines the same number of cells, more than one."""
        with self._open() as stream:
            lines = [line for line in islice(_bounded(stream), LOOK_LINES) if line.strip()]
        scores: dict[str, float] = {}
        for delimiter in DELIMITERS:
            try:
                widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter))
            except csv.Error:
                continue
            if not widths:
                continue
            width, alike = widths.most_common(1)[0]
            scores[delimiter] = alike / len(lines) if width > 1 else 0.0
        best = max(DELIMITERS, key=lambda mark: scores.get(mark, 0.0))
        if scores.get(best, 0.0) == 0.0:
            return ",", True
        rivals = [mark for mark, score in scores.items() if score >= scores[best]]
        return best, len(rivals) == 1


def _bounded(stream: TextIO) -> Iterator[str]:
    while line := stream.readline(LONGEST_LINE):
        yield line
