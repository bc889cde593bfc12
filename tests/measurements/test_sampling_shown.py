"""Late data where people look: the wall, the chart, home, and one notice for each time."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.charts.choices import ChartState
from apps.charts.models import ControlChart
from apps.charts.selectors import WallFilters, wall
from apps.measurements import services
from apps.measurements.models import Characteristic
from apps.measurements.overdue import tell_of_overdue
from apps.measurements.sweep import sweep
from apps.notifications.models import Mail, Notification
from apps.notifications.sentences import plain_sentence_of
from tests.factories import Org, make_chart, steady

NOON = dt.datetime(2026, 11, 18, 12, tzinfo=ZoneInfo("Asia/Taipei"))
LATER = NOON + dt.timedelta(days=4)


def planned(org: Org, *, name: str = "", values: list[float] | None = None) -> ControlChart:
    """A chart whose values come daily, the last of them at NOON."""
    data = steady(40) if values is None else values
    times = [NOON - dt.timedelta(hours=len(data) - place) for place in range(len(data))]
    with time_machine.travel(NOON, tick=False):
        chart = make_chart(org.member, org.desk, data, name=name, observed_at=times)
        thing = chart.characteristic
        services.set_sampling_plan(
            actor=org.lead, characteristic=thing, version=thing.version, every=1, unit="day", size=1
        )
    return ControlChart.objects.select_related("characteristic__team", "result").get(pk=chart.pk)


def append(org: Org, thing: Characteristic, at: dt.datetime) -> None:
    services.append_observations(
        actor=org.member, characteristic=thing, values=[10.0], observed_at=[at]
    )


# --- The wall ---------------------------------------------------------------------------------


def test_the_wall_sorts_late_data_behind_signals_and_before_the_rest(org: Org) -> None:
    late = planned(org, name="A")
    loud = planned(org, name="B", values=[*steady(40), 99.0])
    calm = make_chart(org.member, org.desk, steady(40), name="C")
    with time_machine.travel(LATER, tick=False):
        found = wall(org.staff, WallFilters())
        assert [(card.chart.pk, card.state) for card in found.cards] == [
            (loud.pk, ChartState.SIGNAL),
            (late.pk, ChartState.LATE),
            (calm.pk, ChartState.STABLE),
        ]
        assert found.counts == {"signal": 1, "late": 1, "stable": 1}
        named = wall(org.staff, WallFilters(state=ChartState.LATE))
        assert {card.chart.pk for card in named.cards} == {late.pk, loud.pk}
    with time_machine.travel(NOON, tick=False):
        assert wall(org.staff, WallFilters()).counts == {"signal": 1, "stable": 2}


@pytest.mark.parametrize("view", ["wall", "list"])
def test_the_card_says_since_when(org: Org, client_as: Any, view: str) -> None:
    planned(org)
    with time_machine.travel(LATER, tick=False):
        page = client_as(org.staff).get(f"/charts/?view={view}").content.decode()
    assert "Data overdue: 1 chart." in page
    assert "Data overdue since 20 Nov. Planned: 1 value every day." in page
    assert "Late data" in page


def test_the_wall_costs_the_same_however_many_are_late(org: Org, client_as: Any) -> None:
    def cost() -> int:
        client = client_as(org.staff)
        with time_machine.travel(LATER, tick=False), CaptureQueriesContext(connection) as taken:
            assert client.get("/charts/").status_code == 200
        return len(taken)

    planned(org)
    one = cost()
    for _more in range(4):
        planned(org)
    assert cost() == one


# --- The chart and home -------------------------------------------------------------------------


def test_the_chart_says_it_and_leads_to_the_data_sheet(org: Org, client_as: Any) -> None:
    chart = planned(org)
    sheet = f"/characteristics/{chart.characteristic_id}/sheet/"
    with time_machine.travel(LATER, tick=False):
        page = client_as(org.member).get(f"/charts/{chart.pk}/").content.decode()
        assert "Data overdue since 20 Nov" in page
        assert f'class="link" href="{sheet}"' in page
        reader = client_as(org.staff).get(f"/charts/{chart.pk}/").content.decode()
        assert "Data overdue since 20 Nov" in reader
        assert sheet not in reader
    append(org, chart.characteristic, LATER)
    with time_machine.travel(LATER, tick=False):
        assert (
            "Data overdue" not in client_as(org.member).get(f"/charts/{chart.pk}/").content.decode()
        )


def test_home_names_it_for_the_owner_alone(org: Org, client_as: Any) -> None:
    chart = planned(org)
    sheet = f"/characteristics/{chart.characteristic_id}/sheet/"
    with time_machine.travel(LATER, tick=False):
        mine = client_as(org.member).get("/").content.decode()
        assert "Data of 1 characteristic are overdue." in mine
        assert mine.count(sheet) == 2, "the card and the first step"
        others = client_as(org.staff).get("/").content.decode()
        assert sheet not in others


def test_what_is_archived_is_not_missed(org: Org) -> None:
    chart = planned(org)
    thing = Characteristic.objects.get(pk=chart.characteristic_id)
    services.archive_characteristic(
        actor=org.lead, characteristic=thing, version=thing.version, reason="done"
    )
    assert tell_of_overdue(LATER) == 0


# --- The notice ---------------------------------------------------------------------------------


def notices() -> list[Notification]:
    return list(Notification.objects.filter(kind="sampling.overdue").order_by("pk"))


def test_the_owner_is_told_once_for_each_time_it_happens(org: Org) -> None:
    chart = planned(org)
    thing = chart.characteristic
    assert tell_of_overdue(NOON) == 0
    assert [tell_of_overdue(LATER) for _again in range(3)] == [1, 0, 0]
    (first,) = notices()
    assert first.user == org.member
    assert first.url == f"/characteristics/{thing.pk}/sheet/"
    assert plain_sentence_of(first).startswith(f"Data of {thing.name} are overdue since")
    assert Mail.objects.filter(notification=first).exists()
    append(org, thing, LATER)
    assert tell_of_overdue(LATER) == 0
    assert tell_of_overdue(LATER + dt.timedelta(days=9)) == 1
    assert len(notices()) == 2


def test_when_data_come_an_unread_notice_is_settled(org: Org) -> None:
    chart = planned(org)
    other = planned(org)
    tell_of_overdue(LATER)
    append(org, chart.characteristic, LATER)
    tell_of_overdue(LATER)
    read = {notice.url: notice.read_at is not None for notice in notices()}
    assert read == {
        f"/characteristics/{chart.characteristic_id}/sheet/": True,
        f"/characteristics/{other.characteristic_id}/sheet/": False,
    }


def test_the_next_owner_is_told_as_well(org: Org) -> None:
    chart = planned(org)
    tell_of_overdue(LATER)
    Characteristic.objects.filter(pk=chart.characteristic_id).update(owner=org.lead)
    assert tell_of_overdue(LATER) == 1
    assert [notice.user for notice in notices()] == [org.member, org.lead]


def test_the_sweep_tells(org: Org) -> None:
    planned(org)
    with time_machine.travel(LATER, tick=False):
        sweep()
    assert len(notices()) == 1


def test_a_sweep_with_nothing_new_costs_the_same_however_many_are_late(org: Org) -> None:
    def cost() -> int:
        tell_of_overdue(LATER)
        with CaptureQueriesContext(connection) as taken:
            tell_of_overdue(LATER)
        return len(taken)

    planned(org)
    one = cost()
    for _more in range(4):
        planned(org)
    assert cost() == one
