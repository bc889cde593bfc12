"""Imports of several characteristics at once, of factors, of several variables, of events; and
what becomes of rows that are there already."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.selectors import history_of
from apps.audit.verification import verify
from apps.common.errors import Refused
from apps.measurements import importing, leases, reading, services, storage
from apps.measurements.choices import ImportState
from apps.measurements.models import Characteristic, Import, Observation, Stratum
from apps.measurements.selectors import counted, snapshot
from tests.factories import Org
from tests.measurements.kinds import columns, confirm, fresh, imported, make, previewed, shaped

FILE = "time,length,width,weight\n" + "".join(
    f"2026-11-20 08:{minute:02},{10 + minute / 100},{20 + minute / 100},{30 + minute / 100}\n"
    for minute in range(30)
)


# --- Several characteristics from one file ----------------------------------------------------


@pytest.fixture
def three(org: Org) -> list[Characteristic]:
    return [make(org, name) for name in ("Length", "Width", "Weight")]


def three_mapped(org: Org, three: list[Characteristic], text: str = FILE) -> Import:
    length, width, weight = three
    mapping = columns(c0="time", c1="value", c2=f"{width.pk}:value", c3=f"{weight.pk}:value")
    return previewed(org, length, text, mapping=mapping)


def test_columns_that_bear_a_name_or_a_code_are_offered(org: Org) -> None:
    length = make(org, "Length")
    width, weight = make(org, "Breadth", code="WIDTH"), make(org, "Weight")
    import_ = previewed(org, length, FILE)
    assert [column["role"] for column in import_.report["columns"]] == [
        "time", "value", f"{width.pk}:value", f"{weight.pk}:value",
    ]  # fmt: skip
    with pytest.raises(Refused, match="Confirm how the file was read"):
        confirm(org, import_, guesses_confirmed=False)


def test_a_file_fills_three_characteristics_as_three_files_would(
    org: Org, three: list[Characteristic]
) -> None:
    import_ = confirm(org, three_mapped(org, three))
    assert [len(snapshot(one.pk).values) for one in three] == [0, 0, 0]
    assert importing.import_rows(import_.pk)
    for place, one in enumerate(three, 1):
        found = snapshot(one.pk)
        assert found.values.tolist() == [10 * place + minute / 100 for minute in range(30)]
        assert found.data_version == 1
        alone = make(org, f"{one.name} alone")
        imported(
            org, alone, "\n".join(
                ",".join((line.split(",")[0], line.split(",")[place]))
                for line in FILE.strip().split("\n")
            ),
        )  # fmt: skip
        np.testing.assert_array_equal(found.values, snapshot(alone.pk).values)
        np.testing.assert_array_equal(found.observed_at, snapshot(alone.pk).observed_at)
        assert history_of(one).filter(verb="import.imported").count() == 1
    assert verify().intact


def test_a_cell_that_is_refused_is_told_with_its_column_and_costs_the_others_nothing(
    org: Org, three: list[Characteristic]
) -> None:
    text = f"{FILE}2026-11-20 09:00,1,n/a,3\nsoon,1,2,3\n"
    import_ = three_mapped(org, three, text)
    told = [(line["rows"][0], line["column"], line["code"]) for line in import_.report["findings"]]
    assert (32, "width", "not_number") in told
    assert told.count((33, "time", "time_unread")) == 1
    import_ = confirm(org, import_)
    importing.import_rows(import_.pk)
    assert [len(snapshot(one.pk).values) for one in three] == [31, 30, 31]


def test_all_become_visible_in_one_transaction_or_none(
    org: Org, three: list[Characteristic], monkeypatch
) -> None:
    import_ = confirm(org, three_mapped(org, three))
    announced: list[str] = []

    def fail_at_the_last(**told: Any) -> None:
        announced.append(told["verb"])
        if len(announced) == 3:
            raise RuntimeError("disk full")

    monkeypatch.setattr(importing, "announce", fail_at_the_last)
    with pytest.raises(RuntimeError):
        importing.import_rows(import_.pk)
    assert [len(snapshot(one.pk).values) for one in three] == [0, 0, 0]
    assert set(Import.objects.values_list("state", flat=True)) == {ImportState.IMPORTING}
    monkeypatch.undo()
    assert leases.due(leases.WRITABLE) == [import_.pk]
    assert importing.import_rows(import_.pk)
    assert [len(snapshot(one.pk).values) for one in three] == [30, 30, 30]


def test_a_worker_that_dies_anywhere_leaves_nothing_half_done(
    org: Org, three: list[Characteristic], monkeypatch
) -> None:
    """Killed at each write in turn, on all three characteristics; each time another goes on."""
    monkeypatch.setitem(importing.CHUNK, connection.vendor, 7)
    import_ = confirm(org, three_mapped(org, three))
    written = storage.write_rows

    def die(**_rows: Any) -> None:
        raise KeyboardInterrupt

    for _kill in range(15):
        writes = iter([written, die])
        monkeypatch.setattr(
            importing, "write_rows", lambda writes=writes, **rows: next(writes)(**rows)
        )
        try:
            importing.import_rows(import_.pk)
        except KeyboardInterrupt:
            assert [len(snapshot(one.pk).values) for one in three] == [0, 0, 0]
        Import.objects.update(leased_until=None, attempts=0)
        if fresh(import_).state == ImportState.IMPORTED:
            break
    assert [len(snapshot(one.pk).values) for one in three] == [30, 30, 30]
    assert Observation.objects.count() == 90


def test_cancelling_and_reversing_take_all_of_them(org: Org, three: list[Characteristic]) -> None:
    first = confirm(org, three_mapped(org, three))
    services.cancel_import(actor=org.member, import_=first.parts.first())
    assert set(Import.objects.values_list("state", flat=True)) == {ImportState.CANCELLED}
    second = confirm(org, three_mapped(org, three))
    importing.import_rows(second.pk)
    part = second.parts.get(characteristic=three[2])
    services.reverse_import(actor=org.lead, import_=part, version=part.version, reason="Wrong day")
    assert [len(snapshot(one.pk).values) for one in three] == [0, 0, 0]
    assert all(history_of(one)[0].verb == "import.reversed" for one in three)


def test_columns_go_only_where_the_person_may_import(org: Org, three: list[Characteristic]) -> None:
    services.archive_characteristic(
        actor=org.lead, characteristic=three[1], version=three[1].version, reason="Old"
    )
    import_ = previewed(org, three[0], FILE)
    with pytest.raises(Refused, match="may not import into one of these"):
        services.remap_import(
            actor=org.member, import_=import_, version=import_.version, reading={},
            mapping=columns(c0="time", c1="value", c2=f"{three[1].pk}:value"),
        )  # fmt: skip


def test_a_column_may_become_a_new_characteristic(org: Org) -> None:
    length = shaped(make(org, "Length"), time_zone="Europe/Berlin")
    import_ = previewed(org, length, FILE)
    services.remap_import(
        actor=org.member, import_=import_, version=import_.version, reading={},
        mapping=columns(c0="time", c1="value", c2="new", c3="skip"),
    )  # fmt: skip
    reading.read(import_.pk)
    importing.import_rows(confirm(org, fresh(import_)).pk)
    made = Characteristic.objects.get(name="width")
    assert (made.team, made.time_zone, made.owner) == (org.desk, "Europe/Berlin", org.member)
    assert len(snapshot(made.pk).values) == 30
    again = previewed(org, length, FILE.replace("width", "Length"))
    with pytest.raises(Refused):
        services.remap_import(
            actor=org.member, import_=again, version=again.version, reading={},
            mapping=columns(c0="time", c1="value", c2="new", c3="skip"),
        )  # fmt: skip


def test_each_characteristic_shows_its_part_and_leads_to_the_others(
    org: Org, three: list[Characteristic], client_as: Callable[[User], Client]
) -> None:
    whole = confirm(org, three_mapped(org, three, f"{FILE}2026-11-20 09:00,1,n/a,3\n"))
    part = whole.parts.get(characteristic=three[1])
    client = client_as(org.lead)
    url = reverse("measurements:import_detail", args=[part.pk])
    assert "Waiting to be read" not in client.get(url).content.decode()
    Import.objects.filter(pk=whole.pk).update(rows_done=40, rows_total=91)
    shown = client.get(reverse("measurements:import_progress", args=[part.pk])).content.decode()
    assert "Saving 40 of 91 rows" in shown
    importing.import_rows(whole.pk)
    shown = client.get(url).content.decode()
    assert reverse("measurements:import_detail", args=[whole.pk]) in shown
    file = client.get(reverse("measurements:import_refused", args=[part.pk]))
    assert b"n/a" in b"".join(file.streaming_content)
    answer = client.post(
        reverse("measurements:import_reverse", args=[part.pk]),
        {"version": fresh(part).version, "reason": "Wrong day"},
    )
    assert answer.status_code == 302
    assert [len(snapshot(one.pk).values) for one in three] == [0, 0, 0]


def test_the_preview_asks_no_more_of_the_database_for_more_characteristics(
    org: Org, three: list[Characteristic], client_as: Callable[[User], Client]
) -> None:
    import_ = three_mapped(org, three)
    client, url = client_as(org.lead), reverse("measurements:import_detail", args=[import_.pk])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for number in range(60):
        make(org, f"Other {number}")
    with CaptureQueriesContext(connection) as many:
        shown = client.get(url).content.decode()
    assert len(many) == len(few)
    assert "more characteristics are not offered here" in shown


def test_a_kept_way_of_reading_says_when_one_of_its_characteristics_is_gone(
    org: Org, three: list[Characteristic]
) -> None:
    confirm(org, three_mapped(org, three), profile_name="Machine 4")
    second = previewed(org, three[0], FILE)
    assert (second.report["profile"], second.report["guesses"]) == ("Machine 4", [])
    assert second.report["parts"][0]["target"] == ""
    assert len(second.report["parts"]) == 3
    services.archive_characteristic(
        actor=org.lead, characteristic=three[1], version=three[1].version, reason="Old"
    )
    third = previewed(org, three[0], FILE)
    assert [guess["code"] for guess in third.report["guesses"]] == ["column_skip"]
    assert third.report["columns"][2]["why"]["code"] == "other_gone"
    assert len(third.report["parts"]) == 2


# --- What further characteristics are mapped to ------------------------------------------------


COUNTS = "time,faults,scrap\n" + "".join(
    f"2026-11-20 08:{minute:02},{minute % 4},{minute % 3}\n" for minute in range(12)
)


def counting(org: Org) -> tuple[Characteristic, Characteristic]:
    return make(org, "Faults", data_type="defects"), make(org, "Scrap", data_type="defectives")


def test_a_further_characteristic_takes_one_size_for_all_rows(org: Org) -> None:
    faults, scrap = counting(org)
    mapping = columns(c0="time", c1="value", c2=f"{scrap.pk}:value")
    without = previewed(org, faults, COUNTS, mapping=mapping)
    assert without.report["problem"] == "other_incomplete"
    sized = mapping | {"size": 2.5, "sizes": {str(scrap.pk): 50}}
    import_ = confirm(org, previewed(org, faults, COUNTS, mapping=sized), profile_name="Line 2")
    importing.import_rows(import_.pk)
    assert set(snapshot(faults.pk).sizes.tolist()) == {2.5}
    assert set(snapshot(scrap.pk).sizes.tolist()) == {50}
    assert snapshot(scrap.pk).values.tolist() == [minute % 3 for minute in range(12)]
    # The next file with this header is read alike.
    again = previewed(org, faults, COUNTS)
    assert (again.report["profile"], again.report["problem"]) == ("Line 2", None)


def test_the_form_asks_for_the_size_of_a_further_characteristic(
    org: Org, client_as: Callable[[User], Client]
) -> None:
    faults, scrap = counting(org)
    mapping = columns(c0="time", c1="value", c2=f"{scrap.pk}:value")
    import_ = previewed(org, faults, COUNTS, mapping=mapping)
    client = client_as(org.member)
    shown = client.get(reverse("measurements:import_detail", args=[import_.pk]))
    assert "one size for all rows, which is asked for below" in shown.content.decode()
    form, name = shown.context["form"], f"size_of_{scrap.pk}"
    assert "Size of Scrap" in str(form[name].label)
    sent = {field.name: field.value() for field in form if field.value() is not None}
    url = reverse("measurements:import_remap", args=[import_.pk])
    refused = client.post(url, sent | {name: "0"})
    assert (refused.status_code, name in refused.context["form"].errors) == (422, True)
    assert client.post(url, sent | {name: "50"}).status_code == 302
    assert fresh(import_).mapping["sizes"] == {str(scrap.pk): 50}
    reading.read(import_.pk)
    assert fresh(import_).report["problem"] is None
    again = client.get(reverse("measurements:import_detail", args=[import_.pk]))
    assert again.context["form"][name].value() == 50


def test_a_further_characteristic_is_counted_from_event_to_event(
    org: Org, client_as: Callable[[User], Client]
) -> None:
    stops = make(org, "Stops", data_type="between", unit="h")
    alarms = make(org, "Alarms", data_type="between", unit="min")
    text = "stop,alarm\n" + "".join(
        f"2026-11-20 {hour:02}:00,2026-11-21 08:{hour * hour % 60:02}\n" for hour in (1, 2, 4, 7)
    )
    mapping = columns(c0="events", c1=f"{alarms.pk}:events")
    first = previewed(org, stops, text, mapping=mapping)
    page = client_as(org.member).get(reverse("measurements:import_detail", args=[first.pk]))
    assert f'value="{alarms.pk}:events" selected' in page.content.decode()
    importing.import_rows(confirm(org, first).pk)
    assert snapshot(stops.pk).values.tolist() == [1, 2, 3]
    assert snapshot(alarms.pk).values.tolist() == [3, 12, 33]
    # What follows is counted from the newest event that is stored, for each of them.
    later = "stop,alarm\n2026-11-20 09:00,2026-11-21 09:00\n"
    importing.import_rows(confirm(org, previewed(org, stops, later, mapping=mapping)).pk)
    assert snapshot(stops.pk).values.tolist() == [1, 2, 3, 2]
    assert snapshot(alarms.pk).values.tolist() == [3, 12, 33, 11]


def test_events_of_a_further_characteristic_need_a_unit_of_time(org: Org) -> None:
    lead, parts = make(org, "Wait"), make(org, "Parts", data_type="between", unit="pieces")
    text = "value,made\n1,2026-11-20 08:00\n2,2026-11-20 09:00\n"
    mapping = columns(c0="value", c1=f"{parts.pk}:events")
    assert previewed(org, lead, text, mapping=mapping).report["problem"] == "no_unit_of_time"


# --- Times ahead ---------------------------------------------------------------------------------


def test_rows_dated_ahead_are_imported_and_said(org: Org, client_as: Any) -> None:
    thing = make(org, "Wait")
    year = timezone.now().year
    text = (
        f"time,value\n{year - 1}-01-01 08:00,1\n{year + 40}-01-02 08:00,2\n"
        f"{year - 1}-01-03 08:00,3\n{year + 40}-01-04 08:00,4\n"
    )
    import_ = previewed(org, thing, text)
    found = [(line["rows"], line["code"], line["result"]) for line in import_.report["findings"]]
    assert found == [([3, 3], "time_ahead", "warning"), ([5, 5], "time_ahead", "warning")]
    page = client_as(org.member).get(reverse("measurements:import_detail", args=[import_.pk]))
    assert "2 rows are dated ahead, the first is row 3." in page.content.decode()
    importing.import_rows(confirm(org, import_).pk)
    assert len(snapshot(thing.pk).values) == 4


# --- Times ------------------------------------------------------------------------------------


def test_times_are_of_the_characteristic_s_zone_unless_another_is_chosen(org: Org) -> None:
    thing = shaped(make(org, "Wait"), time_zone="Europe/Berlin")
    text = (
        "time,value\n2026-03-29 01:30,1\n2026-03-29 02:30,2\n2026-03-29 03:30,3\n"
        "2026-10-25 02:30,4\n2026-10-25 02:30+01:00,5\n2026-02-30 08:00,6\n"
    )
    import_ = previewed(org, thing, text)
    assert import_.report["reading"]["time_zone"] == "Europe/Berlin"
    found = [(line["rows"][0], line["code"]) for line in import_.report["findings"]]
    assert found == [(3, "time_gap"), (7, "time_impossible"), (5, "time_fold")]
    hours = [row["time"] // 3_600_000_000 % 24 for row in import_.report["first"]]
    assert hours == [0, 1, 0, 1]
    services.remap_import(
        actor=org.member, import_=import_, version=import_.version,
        reading={"time_zone": "Asia/Taipei"}, mapping={},
    )  # fmt: skip
    reading.read(import_.pk)
    import_ = fresh(import_)
    assert {line["code"] for line in import_.report["findings"]} == {"time_impossible"}


# --- Factors ----------------------------------------------------------------------------------


def test_factors_are_read_by_name_and_may_be_missing(org: Org) -> None:
    thing = shaped(make(org, "Wait"), factors=["operator", "shift"])
    text = "value,shift,operator\n1,day,Lin\n2,night,Lin\n3,,Wu\n4,day,Lin\n5,,\n"
    import_ = imported(org, thing, text)
    assert [column["role"] for column in import_.report["columns"]] == [
        "value", "factor.shift", "factor.operator",
    ]  # fmt: skip
    names = dict(Stratum.objects.values_list("pk", "values"))
    found = [names.get(row.stratum_id) for row in counted(thing)]
    day = {"operator": "Lin", "shift": "day"}
    assert found == [day, {**day, "shift": "night"}, {"operator": "Wu"}, day, None]
    imported(org, thing, "value,shift,operator\n6,day,Lin\n")
    assert Stratum.objects.count() == 3


def test_too_many_combinations_are_named_before_anything_is_saved(org: Org, monkeypatch) -> None:
    monkeypatch.setattr(reading, "MOST_STRATA", 50)
    thing = shaped(make(org, "Wait"), factors=["serial"])
    text = "value,serial\n" + "".join(f"{n},S{n}\n" for n in range(60))
    import_ = previewed(org, thing, text)
    assert import_.report["problem"] == "strata_many"
    with pytest.raises(Refused, match="no row to import"):
        confirm(org, import_)


# --- Several variables, and time between events ------------------------------------------------


def test_variables_that_are_measured_together(org: Org) -> None:
    thing = shaped(
        make(org, "Extruder"), data_type="several", variables=["pressure", "speed", "heat"]
    )
    text = "heat,pressure,speed\n3,1,2\n3.5,1.5,2.5\n9,n/a,8\n"
    import_ = imported(org, thing, text)
    assert import_.rows_refused == 1
    rows = list(counted(thing))
    assert [row.value for row in rows] == [1, 1.5]
    assert [np.frombuffer(bytes(row.others), "<f8").tolist() for row in rows] == [
        [2, 3], [2.5, 3.5],
    ]  # fmt: skip


def test_the_quick_and_the_slow_way_agree_on_variables_and_factors(org: Org) -> None:
    chance = random.Random(4)
    body = "".join(
        f"{chance.gauss(1, 1):.4f},{chance.gauss(2, 1):.4f},{chance.choice('abc')}\n"
        for _row in range(200)
    )
    found = []
    for name, last in (("quick", ""), ("slow", "x,y,a\n")):
        thing = shaped(
            make(org, name), data_type="several", variables=["u", "v"], factors=["machine"]
        )
        imported(org, thing, f"u,v,machine\n{body}{last}")
        numbers = dict(Stratum.objects.values_list("pk", "key"))
        found.append(
            [(row.value, bytes(row.others), numbers[row.stratum_id]) for row in counted(thing)]
        )
    assert found[0] == found[1]


def test_time_between_events_is_counted_from_the_newest_stored_one(org: Org) -> None:
    thing = shaped(make(org, "Falls", unit="h"), data_type="between")
    text = "fall\n2026-11-20 08:00\n2026-11-20 20:00\n2026-11-20 14:00\n"
    first = previewed(org, thing, text)
    assert first.report["columns"][0]["role"] == "events"
    assert {line["code"] for line in first.report["findings"]} == {"first_event"}
    importing.import_rows(confirm(org, first).pk)
    assert snapshot(thing.pk).values.tolist() == [6, 6]
    imported(org, thing, "fall\n2026-11-21 08:00\n")
    assert snapshot(thing.pk).values.tolist() == [6, 6, 12]


def test_values_between_events_may_be_given_and_never_negative(org: Org) -> None:
    thing = shaped(make(org, "Falls", unit="d"), data_type="between")
    import_ = imported(org, thing, "days\n0\n3.5\n-1\n")
    assert {line["code"] for line in import_.report["findings"]} == {"between_negative"}
    assert snapshot(thing.pk).values.tolist() == [0, 3.5]
