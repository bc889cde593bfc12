"""The pages of characteristics and imports, by people and without scripts."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import reverse

from apps.accounts.models import User
from apps.measurements import importing, reading, services
from apps.measurements.choices import DataType, ImportState
from apps.measurements.models import Characteristic, Import
from apps.measurements.selectors import counted, snapshot
from tests.factories import Org

TEXT = "time,wait,note\n2026-11-20 08:00,4.5,a\n2026-11-20 08:05,n/a,=1+1\n2026-11-20 08:10,-5,-4\n"
SignIn = Callable[[User], Client]


@pytest.fixture
def thing(org: Org) -> Characteristic:
    return services.create_characteristic(actor=org.lead, team=org.desk, name="Wait", unit="min")


@pytest.fixture
def client(org: Org, client_as: SignIn) -> Client:
    return client_as(org.member)


def text_of(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


def upload(client: Client, thing: Characteristic, content: str = TEXT) -> Import:
    file = SimpleUploadedFile("calls.csv", content.encode())
    answer = client.post(
        reverse("measurements:import", args=[thing.pk]), {"file": file, "complete": "whole"}
    )
    assert answer.status_code == 302, text_of(answer)
    return Import.objects.latest("pk")


def preview(client: Client, thing: Characteristic, content: str = TEXT) -> Import:
    import_ = upload(client, thing, content)
    assert reading.read(import_.pk)
    return Import.objects.get(pk=import_.pk)


def page(client: Client, import_: Import, query: str = "") -> str:
    answer = client.get(reverse("measurements:import_detail", args=[import_.pk]) + query)
    assert answer.status_code == 200
    return text_of(answer)


def act(client: Client, name: str, import_: Import, **data: object) -> object:
    values = {"version": import_.version, **data}
    return client.post(reverse(f"measurements:{name}", args=[import_.pk]), values)


# --- Characteristics --------------------------------------------------------------------------


NEW = {
    "name": "Response", "unit": "min", "decimals": 2, "data_type": "variable",
    "direction": "lower", "subgrouping": "individuals", "visibility": "organisation",
}  # fmt: skip


def test_a_new_characteristic_leads_to_its_import(org: Org, client: Client) -> None:
    data = {**NEW, "team": org.desk.pk, "owner": org.member.pk, "usl": "8", "target": "4"}
    answer = client.post(reverse("measurements:create"), data)
    made = Characteristic.objects.get()
    assert answer["Location"] == reverse("measurements:import", args=[made.pk])
    assert (snapshot(made.pk).target, snapshot(made.pk).usl) == (4, 8)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"usl": "1_000"}, "Underscores do not belong in a number"),
        ({"usl": "nan"}, "Not a finite number"),
        ({"usl": "3", "lsl": "4"}, "The upper limit is not above the lower one"),
        ({"usl": "3", "target": "4"}, "The target lies outside the limits"),
        ({"subgrouping": "fixed"}, "Say how many values make a subgroup"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    org: Org, client: Client, change: dict[str, str], sentence: str
) -> None:
    data = {**NEW, "team": org.desk.pk, "owner": org.member.pk, **change}
    answer = client.post(reverse("measurements:create"), data)
    assert answer.status_code == 200
    assert sentence in text_of(answer)
    assert not Characteristic.objects.exists()


def test_a_taken_name_is_said_in_place(org: Org, client: Client, thing: Characteristic) -> None:
    data = {**NEW, "name": "Wait", "team": org.desk.pk, "owner": org.member.pk}
    assert "Choose another name" in text_of(client.post(reverse("measurements:create"), data))


def test_two_editors(org: Org, client_as: SignIn, thing: Characteristic) -> None:
    client = client_as(org.lead)
    url = reverse("measurements:edit", args=[thing.pk])
    data = {**NEW, "team": org.desk.pk, "owner": org.lead.pk, "version": 1}
    assert client.post(url, {**data, "name": "First"}).status_code == 302
    answer = client.post(url, {**data, "name": "Second, typed at length"})
    assert answer.status_code == 409
    assert "Second, typed at length" in text_of(answer)


def test_limits_and_correction_from_the_page(
    org: Org, client_as: SignIn, thing: Characteristic
) -> None:
    client = client_as(org.lead)
    services.append_observations(actor=org.lead, characteristic=thing, values=[45.0])
    limits = reverse("measurements:limits", args=[thing.pk])
    assert client.post(
        limits, {"lsl": "1", "usl": "8", "valid_from": "2026-01-01"}
    ).status_code == 302  # fmt: skip
    again = client.post(limits, {"lsl": "1", "usl": "9", "valid_from": "2026-01-01"})
    assert "Give the reason" in text_of(again)
    correct = reverse("measurements:correct", args=[thing.pk, 1])
    assert client.get(correct).status_code == 200
    client.post(correct, {"before": 45.0, "value": "4.5", "reason": "Decimal point"})
    assert snapshot(thing.pk).values.tolist() == [4.5]
    shown = text_of(client.get(reverse("measurements:detail", args=[thing.pk])))
    assert "corrected" in shown
    assert "Decimal point" in shown


def test_each_of_several_variables_can_be_corrected(org: Org, client_as: SignIn) -> None:
    thing = services.create_characteristic(
        actor=org.lead, team=org.desk, name="Oven", data_type=DataType.SEVERAL,
        variables=["Temperature", "Pressure", "Flow"],
    )  # fmt: skip
    services.append_observations(
        actor=org.lead, characteristic=thing, values=[80.0, 81.0], others=[[2.0, 5.0], [2.1, 5.1]]
    )
    client = client_as(org.lead)
    url = reverse("measurements:correct", args=[thing.pk, 2])
    page = text_of(client.get(url))
    assert all(name in page for name in thing.variables)
    typed = {
        "before": 81.0, "value": "81", "other_1_before": 2.1, "other_1": "2.1",
        "other_2_before": 5.1, "other_2": "6.5", "reason": "Misread",
    }  # fmt: skip
    assert client.post(url, typed).status_code == 302
    matrix = snapshot(thing.pk).rows
    assert matrix is not None
    assert matrix.tolist() == [[80.0, 2.0, 5.0], [81.0, 2.1, 6.5]]
    assert "Flow: 5.10 → 6.50" in text_of(client.get(url))
    # Sent again, it is of a state that is gone.
    assert client.post(url, typed).status_code == 409
    assert client.post(url, {**typed, "other_1": "warm"}).status_code == 200


def test_a_moved_event_says_which_intervals_go_with_it(org: Org, client_as: SignIn) -> None:
    for data_type, said in (("between", True), ("variable", False)):
        thing = services.create_characteristic(
            actor=org.lead, team=org.desk, name=data_type, data_type=data_type
        )
        services.append_observations(actor=org.member, characteristic=thing, values=[3.0])
        url = reverse("measurements:correct", args=[thing.pk, 1])
        assert ("correct those two values with it" in text_of(client_as(org.lead).get(url))) == said


def test_a_time_is_corrected_on_the_page(org: Org, client_as: SignIn) -> None:
    thing = services.create_characteristic(
        actor=org.lead, team=org.desk, name="Oven", time_zone="Europe/Berlin"
    )
    # The clock of Berlin showed 02:30 twice on this day: this is the second time.
    second = dt.datetime(2025, 10, 26, 1, 30, tzinfo=dt.UTC)
    services.append_observations(
        actor=org.lead, characteristic=thing, values=[1.0, 2.0],
        observed_at=[second, second + dt.timedelta(hours=5)],
    )  # fmt: skip
    client = client_as(org.lead)

    def correct(sequence: int, time: str, **more: str) -> HttpResponse:
        url = reverse("measurements:correct", args=[thing.pk, sequence])
        form = client.get(url).context["form"]
        shown = {name: form[name].value() for name in ("before", "value", "time_before", "time")}
        return client.post(url, shown | {"time": time or shown["time"], "reason": "Clock"} | more)

    url = reverse("measurements:correct", args=[thing.pk, 1])
    assert 'value="2025-10-26 02:30+01:00"' in client.get(url).content.decode()
    # The time as it is shown is the time that is stored.
    assert correct(1, "", value="1.5").status_code == 302
    assert counted(thing).get(sequence=1).observed_at == second
    for wrong, why in (
        ("2025-10-26 02:30", "showed this time twice"),
        ("2025-03-30 02:30", "set forward over this time"),
        ("2025-02-30", "does not exist"),
        ("2199-01-01", "lies ahead"),
        ("next week", "Not a date or time"),
        (" ", "Give the time"),
    ):
        assert why in text_of(correct(1, wrong)), wrong
    taken = correct(1, "2025-10-26 07:30")
    assert "Observation 2 has the same subgroup and time" in text_of(taken)
    assert 'name="both_count"' in taken.content.decode()
    assert correct(1, "2025-10-26 02:30 +02:00").status_code == 302
    assert counted(thing).get(sequence=1).observed_at == second - dt.timedelta(hours=1)
    assert "Time: 26 Oct 2025" in text_of(client.get(url))
    assert correct(1, "2025-10-26 07:30", both_count="on").status_code == 302
    assert snapshot(thing.pk).values.tolist() == [1.5, 2.0]


@pytest.mark.parametrize("query", ["?page=x", "?page=0", "?page=%00", "?page=99999999999999"])
def test_a_page_number_that_is_none_is_a_bad_request(
    client: Client, thing: Characteristic, query: str
) -> None:
    url = reverse("measurements:detail", args=[thing.pk])
    assert client.get(url + query).status_code == 400


# --- The import page --------------------------------------------------------------------------


def test_from_upload_to_the_chart(client: Client, thing: Characteristic) -> None:
    import_ = upload(client, thing)
    assert "Waiting to be read" in page(client, import_)
    progress = reverse("measurements:import_progress", args=[import_.pk])
    assert "hx-trigger" in text_of(client.get(progress))

    reading.read(import_.pk)
    assert client.get(progress)["HX-Redirect"] == reverse(
        "measurements:import_detail", args=[import_.pk]
    )
    import_.refresh_from_db()
    shown = page(client, import_)
    for words in (
        "Preview, nothing saved yet", "Import 2 rows", "1 refused row", "Not a number",
        "Time of observation", "Data version 0 → 1", "comma, UTF-8", "20 Nov to 20 Nov",
    ):  # fmt: skip
        assert words in shown, words

    act(client, "import_confirm", import_, accept_refused="True")
    assert "Saving" in page(client, import_)
    importing.import_rows(import_.pk)
    chart = reverse("charts:for_characteristic", args=[thing.pk])
    assert client.get(progress)["HX-Redirect"] == chart
    assert chart in page(client, import_)
    assert snapshot(thing.pk).values.tolist() == [4.5, -5.0]


def test_a_worker_faster_than_the_page_leads_to_the_chart_too(
    client: Client, thing: Characteristic
) -> None:
    import_ = preview(client, thing, "value\n4.5\n-5\n")
    act(client, "import_confirm", import_)
    importing.import_rows(import_.pk)
    chart = reverse("charts:for_characteristic", args=[thing.pk])
    answer = client.get(reverse("measurements:import_detail", args=[import_.pk]))
    assert (answer.status_code, answer["Location"]) == (302, chart)
    assert "2 observations imported." in text_of(client.get(answer["Location"], follow=True))
    assert chart in page(client, import_), "once is enough: the import itself can be opened"


def test_the_report_can_be_narrowed_and_nothing_else(client: Client, thing: Characteristic) -> None:
    import_ = preview(client, thing)
    assert "Not a number" in page(client, import_, "?show=refused")
    assert "No row of this kind" in page(client, import_, "?show=warning")
    url = reverse("measurements:import_detail", args=[import_.pk])
    for query in ("?show=everything", "?show=%00", "?show=refused'"):
        assert client.get(url + query).status_code == 400


def test_a_column_is_read_as_chosen(client: Client, thing: Characteristic) -> None:
    import_ = preview(client, thing, "a,b\n1,10\n2,20\n")
    form = {
        "encoding": "utf-8", "delimiter": ",", "header": "1", "marks": ".", "format": "plain",
        "date_order": "ymd", "time_zone": "Asia/Taipei", "order": "time",
    }  # fmt: skip
    act(client, "import_remap", import_, **form, role_0="skip", role_1="value")
    reading.read(import_.pk)
    import_.refresh_from_db()
    assert [row["value"] for row in import_.report["first"]] == [10, 20]
    assert "Chosen by you" in page(client, import_)

    wrong = act(client, "import_remap", import_, **{**form, "format": "mm:ss", "encoding": "x"},
                role_0="skip", role_1="value")  # fmt: skip
    assert wrong.status_code == 422
    assert "Select a valid choice" in text_of(wrong)


def test_a_duration_needs_a_unit_of_time(org: Org, client: Client) -> None:
    thing = services.create_characteristic(actor=org.lead, team=org.desk, name="L", unit="mm")
    import_ = preview(client, thing, "a\n1\n2\n")
    answer = act(
        client, "import_remap", import_, encoding="utf-8", delimiter=",", header="1", marks=".",
        format="mm:ss", date_order="ymd", time_zone="UTC", order="time", role_0="value",
    )  # fmt: skip
    assert "A duration needs a characteristic in s, min or h" in text_of(answer)


def test_the_refused_rows_leave_as_an_inert_file(client: Client, thing: Characteristic) -> None:
    import_ = preview(client, thing, TEXT + "2026-11-20 08:15,@x,+cmd\n2026-11-20 08:20,--1,-4\n")
    answer = client.get(reverse("measurements:import_refused", args=[import_.pk]))
    assert answer["Content-Disposition"] == 'attachment; filename="refused-calls.csv"'
    content = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(content)))
    assert rows[0][:4] == ["Row", "Column", "What is wrong", "What to do"]
    assert [row[0] for row in rows[1:]] == ["3", "5", "6"]
    assert [row[5:] for row in rows[1:]] == [["n/a", "'=1+1"], ["'@x", "'+cmd"], ["'--1", "-4"]]


def test_a_confirmation_of_what_moved_on_is_a_conflict(
    client: Client, thing: Characteristic
) -> None:
    import_ = preview(client, thing)
    act(client, "import_confirm", import_, accept_refused="True")
    assert act(client, "import_confirm", import_, accept_refused="True").status_code == 409


def test_what_keeps_from_importing_is_said_on_the_page(
    client: Client, thing: Characteristic
) -> None:
    import_ = preview(client, thing, "value;x\n1,234;a\n2,345;b\n")
    answer = act(client, "import_confirm", import_)
    assert answer["Location"] == reverse("measurements:import_detail", args=[import_.pk])
    assert "Confirm how the file was read" in page(client, import_)


def test_the_same_file_again_is_said_with_its_date(client: Client, thing: Characteristic) -> None:
    for _time in range(2):
        import_ = preview(client, thing)
        act(client, "import_confirm", import_, accept_refused="True", again="on")
        importing.import_rows(import_.pk)
    third = preview(client, thing)
    shown = page(client, third)
    assert "This very file was imported on" in shown
    assert "2 values meet observations" in shown


def test_cancel_and_reverse(org: Org, client_as: SignIn, thing: Characteristic) -> None:
    client = client_as(org.lead)
    import_ = preview(client, thing)
    assert act(client, "import_cancel", import_).status_code == 302
    assert "the file is deleted" in page(client, import_)

    import_ = preview(client, thing)
    act(client, "import_confirm", import_, accept_refused="True")
    importing.import_rows(import_.pk)
    import_.refresh_from_db()
    url = reverse("measurements:import_reverse", args=[import_.pk])
    assert "2 observations no longer count" in text_of(client.get(url))
    assert "This field is required" in text_of(client.post(url, {"version": import_.version}))
    client.post(url, {"version": import_.version, "reason": "Wrong machine"})
    assert Import.objects.get(pk=import_.pk).state == ImportState.REVERSED
    assert len(snapshot(thing.pk).values) == 0
    assert "no longer count" in page(client, import_)


def test_no_file_and_a_nameless_file(client: Client, thing: Characteristic) -> None:
    url = reverse("measurements:import", args=[thing.pk])
    assert "Choose a file, or type values below" in text_of(client.post(url, {"complete": "whole"}))
    both = {"file": SimpleUploadedFile("a.csv", b"v\n1\n"), "text": "1", "complete": "whole"}
    assert "not both" in text_of(client.post(url, both))
    odd = SimpleUploadedFile("../../etc/pass\x00wd‮.csv", b"value\n1\n")
    client.post(url, {"file": odd, "complete": "whole"})
    name = Import.objects.get().file_name
    assert "/" not in name
    assert name.isprintable()


def test_a_connection_that_is_cut_stores_nothing(client: Client, thing: Characteristic) -> None:
    """The body of the request ends at a random place, as when a phone leaves the network."""
    url = reverse("measurements:import", args=[thing.pk])
    file = SimpleUploadedFile("calls.csv", TEXT.encode() * 50)
    body = encode_multipart(BOUNDARY, {"file": file, "complete": "whole"})
    source = random.Random(4)
    whole = body.index(b"whole") + len(b"whole")
    for end in (0, 1, whole - 1, *(source.randrange(whole) for _cut in range(20))):
        answer = client.generic("POST", url, body[:end], content_type=MULTIPART_CONTENT)
        assert answer.status_code == 400 or "cut off" in text_of(answer), end
    assert not Import.objects.exists()
    assert client.generic("POST", url, body, content_type=MULTIPART_CONTENT).status_code == 302


def test_typed_values_take_the_same_way(client: Client, thing: Characteristic) -> None:
    """Cells pasted from a spreadsheet are separated by tabs."""
    typed = "2026-11-20 08:00\t4.5\r\n2026-11-20 08:05\t4,7\r\n2026-11-20 08:10\t4.6\r\n"
    client.post(
        reverse("measurements:import", args=[thing.pk]), {"text": typed, "complete": "whole"}
    )
    import_ = Import.objects.get()
    reading.read(import_.pk)
    import_.refresh_from_db()
    assert import_.report["reading"]["header"] == 0
    assert (import_.rows_ready, import_.rows_refused) == (2, 1)
    assert "typed.txt" in page(client, import_)


def test_user_text_is_escaped_wherever_it_shows(client: Client, org: Org) -> None:
    nasty = "<script>alert(1)</script>"
    thing = services.create_characteristic(actor=org.lead, team=org.desk, name=nasty, unit="<b>")
    import_ = preview(client, thing, f"time,{nasty}\n2026-11-20,{nasty}\n2026-11-21,4\n")
    for url in (
        reverse("measurements:import_detail", args=[import_.pk]),
        reverse("measurements:detail", args=[thing.pk]),
        reverse("measurements:import", args=[thing.pk]),
    ):
        assert nasty not in text_of(client.get(url)), url


# --- Who --------------------------------------------------------------------------------------


PAGES = {
    # name: who may open it (GET), of the personas
    "detail": {"administrator", "lead", "manager", "member", "staff", "neighbour"},
    "edit": {"administrator", "lead"},
    "limits": {"administrator", "lead"},
    "archive": {"administrator", "lead"},
    "import": {"administrator", "lead", "member"},
    "import_detail": {"administrator", "lead", "manager", "member", "staff", "neighbour"},
    "import_refused": {"administrator", "lead", "manager", "member", "staff", "neighbour"},
    "import_reverse": {"administrator", "lead"},
}
POSTS = ("import_confirm", "import_cancel", "import_remap", "import_reverse")
ALL = ["administrator", "lead", "manager", "member", "staff", "neighbour", "outsider"]


@pytest.mark.parametrize("persona", ALL)
def test_who_opens_what(
    org: Org, client: Client, client_as: SignIn, thing: Characteristic, persona: str
) -> None:
    import_ = preview(client, thing)
    visitor = client_as(getattr(org, persona))
    for name, allowed in PAGES.items():
        pk = import_.pk if name.startswith("import_") else thing.pk
        answer = visitor.get(reverse(f"measurements:{name}", args=[pk]))
        expected = 200 if persona in allowed else 404 if persona == "outsider" else 403
        assert answer.status_code == expected, name
    if persona not in PAGES["import"]:
        for name in POSTS:
            answer = act(visitor, name, import_)
            assert answer.status_code == (404 if persona == "outsider" else 403), name
        assert Import.objects.get().state == ImportState.PREVIEW


def test_a_team_s_own_characteristic_is_not_there_for_others(org: Org, client_as: SignIn) -> None:
    thing = services.create_characteristic(
        actor=org.lead, team=org.desk, name="Secret", visibility="team"
    )
    import_ = preview(client_as(org.member), thing)
    neighbour = client_as(org.neighbour)
    for name in PAGES:
        pk = import_.pk if name.startswith("import_") else thing.pk
        assert neighbour.get(reverse(f"measurements:{name}", args=[pk])).status_code == 404


@pytest.mark.parametrize("name", ["import_confirm", "import_cancel", "import_remap"])
def test_a_change_is_never_a_get(client: Client, thing: Characteristic, name: str) -> None:
    import_ = preview(client, thing)
    assert client.get(reverse(f"measurements:{name}", args=[import_.pk])).status_code == 405


def test_the_reference_data_shows_and_changes_nothing(
    org: Org, client_as: SignIn, thing: Characteristic
) -> None:
    org.administrator.is_superuser = True
    org.administrator.save()
    client = client_as(org.administrator)
    base = f"/reference/measurements/characteristic/{thing.pk}"
    assert client.get(f"{base}/change/").status_code == 200
    assert client.post(f"{base}/change/", {"name": "Other"}).status_code == 403
    assert client.post(f"{base}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/reference/measurements/characteristic/add/").status_code == 403
    assert client.get("/reference/measurements/import/add/").status_code == 403


# --- Without a broker -------------------------------------------------------------------------


def test_an_upload_is_taken_in_at_once_when_the_broker_is_down(
    client: Client, thing: Characteristic, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        import_ = upload(client, thing)
    assert import_.state == ImportState.RECEIVED
    assert "Waiting to be read" in page(client, import_)


def test_a_list_takes_no_more_queries_for_more_rows(
    org: Org, client: Client, thing: Characteristic, django_assert_max_num_queries
) -> None:
    services.append_observations(actor=org.lead, characteristic=thing, values=range(200))
    for _number in range(5):
        upload(client, thing)
    with django_assert_max_num_queries(20):
        client.get(reverse("measurements:detail", args=[thing.pk]))
