"""The API: what it stores, what it refuses, and how it says so."""

from __future__ import annotations

import datetime as dt
import json
import struct
from typing import Any

import pytest
from django.utils import timezone

from apps.audit.models import Entry
from apps.audit.sentences import sentence_of
from apps.charts.recompute import recompute
from apps.measurements.choices import DataType
from apps.measurements.models import Characteristic, Observation, ReceivedBatch
from apps.measurements.selectors import snapshot
from apps.measurements.sweep import BATCHES_KEPT, tidy
from tests import factories
from tests.factories import Org
from tests.measurements.api_client import Program, codes, program

pytestmark = pytest.mark.django_db
KINDS: dict[str, dict[str, Any]] = {
    "variable": {},
    "defectives": {},
    "defects": {},
    "between": {},
    "several": {"variables": ["length", "width"]},
}


def make(org: Org, **fields: Any) -> Characteristic:
    fields = {"data_type": "variable", "name": "Waiting time", **fields}
    return Characteristic.objects.create(team=org.desk, owner=org.member, **fields)


@pytest.fixture
def sender(org: Org) -> Program:
    return program(org.member)


def stored() -> list[float]:
    return list(
        Observation.objects.order_by("characteristic", "sequence").values_list("value", flat=True)
    )


# --- what is stored -----------------------------------------------------------------------------


def test_a_batch_is_stored_in_its_order_with_time_subgroup_and_factors(
    org: Org, sender: Program
) -> None:
    one = make(org, subgrouping="column", factors=["operator"])
    time = "2026-11-23T08:05:00.25+08:00"
    response = sender.send(
        one,
        [
            {"value": 4.2, "time": time, "subgroup": "甲", "factors": {"operator": "林"}},
            {"value": 5, "subgroup": "乙"},
        ],
    )
    assert response.status_code == 201, response.content
    assert response["Content-Type"].startswith("application/json")
    assert response["Location"] == f"/api/v1/characteristics/{one.pk}/status"
    answer = response.json()
    assert (answer["received"], answer["first"], answer["last"]) == (2, 1, 2)
    one.refresh_from_db()
    assert answer["data_version"] == one.data_version == 1
    assert answer["warnings"] == []
    first, second = Observation.objects.order_by("sequence").select_related("stratum")
    assert (first.value, first.subgroup, first.stratum.values) == (4.2, "甲", {"operator": "林"})
    assert first.observed_at == dt.datetime(2026, 11, 23, 0, 5, 0, 250_000, dt.UTC)
    assert (second.value, second.observed_us, second.stratum_id) == (5.0, None, None)


def test_times_ahead_are_stored_and_said(org: Org, sender: Program) -> None:
    one = make(org)
    soon = timezone.now() + dt.timedelta(minutes=4)
    late = timezone.now() + dt.timedelta(minutes=6)
    items = [{"value": 1, "time": moment.isoformat()} for moment in (soon, late, late)]
    answers = [sender.send(one, items).json() for _time in range(2)]
    assert answers[0] == answers[1]
    [said] = answers[0]["warnings"]
    assert (said["code"], said["count"], said["index"]) == ("time_ahead", 2, 1)
    assert "2 observations are dated ahead" in said["detail"]


def test_each_kind_of_data(org: Org, sender: Program) -> None:
    items: dict[str, Any] = {
        "variable": {"value": -1.5},
        "defectives": {"count": 3, "size": 200},
        "defects": {"count": 3.0, "size": 1.5},
        "between": {"between": 0.25},
        "several": {"values": {"width": 2.5, "length": 1.5}},
    }
    found = {}
    for kind, item in items.items():
        one = make(org, name=kind, data_type=kind, **KINDS[kind])
        response = sender.send(one, [item], key=kind)
        assert response.status_code == 201, response.content
        row = Observation.objects.get(characteristic=one)
        others = struct.unpack("<d", row.others) if row.others else None
        found[kind] = (row.value, row.size, others)
    assert found == {
        "variable": (-1.5, None, None),
        "defectives": (3.0, 200.0, None),
        "defects": (3.0, 1.5, None),
        "between": (0.25, None, None),
        "several": (1.5, None, (2.5,)),
    }


@pytest.mark.parametrize("subgrouping", ["individuals", "column", "window"])
def test_the_example_of_a_characteristic_is_accepted(
    org: Org, sender: Program, subgrouping: str
) -> None:
    for kind in DataType.values:
        example_is_accepted(org, sender, kind, subgrouping)


