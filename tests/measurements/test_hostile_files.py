"""Whatever is uploaded: a sentence that names place and remedy, and nothing stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.accounts.models import User
from apps.measurements import services
from apps.measurements.choices import ImportState
from apps.measurements.models import Import, Observation
from apps.measurements.reader.jobs import FileRefused, Job, Target
from apps.measurements.reader.read import read_file
from apps.measurements.reading import read
from apps.measurements.wording.findings import file_words, row_words
from apps.measurements.wording.guesses import guess_words
from tests.factories import Org
from tests.measurements.hostile import KINDS, Kind

# Through the whole way (upload, child process, page): one kind for each thing it can end in.
THROUGH = [
    kind
    for kind in KINDS
    if kind.name
    in {
        "empty file", "header only", "binary rubbish", "a PDF called CSV", "CSV called XLSX",
        "UTF-16 cut in a character", "UTF-32", "Big5", "open quotation mark, long",
        "a header of a million columns", "a header of 300 columns", "one line of 20 MB",
        "value 'nan'", "time '2026-02-31 08:00'", "workbook cut in half",
        "workbook bomb by ratio", "workbook bomb by size", "workbook with lying sizes",
        "Parquet cut in half", "Parquet that says a terabyte", "Parquet with rubbish for a footer",
        "Parquet with a flipped byte in its page", "Parquet with what is no number",
        "workbook of many parts", "workbook with a password", "workbook with error cells",
    }
]  # fmt: skip


def test_there_are_enough_kinds_and_all_have_a_name_of_their_own() -> None:
    assert len(KINDS) >= 90
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert len(THROUGH) == 26


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_reader_says_what_is_wrong(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(kind.content())
    job = Job(
        path=str(path),
        name=kind.file_name,
        out=str(tmp_path / "out"),
        target=Target(data_type=kind.data_type, unit=kind.unit),
    )

    if kind.refused:
        with pytest.raises(FileRefused) as refused:
            read_file(job, lambda done, total: None)
        assert refused.value.code == kind.refused
        what, remedy = file_words(refused.value.code, refused.value.params)
        assert what.endswith(".")
        assert remedy
        assert "%(" not in what + remedy
        return

    report = read_file(job, lambda done, total: None)
    refused_lines = [line for line in report["findings"] if line["result"] == "refused"]
    assert (report["rows"]["ready"], report["rows"]["refused"]) == (kind.ready, kind.refused_rows)
    assert {line["code"] for line in refused_lines} == kind.codes
    assert {guess["code"] for guess in report["guesses"]} == kind.guesses
    for line in report["findings"]:
        what, remedy = row_words(line["code"], line["params"])
        assert what
        assert remedy
        assert "%(" not in what
    assert all(guess_words(guess["code"], guess["params"]) for guess in report["guesses"])


@pytest.mark.parametrize("kind", THROUGH, ids=str)
def test_through_upload_and_worker_nothing_is_stored(
    kind: Kind, org: Org, client_as: Callable[[User], Client]
) -> None:
    made = services.create_characteristic(
        actor=org.lead, team=org.desk, name="Hostile", data_type=kind.data_type, unit=kind.unit
    )
    client = client_as(org.lead)
    file = SimpleUploadedFile(kind.file_name, kind.content())

    answer = client.post(f"/characteristics/{made.pk}/import/", {"file": file, "complete": "whole"})
    import_ = Import.objects.get()
    assert (answer.status_code, answer["Location"]) == (
        302, f"/characteristics/imports/{import_.pk}/",
    )  # fmt: skip
    assert read(import_.pk)

    import_ = Import.objects.get()
    assert import_.state == (ImportState.REFUSED if kind.refused else ImportState.PREVIEW)
    assert not Observation.objects.exists()
    page = client.get(f"/characteristics/imports/{import_.pk}/")
    assert page.status_code == 200
    if kind.refused:
        what, remedy = file_words(**_refusal(import_))
        assert import_.report["refused"]["code"] == kind.refused
        assert what in page.content.decode().replace("&#x27;", "'")
        assert remedy in page.content.decode()
    made.refresh_from_db()
    assert made.data_version == 0


def _refusal(import_: Import) -> dict[str, Any]:
    refused: dict[str, Any] = import_.report["refused"]
    return refused


def test_a_bomb_that_is_refused_does_not_cost_the_worker_its_memory(
    org: Org, tmp_path: Path
) -> None:
    """The child has its own memory: the process that started it grows by almost nothing."""
    made = services.create_characteristic(actor=org.lead, team=org.desk, name="Bomb")
    kind = next(kind for kind in KINDS if kind.name == "workbook bomb by size")
    import_ = services.receive_import(
        actor=org.lead, characteristic=made, file=SimpleUploadedFile("a.xlsx", kind.content())
    )
    before = _resident()
    read(import_.pk)
    assert _resident() - before < 20 << 20


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096
