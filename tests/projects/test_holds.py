"""An import is not reversed while a signed gate decision rests on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.approvals.choices import Outcome
from apps.charts.models import ControlChart
from apps.charts.recompute import recompute
from apps.charts.services import open_chart
from apps.common.errors import Refused
from apps.measurements import importing, reading, services
from apps.measurements.models import Characteristic, Import
from apps.measurements.selectors import snapshot
from apps.projects import services as projects
from apps.projects.models import Project, Target
from tests.factories import Org, decide, make_project, pending_seats, stage_now, submit

TEXT = "value\n" + "".join(f"{4 + n % 7 / 10}\n" for n in range(30))


def imported(org: Org, thing: Characteristic, text: str = TEXT) -> Import:
    made = services.receive_import(
        actor=org.member, characteristic=thing, file=SimpleUploadedFile("a.csv", text.encode())
    )
    reading.read(made.pk)
    made = Import.objects.get(pk=made.pk)
    services.confirm_import(actor=org.member, import_=made, version=made.version, again=True)
    importing.import_rows(made.pk)
    return Import.objects.get(pk=made.pk)


@pytest.fixture
def thing(org: Org) -> Characteristic:
    return services.create_characteristic(actor=org.lead, team=org.desk, name="Wait", unit="min")


@pytest.fixture
def chart(org: Org, thing: Characteristic) -> ControlChart:
    return open_chart(actor=org.lead, characteristic=thing)


@pytest.fixture
def project(org: Org, chart: ControlChart) -> Project:
    made = make_project(org)
    target = Target.objects.get(project=made)
    projects.set_target(
        actor=org.member, project=made, version=target.version, chart=chart, from_value=6.8,
        to_value=4.0, due=None,
    )  # fmt: skip
    return made


def reverse_it(org: Org, import_: Import) -> Any:
    return services.reverse_import(
        actor=org.lead, import_=import_, version=import_.version, reason="Wrong machine"
    )


def test_what_is_signed_keeps_the_import(
    org: Org, thing: Characteristic, chart: ControlChart, project: Project,
    client_as: Callable[[User], Client],
) -> None:  # fmt: skip
    before = imported(org, thing)
    recompute(chart.pk)
    round_ = submit(stage_now(project), org.member)
    seat = pending_seats(round_).first()
    assert seat is not None
    decide(round_, seat.user)
    after = imported(org, thing, TEXT + "5.5\n")

    with pytest.raises(Refused, match=r"the signed decision on .* rests on it"):
        reverse_it(org, before)
    assert len(snapshot(thing.pk).values) == 61
    page = client_as(org.lead).get(reverse("measurements:import_detail", args=[before.pk]))
    shown = page.content.decode()
    assert round_.subject_label in shown
    assert reverse("reviews:detail", args=[round_.pk]) in shown
    assert reverse("measurements:import_reverse", args=[before.pk]) not in shown
    reverse_it(org, after)
    services.correct_observation(
        actor=org.lead, characteristic=thing, sequence=1, before=4.0, value=4.1, reason="Typed"
    )
    assert len(snapshot(thing.pk).values) == 30


def test_what_was_sent_back_or_is_unsigned_keeps_nothing(
    org: Org, thing: Characteristic, chart: ControlChart, project: Project
) -> None:
    first = imported(org, thing)
    recompute(chart.pk)
    round_ = submit(stage_now(project), org.member)
    reverse_it(org, first)
    second = imported(org, thing)
    recompute(chart.pk)
    seat = pending_seats(round_).first()
    assert seat is not None
    decide(round_, seat.user, Outcome.SEND_BACK, comment="Measure again")
    reverse_it(org, second)
    assert len(snapshot(thing.pk).values) == 0
