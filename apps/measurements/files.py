"""Uploaded files and what was read from them.

They lie in the database, below `imports/` under names of our own, so that any worker can go on
with any import. This machine's scratch folder holds copies of those that are being worked on.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from apps.common.errors import Refused
from apps.files import storage

FOLDER = "imports"
ORPHAN_SECONDS = 24 * 3600
SCRATCH_SECONDS = 3600
TIDY_SECONDS = 3600


@dataclass(frozen=True)
class Stored:
    name: str
    sha256: str
    size: int


def folder() -> Path:
    """Where this machine works on files."""
    path = Path(settings.SCRATCH_DIR) / FOLDER
    path.mkdir(parents=True, exist_ok=True)
    return path


def path_of(name: str) -> Path:
    """Where a file lies on this machine, if it does."""
    return folder() / name


def fetched(name: str) -> Path:
    """Where a stored file lies on this machine; brought here from the database if need be."""
    path = path_of(name)
    storage.fetch(_key(name), path)
    return path


def is_stored(name: str) -> bool:
    return storage.size_of(_key(name)) is not None


def store(chunks: Iterable[bytes]) -> Stored:
    """Keep an upload, counting; refused when it grows beyond the limit."""
    name = f"{uuid.uuid4().hex}.upload"
    digest = hashlib.sha256()

    def counted() -> Iterator[bytes]:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > settings.IMPORT_MAX_BYTES:
                raise Refused(too_large())
            digest.update(chunk)
            yield chunk

    size = storage.write(_key(name), counted())
    return Stored(name=name, sha256=digest.hexdigest(), size=size)


def keep(name: str) -> None:
    """Store what this machine wrote, for whoever takes the next step; once."""
    if not is_stored(name):
        storage.write_local(_key(name), path_of(name))


def keep_read(prefix: str) -> None:
    """Store what a reading wrote and a later step, perhaps on another machine, needs."""
    for path in folder().glob(f"{prefix}.*"):
        keep(path.name)


def _key(name: str) -> str:
    return f"{FOLDER}/{name}"


def too_large() -> str:
    most = settings.IMPORT_MAX_BYTES // (1024 * 1024)
    return _("The file is larger than %(most)s MB. Split it, or export fewer columns.") % {
        "most": most
    }


def remove(name: str) -> None:
    if name:
        storage.remove(_key(name))
        path_of(name).unlink(missing_ok=True)


def remove_read(prefix: str, *, keep: str = "") -> None:
    """Remove what a reading wrote: rows, labels, strata, plans; refused rows unless kept."""
    if not prefix:
        return
    stored = storage.names_starting(_key(f"{prefix}."))
    names = {name.removeprefix(f"{FOLDER}/") for name in stored}
    names |= {path.name for path in folder().glob(f"{prefix}.*")}
    for name in names - {keep}:
        remove(name)


def tidied_lately() -> bool:
    """Whether this machine looked for leftovers within the hour; notes the time if not."""
    mark = folder() / ".tidied"
    if mark.exists() and mark.stat().st_mtime > time.time() - TIDY_SECONDS:
        return True
    mark.touch()
    return False


def remove_orphans(known: set[str]) -> int:
    """Remove files that no import needs, such as those of a process that died between two steps,
    and this machine's copies that nobody worked on lately."""
    stored = storage.names_below(FOLDER, older_than=dt.timedelta(seconds=ORPHAN_SECONDS))
    orphans = [
        name for name in stored if name.removeprefix(f"{FOLDER}/").split(".")[0] not in known
    ]
    storage.remove(*orphans)
    limit = time.time() - SCRATCH_SECONDS
    for path in folder().iterdir():
        if path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
    return len(orphans)
