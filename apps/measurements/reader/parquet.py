"""Parquet files, through the readers of Apache Arrow's Rust implementation.

What the file says of itself (rows, columns, unpacked bytes) is checked before anything is
unpacked. It may lie: then the rows are counted as they come, and the limit of memory of the child
process holds.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from arro3.core import RecordBatch, RecordBatchReader
from arro3.io import read_parquet

from apps.measurements.reader.jobs import FileRefused, Limits
from apps.measurements.reader.tables import BLOCK, Layout, Rows, check_length

PARQUET_MAGIC = b"PAR1"
LOCKED_MAGIC = b"PARE"
MOST_FOOTER = 16 << 20
MOST_GROUPS = 10_000
MOST_DEPTH = 24
UNREADABLE = "(?)"
# The fields of the footer that are looked at, by their numbers in Parquet's parquet.thrift.
SCHEMA, NUM_ROWS, ROW_GROUPS = 2, 3, 4
NUM_CHILDREN = 5
GROUP_BYTES, GROUP_ROWS = 2, 3


class ParquetTable:
    def __init__(self, path: Path, limits: Limits):
        self._path, self._limits = path, limits
        self.expected_rows = _check_footer(path, limits) + 1
        self.layout = Layout(kind="parquet")
        self.encoding_sure = True

    def blocks(self) -> Iterator[Rows]:
        """The names of the columns as row 1, as a spreadsheet would show them; then the rows."""
        reader = _opened(self._path)
        names = [str(name) for name in reader.schema.names]
        if not names:
            raise FileRefused("empty")
        first, rows = 1, [list[Any](names)]
        for batch in _batches(reader):
            rows += map(list, zip(*_cells(batch), strict=True))
            check_length(first, rows, self._limits)
            yield first, rows
            first, rows = first + len(rows), []
        if rows:
            yield first, rows


@contextmanager
def _sound() -> Iterator[None]:
    """What the Rust code cannot read is a damaged file; its panics are no `Exception`."""
    try:
        yield
    except (FileRefused, MemoryError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise FileRefused("parquet_damaged") from error


def _opened(path: Path) -> RecordBatchReader:
    with _sound():
        return read_parquet(path, batch_size=BLOCK)


def _batches(reader: RecordBatchReader) -> Iterator[RecordBatch]:
    while True:
        with _sound():
            batch = next(reader, None)
        if batch is None:
            return
        yield RecordBatch.from_arrow(batch)


def _cells(batch: RecordBatch) -> list[list[Any]]:
    """The columns of a batch, each as cells like those of a workbook."""
    columns = []
    for place in range(batch.num_columns):
        try:
            found = [_cell(value) for value in batch.column(place).to_pylist()]
        except MemoryError:
            raise
        except Exception:
            # Of a kind that Python has no value for: it can be left out, and says so as a number.
            found = [UNREADABLE] * batch.num_rows
        columns.append(found)
    return columns


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str | bool | int | float | dt.date):
        return value
    return str(value)


# --- The footer -------------------------------------------------------------------------------


def _check_footer(path: Path, limits: Limits) -> int:
    """Refuse what says of itself that it is too large; the number of rows."""
    footer = _Footer(_footer_of(path)).read_struct()
    schema, groups = footer.get(SCHEMA, []), footer.get(ROW_GROUPS, [])
    rows = footer.get(NUM_ROWS, 0)
    if not isinstance(schema, list) or not isinstance(groups, list) or not isinstance(rows, int):
        raise FileRefused("parquet_damaged")
    leaves = sum(1 for element in schema[1:] if not element.get(NUM_CHILDREN))
    if leaves > limits.columns:
        raise FileRefused("columns", row=1, count=leaves, most=limits.columns)
    if len(groups) > MOST_GROUPS:
        raise FileRefused("parquet_groups", count=len(groups), most=MOST_GROUPS)
    if max(rows, sum(group.get(GROUP_ROWS, 0) for group in groups)) > limits.rows:
        raise FileRefused("rows", most=limits.rows)
    if sum(group.get(GROUP_BYTES, 0) for group in groups) > limits.unpacked_bytes:
        raise FileRefused("parquet_large", most=limits.unpacked_bytes)
    return rows


def _footer_of(path: Path) -> bytes:
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        if size < 12:
            raise FileRefused("parquet_damaged")
        stream.seek(-8, 2)
        length, magic = struct.unpack("<L4s", stream.read(8))
        if magic == LOCKED_MAGIC:
            raise FileRefused("parquet_locked")
        if magic != PARQUET_MAGIC or not 0 < length <= min(size - 12, MOST_FOOTER):
            raise FileRefused("parquet_damaged")
        stream.seek(-8 - length, 2)
        return stream.read(length)


class _Footer:
    """As much of Thrift's compact protocol as the footer of a Parquet file takes."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place, self._depth = data, 0, 0

    def read_struct(self) -> dict[int, Any]:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise FileRefused("parquet_damaged")
        found: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self._signed()
            found[number] = self._value(head & 15)
        self._depth -= 1
        return found

    def _value(self, kind: int) -> Any:
        """A field's value; of what is not needed, nothing is kept."""
        match kind:
            case 1 | 2:
                return kind == 1
            case 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._signed()
            case 7:
                return self._skip(8)
            case 8:
                return self._skip(self._unsigned())
            case 9 | 10:
                head = self._byte()
                count = head >> 4 if head >> 4 != 15 else self._unsigned()
                return [self._item(head & 15) for _item in range(self._bounded(count))]
            case 11:
                count = self._bounded(self._unsigned())
                kinds = self._byte() if count else 0
                for _pair in range(count):
                    self._item(kinds >> 4)
                    self._item(kinds & 15)
                return None
            case 12:
                return self.read_struct()
        raise FileRefused("parquet_damaged")

    def _item(self, kind: int) -> Any:
        """In a list, true and false take a byte each."""
        return self._byte() == 1 if kind in {1, 2} else self._value(kind)

    def _bounded(self, count: int) -> int:
        if count > len(self._data) - self._place:
            raise FileRefused("parquet_damaged")
        return count

    def _byte(self) -> int:
        if self._place >= len(self._data):
            raise FileRefused("parquet_damaged")
        self._place += 1
        return self._data[self._place - 1]

    def _unsigned(self) -> int:
        found = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            found |= (byte & 127) << shift
            if byte < 128:
                return found
        raise FileRefused("parquet_damaged")

    def _signed(self) -> int:
        found = self._unsigned()
        return (found >> 1) ^ -(found & 1)

    def _skip(self, count: int) -> None:
        self._place += self._bounded(count)
