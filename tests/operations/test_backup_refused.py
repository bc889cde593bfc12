"""A backup that was damaged, tampered with, or made by a newer version is refused."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, connections

from apps.operations.archive import MANIFEST, Archive
from apps.operations.errors import ArchiveDamaged, RestoreRefused
from tests.operations.restoring import (
    empty_postgres,
    opened,
    restore,
)

pytestmark = pytest.mark.django_db(transaction=True)


def verified(path: Path) -> None:
    Archive(path).verify(lambda line: None)


def test_cut_short_anywhere_it_is_refused(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    verified(archive)
    cut = tmp_path / "cut.zip"
    for share in range(40):
        cut.write_bytes(whole[: len(whole) * share // 40])
        with pytest.raises(ArchiveDamaged):
            verified(cut)
    cut.write_bytes(whole[:-1])
    with pytest.raises(ArchiveDamaged):
        verified(cut)


def test_a_changed_byte_anywhere_in_a_part_shows(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    with zipfile.ZipFile(archive) as packed:
        last = packed.getinfo(MANIFEST).header_offset
    changed = tmp_path / "changed.zip"
    shown = 0
    for number in range(60):
        at = last * number // 60
        changed.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            verified(changed)
        except (ArchiveDamaged, RestoreRefused):
            shown += 1
            continue
        # What a zip holds twice, such as a date, may differ; what it holds must not.
        for part in Archive(archive).manifest.parts:
            assert list(Archive(changed).lines(part)) == list(Archive(archive).lines(part))
    assert shown > 50


def rewritten(
    source: Path, target: Path, change: Callable[[dict[str, bytes]], None], *, reseal: bool = False
) -> Path:
    """The archive with other contents; `reseal` makes the manifest agree, as a forger would."""
    with zipfile.ZipFile(source) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    change(parts)
    if reseal:
        import hashlib

        manifest = json.loads(parts[MANIFEST])
        for part in manifest["parts"]:
            content = parts[f"tables/{part['table']}.jsonl"]
            part["rows"], part["bytes"] = content.count(b"\n"), len(content)
            part["sha256"] = hashlib.sha256(content).hexdigest()
        parts[MANIFEST] = json.dumps(manifest).encode()
    with zipfile.ZipFile(target, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return target


def _edit(parts: dict[str, bytes], name: str, old: bytes, new: bytes) -> None:
    assert old in parts[name]
    parts[name] = parts[name].replace(old, new, 1)


OBSERVATIONS = "tables/measurements_observation.jsonl"
ENTRIES = "tables/audit_entry.jsonl"


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: parts.pop(OBSERVATIONS),
        lambda parts: parts.pop(MANIFEST),
        lambda parts: parts.update({"../../evil.py": b"print('here')\n"}),
        lambda parts: parts.update({OBSERVATIONS: parts[OBSERVATIONS].split(b"\n", 1)[1]}),
        lambda parts: parts.update({OBSERVATIONS: parts[OBSERVATIONS] + b"[1]\n"}),
        lambda parts: parts.update({OBSERVATIONS: parts[OBSERVATIONS][:-1]}),
        lambda parts: _edit(parts, OBSERVATIONS, b"10.", b"11."),
        lambda parts: parts.update({MANIFEST: b"{}"}),
        lambda parts: parts.update({MANIFEST: b'{"format": 1, "parts": [{"rows": 1}]}'}),
    ],
    ids=["a part less", "no manifest", "a part more", "a row less", "a row more", "half a line",
         "another value", "an empty manifest", "a strange manifest"],
)  # fmt: skip
def test_tampered_with_it_is_refused(
    archive: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None]
) -> None:
    with pytest.raises(ArchiveDamaged):
        verified(rewritten(archive, tmp_path / "other.zip", change))


def tables_of(url: str) -> list[str]:
    with opened(url) as alias:
        return connections[alias].introspection.table_names()


def test_what_a_forger_sealed_anew_fails_at_the_trail_and_leaves_nothing(
    archive: Path, tmp_path: Path
) -> None:
    forged = rewritten(
        archive,
        tmp_path / "forged.zip",
        lambda parts: _edit(parts, ENTRIES, b"characteristic.created", b"characteristic.removed"),
        reseal=True,
    )
    verified(forged)
    folder = tmp_path / "there"
    if connection.vendor == "postgresql":
        with empty_postgres("improve_forged") as url:
            done = restore(forged, url, folder)
            assert tables_of(url) == []
    else:
        url = f"sqlite:///{folder / 'improve.sqlite3'}"
        done = restore(forged, url, folder)
        assert list(folder.glob("*.sqlite3*")) == []
    assert done.returncode == 1
    assert "Nothing was restored. The audit trail is broken at entry" in done.stderr
    digest = Archive(archive).sha256
    other = restore(forged, f"sqlite:///{folder / 'other.sqlite3'}", folder, "--sha256", digest)
    assert other.returncode == 1
    assert "This is another backup" in other.stderr
    assert not (folder / "other.sqlite3").exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'"format": 1', b'"format": 2', "format 2; this version knows formats up to 1"),
        (b'"0002_append_only"', b'"0999_tomorrow"', "another version, which knows audit.0999"),
    ],
)
def test_a_newer_version_is_refused(
    archive: Path, tmp_path: Path, old: bytes, new: bytes, words: str
) -> None:
    newer = rewritten(archive, tmp_path / "new.zip", lambda p: _edit(p, MANIFEST, old, new))
    folder = tmp_path / "there"
    done = restore(newer, f"sqlite:///{folder / 'improve.sqlite3'}", folder)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert not (folder / "improve.sqlite3").exists()