def example_is_accepted(org: Org, sender: Program, kind: str, subgrouping: str) -> None:
    one = make(
        org, name=kind, data_type=kind, subgrouping=subgrouping, subgroup_window="day",
        factors=["operator", "shift"], **KINDS[kind],
    )  # fmt: skip
    described = sender.get(f"characteristics/{one.pk}").json()
    item = described["example"]["observations"][0]
    assert set(described["required"]) <= set(item)
    assert set(item) <= {*described["required"], *described["optional"]}
    response = sender.send_body(one, json.dumps(described["example"]), key=kind)
    assert response.status_code == 201, response.content


def test_ten_thousand_at_once_and_not_one_more(org: Org, sender: Program) -> None:
    one = make(org)
    assert sender.send(one, [{"value": i / 8} for i in range(10_001)]).status_code == 413
    assert stored() == []
    response = sender.send(one, [{"value": i / 8} for i in range(10_000)])
    assert response.status_code == 201
    assert snapshot(one.pk).values.tolist() == [i / 8 for i in range(10_000)]


def test_the_history_names_person_token_and_count(org: Org, sender: Program) -> None:
    sender.send(make(org), [{"value": 1}, {"value": 2}])
    entry = Entry.objects.get(verb="observations.received")
    assert entry.actor_name == org.member.name
    assert sentence_of(entry) == ("<b>Mia Member</b> sent 2 observations with the API token Line 3")
    assert entry.details["prefix"] == sender.token.prefix
    assert sender.secret not in json.dumps(entry.details)


# --- all or nothing -----------------------------------------------------------------------------


def test_one_wrong_item_refuses_the_batch_and_names_each(org: Org, sender: Program) -> None:
    one = make(org, factors=["operator"])
    response = sender.send(
        one,
        [
            {"value": 1},
            {"value": "4,2", "time": "2026-11-23T08:00:00"},
            {"time": "2026-02-30T08:00:00Z", "colour": "red"},
            {"value": True, "factors": {"machine": "A"}},
            {"value": 2, "factors": {"machine": "A"}},
            4.2,
        ],
    )
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert codes(response) == [
        (1, "time", "time_without_offset"),
        (1, "value", "not_a_number"),
        (2, "time", "time_not_there"),
        (2, "value", "missing"),
        (2, "colour", "unknown_field"),
        (3, "value", "not_a_number"),
        (4, "factors.machine", "unknown_factor"),
        (5, "", "not_an_object"),
    ]
    problem = response.json()
    assert (problem["status"], problem["code"]) == (422, "items_refused")
    assert problem["type"].endswith("/help/api/#items_refused")
    assert problem["errors"][1]["pointer"] == "#/observations/1/value"
    assert problem["errors"][1]["detail"] == "“4,2” is not a number."
    assert all(one["detail"] and one["remedy"] for one in problem["errors"])
    assert stored() == []
    assert not ReceivedBatch.objects.exists()
    assert not Entry.objects.filter(verb="observations.received").exists()


