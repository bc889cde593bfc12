"""Storing files in the database piece by piece, so that no transaction and no process holds one
whole, and reading them back."""

from __future__ import annotations

import datetime as dt
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import Storage
from django.db import transaction
from django.utils import timezone

from apps.files.models import Piece, StoredFile

PIECE_BYTES = 512 * 1024


def write(name: str, chunks: Iterable[bytes]) -> int:
    """Store a file under a new name; its size. It exists only when it is whole."""
    stored = StoredFile.objects.create(name=name)
    try:
        size = 0
        for number, content in enumerate(_pieces(chunks)):
            Piece.objects.create(file=stored, number=number, content=content)
            size += len(content)
        StoredFile.objects.filter(pk=stored.pk).update(size=size)
    except BaseException:
        remove(name)
        raise
    return size


def write_local(name: str, path: Path) -> int:
    """Store what lies at `path` on this machine."""
    with path.open("rb") as file:
        return write(name, iter(lambda: file.read(PIECE_BYTES), b""))


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of `PIECE_BYTES`; the last may be shorter."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= PIECE_BYTES:
            yield bytes(held[:PIECE_BYTES])
            del held[:PIECE_BYTES]
    if held:
        yield bytes(held)


def size_of(name: str) -> int | None:
    """None when there is no such file, or when it is not whole."""
    return StoredFile.objects.filter(name=name).values_list("size", flat=True).first()


def read(name: str) -> Iterator[bytes]:
    """The pieces of a file, one at a time."""
    stored = _whole(name)
    for number in range(_count(stored)):
        yield _piece(stored, number)


def fetch(name: str, path: Path) -> None:
    """Have the file at `path` on this machine, whole or not at all."""
    stored = _whole(name)
    if path.exists() and path.stat().st_size == stored.size:
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as out:
            for content in read(name):
                out.write(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def remove(*names: str) -> None:
    """Forget files; a name without a file is no error."""
    with transaction.atomic():
        found = StoredFile.objects.filter(name__in=[name for name in names if name])
        Piece.objects.filter(file__in=found).delete()
        found.delete()


def names_starting(start: str) -> list[str]:
    """Names of files that begin alike, whole or not."""
    found = StoredFile.objects.filter(name__startswith=start)
    return list(found.values_list("name", flat=True))


def names_below(folder: str, *, older_than: dt.timedelta) -> list[str]:
    """Names in a folder of files that were stored some time ago, whole or not."""
    found = StoredFile.objects.filter(
        name__startswith=f"{folder}/", stored_at__lt=timezone.now() - older_than
    )
    return list(found.values_list("name", flat=True))


def _whole(name: str) -> StoredFile:
    found = StoredFile.objects.filter(name=name, size__isnull=False).first()
    if found is None:
        raise FileNotFoundError(name)
    return found


def _count(stored: StoredFile) -> int:
    return -(-(stored.size or 0) // PIECE_BYTES)


def _piece(stored: StoredFile, number: int) -> bytes:
    pieces = Piece.objects.filter(file_id=stored.pk, number=number)
    content = pieces.values_list("content", flat=True).first()
    if content is None:
        raise FileNotFoundError(stored.name)
    return bytes(content)


class _Content(io.RawIOBase):
    """A stored file as Python reads files; it asks for a piece when it is needed."""

    def __init__(self, stored: StoredFile) -> None:
        self._stored, self._at = stored, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._stored.size or 0}
        self._at = max(0, start[whence] + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= (self._stored.size or 0):
            return 0
        number, begin = divmod(self._at, PIECE_BYTES)
        found = _piece(self._stored, number)[begin : begin + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


class DatabaseStorage(Storage):
    """Django's file storage on the tables of this app. Files have no address of their own: they
    are handed out by views that ask who may have them."""

    def _open(self, name: str, mode: str = "rb") -> File:
        if mode != "rb":
            raise ValueError("a stored file is only ever read")
        return File(io.BufferedReader(_Content(_whole(name)), PIECE_BYTES), name)

    def _save(self, name: str, content: File) -> str:
        write(name, content.chunks())
        return name

    def delete(self, name: str) -> None:
        remove(name)

    def exists(self, name: str) -> bool:
        return StoredFile.objects.filter(name=name).exists()

    def size(self, name: str) -> int:
        return _whole(name).size or 0
