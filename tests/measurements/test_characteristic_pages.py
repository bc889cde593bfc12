"""The form and the page of a characteristic: every kind of data, archive and restore."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.measurements import services
from apps.measurements.models import Characteristic
from tests.factories import Org

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]


def sent(org: Org, **fields: Any) -> dict[str, Any]:
    base = {
        "name": "Days between falls", "decimals": 0, "data_type": "variable",
        "direction": "higher", "subgrouping": "individuals", "team": org.desk.pk,
        "owner": org.lead.pk, "visibility": "organisation",
    }  # fmt: skip
    return base | fields


@pytest.fixture
def client(org: Org, client_as: SignIn) -> Client:
    return client_as(org.lead)


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        ({"data_type": "between", "subgrouping": "fixed"}, {"subgrouping": "individuals"}),
        (
            {"data_type": "several", "variables": "Temperature\r\n\r\n Flow  rate \r\n"},
            {"variables": ["Temperature", "Flow rate"]},
        ),
        (
            {"subgrouping": "window", "subgroup_window": "week", "time_zone": "new york"},
            {"subgroup_window": "week", "time_zone": "America/New_York"},
        ),
        (
            {"factors": "branch\nshift", "process_step": "Triage"},
            {"factors": ["branch", "shift"], "process_step": "Triage"},
        ),
    ],
)
def test_each_kind_is_added_from_the_page(
    org: Org, client: Client, fields: dict[str, Any], stored: dict[str, Any]
) -> None:
    client.post(reverse("measurements:create"), sent(org, **fields))
    made = Characteristic.objects.get()
    assert {name: getattr(made, name) for name in stored} == stored


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"subgrouping": "window"}, "subgroup_window"),
        ({"subgrouping": "fixed"}, "subgroup_size"),
        ({"data_type": "several", "variables": "Only one"}, "variables"),
        ({"data_type": "several", "variables": "A\nB", "usl": "4"}, "usl"),
        ({"factors": "shift\nShift"}, "factors"),
        ({"time_zone": "Middle of nowhere"}, "time_zone"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    org: Org, client: Client, fields: dict[str, Any], field: str
) -> None:
    answer = client.post(reverse("measurements:create"), sent(org, **fields))
    assert list(answer.context["form"].errors) == [field]
    assert answer.context["form"].more_is_open == (field in {"factors", "time_zone"})
    assert not Characteristic.objects.exists()


def test_the_kind_of_data_stays_and_the_page_says_why(org: Org, client: Client) -> None:
    thing = services.create_characteristic(actor=org.lead, team=org.desk, name="X")
    services.append_observations(actor=org.lead, characteristic=thing, values=[1.0])
    url = reverse("measurements:edit", args=[thing.pk])
    assert "It is fixed because there are observations" in client.get(url).content.decode()
    client.post(url, sent(org, data_type="defects", version=1, name="Y"))
    thing.refresh_from_db()
    assert (thing.name, thing.data_type) == ("Y", "variable")


def test_archived_and_taken_into_use_again(org: Org, client: Client) -> None:
    thing = services.create_characteristic(actor=org.lead, team=org.desk, name="X")
    client.post(
        reverse("measurements:archive", args=[thing.pk]), {"version": 1, "reason": "No longer"}
    )
    page = client.get(reverse("measurements:detail", args=[thing.pk])).content.decode()
    restore = reverse("measurements:restore", args=[thing.pk])
    assert restore in page
    client.post(restore, {"version": 2, "reason": "Again"})
    thing.refresh_from_db()
    assert thing.archived_at is None


def test_the_page_shows_every_variable_and_factor(org: Org, client: Client) -> None:
    thing = services.create_characteristic(
        actor=org.lead, team=org.desk, name="X", data_type="several", decimals=1,
        variables=["Heat", "Flow"], factors=["branch"], process_step="Boiling",
    )  # fmt: skip
    url = reverse("measurements:detail", args=[thing.pk])

    def page(n: int) -> tuple[str, int]:
        services.append_observations(
            actor=org.lead, characteristic=thing, values=[81.5] * n, others=[[7.25]] * n,
            factors=[{"branch": f"East {i}"} for i in range(n)],
        )  # fmt: skip
        with CaptureQueriesContext(connection) as captured:
            text = client.get(url).content.decode()
        return text, len(captured)

    text, queries = page(1)
    for words in ("Heat", "Flow", "81.5", "7.2", "East 0", "Boiling"):
        assert words in text
    assert page(30)[1] == queries


def test_the_limits_of_the_past_stay_on_the_page(org: Org, client: Client) -> None:
    thing = services.create_characteristic(actor=org.lead, team=org.desk, name="X", usl=8.0)
    services.set_specification_limits(
        actor=org.lead, characteristic=thing, lsl=None, target=None, usl=6.5,
        reason="New contract",
    )  # fmt: skip
    text = client.get(reverse("measurements:detail", args=[thing.pk])).content.decode()
    assert "New contract" in text
    assert "8.00" in text
    assert "6.50" in text


def test_a_reason_is_asked_for_only_where_limits_change(
    org: Org, client_as: Callable[[User], Client]
) -> None:
    thing = services.create_characteristic(actor=org.lead, team=org.desk, name="Wait")
    page = f"/characteristics/{thing.pk}/limits/"
    lead = client_as(org.lead)
    assert not lead.get(page).context["form"].fields["reason"].required
    lead.post(page, {"lsl": "", "target": "", "usl": "9", "valid_from": "2026-01-01"})
    assert lead.get(page).context["form"].fields["reason"].required


def test_counts_are_whole_whatever_decimals_their_rate_has(
    org: Org, client_as: Callable[[User], Client]
) -> None:
    thing = services.create_characteristic(
        actor=org.lead, team=org.desk, name="Faults", data_type="defects", decimals=2
    )
    services.append_observations(actor=org.lead, characteristic=thing, values=[7], sizes=[8])
    shown = client_as(org.staff).get(f"/characteristics/{thing.pk}/").content.decode()
    assert '<td class="num">7</td>' in shown
    assert "7.00" not in shown
