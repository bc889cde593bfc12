"""A packed workbook is unpacked once, counting, before anything reads it."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from apps.measurements.reader.jobs import FileRefused, Limits

ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
STEP = 1 << 20
# A small member may be packed as tightly as it likes: it cannot grow to anything large.
SMALL = 4 << 20


def check_archive(path: Path, limits: Limits) -> None:
    """Refuse a zip file that would unpack to too much, or that is not whole.

    First the directory is believed and its sums are checked; then every member is unpacked
    and counted, because a directory can lie.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_directory(members, limits)
            total = 0
            for member in members:
                total += _unpacked_size(archive, member, limits, total)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise FileRefused("archive_damaged") from error
    except (NotImplementedError, RuntimeError) as error:
        # An unknown packing method, or a password.
        raise FileRefused("archive_locked") from error


def _check_directory(members: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(members) > limits.members:
        raise FileRefused("archive_members", count=len(members), most=limits.members)
    if sum(member.file_size for member in members) > limits.unpacked_bytes:
        raise FileRefused("archive_large", most=limits.unpacked_bytes)
    for member in members:
        packed = max(member.compress_size, 1)
        if member.file_size > SMALL and member.file_size / packed > limits.ratio:
            raise FileRefused("archive_ratio", most=limits.ratio)


def _unpacked_size(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: Limits, before: int
) -> int:
    size = 0
    with archive.open(member) as stream:
        while block := stream.read(STEP):
            size += len(block)
            if before + size > limits.unpacked_bytes:
                raise FileRefused("archive_large", most=limits.unpacked_bytes)
    return size
