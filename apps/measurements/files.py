"""Uploaded files and what was read from them, below MEDIA_ROOT under names of our own."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from apps.common.errors import Refused

FOLDER = "imports"
ORPHAN_SECONDS = 24 * 3600
TIDY_SECONDS = 3600


@dataclass(frozen=True)
class Stored:
    name: str
    sha256: str
    size: int


def folder() -> Path:
    path = Path(settings.MEDIA_ROOT) / FOLDER
    path.mkdir(parents=True, exist_ok=True)
    return path


def path_of(name: str) -> Path:
    return folder() / name


def store(chunks: Iterable[bytes]) -> Stored:
    """Write an upload down, counting; refused when it grows beyond the limit."""
    name = f"{uuid.uuid4().hex}.upload"
    digest, size = hashlib.sha256(), 0
    path = path_of(name)
    try:
        with path.open("xb") as out:
            for chunk in chunks:
                size += len(chunk)
                if size > settings.IMPORT_MAX_BYTES:
                    raise Refused(too_large())
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Stored(name=name, sha256=digest.hexdigest(), size=size)


def too_large() -> str:
    most = settings.IMPORT_MAX_BYTES // (1024 * 1024)
    return _("The file is larger than %(most)s MB. Split it, or export fewer columns.") % {
        "most": most
    }


def remove(name: str) -> None:
    if name:
        path_of(name).unlink(missing_ok=True)


def remove_read(prefix: str, *, keep: tuple[str, ...] = ()) -> None:
    """Remove what a reading wrote: rows, labels, places of known rows and refused rows."""
    if prefix:
        for suffix in (".npz", ".labels", ".known.npy", ".refused"):
            if suffix not in keep:
                path_of(prefix + suffix).unlink(missing_ok=True)


def tidied_lately() -> bool:
    """Whether the folder was looked through within the hour; notes the time if not."""
    mark = folder() / ".tidied"
    if mark.exists() and mark.stat().st_mtime > time.time() - TIDY_SECONDS:
        return True
    mark.touch()
    return False


def remove_orphans(known: set[str]) -> int:
    """Remove files that no import needs, such as those of a process that died between two steps."""
    removed = 0
    limit = time.time() - ORPHAN_SECONDS
    for path in folder().iterdir():
        if path.name.split(".")[0] not in known and path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
            removed += 1
    return removed
