"""Imports by a real worker on a real broker, which are hurt on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.measurements import services
from apps.measurements.choices import ImportState
from apps.measurements.models import Characteristic, Import, Observation
from apps.measurements.selectors import snapshot
from tests.factories import Org
from tests.processes import Broker, Worker

pytestmark = pytest.mark.django_db(transaction=True)

Eventually = Callable[..., Any]
TEXT = "time,value\n2026-11-20 08:00,4.5\n2026-11-20 08:05,4.7\n"


@pytest.fixture
def thing(org: Org) -> Characteristic:
    return services.create_characteristic(actor=org.lead, team=org.desk, name="Wait", unit="min")


def state() -> str:
    return str(Import.objects.values_list("state", flat=True).get())


def upload(client: Client, thing: Characteristic, content: str = TEXT) -> Import:
    file = SimpleUploadedFile("calls.csv", content.encode())
    url = reverse("measurements:import", args=[thing.pk])
    assert client.get(url).status_code == 200
    answer = client.post(url, {"file": file, "complete": "whole"})
    assert answer.status_code == 302
    return Import.objects.get()


def confirm(client: Client) -> None:
    import_ = Import.objects.get()
    answer = client.post(
        reverse("measurements:import_confirm", args=[import_.pk]), {"version": import_.version}
    )
    assert answer.status_code == 302


def test_from_upload_to_observations(
    org: Org, thing: Characteristic, worker: Worker, client_as: Callable[[User], Client],
    eventually: Eventually,
) -> None:  # fmt: skip
    client = client_as(org.member)
    upload(client, thing)
    eventually(lambda: state() == ImportState.PREVIEW, within=30, what="the preview")
    confirm(client)
    eventually(lambda: state() == ImportState.IMPORTED, within=30, what="the observations")
    assert snapshot(thing.pk).values.tolist() == [4.5, 4.7]


@pytest.mark.parametrize("hurt", ["stop", "freeze"])
def test_a_broker_that_is_gone_or_frozen_loses_no_upload(
    org: Org, thing: Characteristic, broker: Broker, worker: Worker,
    client_as: Callable[[User], Client], eventually: Eventually, hurt: str,
) -> None:  # fmt: skip
    client = client_as(org.member)
    getattr(broker, hurt)()
    try:
        import_ = upload(client, thing)
        page = client.get(reverse("measurements:import_detail", args=[import_.pk]))
        assert "Waiting to be read" in page.content.decode()
    finally:
        broker.thaw() if hurt == "freeze" else broker.start()
    current_app.broker_is_back()
    current_app.send_task("measurements.sweep")
    eventually(lambda: state() == ImportState.PREVIEW, within=60, what="the preview")


def test_workers_killed_in_the_middle_lose_no_row_and_double_none(
    org: Org, thing: Characteristic, worker: Worker, client_as: Callable[[User], Client],
    eventually: Eventually,
) -> None:  # fmt: skip
    rows = 60_000
    client = client_as(org.member)
    upload(client, thing, "value\n" + "".join(f"{number}\n" for number in range(rows)))
    eventually(lambda: state() == ImportState.PREVIEW, within=60, what="the preview")
    confirm(client)
    for _kill in range(2):
        seen = Observation.objects.count()
        # The last chunk may have been written just before the kill: then only the state changes.
        eventually(
            lambda seen=seen: Observation.objects.count() > seen or state() == ImportState.IMPORTED,
            within=60, what="rows",
        )  # fmt: skip
        worker.kill()
        assert len(snapshot(thing.pk).values) in {0, rows}
        Import.objects.filter(state=ImportState.IMPORTING).update(
            leased_until=timezone.now() - dt.timedelta(seconds=1)
        )
        if state() == ImportState.IMPORTED:
            break
        worker.start()
    current_app.send_task("measurements.sweep")
    eventually(lambda: state() == ImportState.IMPORTED, within=60, what="the observations")
    found = snapshot(thing.pk)
    assert found.values.tolist() == list(range(rows))
    thing.refresh_from_db()
    assert thing.data_version == 1
