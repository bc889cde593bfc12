"""The data sheet: what it asks for, what it takes, that it stores once, and what it tells before."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.test import Client

from apps.common.errors import Conflict, Refused
from apps.measurements import services
from apps.measurements.models import Characteristic, Observation, SheetEntry
from apps.measurements.selectors import counted
from apps.measurements.services import CellsRefused
from apps.measurements.sheets import MOST_ROWS, columns_of, digest_of, read_sheet
from tests.factories import Org, make_chart, steady

NOW = dt.datetime(2026, 11, 18, 4, 0, tzinfo=dt.UTC)  # noon in Taipei
TOKEN = "0123456789abcdef" * 2


def measured(org: Org, **more: Any) -> Characteristic:
    return services.create_characteristic(
        actor=org.lead, team=org.desk, **{"name": "Wait", "unit": "min"} | more
    )


@pytest.fixture
def thing(org: Org) -> Characteristic:
    return measured(org)


def read(thing: Characteristic, *rows: dict[str, str], decimal: str = ".") -> Any:
    return read_sheet(thing, rows, decimal=decimal, now=NOW)


def wrong(sheet: Any) -> list[tuple[int, str, str]]:
    return [(one.row, one.key, one.code) for one in sheet.problems]


def save(org: Org, thing: Characteristic, *rows: dict[str, str], token: str = TOKEN, **more: Any):
    return services.save_sheet(
        actor=more.pop("actor", org.member), characteristic=thing, token=token, typed=rows, **more
    )


# --- Columns ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "keys"),
    [
        ({}, ["time", "n0"]),
        ({"subgrouping": "fixed", "subgroup_size": 3}, ["time", "n0", "n1", "n2"]),
        ({"subgrouping": "column"}, ["time", "subgroup", "n0"]),
        ({"data_type": "defectives"}, ["time", "n0", "size"]),
        ({"data_type": "defects"}, ["time", "n0", "size"]),
        ({"data_type": "between"}, ["time", "n0"]),
    ],
)
def test_the_columns_follow_the_kind_of_data(
    org: Org, made: dict[str, Any], keys: list[str]
) -> None:
    assert [column.key for column in columns_of(measured(org, **made))] == keys


def test_several_variables_and_factors_are_a_column_each(org: Org, thing: Characteristic) -> None:
    Characteristic.objects.filter(pk=thing.pk).update(
        data_type="several", variables=["length", "width"], factors=["operator"]
    )
    thing.refresh_from_db()
    saved = save(org, thing, {"n0": "1.5", "n1": "2.5", "f0": "Lin"}, {"n0": "1", "n1": "2"})
    assert saved.count == 2
    columns = columns_of(thing)
    assert [column.label for column in columns] == ["Time", "length", "width", "operator"]
    assert columns[-1].choices == ("Lin",)
    first, second = counted(thing)
    assert first.stratum is not None
    assert first.stratum.values == {"operator": "Lin"}
    assert second.stratum_id is None
    assert bytes(first.others or b"") == b"\x00\x00\x00\x00\x00\x00\x04@"


# --- Reading ----------------------------------------------------------------------------------


def test_rows_without_a_value_are_passed_over(thing: Characteristic) -> None:
    sheet = read(thing, {"n0": "4.5"}, {"time": "2026-11-18 09:00"}, {}, {"n0": " 5 "})
    assert (sheet.values, sheet.rows, wrong(sheet)) == ([4.5, 5.0], [0, 3], [])


def test_an_empty_time_is_now_and_a_clock_reading_is_of_today(thing: Characteristic) -> None:
    sheet = read(
        thing, {"n0": "1"}, {"n0": "2", "time": "09:30"}, {"n0": "3", "time": "2026/1/2 3:04"}
    )
    assert sheet.times == [
        NOW,
        dt.datetime(2026, 11, 18, 1, 30, tzinfo=dt.UTC),
        dt.datetime(2026, 1, 1, 19, 4, tzinfo=dt.UTC),
    ]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("n/a", "not_number"),
        ("NaN", "not_finite"),
        ("1e400", "too_large"),
        ("1_000", "underscore"),
        ("１２", "not_ascii"),
        ("3,5", "other_mark"),
        ("5%", "percent_sign"),
        ("=A1", "formula"),
        ("#REF!", "spreadsheet_error"),
        ("1" * 101, "cell_long"),
        ("\x00", "not_number"),
    ],
)
def test_a_cell_that_is_no_number_is_named_with_its_reason(
    thing: Characteristic, cell: str, code: str
) -> None:
    sheet = read(thing, {"n0": "1"}, {"n0": cell})
    assert wrong(sheet) == [(1, "n0", code)]
    assert sheet.problems[0].what
    assert sheet.problems[0].remedy
    assert len(sheet) == 1


def test_the_decimal_mark_is_a_declared_rule(thing: Characteristic) -> None:
    assert read(thing, {"n0": "3,5"}, decimal=",").values == [3.5]
    assert wrong(read(thing, {"n0": "3.5"}, decimal=",")) == [(0, "n0", "other_mark")]


@pytest.mark.parametrize(
    ("time", "code"),
    [
        ("yesterday", "time_unread"),
        ("2026-02-30", "time_impossible"),
        ("2026-11-18 12:06", "time_ahead"),
        ("1826-11-18", "time_far"),
        ("2026-11-18 25:00", "time_impossible"),
    ],
)
def test_a_time_that_cannot_be(thing: Characteristic, time: str, code: str) -> None:
    assert wrong(read(thing, {"n0": "1", "time": time})) == [(0, "time", code)]


def test_times_are_of_the_zone_of_the_characteristic(org: Org, thing: Characteristic) -> None:
    Characteristic.objects.filter(pk=thing.pk).update(time_zone="Europe/Berlin")
    thing.refresh_from_db()
    sheet = read(
        thing,
        {"n0": "1", "time": "2026-10-25 02:30"},
        {"n0": "1", "time": "2026-10-25 02:30 +01:00"},
        {"n0": "1", "time": "2026-03-29 02:30"},
    )
    assert wrong(sheet) == [(0, "time", "time_fold"), (2, "time", "time_gap")]
    assert [one.code for one in sheet.errors] == ["time_gap"]
    assert sheet.times == [
        dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC),
        dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC),
    ]


@pytest.mark.parametrize(
    ("made", "row", "problem"),
    [
        ({"subgrouping": "fixed", "subgroup_size": 2}, {"n0": "1"}, ("n1", "empty")),
        ({"subgrouping": "column"}, {"n0": "1"}, ("subgroup", "label_empty")),
        ({"subgrouping": "column"}, {"subgroup": "A"}, ("n0", "empty")),
        ({"subgrouping": "column"}, {"subgroup": "A" * 65, "n0": "1"}, ("subgroup", "label_long")),
        ({"subgrouping": "column"}, {"subgroup": "A\x07", "n0": "1"}, ("subgroup", "not_text")),
        ({"data_type": "defectives"}, {"n0": "1"}, ("size", "size_empty")),
        ({"data_type": "defectives"}, {"n0": "-1", "size": "9"}, ("n0", "count_negative")),
        ({"data_type": "defectives"}, {"n0": "1.5", "size": "9"}, ("n0", "count_not_whole")),
        ({"data_type": "defectives"}, {"n0": "10", "size": "9"}, ("n0", "count_exceeds_size")),
        ({"data_type": "defectives"}, {"n0": "1", "size": "9.5"}, ("size", "size_not_whole")),
        ({"data_type": "defects"}, {"n0": "1", "size": "0"}, ("size", "size_not_positive")),
        ({"data_type": "between"}, {"n0": "-1"}, ("n0", "negative_between")),
    ],
)
def test_what_a_kind_of_data_refuses(
    org: Org, made: dict[str, Any], row: dict[str, str], problem: tuple[str, str]
) -> None:
    assert wrong(read(measured(org, **made), row)) == [(0, *problem)]


def test_a_size_stands_in_every_row_or_in_none(org: Org) -> None:
    thing = measured(org, data_type="defects")
    assert wrong(read(thing, {"n0": "1"}, {"n0": "2"})) == []
    assert wrong(read(thing, {"n0": "1"}, {"n0": "2", "size": "3"})) == [(0, "size", "size_empty")]


# --- Saving -----------------------------------------------------------------------------------


def test_a_subgroup_in_one_row_is_so_many_observations(org: Org) -> None:
    thing = measured(org, subgrouping="fixed", subgroup_size=3)
    assert save(org, thing, {"n0": "1", "n1": "2", "n2": "3"}).count == 3
    assert [row.value for row in counted(thing)] == [1.0, 2.0, 3.0]
    assert len({row.observed_us for row in counted(thing)}) == 1


def test_nothing_is_stored_by_halves(org: Org, thing: Characteristic) -> None:
    with pytest.raises(CellsRefused, match="1 cell cannot be read") as refused:
        save(org, thing, {"n0": "1"}, {"n0": "x"}, {"n0": "3"})
    assert [(one.row, one.key) for one in refused.value.problems] == [(1, "n0")]
    assert not Observation.objects.exists()
    assert not SheetEntry.objects.exists()
    with pytest.raises(Refused, match="Type a value first"):
        save(org, thing, {"time": "09:00"})


def test_a_sheet_sent_twice_is_stored_once(org: Org, thing: Characteristic) -> None:
    rows = ({"n0": "1"}, {"n0": "2"})
    assert not save(org, thing, *rows).again
    # Blank rows around the same values are the same sheet.
    second = save(org, thing, *rows, {"time": "09:00"})
    assert (second.again, second.count) == (True, 2)
    assert counted(thing).count() == 2
    with pytest.raises(Conflict, match="with other values"):
        save(org, thing, {"n0": "3"})
    with pytest.raises(Conflict):
        save(org, thing, *rows, actor=org.lead)
    assert counted(thing).count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_sheet_from_many_sides_at_once_is_stored_once(
    transactional_db: None, org: Org, thing: Characteristic
) -> None:
    found: list[Any] = []

    def send() -> None:
        try:
            found.append(save(org, thing, {"n0": "1"}, {"n0": "2"}).again)
        except Exception as error:
            found.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, found)) == ["False"] + ["True"] * 7
    assert counted(thing).count() == 2


def test_who_may_not_type_values_in(org: Org, thing: Characteristic) -> None:
    for person in (org.staff, org.manager, org.neighbour):
        with pytest.raises(PermissionDenied):
            save(org, thing, {"n0": "1"}, actor=person)


def test_an_archived_characteristic_takes_none(org: Org, thing: Characteristic) -> None:
    services.archive_characteristic(
        actor=org.lead, characteristic=thing, version=thing.version, reason="done"
    )
    with pytest.raises(Refused, match="archived"):
        save(org, thing, {"n0": "1"})
    assert not SheetEntry.objects.exists()


def test_a_sheet_has_its_limit(org: Org, thing: Characteristic) -> None:
    with pytest.raises(Refused, match="as a file"):
        save(org, thing, *[{"n0": "1"}] * (MOST_ROWS + 1))


def test_what_was_typed_decides_the_digest() -> None:
    one = digest_of([{"n0": "1", "time": "09:00"}], ".")
    assert digest_of([{}, {"time": "09:00", "n0": "1"}], ".") == one
    assert digest_of([{"n0": "1", "time": "09:01"}], ".") != one
    assert digest_of([{"n0": "1", "time": "09:00"}], ",") != one


# --- The page ---------------------------------------------------------------------------------


def token_on(page: Any) -> str:
    found = re.search(r'name="token" value="([0-9a-f]{32})"', page.content.decode())
    assert found
    return found[1]


def test_the_page_works_without_scripts(org: Org, thing: Characteristic, client_as: Any) -> None:
    client: Client = client_as(org.member)
    url = f"/characteristics/{thing.pk}/sheet/"
    token = token_on(client.get(url))
    typed = {"token": token, "decimal": ".", "time": ["", "", ""], "n0": ["4.5", "oops", ""]}
    refused = client.post(url, typed)
    assert refused.status_code == 422
    page = refused.content.decode()
    assert 'value="oops"' in page
    assert "Not a number" in page
    assert 'value="4.5"' in page
    typed["n0"] = ["4.5", "4.7", ""]
    done = client.post(url, typed | {"token": token_on(refused)}, follow=True)
    assert "2 values are saved." in done.content.decode()
    assert [row.value for row in counted(thing)] == [4.5, 4.7]


def test_the_script_is_answered_in_json(org: Org, thing: Characteristic, client_as: Any) -> None:
    client: Client = client_as(org.member)
    url = f"/characteristics/{thing.pk}/sheet/"

    def send(rows: list[Any], token: str = TOKEN) -> Any:
        data = {"token": token, "decimal": ".", "rows": json.dumps(rows)}
        return client.post(url, data, headers={"accept": "application/json"})

    bad = send([{"n0": "1"}, {"n0": "x"}])
    assert bad.status_code == 422
    assert [(one["row"], one["key"]) for one in bad.json()["problems"]] == [(1, "n0")]
    good = send([{"n0": "1"}])
    assert good.status_code == 200
    assert good.json()["count"] == 1
    assert re.fullmatch("[0-9a-f]{32}", good.json()["token"])
    assert "Nothing was stored twice" in send([{"n0": "1"}]).json()["message"]
    assert send([{"n0": "2"}]).status_code == 409
    assert counted(thing).count() == 1


@pytest.mark.parametrize(
    "data",
    [
        {"token": "x"},
        {"token": TOKEN, "decimal": ";"},
        {"rows": "{"},
        {"rows": "7"},
        {"rows": "[7]"},
        {"rows": '[{"n0": 7}]'},
        {"rows": "[" * 5000},
        {"rows": '[{"n0": ["1"]}]'},
    ],
)
def test_what_is_no_sheet_is_refused(
    org: Org, thing: Characteristic, client_as: Any, data: dict[str, str]
) -> None:
    sent = {"token": TOKEN, "decimal": "."} | data
    client: Client = client_as(org.member)
    assert client.post(f"/characteristics/{thing.pk}/sheet/", sent).status_code == 400
    assert not Observation.objects.exists()


def test_surrogates_in_a_cell_are_no_number(
    org: Org, thing: Characteristic, client_as: Any
) -> None:
    sent = {"token": TOKEN, "decimal": ".", "rows": '[{"n0": "\\ud800"}]'}
    answer = client_as(org.member).post(
        f"/characteristics/{thing.pk}/sheet/", sent, headers={"accept": "application/json"}
    )
    assert answer.status_code == 422


# --- Before saving ----------------------------------------------------------------------------


def judged(client: Client, thing: Characteristic, *rows: dict[str, str]) -> Any:
    url = f"/charts/for/{thing.pk}/provisional/"
    answer = client.post(url, {"decimal": ".", "rows": json.dumps(rows)})
    assert answer.status_code == 200
    return answer.json()


def test_a_signal_is_told_before_it_is_stored(org: Org, client_as: Any) -> None:
    chart = make_chart(org.member, org.desk, steady(40), unit="min", direction="lower")
    thing = chart.characteristic
    before = Observation.objects.count()
    found = judged(client_as(org.member), thing, {"n0": "10"}, {"n0": "99"}, {"n0": "oops"})
    texts = [signal["text"] for signal in found["signals"]]
    assert "Row 2: One point above the upper limit, for the worse." in texts
    assert [problem["row"] for problem in found["problems"]] == [2]
    drawn = found["chart"]
    assert drawn["unsaved"] == [40, 41]
    points = drawn["panels"][0]
    assert points["points"][-2:] == [10.0, 99.0]
    newest = chart.result.content["phases"][-1]["panels"][0]
    assert points["ucl"][-1] == pytest.approx(newest["ucl"])
    assert points["points"][:40] == pytest.approx(steady(40))
    assert Observation.objects.count() == before


def test_values_within_the_limits_give_no_signal(org: Org, client_as: Any) -> None:
    chart = make_chart(org.member, org.desk, steady(40))
    found = judged(client_as(org.member), chart.characteristic, {"n0": "10.1"})
    assert (found["signals"], found["note"]) == ([], "No signal in what is typed.")


def test_typed_values_complete_a_run_of_stored_ones(org: Org, client_as: Any) -> None:
    low = [9.9 - 0.01 * (place % 3) for place in range(8)]
    chart = make_chart(org.member, org.desk, [*steady(60), *low])
    found = judged(client_as(org.member), chart.characteristic, {"n0": "9.9"}, {"n0": "9.88"})
    assert any(signal["rows"] == [0, 1] and signal["kind"] == "run" for signal in found["signals"])


def test_a_subgroup_is_judged_as_one_point(org: Org, client_as: Any) -> None:
    chart = make_chart(
        org.member, org.desk, steady(80), kind="xbar-r", subgrouping="fixed", subgroup_size=4
    )
    row = {f"n{place}": "30" for place in range(4)}
    found = judged(client_as(org.member), chart.characteristic, row)
    assert found["chart"]["unsaved"] == [20]
    assert found["chart"]["panels"][0]["points"][-1] == 30.0
    assert found["signals"][0]["rows"] == [0]


def test_what_is_told_before_saving_is_what_the_chart_says_after(org: Org, client_as: Any) -> None:
    """With frozen limits the judgement cannot change by saving."""
    from apps.charts.recompute import recompute
    from apps.charts.selectors import listed_signals
    from apps.charts.services import freeze_limits

    chart = make_chart(org.lead, org.desk, steady(60))
    freeze_limits(actor=org.lead, chart=chart, number=0, version=chart.version, reason="agreed")
    recompute(chart.pk)
    rows = [{"n0": str(value)} for value in (10.2, 15.0, 9.9, 2.0, 9.8)]
    told = judged(client_as(org.lead), chart.characteristic, *rows)
    save(org, chart.characteristic, *rows, actor=org.lead)
    recompute(chart.pk)
    chart.refresh_from_db()
    stored = {(s.panel, s.rule, s.point) for s in listed_signals(chart) if s.last >= 60}
    names = [panel["name"] for panel in told["chart"]["panels"]]
    before = {
        (names[s["panel"]], s["rule"], s["first"] if s["kind"] == "limit" else s["point"])
        for s in told["chart"]["signals"]
        if s["last"] >= 60
    }
    assert stored == before
    assert stored


def test_without_a_chart_or_limits_the_values_are_drawn_alone(
    org: Org, thing: Characteristic, client_as: Any
) -> None:
    client: Client = client_as(org.member)
    found = judged(client, thing, {"n0": "1"}, {"n0": "2"})
    assert found["chart"]["panels"][0]["points"] == [1.0, 2.0]
    assert found["chart"]["unsaved"] == [0, 1]
    assert "no limits yet" in found["note"]
    assert judged(client, thing)["chart"] is None


def test_judging_costs_the_same_whatever_is_stored(
    org: Org, client_as: Any, django_assert_max_num_queries: Any
) -> None:
    for n in (30, 3000):
        chart = make_chart(org.member, org.desk, steady(n))
        client = client_as(org.member)
        with django_assert_max_num_queries(14):
            judged(client, chart.characteristic, {"n0": "10"})


def test_the_clock_of_the_page_is_the_one_of_the_server(org: Org, thing: Characteristic) -> None:
    with time_machine.travel(NOW, tick=False):
        save(org, thing, {"n0": "1"})
    assert counted(thing).get().observed_at == NOW