REFUSED: list[tuple[str, dict[str, Any], Any, str]] = [
    ("variable", {}, {"value": None}, "not_a_number"),
    ("variable", {}, {"value": "1"}, "not_a_number"),
    ("variable", {}, {"value": []}, "not_a_number"),
    ("variable", {}, {"value": 1e101}, "too_large"),
    ("variable", {}, {"value": -1e101}, "too_small"),
    ("variable", {}, {"value": 10**400}, "not_finite"),
    ("variable", {}, {"count": 1, "value": 1}, "unknown_field"),
    ("variable", {}, {"value": 1, "subgroup": "x" * 65}, "too_long"),
    ("variable", {}, {"value": 1, "subgroup": "a\x00b"}, "text_unprintable"),
    ("variable", {}, {"value": 1, "subgroup": "\ud800"}, "text_unprintable"),
    ("variable", {}, {"value": 1, "subgroup": ""}, "empty"),
    ("variable", {}, {"value": 1, "subgroup": 7}, "not_a_text"),
    ("variable", {}, {"value": 1, "time": 1764000000}, "time_unread"),
    ("variable", {}, {"value": 1, "time": "23.11.2026 08:05"}, "time_unread"),
    ("variable", {}, {"value": 1, "time": "２０26-11-23T08:05:00Z"}, "time_unread"),
    ("variable", {}, {"value": 1, "time": "2026-11-23T24:05:00Z"}, "time_not_there"),
    ("variable", {}, {"value": 1, "time": "9999-12-31T23:59:59-23:59"}, "time_far"),
    ("variable", {}, {"value": 1, "time": "0001-01-01T00:00:00+23:59"}, "time_far"),
    ("variable", {}, {"value": 1, "factors": ["A"]}, "not_an_object"),
    ("variable", {"factors": ["shift"]}, {"value": 1, "factors": {"shift": 1}}, "not_a_text"),
    ("variable", {"factors": ["shift"]}, {"value": 1, "factors": {"shift": "x" * 65}}, "too_long"),
    ("variable", {}, {"value": 1, "\ud800": 1}, "text_unprintable"),
    ("variable", {"subgrouping": "column"}, {"value": 1}, "missing"),
    ("variable", {"subgrouping": "window", "subgroup_window": "day"}, {"value": 1}, "missing"),
    ("defectives", {}, {"count": 3}, "missing"),
    ("defectives", {}, {"count": 3.5, "size": 9}, "not_a_whole_number"),
    ("defectives", {}, {"count": -1, "size": 9}, "too_small"),
    ("defectives", {}, {"count": 0, "size": 0}, "too_small"),
    ("defectives", {}, {"count": 10, "size": 9}, "more_than_sample"),
    ("defectives", {}, {"count": 10**20, "size": 10**20}, "too_large"),
    ("defects", {}, {"count": 1, "size": 0}, "too_small"),
    ("between", {}, {"between": -0.5}, "too_small"),
    ("several", KINDS["several"], {"values": {"length": 1}}, "missing"),
    ("several", KINDS["several"], {"values": {"length": 1, "width": "2"}}, "not_a_number"),
    (
        "several", KINDS["several"], {"values": {"length": 1, "width": 2, "depth": 3}},
        "unknown_variable",
    ),
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_what_an_item_is_refused_for(org: Org, sender: Program, language: str) -> None:
    sender.language = language
    for number, (kind, fields, item, code) in enumerate(REFUSED):
        one = make(org, data_type=kind, name=f"C {number}", **fields)
        response = sender.send(one, [item])
        assert response.status_code == 422, (item, response.content)
        found = response.json()["errors"]
        assert code in [one["code"] for one in found], (item, found)
        assert all(one["detail"] and one["remedy"] for one in found), found
    assert stored() == []


def test_sizes_of_defects_stand_in_all_items_or_in_none(org: Org, sender: Program) -> None:
    one = make(org, data_type="defects")
    response = sender.send(one, [{"count": 1}, {"count": 1, "size": 2}, {"count": 1}])
    assert codes(response) == [(0, "size", "missing"), (2, "size", "missing")]
    assert sender.send(one, [{"count": 1}, {"count": 2}]).status_code == 201


def test_no_more_than_a_hundred_problems_are_listed(org: Org, sender: Program) -> None:
    response = sender.send(make(org), [{"value": "x"}] * 10_000)
    assert len(response.json()["errors"]) == 100


def test_too_many_combinations_of_factors_are_a_refusal(org: Org, sender: Program) -> None:
    one = make(org, factors=["operator"])
    items = [{"value": 1, "factors": {"operator": f"{i}"}} for i in range(2001)]
    response = sender.send(one, items)
    assert (response.status_code, response.json()["code"]) == (422, "refused")
    assert not ReceivedBatch.objects.exists()
    assert stored() == []


# --- bodies that are meant to hurt --------------------------------------------------------------


HOSTILE: dict[str, tuple[bytes, int]] = {
    "nothing": (b" ", 400),
    "not JSON": (b"value=1", 400),
    "deep": (b"[" * 100_000, 400),
    "deep and closed": (b'{"observations":' + b"[" * 90_000 + b"]" * 90_000 + b"}", 400),
    "deep objects": (b'{"a":' * 90_000 + b"1" + b"}" * 90_000, 400),
    "NaN": (b'{"observations":[{"value":NaN}]}', 400),
    "Infinity": (b'{"observations":[{"value":-Infinity}]}', 400),
    "1e400": (b'{"observations":[{"value":1e400}]}', 422),
    "many digits": (b'{"observations":[{"value":' + b"9" * 10_000 + b"}]}", 400),
    "key twice": (b'{"observations":[{"value":1,"value":2}]}', 400),
    "observations twice": (b'{"observations":[{"value":1}],"observations":[]}', 400),
    "Latin-1": ('{"observations":[{"value":1,"subgroup":"é"}]}'.encode("latin-1"), 400),
    "UTF-16": ('{"observations":[{"value":1}]}'.encode("utf-16"), 400),
    "byte order mark": (b'\xef\xbb\xbf{"observations":[{"value":1}]}', 400),
    "NUL": (b'{"observations":[{"value":1}]}\x00', 400),
    "two documents": (b'{"observations":[{"value":1}]}{"observations":[{"value":1}]}', 400),
    "surrogate": (b'{"observations":[{"value":1,"subgroup":"\\ud800"}]}', 422),
    "surrogate as name": (b'{"observations":[{"\\udfff":1}]}', 422),
    "surrogate twice": (b'{"\\udfff":1,"\\udfff":2}', 400),
    "a list": (b'[{"value":1}]', 422),
    "a number": (b"1", 422),
    "null": (b"null", 422),
    "no list": (b'{"observations":{"value":1}}', 422),
    "empty": (b'{"observations":[]}', 422),
    "more than that": (b'{"observations":[{"value":1}],"owner":1}', 422),
    "full-width": ('{"observations":[{"value":１}]}'.encode(), 400),
    "10 MB": (b'{"observations":[' + b" " * 10_000_000 + b"]}", 413),
    "many names": (
        ('{"observations":[{' + ",".join(f'"a{i}":1' for i in range(200_000)) + "}]}").encode(), 422,
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_hostile_bodies(org: Org, sender: Program, language: str) -> None:
    one = make(org)
    sender.language = language
    for name, (body, status) in HOSTILE.items():
        response = sender.send_body(one, body)
        assert response.status_code == status, (name, response.content[:300])
        assert response["Content-Type"] == "application/problem+json", name
        problem = response.json()
        assert problem["title"], name
        assert problem["detail"], name
        assert len(response.content) < 60_000, name
    assert stored() == []


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"content_type": "text/csv"}, 415, "not_json"),
        ({"content_type": "application/x-www-form-urlencoded"}, 415, "not_json"),
        ({"content_type": "multipart/form-data; boundary=x"}, 415, "not_json"),
        ({"Content-Encoding": "gzip"}, 415, "compressed"),
        ({"key": ""}, 400, "idempotency_key_missing"),
        ({"key": "x" * 256}, 400, "idempotency_key_invalid"),
        ({"key": "é"}, 400, "idempotency_key_invalid"),
    ],
)
def test_headers_that_do_not_fit(
    org: Org, sender: Program, headers: dict[str, str], status: int, code: str
) -> None:
    response = sender.send_body(make(org), b'{"observations":[{"value":1}]}', **headers)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert stored() == []


