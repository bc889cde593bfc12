"""Writing the blocks of plotted points: what takes long is done before the first lock is taken."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings
from django.db import connection

from apps.charts.models import ChartResult, PointBlock

# The JSON of some eighty thousand points; that of more waits on the disk of this machine.
HELD_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class PackedBlocks:
    """Blocks as the JSON they are stored in, one behind the other in a file."""

    file: SpooledTemporaryFile[bytes]
    # Of each block: its number, its first point, the length of its JSON.
    index: tuple[tuple[int, int, int], ...]

    def write(self, result: ChartResult) -> None:
        """Store them; the caller holds the transaction."""
        names = ("result_id", "number", "first", "content")
        columns = ", ".join(connection.ops.quote_name(name) for name in names)
        content = "%s::jsonb" if connection.vendor == "postgresql" else "%s"
        self.file.seek(0)
        with connection.cursor() as cursor:
            for number, first, length in self.index:
                cursor.execute(
                    f"INSERT INTO {PointBlock._meta.db_table} ({columns})"  # noqa: S608  names of our own tables, no input
                    f" VALUES (%s, %s, %s, {content})",
                    [result.pk, number, first, self.file.read(length).decode()],
                )


@contextmanager
def packed(blocks: Iterable[dict[str, Any]], *, number: int, first: int) -> Iterator[PackedBlocks]:
    """The blocks as JSON, from `number` on; the first of them begins with point `first`.

    One at a time, so that a chart of ten million points needs the memory of a block.
    """
    scratch = Path(settings.SCRATCH_DIR)
    scratch.mkdir(parents=True, exist_ok=True)
    with SpooledTemporaryFile(HELD_BYTES, dir=str(scratch)) as file:
        index = []
        for place, block in enumerate(blocks, number):
            length = file.write(json.dumps(block, separators=(",", ":")).encode())
            index.append((place, first, length))
            first += block["count"]
        yield PackedBlocks(file, tuple(index))
