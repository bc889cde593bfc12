"""What a backup is taken of."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.files.models import StoredFile
from apps.measurements.models import Characteristic, Correction
from apps.measurements.services import receive_import
from apps.operations import backup
from apps.operations.models import Heartbeat
from apps.projects.models import Deliverable
from apps.projects.services import attach_file
from tests.factories import Org, make_chart, make_project, steady


@pytest.fixture
def filled(org: Org) -> Org:
    """A row of every kind that could go wrong on the way."""
    chart = make_chart(org.lead, org.desk, [*steady(40), 0.1 + 0.2, -0.0])
    project = make_project(org)
    deliverable = Deliverable.objects.filter(stage__project=project).first()
    assert deliverable is not None
    attach_file(
        actor=org.member, deliverable=deliverable, file=ContentFile(os.urandom(1_200_000), name="a")
    )
    receive_import(
        actor=org.member,
        characteristic=chart.characteristic,
        file=SimpleUploadedFile("值.csv", b"time,value\n" + b"2026-11-20 08:00,4.5\n" * 99),
    )
    described = "quote \" \\ tab \t line \n 繁體 😀 \u2028 O'Neil"
    Characteristic.objects.filter(pk=chart.characteristic_id).update(
        description=described, variables=["z", "a", None], factors=[{"b": 1.5, "a": [True, {}]}]
    )
    Correction.objects.create(
        characteristic=chart.characteristic, sequence=1, reason="a\tb", corrected_by=org.lead,
        value_before=5e-324, value_after=1.7976931348623157e308, size_before=-2.5e-17,
    )  # fmt: skip
    StoredFile.objects.create(name="gone/1").delete()  # its number is never given out again
    Heartbeat.objects.create(part="worker", at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    return org


@pytest.fixture
def archive(filled: Org, tmp_path: Path) -> Path:
    path = tmp_path / "backup.zip"
    backup.take(path, lambda line: None)
    return path
