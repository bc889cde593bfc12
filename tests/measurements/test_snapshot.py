"""What a chart is computed from: time windows, several variables, strata; always as few queries."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.measurements import services
from apps.measurements.models import Characteristic, Stratum
from apps.measurements.selectors import snapshot
from apps.measurements.windows import utc_offsets, window_labels
from tests.factories import Org


def seconds(*texts: str) -> np.ndarray[Any, Any]:
    return np.array([int(dt.datetime.fromisoformat(text).timestamp()) for text in texts])


# --- Time windows -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("hour", ["2026-01-01 00:00", "2026-01-01 00:00", "2026-01-01 07:00", "2026-02-01 00:00"]),
        ("day", ["2026-01-01", "2026-01-01", "2026-01-01", "2026-02-01"]),
        ("week", ["2026-W01", "2026-W01", "2026-W01", "2026-W05"]),
        ("month", ["2026-01", "2026-01", "2026-01", "2026-02"]),
    ],
)
def test_a_window_is_one_of_the_local_calendar(interval: str, expected: list[str]) -> None:
    """Taipei is eight hours ahead: the last eight hours of a day in UTC are the next day there."""
    times = seconds(
        "2025-12-31T16:00:00+00:00", "2025-12-31T16:59:59+00:00", "2025-12-31T23:00:00+00:00",
        "2026-01-31T16:00:00+00:00",
    )  # fmt: skip
    assert window_labels(times, interval, ZoneInfo("Asia/Taipei")).tolist() == expected


def test_the_hour_that_comes_twice_is_two_hours_and_one_day() -> None:
    """New York went back from 02:00 EDT to 01:00 EST on 1 November 2026."""
    zone = ZoneInfo("America/New_York")
    times = seconds(
        "2026-11-01T00:30:00-04:00", "2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00",
        "2026-11-01T02:30:00-05:00", "2026-11-01T23:59:59-05:00", "2026-11-02T00:00:00-05:00",
    )  # fmt: skip
    assert window_labels(times, "hour", zone).tolist()[:4] == [
        "2026-11-01 00:00", "2026-11-01 01:00 -04:00", "2026-11-01 01:00 -05:00",
        "2026-11-01 02:00",
    ]  # fmt: skip
    assert window_labels(times, "day", zone).tolist() == ["2026-11-01"] * 5 + ["2026-11-02"]


def test_the_hour_that_does_not_come_leaves_a_day_of_23_hours() -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = int(dt.datetime(2026, 3, 29, tzinfo=zone).timestamp())
    hours = np.arange(start, start + 24 * 3600, 3600)
    labels = window_labels(hours, "hour", zone).tolist()
    assert "2026-03-29 02:00" not in labels
    assert window_labels(hours, "day", zone).tolist() == ["2026-03-29"] * 23 + ["2026-03-30"]


@pytest.mark.parametrize(
    "zone",
    [
        "America/New_York",
        "Europe/London",
        "Australia/Lord_Howe",
        "Asia/Taipei",
        "Africa/Casablanca",
    ],
)
def test_offsets_are_those_of_the_zone(zone: str) -> None:
    """Every 37 minutes over two years, against the standard library moment by moment."""
    place = ZoneInfo(zone)
    start = int(dt.datetime(2025, 1, 1, tzinfo=dt.UTC).timestamp())
    times = np.arange(start, start + 2 * 365 * 86_400, 37 * 60)
    expected = [
        int(dt.datetime.fromtimestamp(int(t), place).utcoffset().total_seconds()) for t in times
    ]
    assert utc_offsets(times, place).tolist() == expected


@pytest.mark.parametrize("interval", ["hour", "day", "week", "month"])
def test_no_moment_has_no_window(interval: str) -> None:
    assert window_labels(np.empty(0, np.int64), interval, ZoneInfo("UTC")).tolist() == []


# --- The snapshot -----------------------------------------------------------------------------


def made(org: Org, **fields: Any) -> Characteristic:
    return services.create_characteristic(actor=org.lead, team=org.desk, name="X", **fields)


@pytest.mark.django_db
def test_by_time_the_values_stand_in_the_order_of_their_time(org: Org) -> None:
    thing = made(org, subgrouping="window", subgroup_window="day", time_zone="America/New_York")
    zone = ZoneInfo("America/New_York")
    at = [dt.datetime(2026, 11, day, 12, tzinfo=zone) for day in (2, 1, 2, 1, 3)]
    services.append_observations(
        actor=org.lead, characteristic=thing, values=[2.0, 1.0, 2.1, 1.1, 3.0], observed_at=at
    )
    services.append_observations(
        actor=org.lead, characteristic=thing, values=[9.0], observed_at=[None]
    )
    found = snapshot(thing.pk)
    assert found.values.tolist() == [1.0, 1.1, 2.0, 2.1, 3.0]
    assert found.sequences.tolist() == [2, 4, 1, 3, 5]
    assert found.subgroups is not None
    assert found.subgroups.tolist() == ["2026-11-01"] * 2 + ["2026-11-02"] * 2 + ["2026-11-03"]
    assert found.untimed == 1


@pytest.mark.django_db
def test_several_variables_make_a_matrix(org: Org) -> None:
    thing = made(org, data_type="several", variables=["Temperature", "Pressure", "Flow"])
    # Eight bytes of nothing at the end of a row must come back too.
    rows = [[80.0, 1.5, 0.0], [81.0, 5.2e9, 0.1]]
    services.append_observations(
        actor=org.lead, characteristic=thing, values=[row[0] for row in rows],
        others=[row[1:] for row in rows],
    )  # fmt: skip
    found = snapshot(thing.pk)
    assert found.rows is not None
    assert found.rows.tolist() == rows
    assert found.values.tolist() == [80.0, 81.0]
    assert found.variables == ("Temperature", "Pressure", "Flow")


@pytest.mark.django_db
def test_strata_are_stored_once_and_read_as_codes(org: Org) -> None:
    thing = made(org, factors=["branch", "shift"])
    east = {"branch": "East", "shift": "night"}
    services.append_observations(
        actor=org.lead, characteristic=thing, values=[1.0, 2.0, 3.0, 4.0],
        factors=[east, {"branch": "West"}, {}, {"shift": "night", "branch": "East"}],
    )  # fmt: skip
    found = snapshot(thing.pk)
    assert found.factors == ("branch", "shift")
    assert found.strata is not None
    assert [found.combinations[c] if c >= 0 else None for c in found.strata.tolist()] == [
        east, {"branch": "West"}, None, east,
    ]  # fmt: skip
    assert Stratum.objects.filter(characteristic=thing).count() == 2


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow(org: Org) -> None:
    thing = made(
        org, data_type="several", variables=["A", "B"], factors=["branch"], subgrouping="window",
        subgroup_window="hour",
    )  # fmt: skip
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    def queries(n: int) -> int:
        services.append_observations(
            actor=org.lead, characteristic=thing,
            values=[float(i) for i in range(n)], others=[[1.0 + i % 3] for i in range(n)],
            observed_at=[start + dt.timedelta(minutes=i) for i in range(n)],
            factors=[{"branch": f"branch {i % 20}"} for i in range(n)],
        )  # fmt: skip
        with CaptureQueriesContext(
            connection,
        ) as captured:
            snapshot(thing.pk)
        return len(captured)

    assert queries(3) == queries(900)
