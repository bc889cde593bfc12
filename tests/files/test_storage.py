"""Files in the database: whole or not there, the same bytes back, read in any stretch."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.files import storage
from apps.files.models import Piece, StoredFile

pytestmark = pytest.mark.django_db
PIECE = storage.PIECE_BYTES


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 17])
@pytest.mark.parametrize("chunk", [7919 * 8, 2 * PIECE])
def test_the_same_bytes_come_back(size: int, chunk: int, tmp_path: Path) -> None:
    data = os.urandom(size)
    parts = (data[start : start + chunk] for start in range(0, size, chunk))
    assert storage.write("imports/one", parts) == size
    assert b"".join(storage.read("imports/one")) == data
    assert storage.size_of("imports/one") == size
    storage.fetch("imports/one", tmp_path / "here")
    assert (tmp_path / "here").read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_an_upload_that_breaks_off_leaves_nothing() -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * (PIECE + 5)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        storage.write("imports/one", broken())
    assert not StoredFile.objects.exists()
    assert not Piece.objects.exists()


def test_a_file_whose_writer_was_killed_does_not_count_and_is_found(tmp_path: Path) -> None:
    half = StoredFile.objects.create(name="imports/half")
    Piece.objects.create(file=half, number=0, content=b"abc")
    assert storage.size_of("imports/half") is None
    with pytest.raises(FileNotFoundError):
        storage.fetch("imports/half", tmp_path / "here")
    assert list(tmp_path.iterdir()) == []
    assert storage.names_below("imports", older_than=dt.timedelta(hours=1)) == []
    StoredFile.objects.update(stored_at=timezone.now() - dt.timedelta(hours=2))
    assert storage.names_below("imports", older_than=dt.timedelta(hours=1)) == ["imports/half"]
    storage.remove("imports/half", "imports/unknown", "")
    assert not Piece.objects.exists()


def test_a_copy_that_is_there_is_not_brought_again(tmp_path: Path) -> None:
    storage.write("imports/one", [b"abc"])
    here = tmp_path / "here"
    here.write_bytes(b"ab")  # cut short by a full disk, say
    storage.fetch("imports/one", here)
    assert here.read_bytes() == b"abc"
    before = here.stat().st_mtime_ns
    storage.fetch("imports/one", here)
    assert here.stat().st_mtime_ns == before


def test_as_djangos_storage() -> None:
    data = os.urandom(2 * PIECE + 100)
    name = default_storage.save("attachments/one", ContentFile(data))
    assert default_storage.exists(name)
    assert default_storage.size(name) == len(data)
    with default_storage.open(name) as file:
        assert file.read(10) == data[:10]
        file.seek(PIECE - 3)
        assert file.read(PIECE) == data[PIECE - 3 : 2 * PIECE - 3]
        file.seek(-5, os.SEEK_END)
        assert file.read() == data[-5:]
        file.seek(0)
        assert hashlib.sha256(file.read()).digest() == hashlib.sha256(data).digest()
    with pytest.raises(ValueError, match="only ever read"):
        default_storage.open(name, "wb")
    other = default_storage.save("attachments/one", ContentFile(b"second"))
    assert other != name
    default_storage.delete(name)
    assert not default_storage.exists(name)
