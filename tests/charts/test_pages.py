"""The pages of control charts, seen by each persona and through the browser's eyes of a client."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.charts import recompute as job
from apps.charts.choices import CauseState
from apps.charts.models import ControlChart, Exclusion, Phase, Signal
from apps.charts.recompute import recompute
from apps.charts.services import exclude_point, start_phase
from apps.measurements.services import append_observations, create_characteristic
from tests.factories import Org, make_chart, piston_rings, steady

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]

OPEN_PAGES = ("detail", "data", "status", "signals", "history", "table", "csv")
SETTLING = ("settings", "phase_start", "point_exclude")


def page(client: Client, name: str, *args: int, **query: str) -> str:
    response = client.get(reverse(f"charts:{name}", args=args), query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


# --- who sees and does what -------------------------------------------------------------------


@pytest.mark.parametrize("name", OPEN_PAGES)
def test_everyone_with_a_role_reads_charts_of_the_organisation(
    org: Org, client_as: SignIn, name: str
) -> None:
    chart = make_chart(org.lead, org.desk, steady(30))
    for persona, user in org.personas.items():
        answer = client_as(user).get(reverse(f"charts:{name}", args=[chart.pk]))
        expected = 404 if persona == "outsider" else 200
        assert answer.status_code == expected, (persona, name)


def test_charts_of_a_closed_team_are_not_there_for_others(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, steady(30), visibility="team")
    url = reverse("charts:detail", args=[chart.pk])
    assert client_as(org.member).get(url).status_code == 200
    assert client_as(org.neighbour).get(url).status_code == 404
    assert chart.characteristic.name not in page(client_as(org.neighbour), "wall")


@pytest.mark.parametrize("name", SETTLING)
def test_only_owner_lead_and_administrator_change_how_a_chart_is_made(
    org: Org, client_as: SignIn, name: str
) -> None:
    chart = make_chart(org.lead, org.desk, steady(30))
    allowed = {"administrator", "lead"}
    for persona, user in org.personas.items():
        url = reverse(f"charts:{name}", args=[chart.pk])
        for answer in (client_as(user).get(url), client_as(user).post(url)):
            if persona == "outsider":
                assert answer.status_code == 404
            else:
                assert (answer.status_code == 403) == (persona not in allowed), persona


def test_staff_and_neighbours_do_not_explain_signals(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, [*steady(30), 20.0])
    signal = Signal.objects.filter(chart=chart).first()
    assert signal is not None
    for persona, user in org.personas.items():
        answer = client_as(user).get(reverse("charts:signal_explain", args=[signal.pk]))
        expected = {"staff": 403, "neighbour": 403, "outsider": 404}.get(persona, 200)
        assert answer.status_code == expected, persona


# --- the wall -----------------------------------------------------------------------------------


def test_the_wall_shows_what_needs_a_cause_first(org: Org, client_as: SignIn) -> None:
    make_chart(org.lead, org.desk, steady(30), name="Always steady")
    make_chart(org.lead, org.desk, [*steady(30), 20.0], name="Zone of trouble")
    text = page(client_as(org.staff), "wall")
    assert text.index("Zone of trouble") < text.index("Always steady")
    assert "1 chart, 1 without an owner" in text
    assert "One point above the upper limit" in text
    assert "No signal in 30 points." in text


def test_the_wall_costs_the_same_queries_for_many_charts(org: Org, client_as: SignIn) -> None:
    client = client_as(org.staff)
    counts = []
    for more in (2, 10):
        for _chart in range(more):
            make_chart(org.lead, org.desk, [*steady(30), 20.0])
        with CaptureQueriesContext(connection) as queries:
            page(client, "wall")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[1] <= 20


def test_the_wall_filters_by_text_state_team_and_kind(org: Org, client_as: SignIn) -> None:
    make_chart(org.lead, org.desk, steady(30), name="Waiting time")
    make_chart(org.lead, org.desk, [*steady(30), 20.0], name="Repair time")
    make_chart(
        org.administrator, org.network, [3.0, 4.0] * 15, name="Line faults", data_type="defects"
    )
    client = client_as(org.staff)

    def names(**query: str) -> set[str]:
        text = page(client, "wall", **query)
        return {name for name in ("Waiting time", "Repair time", "Line faults") if name in text}

    assert names() == {"Waiting time", "Repair time", "Line faults"}
    assert names(q="time") == {"Waiting time", "Repair time"}
    assert names(state="signal") == {"Repair time"}
    assert names(team=str(org.network.pk)) == {"Line faults"}
    assert names(team=str(org.root.pk)) == {"Waiting time", "Repair time", "Line faults"}
    assert names(kind="c", view="list") == {"Line faults"}
    assert names(q="nothing like it") == set()


@pytest.mark.parametrize(
    "query", ["q=%00", "team=abc", "team=999999", "state=sick", "kind=z", "page=x", "view=cube"]
)
def test_the_wall_answers_nonsense_with_400(org: Org, client_as: SignIn, query: str) -> None:
    assert client_as(org.staff).get(f"{reverse('charts:wall')}?{query}").status_code == 400


def test_an_empty_wall_says_what_to_do(org: Org, client_as: SignIn) -> None:
    assert "Import 20 or more values" in page(client_as(org.member), "wall")
    assert "Add a characteristic" not in page(client_as(org.staff), "wall")


# --- from a characteristic to its chart -----------------------------------------------------------


def test_one_button_opens_the_recommended_chart(org: Org, client_as: SignIn) -> None:
    characteristic = create_characteristic(
        actor=org.lead, team=org.desk, name="Faults", data_type="defects"
    )
    url = reverse("charts:for_characteristic", args=[characteristic.pk])
    client = client_as(org.lead)
    assert "The data count defects on units of one size" in client.get(url).content.decode()
    client.post(url)
    chart = ControlChart.objects.get(characteristic=characteristic)
    assert chart.kind == "c"
    assert client.get(url).headers["Location"] == reverse("charts:detail", args=[chart.pk])
    assert client_as(org.staff).post(url).status_code in {302, 403}
    assert ControlChart.objects.count() == 1


def test_staff_cannot_open_a_chart(org: Org, client_as: SignIn) -> None:
    characteristic = create_characteristic(actor=org.lead, team=org.desk, name="Faults")
    url = reverse("charts:for_characteristic", args=[characteristic.pk])
    assert client_as(org.staff).get(url).status_code == 200
    assert client_as(org.staff).post(url).status_code == 403
    assert not ControlChart.objects.exists()


# --- the chart page -------------------------------------------------------------------------------


def test_the_finding_is_the_title(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, [*steady(40), *steady(40, level=5.0)], unit="min")
    start_phase(actor=org.lead, chart=chart, start_sequence=41, name="After", reason="New desk")
    recompute(chart.pk)
    assert "The process moved from 10.04 to 5.04\u00a0min with phase After" in page(
        client_as(org.staff), "detail", chart.pk
    )


def test_a_steady_chart_says_so(org: Org, client_as: SignIn) -> None:
    now = timezone.now()
    times = [now - dt.timedelta(days=40 - i) for i in range(40)]
    chart = make_chart(org.lead, org.desk, steady(40), unit="min", observed_at=times)
    assert "Steady at 10.04\u00a0min since" in page(client_as(org.staff), "detail", chart.pk)


def test_signals_are_said_in_words_for_better_or_worse(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, [*steady(30), 20.0], direction="lower")
    text = page(client_as(org.staff), "detail", chart.pk)
    assert "One point above the upper limit" in text
    assert "for the worse" in text
    assert "Moving range: one point above the upper limit" in text


def test_a_chart_without_data_teaches_the_next_step(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk)
    assert "Import 20 or more values" in page(client_as(org.lead), "detail", chart.pk)


def test_capability_comes_with_interval_and_recipe(org: Org, client_as: SignIn) -> None:
    chart = piston_rings(org.lead, org.desk, samples=25)
    text = page(client_as(org.staff), "detail", chart.pk)
    for part in ("Ppk", "Cpk", "Sigma level", "with 1.5", "Recipe", "Data version", "0 / 125"):
        assert part in text


def test_the_page_says_that_it_is_recomputed_and_refreshes(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, steady(30))
    append_observations(actor=org.lead, characteristic=chart.characteristic, values=[10.0])
    client = client_as(org.staff)
    text = page(client, "detail", chart.pk)
    assert "Recomputing since" in text
    found = re.search(r'hx-get="([^"]*)"\s+hx-trigger="every 2s"', text)
    assert found
    status_url = found[1].replace("&amp;", "&")
    assert "Recomputing since" in client.get(status_url).content.decode()
    recompute(chart.pk)
    assert client.get(status_url).headers["HX-Refresh"] == "true"
    fresh = re.search(
        r'hx-get="([^"]*)"\s+hx-trigger="every 15s"', page(client, "detail", chart.pk)
    )
    assert fresh
    assert client.get(fresh[1]).status_code == 204


def test_an_open_page_is_not_reloaded_under_the_hands_of_a_writer(
    org: Org, client_as: SignIn
) -> None:
    chart = make_chart(org.lead, org.desk, steady(30))
    client = client_as(org.staff)
    found = re.search(r'hx-get="([^"]*)"', page(client, "detail", chart.pk))
    assert found
    append_observations(actor=org.lead, characteristic=chart.characteristic, values=[10.0])
    recompute(chart.pk)
    answer = client.get(found[1])
    assert "A newer result is there." in answer.content.decode()
    assert "HX-Refresh" not in answer.headers


def test_after_a_minute_the_page_says_that_it_waits(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, steady(30))
    append_observations(actor=org.lead, characteristic=chart.characteristic, values=[10.0])
    long_ago = timezone.now() - dt.timedelta(minutes=5)
    type(chart.characteristic).objects.filter(pk=chart.characteristic_id).update(
        changed_at=long_ago
    )
    assert "Waiting to be recomputed since" in page(client_as(org.staff), "detail", chart.pk)


def test_a_chart_that_cannot_be_computed_says_why(
    org: Org, client_as: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart = make_chart(org.lead, org.desk, steady(30), computed=False)

    def fail(*_args: object) -> None:
        raise ZeroDivisionError("a point at infinity")

    monkeypatch.setattr(job, "compute", fail)
    recompute(chart.pk)
    text = page(client_as(org.staff), "detail", chart.pk)
    assert "could not be computed three times" in text
    assert "a point at infinity" in text
    assert "Not computed" in page(client_as(org.staff), "wall")


# --- acting ---------------------------------------------------------------------------------------


def test_assigning_and_explaining_a_signal(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, [*steady(30), 20.0])
    signal = Signal.objects.get(chart=chart, panel="individuals")
    client = client_as(org.member)
    client.post(
        reverse("charts:signal_assign", args=[signal.pk]),
        {"person": org.staff.pk, "due": timezone.localdate().isoformat(), "version": 1},
    )
    signal.refresh_from_db()
    assert signal.assigned_to == org.staff
    assert org.staff.notifications.filter(kind="signal.assigned").exists()
    client.post(
        reverse("charts:signal_explain", args=[signal.pk]),
        {"found": "1", "cause": "A power cut", "version": signal.version},
    )
    signal.refresh_from_db()
    assert (signal.cause_state, signal.cause) == (CauseState.FOUND, "A power cut")
    text = page(client, "detail", chart.pk)
    assert "A power cut" in text
    assert "explained a signal" in text


def test_the_second_of_two_changes_is_told_and_keeps_its_text(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, [*steady(30), 20.0])
    signal = Signal.objects.get(chart=chart, panel="individuals")
    url = reverse("charts:signal_explain", args=[signal.pk])
    client_as(org.lead).post(url, {"found": "1", "cause": "First", "version": 1})
    answer = client_as(org.member).post(url, {"found": "1", "cause": "My long text", "version": 1})
    assert answer.status_code == 409
    assert "My long text" in answer.content.decode()
    signal.refresh_from_db()
    assert signal.cause == "First"


def test_an_owner_is_told_once_of_a_new_signal(org: Org) -> None:
    chart = make_chart(org.lead, org.desk, steady(30))
    append_observations(actor=org.lead, characteristic=chart.characteristic, values=[20.0])
    recompute(chart.pk)
    append_observations(actor=org.lead, characteristic=chart.characteristic, values=[10.0])
    recompute(chart.pk)
    assert org.lead.notifications.filter(kind="signal.raised").count() == 1


def test_settings_are_changed_and_recomputed(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, steady(30))
    url = reverse("charts:settings", args=[chart.pk])
    sent = {"kind": "i-mr", "rules": ["western-electric:1", "western-electric:4"],
            "estimator": "mr-median", "version": chart.version}  # fmt: skip
    client = client_as(org.lead)
    assert client.post(url, sent).status_code == 302
    chart.refresh_from_db()
    assert chart.rules == ["western-electric:1", "western-electric:4"]
    assert chart.settings_version == 2
    assert recompute(chart.pk)
    assert ControlChart.objects.get(pk=chart.pk).result.content["estimator"] == "mr-median"
    assert client.post(url, sent).status_code == 409
    wrong = sent | {"rules": ["nelson:99"], "version": chart.version}
    assert client.post(url, wrong).status_code == 422


def test_a_phase_starts_at_a_point_and_can_be_removed(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, steady(60), subgrouping="fixed", subgroup_size=3)
    client = client_as(org.lead)
    sent = {"point": 11, "name": "After", "reason": "Routing", "version": 1}
    assert client.post(reverse("charts:phase_start", args=[chart.pk]), sent).status_code == 302
    phase = Phase.objects.get(chart=chart)
    assert phase.start_sequence == 31
    recompute(chart.pk)
    assert "Routing" in page(client, "settings", chart.pk)
    beyond = sent | {"point": 99, "version": 2}
    assert client.post(reverse("charts:phase_start", args=[chart.pk]), beyond).status_code == 422
    url = reverse("charts:phase_remove", args=[chart.pk, phase.pk])
    assert client.post(url, {"reason": "Too early", "version": 2}).status_code == 302
    assert not Phase.objects.exists()


def test_limits_are_frozen_and_released(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, steady(30))
    before = chart.result.content["phases"][0]["panels"][0]
    client = client_as(org.lead)
    url = reverse("charts:limits_freeze", args=[chart.pk, 0])
    client.post(url, {"number": 0, "reason": "In control", "version": 1})
    append_observations(actor=org.lead, characteristic=chart.characteristic, values=[12.5] * 30)
    recompute(chart.pk)
    result = ControlChart.objects.get(pk=chart.pk).result
    assert result.content["phases"][0]["panels"][0] == before
    phase = Phase.objects.get(chart=chart)
    release = reverse("charts:limits_release", args=[chart.pk, phase.pk])
    client.post(release, {"reason": "New machine", "version": 2})
    recompute(chart.pk)
    result = ControlChart.objects.get(pk=chart.pk).result
    assert result.content["phases"][0]["panels"][0]["center"] > before["center"]


def test_a_point_is_left_out_with_a_reason_and_taken_in_again(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, [*steady(30), 20.0])
    client = client_as(org.lead)
    url = reverse("charts:point_exclude", args=[chart.pk])
    assert client.post(url, {"point": 31, "reason": "", "version": 1}).status_code == 422
    assert client.post(url, {"point": 31, "reason": "Test call", "version": 1}).status_code == 302
    recompute(chart.pk)
    text = page(client, "detail", chart.pk)
    assert "Left out of the limits, kept on the chart." in text
    assert json.loads(page(client, "data", chart.pk))["excluded"] == [30]
    exclusion = Exclusion.objects.get(chart=chart)
    back = reverse("charts:point_include", args=[chart.pk, exclusion.pk])
    assert client.post(back, {"reason": "It was real", "version": 2}).status_code == 302
    assert not Exclusion.objects.exists()


def test_a_note_shows_on_the_chart(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, steady(30))
    client = client_as(org.member)
    url = reverse("charts:point_annotate", args=[chart.pk])
    assert client.post(url, {"point": 7, "text": "Fire drill"}).status_code == 302
    assert json.loads(page(client, "data", chart.pk))["notes"] == [
        {"point": 6, "letter": "A", "text": "Fire drill"}
    ]


def test_exclusions_of_another_chart_are_not_reached(org: Org, client_as: SignIn) -> None:
    one = make_chart(org.lead, org.desk, steady(30))
    other = make_chart(org.lead, org.desk, steady(30))
    exclusion = exclude_point(actor=org.lead, chart=other, sequence=3, reason="Wrong")
    url = reverse("charts:point_include", args=[one.pk, exclusion.pk])
    assert client_as(org.lead).post(url, {"reason": "x", "version": 1}).status_code == 404


# --- data -----------------------------------------------------------------------------------------


def test_the_payload_holds_points_limits_phases_and_signals(org: Org, client_as: SignIn) -> None:
    chart = piston_rings(org.lead, org.desk)
    data = json.loads(page(client_as(org.staff), "data", chart.pk))
    assert data["x"] == {
        "kind": "order",
        "values": list(range(1, 41)),
        "labels": [str(i) for i in range(1, 41)],
    }
    assert [panel["name"] for panel in data["panels"]] == ["mean", "range"]
    assert {s["point"] for s in data["signals"]} == {36, 37, 38}
    assert data["phases"][0]["limits"][0]["ucl"] == "UCL 74.014"
    assert data["decimated"] is False
    assert "spec" not in data


def test_shares_are_sent_as_percentages(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, [5.0, 6.0] * 15, sizes=50.0, data_type="defectives")
    data = json.loads(page(client_as(org.staff), "data", chart.pk))
    assert data["unit"] == "%"
    assert data["panels"][0]["points"][:2] == pytest.approx([10.0, 12.0])


def test_large_charts_are_sent_decimated_and_whole_in_a_window(org: Org, client_as: SignIn) -> None:
    values = steady(9_000)
    values[4_321] = 25.0
    chart = make_chart(org.lead, org.desk, values)
    client = client_as(org.staff)
    data = json.loads(page(client, "data", chart.pk))
    assert data["decimated"] is True
    assert len(data["x"]["values"]) < 4_001
    assert max(data["panels"][0]["points"]) == 25.0
    assert data["x"]["range"] == [1, 9_000]
    at = data["x"]["values"].index(4_322)
    assert any(signal["point"] == at for signal in data["signals"])
    part = json.loads(page(client, "data", chart.pk, **{"from": "4300", "to": "4400"}))
    assert part["decimated"] is False
    assert {4_300, 4_400} <= set(part["x"]["values"])
    assert len(part["x"]["values"]) < 200
    hit = part["signals"][0]
    assert part["x"]["values"][hit["point"]] in {4_322, 4_323}


@pytest.mark.parametrize("query", ["from=nan", "from=x", "width=0", "to=1e400", "from=%00"])
def test_a_nonsense_window_is_refused(org: Org, client_as: SignIn, query: str) -> None:
    chart = make_chart(org.lead, org.desk, steady(30))
    url = f"{reverse('charts:data', args=[chart.pk])}?{query}"
    assert client_as(org.staff).get(url).status_code == 400


def test_the_table_is_paged_newest_first(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, [*steady(249), 25.0])
    client = client_as(org.staff)
    text = page(client, "table", chart.pk)
    assert text.index(">250<") < text.index(">249<")
    assert "Nelson 1" in text
    assert ">150<" not in page(client, "table", chart.pk, page="2")
    assert ">1<" in page(client, "table", chart.pk, page="5")


def test_the_chart_leads_everyone_to_its_data(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk, steady(30))
    data = reverse("measurements:detail", args=[chart.characteristic_id])
    assert f'href="{data}"' in page(client_as(org.staff), "detail", chart.pk)
