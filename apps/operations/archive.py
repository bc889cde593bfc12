"""The file of a backup: a zip with one part for each table and a manifest that seals them.

A part holds one row a line, as a JSON array in the order of the manifest's columns, sorted by
key; both databases write the same lines for the same rows, JSON columns apart, whose text is
kept as it is stored. The manifest names format, migrations, and for each part its rows, bytes
and SHA-256. Nothing is ever unpacked to a path, so no name in an archive can lead anywhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from apps.operations.errors import ArchiveDamaged, RestoreRefused

FORMAT = 1
MANIFEST = "manifest.json"
LONGEST_MANIFEST = 4_000_000
LONGEST_LINE = 64_000_000
Row = list[Any]
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def line_of(row: Row) -> bytes:
    return _encode(row).encode() + b"\n"


@dataclass(frozen=True)
class Column:
    name: str
    kind: str


@dataclass(frozen=True)
class Part:
    """One table. `last_id` is the last number its counter gave out, also to rows deleted since."""

    table: str
    columns: list[Column]
    key: list[str]
    last_id: int | None = None
    rows: int = 0
    bytes: int = 0
    sha256: str = ""

    @property
    def entry(self) -> str:
        return f"tables/{self.table}.jsonl"


@dataclass(frozen=True)
class Manifest:
    made_at: str
    vendor: str
    migrations: list[list[str]]
    audit_head: str
    left_out: list[str]
    parts: list[Part] = field(default_factory=list)
    format: int = FORMAT

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    def dump(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True).encode()

    @classmethod
    def load(cls, text: bytes) -> Manifest:
        """What was dumped; refused when a newer version wrote it."""
        try:
            content = json.loads(text)
            written = int(content["format"])
        except (ValueError, KeyError, TypeError):
            raise ArchiveDamaged(
                "This is no backup of Improve: its manifest is not ours."
            ) from None
        if written > FORMAT:
            raise RestoreRefused(
                f"This backup has format {written}; this version knows formats up to {FORMAT}. "
                "Restore it with the version that made it, or a newer one."
            )
        try:
            parts = [
                Part(**{**part, "columns": [Column(**column) for column in part["columns"]]})
                for part in content.pop("parts")
            ]
            return cls(**content, parts=parts)
        except (KeyError, TypeError):
            raise ArchiveDamaged("The manifest lacks what it must hold.") from None


class Writer:
    """Writes an archive under a draft name; `finish` gives it its name once it is on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f"{path.name}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        # What is in it is for nobody else's eyes.
        descriptor = os.open(self._draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "w+b")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)

    def add(self, part: Part, rows: Iterable[Row], tell: Callable[[int], None]) -> Part:
        """Write the rows of a table; the part with what was counted."""
        digest, count, size = hashlib.sha256(), 0, 0
        with self._zip.open(part.entry, "w", force_zip64=True) as out:
            for row in rows:
                line = line_of(row)
                out.write(line)
                digest.update(line)
                count += 1
                size += len(line)
                if not count % 10_000:
                    tell(count)
        counted = {"rows": count, "bytes": size, "sha256": digest.hexdigest()}
        return Part(**{**part.__dict__, **counted})

    def finish(self, manifest: Manifest) -> str:
        """Seal the archive; the SHA-256 of its manifest, which stands for the whole."""
        text = manifest.dump()
        self._zip.writestr(MANIFEST, text)
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._draft.replace(self._path)
        return hashlib.sha256(text).hexdigest()

    def abandon(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._zip.close()
        with contextlib.suppress(OSError):
            self._file.close()
        self._draft.unlink(missing_ok=True)


class Archive:
    """An archive to be read. Whatever is read is checked against the manifest on the way."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise RestoreRefused(f"There is no file {path}.") from None
        except (zipfile.BadZipFile, OSError) as error:
            raise ArchiveDamaged(f"The file is cut short or no backup: {error}.") from None
        text = self._manifest_text()
        self.sha256 = hashlib.sha256(text).hexdigest()
        self.manifest = Manifest.load(text)
        expected = sorted([MANIFEST, *(part.entry for part in self.manifest.parts)])
        if sorted(self._zip.namelist()) != expected:
            raise ArchiveDamaged("The archive holds other parts than its manifest names.")

    def _manifest_text(self) -> bytes:
        try:
            with self._zip.open(MANIFEST) as file:
                text = file.read(LONGEST_MANIFEST + 1)
        except KeyError:
            raise ArchiveDamaged("This is no backup of Improve: it has no manifest.") from None
        except _UNREADABLE as error:
            raise ArchiveDamaged(f"The manifest cannot be read: {error}.") from None
        if len(text) > LONGEST_MANIFEST:
            raise ArchiveDamaged("The manifest is longer than any of ours.")
        return text

    def close(self) -> None:
        self._zip.close()

    def verify(self, tell: Callable[[str], None]) -> None:
        """Read every part to its end; ArchiveDamaged at the first that is not as it was."""
        for part in self.manifest.parts:
            for _line in self.lines(part):
                pass
            if part.rows:
                tell(f"  {part.table}: {part.rows} rows as they were written")

    def rows(self, part: Part) -> Iterator[Row]:
        width = len(part.columns)
        for line in self.lines(part):
            row = json.loads(line)
            if not isinstance(row, list) or len(row) != width:
                raise ArchiveDamaged(f"{part.table} has a row of another width.")
            yield row

    def lines(self, part: Part) -> Iterator[bytes]:
        """The lines of a part; its digest is right when they come to an end."""
        digest, count, size = hashlib.sha256(), 0, 0
        try:
            with self._zip.open(part.entry) as file:
                for line in _bounded(file, part.table):
                    digest.update(line)
                    count += 1
                    size += len(line)
                    if size > part.bytes:
                        break
                    yield line
        except _UNREADABLE as error:
            raise ArchiveDamaged(f"{part.table} cannot be read: {error}.") from None
        if (count, size, digest.hexdigest()) != (part.rows, part.bytes, part.sha256):
            raise ArchiveDamaged(f"{part.table} is not as it was written.")


# What zipfile raises on damaged or forged archives: for an unknown method of packing it is
# NotImplementedError, for a password RuntimeError.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)


def _bounded(file: IO[bytes], table: str) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE):
        if not line.endswith(b"\n"):
            raise ArchiveDamaged(f"{table} has a line that does not end.")
        yield line