# --- sent again ---------------------------------------------------------------------------------


def test_the_same_batch_again_gives_the_first_answer_and_stores_nothing(
    org: Org, sender: Program
) -> None:
    one = make(org)
    first = sender.send_body(one, '{"observations":[{"value":1,"time":"2026-11-23T00:00:00Z"}]}')
    sender.send(one, [{"value": 2}], key="k2")
    again = sender.send_body(
        one, '{ "observations": [{"time": "2026-11-23T00:00:00Z", "value": 1}] }', key='"k1"'
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first.headers
    assert again["Idempotency-Replayed"] == "true"
    assert stored() == [1.0, 2.0]
    assert Entry.objects.filter(verb="observations.received").count() == 2


def test_the_same_key_for_something_else_is_refused(org: Org, sender: Program) -> None:
    one, other = make(org), make(org, name="Other")
    sender.send(one, [{"value": 1}])
    for response in (sender.send(one, [{"value": 2}]), sender.send(other, [{"value": 1}])):
        assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_used")
    assert stored() == [1.0]


def test_another_token_has_keys_of_its_own(org: Org, sender: Program) -> None:
    one = make(org)
    sender.send(one, [{"value": 1}])
    assert program(org.member).send(one, [{"value": 2}]).status_code == 201
    assert stored() == [1.0, 2.0]


def test_a_key_whose_batch_was_refused_is_free(org: Org, sender: Program) -> None:
    one = make(org)
    assert sender.send(one, [{"value": "1"}]).status_code == 422
    assert sender.send(one, [{"value": 1}]).status_code == 201


def test_the_answer_stays_after_the_characteristic_is_archived(org: Org, sender: Program) -> None:
    one = make(org)
    first = sender.send(one, [{"value": 1}])
    Characteristic.objects.update(archived_at=timezone.now())
    assert sender.send(one, [{"value": 1}]).json() == first.json()
    refused = sender.send(one, [{"value": 2}], key="k2")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


def test_keys_are_forgotten_after_their_time(org: Org, sender: Program) -> None:
    one = make(org)
    for key in ("old", "new"):
        sender.send(one, [{"value": 1}], key=key)
    ReceivedBatch.objects.filter(key="old").update(
        received_at=timezone.now() - BATCHES_KEPT - dt.timedelta(minutes=1)
    )
    tidy()
    assert list(ReceivedBatch.objects.values_list("key", flat=True)) == ["new"]


# --- reading ------------------------------------------------------------------------------------


def test_the_list_says_what_may_be_written(org: Org, sender: Program) -> None:
    mine = make(org, code="WT-1", unit="min")
    archived = make(org, name="Archived", archived_at=timezone.now())
    other = Characteristic.objects.create(
        team=org.network, owner=org.neighbour, name="Network", data_type="defects"
    )
    rows = {row["id"]: row for row in sender.get("characteristics").json()["items"]}
    assert {pk: row["writable"] for pk, row in rows.items()} == {
        mine.pk: True, archived.pk: False, other.pk: False,
    }  # fmt: skip
    assert rows[mine.pk] | {"id": 0} == {
        "id": 0, "code": "WT-1", "name": "Waiting time", "team": "Service desk", "unit": "min",
        "kind": "variable", "archived": False, "writable": True,
    }  # fmt: skip
    only = sender.get("characteristics?writable=true").json()
    assert [row["id"] for row in only["items"]] == [mine.pk]
    assert [row["id"] for row in sender.get("characteristics?q=wt-").json()["items"]] == [mine.pk]


def test_pages_of_the_list_lead_on(org: Org, sender: Program) -> None:
    for number in range(205):
        make(org, name=f"C {number:03d}")
    seen, path = [], "characteristics?q=C"
    while path:
        page = sender.get(path).json()
        seen += [row["name"] for row in page["items"]]
        path = page["next"] and page["next"].split("/api/v1/")[1]
    assert seen == [f"C {number:03d}" for number in range(205)]
    assert page["count"] == 205


@pytest.mark.parametrize("query", ["page=0", "page=x", "q=%00", "writable=maybe", f"q={'x' * 101}"])
def test_a_query_that_cannot_be_read_is_said_so(sender: Program, query: str) -> None:
    response = sender.get(f"characteristics?{query}")
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("number", [0, 10**9, 10**30])
def test_a_number_that_nothing_bears(sender: Program, number: int) -> None:
    for path in (f"characteristics/{number}", f"characteristics/{number}/status"):
        assert sender.get(path).status_code == 404
    assert sender.send(number, [{"value": 1}]).status_code == 404


def test_reading_costs_the_same_for_any_number(
    org: Org, sender: Program, django_assert_max_num_queries: Any
) -> None:
    chart = factories.make_chart(org.member, org.desk, factories.steady(30))
    for number in range(40):
        make(org, name=f"C {number}")
    with django_assert_max_num_queries(8):
        sender.get("characteristics")
    with django_assert_max_num_queries(8):
        sender.get(f"characteristics/{chart.characteristic_id}/status")
    with django_assert_max_num_queries(32):
        items = [{"value": 1.0} for _ in range(1000)]
        assert sender.send(chart.characteristic_id, items).status_code == 201


def test_the_status_tells_what_came_of_it(org: Org, sender: Program) -> None:
    chart = factories.make_chart(org.member, org.desk, factories.steady(30))
    path = f"characteristics/{chart.characteristic_id}/status"
    before = sender.get(path).json()
    assert (before["up_to_date"], before["signals_open"]) == (True, 0)
    answer = sender.send(chart.characteristic_id, [{"value": 99}]).json()
    waiting = sender.get(path).json()
    assert waiting["data_version"] == answer["data_version"]
    assert not waiting["up_to_date"]
    assert waiting["charts"][0]["result_version"] < answer["data_version"]
    recompute(chart.pk)
    after = sender.get(path).json()
    assert after["up_to_date"]
    assert after["charts"][0]["result_version"] == answer["data_version"]
    assert after["charts"][0]["state"] == "signal"
    assert after["signals_open"] == len(after["charts"][0]["signals"]) > 0
    assert after["charts"][0]["signals"][0]["sentence"]


def test_answers_speak_the_language_that_is_asked_for(org: Org, sender: Program) -> None:
    one = make(org)
    sender.language = "zh-hant"
    response = sender.send(one, [{"value": "x"}])
    assert response["Content-Language"] == "zh-hant"
    assert "Accept-Language" in response["Vary"]
    assert response["Cache-Control"] == "no-store"


def test_an_address_that_is_none(sender: Program) -> None:
    for path in ("", "nowhere", "characteristics/x"):
        response = sender.get(path)
        assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    response = sender.client.delete("/api/v1/characteristics", headers=sender.headers())
    assert (response.status_code, response["Allow"]) == (405, "GET")
    assert response["Content-Type"] == "application/problem+json"


def test_an_error_of_ours_shows_a_number_and_no_detail(
    org: Org, sender: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr("apps.measurements.services.batches.append_observations", broken)
    response = sender.send(make(org), [{"value": 1}])
    assert response.status_code == 500
    assert b"swordfish" not in response.content
    assert response.json()["number"] in caplog.text
    assert not ReceivedBatch.objects.exists()
