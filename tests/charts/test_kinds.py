"""Charts of times between events, of several variables, by time window, and told apart by factor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from apps import stats
from apps.accounts.models import User
from apps.charts.choices import CauseState, ChartKind
from apps.charts.computing import compute
from apps.charts.display import display_of
from apps.charts.drawing import describe
from apps.charts.judging import ChartSetting
from apps.charts.models import ControlChart, Signal
from apps.charts.payload import payload
from apps.charts.pictures import draw
from apps.charts.recommending import kinds_for, recommended
from apps.charts.recompute import recompute
from apps.charts.selectors import capability_of, key_figure, stability
from apps.charts.services import (
    exclude_point,
    explain_signal,
    freeze_limits,
    open_chart,
    start_phase,
)
from apps.charts.views.capability import capability_card
from apps.charts.wording.findings import finding, signal_story
from apps.charts.wording.rules import signal_sentence
from apps.measurements.models import Characteristic
from apps.measurements.selectors import Snapshot, snapshot
from apps.measurements.services import append_observations, create_characteristic
from apps.projects.models import Project, Target
from tests.factories import Org, make_project

SignIn = Callable[[User], Client]

pytestmark = pytest.mark.django_db


def made(org: Org, **fields: Any) -> Characteristic:
    return create_characteristic(
        actor=org.lead, team=org.desk, **({"name": "Falls", "unit": "days"} | fields)
    )


def charted(org: Org, thing: Characteristic, kind: str | None = None) -> ControlChart:
    chart = open_chart(actor=org.lead, characteristic=thing, kind=kind)
    recompute(chart.pk)
    return fresh(chart)


def fresh(chart: ControlChart) -> ControlChart:
    return ControlChart.objects.select_related("characteristic__team", "result").get(pk=chart.pk)


def times(n: int = 40, seed: int = 3) -> list[float]:
    return np.random.default_rng(seed).exponential(12.0, n).round(2).tolist()


def rows(n: int = 60, seed: int = 5) -> np.ndarray[Any, Any]:
    """Three variables, the first two of which go together."""
    draw = np.random.default_rng(seed).normal(size=(n, 3))
    return np.column_stack(
        [80 + draw[:, 0], 5 + 0.9 * draw[:, 0] + 0.2 * draw[:, 1], 20 + 2 * draw[:, 2]]
    )


def of_several(org: Org, data: np.ndarray[Any, Any], **fields: Any) -> Characteristic:
    thing = made(
        org, data_type="several", variables=["Temperature", "Pressure", "Flow"], unit="", **fields
    )
    append_observations(
        actor=org.lead, characteristic=thing, values=data[:, 0].tolist(),
        others=data[:, 1:].tolist(),
    )  # fmt: skip
    return thing


# --- Times and units between events -------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "kind", "reason"),
    [
        ([12.5, 3.0, 8.2], ChartKind.T, "time_between"),
        ([12.0, 3.0, 0.0], ChartKind.G, "units_between"),
        ([], ChartKind.T, "time_between"),
    ],
)
def test_the_advisor_tells_times_from_units(
    org: Org, values: list[float], kind: ChartKind, reason: str
) -> None:
    thing = made(org, data_type="between")
    append_observations(actor=org.lead, characteristic=thing, values=values)
    advice = recommended(thing)
    assert (advice.kind, advice.reason) == (kind, reason)
    assert set(kinds_for(thing)) == {ChartKind.T, ChartKind.G}


@pytest.mark.parametrize(("kind", "choices"), [("t", {}), ("g", {"limits": "probability"})])
def test_what_is_stored_is_what_the_engine_gives(
    org: Org, kind: str, choices: dict[str, Any]
) -> None:
    values = [float(round(value)) + 1 for value in times()]
    thing = made(org, data_type="between")
    append_observations(actor=org.lead, characteristic=thing, values=values)
    chart = charted(org, thing, kind)
    judged = stats.chart(kind, values, rules=("nelson:1", "nelson:2"), **choices)
    panel = chart.result.content["phases"][0]["panels"][0]
    assert panel["ucl"] == pytest.approx(judged.panels[0].ucl[-1])
    assert panel["center"] == pytest.approx(judged.panels[0].center[-1])
    assert chart.result.content["warnings"] == []


def test_a_long_quiet_time_is_a_signal_for_the_better(org: Org) -> None:
    thing = made(org, data_type="between", direction="higher")
    append_observations(actor=org.lead, characteristic=thing, values=[*times(30), 160.0])
    chart = charted(org, thing, "t")
    signal = Signal.objects.get(chart=chart, rule="nelson:1")
    assert (signal.side, signal.point) == ("above", 30)
    assert finding(chart, chart.result, [signal]).endswith("For the better.")


def test_the_mean_between_events_has_the_interval_of_its_rate(org: Org) -> None:
    """20 events in 240 days: 12 days, 7.77 to 19.65 (exact Poisson interval of 20: 12.217 to 30.888)."""
    thing = made(org, data_type="between")
    append_observations(actor=org.lead, characteristic=thing, values=[12.0] * 19 + [12.0])
    figure = key_figure(charted(org, thing, "g"))
    assert figure is not None
    assert (figure.before.lower, figure.before.value, figure.before.upper) == pytest.approx(
        (240 / 30.888, 12.0, 240 / 12.217), abs=0.01
    )


def test_why_times_have_no_capability_is_said(org: Org) -> None:
    thing = made(org, data_type="between", lsl=5.0)
    append_observations(actor=org.lead, characteristic=thing, values=times())
    chart = charted(org, thing)
    card = capability_card(chart)
    assert "watch whether the distance grows" in card.problem
    assert card.histogram is not None
    assert card.histogram["within"] is None
    assert capability_of(chart) is None


def test_frozen_limits_and_phases_hold_on_times(org: Org) -> None:
    thing = made(org, data_type="between")
    append_observations(actor=org.lead, characteristic=thing, values=times(30))
    chart = charted(org, thing, "t")
    before = chart.result.content["phases"][0]["panels"][0]["ucl"]
    freeze_limits(actor=org.lead, chart=chart, number=0, reason="A year is enough")
    append_observations(actor=org.lead, characteristic=thing, values=[300.0] * 5)
    recompute(chart.pk)
    assert fresh(chart).result.content["phases"][0]["panels"][0]["ucl"] == pytest.approx(before)


# --- Several variables --------------------------------------------------------------------------


def test_two_variables_that_part_are_found_though_each_is_ordinary(org: Org) -> None:
    data = rows()
    data[50] = [81.5, 3.6, 20.0]  # warm and yet of low pressure: odd together only
    chart = charted(org, of_several(org, data))
    assert chart.kind == ChartKind.T2
    signal = Signal.objects.get(chart=chart)
    assert signal.point == 50
    names = [name for name, _value in signal.details["parts"]]
    assert set(names[:2]) == {"Temperature", "Pressure"}
    judged = stats.chart("t2", data, rules=["nelson:1"])
    expected = dict(
        zip(
            ["Temperature", "Pressure", "Flow"],
            judged.details["signals"][0]["contributions"],
            strict=True,
        )
    )
    assert dict(signal.details["parts"]) == pytest.approx(expected)
    assert signal_sentence(signal).startswith("One point above the upper limit: ")
    story = signal_story(signal, chart)
    assert "Pressure" in story
    assert "without each" in story


def test_no_single_variable_is_blamed_when_none_is_far_off(org: Org) -> None:
    chart = charted(org, of_several(org, rows()))
    signal = Signal(
        chart=chart, panel="t2", rule="nelson:1", side="above",
        details={"run": False, "value": 15.0, "ucl": 14.0, "parts": [["Flow", 5.0], ["Heat", 4.0]]},
    )  # fmt: skip
    assert "No variable is far off by itself" in signal_story(signal, chart)


def test_the_page_gets_the_variables_of_each_point(org: Org) -> None:
    data = rows(30)
    chart = charted(org, of_several(org, data))
    sent = payload(chart)
    assert [entry["name"] for entry in sent["variables"]] == ["Temperature", "Pressure", "Flow"]
    assert sent["variables"][1]["values"] == pytest.approx(data[:, 1].tolist())
    assert sent["panels"][0]["lcl"] == [None] * 30
    assert "lcl" not in sent["phases"][0]["limits"][0]
    assert display_of(chart).limits(0.0, 11.0) == "≤ 11.00"


def test_what_a_gate_asks_of_several_variables(org: Org) -> None:
    chart = charted(org, of_several(org, rows()))
    assert stability(chart).state == "stable"
    assert capability_of(chart) is None
    assert "Chart it as a characteristic of its own" in capability_card(chart).problem
    assert "kept together" in finding(chart, chart.result, []) or "keep together" in finding(
        chart, chart.result, []
    )


def test_frozen_moments_judge_later_rows(org: Org) -> None:
    thing = of_several(org, rows(40))
    chart = charted(org, thing)
    freeze_limits(actor=org.lead, chart=chart, number=0, reason="Qualified", version=chart.version)
    odd = [[90.0, 5.0, 20.0]]
    append_observations(
        actor=org.lead, characteristic=thing, values=[odd[0][0]], others=[odd[0][1:]]
    )
    recompute(chart.pk)
    signal = Signal.objects.get(chart=chart, present=True)
    assert signal.point == 40
    assert signal.details["parts"][0][0] == "Temperature"


def test_subgroups_of_several_variables(org: Org) -> None:
    data = rows(60)
    chart = charted(org, of_several(org, data, subgrouping="fixed", subgroup_size=4))
    judged = stats.chart("t2", data, rules=["nelson:1"], subgroup_size=4)
    assert chart.result.n_points == 15
    assert chart.result.content["phases"][0]["panels"][0]["ucl"] == pytest.approx(
        judged.panels[0].ucl[-1]
    )


def test_too_few_rows_say_how_many_are_needed(org: Org) -> None:
    chart = charted(org, of_several(org, rows(4)))
    assert chart.result.content["problem"]["code"] == "too_few_rows"


# --- Time windows -------------------------------------------------------------------------------


TAIPEI = ZoneInfo("Asia/Taipei")


def hourly(days: int, per_day: int = 6) -> list[dt.datetime]:
    start = dt.datetime(2026, 3, 1, 8, tzinfo=TAIPEI)
    return [
        start + dt.timedelta(days=day, hours=hour) for day in range(days) for hour in range(per_day)
    ]


def test_the_values_of_a_day_are_one_point_in_whatever_order_they_come(org: Org) -> None:
    at = hourly(25)
    values = np.random.default_rng(8).normal(10, 1, len(at)).round(3).tolist()
    order = np.random.default_rng(9).permutation(len(at)).tolist()
    results = []
    for name, places in (("A", list(range(len(at)))), ("B", order)):
        thing = made(
            org, name=name, subgrouping="window", subgroup_window="day", time_zone="Asia/Taipei"
        )
        append_observations(
            actor=org.lead, characteristic=thing, values=[values[i] for i in places],
            observed_at=[at[i] for i in places],
        )  # fmt: skip
        results.append(charted(org, thing).result)
    first, second = results
    assert first.n_points == second.n_points == 25
    assert first.points_digest == second.points_digest


def test_counts_of_a_day_are_added_up(org: Org) -> None:
    at = hourly(25)
    thing = made(
        org, data_type="defectives", subgrouping="window", subgroup_window="day",
        time_zone="Asia/Taipei",
    )  # fmt: skip
    append_observations(
        actor=org.lead, characteristic=thing, values=[1.0, 0.0, 2.0, 0.0, 1.0, 1.0] * 25,
        sizes=20.0, observed_at=at,
    )  # fmt: skip
    chart = charted(org, thing)
    assert chart.kind == ChartKind.P
    assert chart.result.n_points == 25
    assert payload(chart)["panels"][0]["points"][0] == pytest.approx(100 * 5 / 120)


def test_a_phase_and_an_exclusion_stay_with_their_day_when_late_values_come(org: Org) -> None:
    at = hourly(30, per_day=3)
    values = np.random.default_rng(8).normal(10, 1, len(at)).tolist()
    thing = made(org, subgrouping="window", subgroup_window="day", time_zone="Asia/Taipei")
    append_observations(actor=org.lead, characteristic=thing, values=values[6:], observed_at=at[6:])
    chart = charted(org, thing)
    start_phase(
        actor=org.lead, chart=chart, start_sequence=3 * 13 + 1, name="New", reason="Changed",
    )  # fmt: skip
    exclude_point(
        actor=org.lead, chart=fresh(chart), sequence=3 * 20 + 1, reason="Fire drill",
    )  # fmt: skip
    append_observations(actor=org.lead, characteristic=thing, values=values[:6], observed_at=at[:6])
    recompute(chart.pk)
    content = fresh(chart).result.content
    assert [phase["start"] for phase in content["phases"]] == [0, 15]
    sent = payload(fresh(chart))
    assert sent["excluded"] == [22]


def test_observations_without_a_time_are_counted_in_a_warning(org: Org) -> None:
    thing = made(org, subgrouping="window", subgroup_window="day")
    at = hourly(20, per_day=3)
    append_observations(
        actor=org.lead, characteristic=thing,
        values=np.random.default_rng(8).normal(10, 1, len(at)).tolist(), observed_at=at,
    )  # fmt: skip
    append_observations(actor=org.lead, characteristic=thing, values=[1.0, 2.0])
    warnings = charted(org, thing).result.content["warnings"]
    assert {"code": "untimed_left_out", "n": 2} in [
        {"code": each["code"], **each["params"]} for each in warnings
    ]


# --- Factors ------------------------------------------------------------------------------------


def by_branch(org: Org, shift: float, n: int = 60, **fields: Any) -> ControlChart:
    thing = made(org, factors=["branch"], **fields)
    draw = np.random.default_rng(6).normal(10, 1, n)
    branches = ["East", "West", "East"] * (n // 3)
    values = [v + shift * (b == "West") for v, b in zip(draw.tolist(), branches, strict=True)]
    append_observations(
        actor=org.lead, characteristic=thing, values=values,
        factors=[{"branch": name} for name in branches],
    )  # fmt: skip
    return charted(org, thing)


def test_levels_have_their_figures(org: Org) -> None:
    chart = by_branch(org, shift=3.0)
    factor = chart.result.content["factors"][0]
    assert [(each["name"], each["n"]) for each in factor["levels"]] == [("East", 40), ("West", 20)]
    data = snapshot(chart.characteristic_id)
    assert data.strata is not None
    west = data.values[np.array([data.combinations[c]["branch"] == "West" for c in data.strata])]
    stored = factor["levels"][1]
    assert (stored["value"], stored["sd"]) == pytest.approx((west.mean(), west.std(ddof=1)))
    assert factor["p_value"] < 0.001


def test_the_page_gets_the_level_of_each_point(org: Org) -> None:
    sent = payload(by_branch(org, shift=0.0))
    assert sent["factors"][0]["levels"] == ["East", "West"]
    assert sent["factors"][0]["codes"][:4] == [0, 1, 0, 0]


def test_a_point_of_several_branches_is_mixed(org: Org) -> None:
    chart = by_branch(org, shift=0.0, subgrouping="fixed", subgroup_size=3)
    assert set(payload(chart)["factors"][0]["codes"]) == {-2}


def test_levels_beyond_the_eighth_share_a_sign() -> None:
    n = 100
    combos = tuple({"machine": f"M{i:02d}"} for i in range(10))
    data = Snapshot(
        characteristic_id=1, data_version=1, values=np.arange(n, dtype=float) % 7, sizes=None,
        subgroups=None, sequences=np.arange(1, n + 1), observed_at=np.full(n, np.nan), lsl=None,
        target=None, usl=None, strata=np.arange(n) % 10, combinations=combos, factors=("machine",),
    )  # fmt: skip
    setting = ChartSetting(1, "i-mr", ("nelson:1",), "", "individuals", None)
    found = compute(setting, data).content["factors"][0]
    assert len(found["levels"]) == 8
    assert found["further"] == 2


# --- What capability says of explained signals ----------------------------------------------------


def test_explained_signals_do_not_make_a_process_unstable(org: Org) -> None:
    thing = made(org, usl=20.0)
    values = np.random.default_rng(6).normal(10, 1, 60)
    values[30] = 17.0
    append_observations(actor=org.lead, characteristic=thing, values=values.tolist())
    chart = charted(org, thing)
    assert any("not stable" in text for text in capability_card(chart).warnings)
    for signal in Signal.objects.filter(chart=chart):
        explain_signal(actor=org.lead, signal=signal, cause="A storm")
    assert not Signal.objects.filter(chart=chart, cause_state=CauseState.WANTED).exists()
    texts = capability_card(fresh(chart)).warnings
    assert not any("not stable" in text for text in texts)
    assert any("explained" in text for text in texts)


# --- Pages --------------------------------------------------------------------------------------


@pytest.fixture
def charts_of_each_kind(org: Org) -> dict[str, ControlChart]:
    between = made(org, data_type="between")
    append_observations(
        actor=org.lead,
        characteristic=between,
        values=[float(round(v)) + 1 for v in [*times(40), 200.0]],
    )
    weekly = made(
        org, name="Weekly", subgrouping="window", subgroup_window="week", time_zone="Asia/Taipei"
    )
    at = hourly(60, per_day=2)
    append_observations(
        actor=org.lead, characteristic=weekly, observed_at=at,
        values=np.random.default_rng(2).normal(10, 1, len(at)).tolist(),
    )  # fmt: skip
    odd = rows(40)
    odd[30] = [85.0, 3.0, 20.0]
    several = of_several(org, odd, name="Several")
    return {
        "t": charted(org, between, "t"),
        "g": charted(org, between, "g"),
        "t2": charted(org, several),
        "xbar-s": charted(org, weekly),
        "i-mr": by_branch(org, shift=2.0, name="Branches"),
    }


@pytest.mark.parametrize(
    "name", ["detail", "data", "table", "csv", "signals", "history", "settings"]
)
def test_every_page_of_every_kind_opens(
    org: Org, client_as: SignIn, charts_of_each_kind: dict[str, ControlChart], name: str
) -> None:
    client = client_as(org.lead)
    for kind, chart in charts_of_each_kind.items():
        answer = client.get(reverse(f"charts:{name}", args=[chart.pk]))
        assert answer.status_code == 200, kind
        if answer.streaming:
            assert b"".join(answer.streaming_content)


def test_a_page_says_what_is_particular_to_its_kind(
    org: Org, client_as: SignIn, charts_of_each_kind: dict[str, ControlChart]
) -> None:
    client = client_as(org.lead)
    said = {
        "t": "From one event to the next",
        "g": "watch whether the distance grows",
        "t2": "The variables",
        "xbar-s": "One for each week",
        "i-mr": "West lies highest",
    }
    for kind, words in said.items():
        chart = charts_of_each_kind[kind]
        pages = [client.get(reverse(f"charts:{n}", args=[chart.pk])) for n in ("detail", "table")]
        assert any(words in answer.content.decode() for answer in pages), kind
    wall = client.get(reverse("charts:wall")).content.decode()
    assert "≤ " in wall


@pytest.mark.parametrize("kind", ["t", "g", "t2"])
def test_every_kind_is_drawn(charts_of_each_kind: dict[str, ControlChart], kind: str) -> None:
    drawn = draw(describe(charts_of_each_kind[kind], language="en"), "svg")
    assert drawn.startswith(b"<?xml")


def test_a_chart_names_the_projects_that_use_it_as_far_as_they_are_seen(
    org: Org, client_as: SignIn
) -> None:
    chart = charted(org, of_several(org, rows()))
    project = make_project(org)
    Target.objects.update_or_create(project=project, defaults={"chart": chart})
    url = reverse("charts:detail", args=[chart.pk])
    assert str(project) in client_as(org.lead).get(url).content.decode()
    Project.objects.filter(pk=project.pk).update(visibility="team")
    assert str(project) not in client_as(org.neighbour).get(url).content.decode()


def test_a_window_is_named_as_people_say_it(org: Org) -> None:
    thing = made(
        org, name="W", subgrouping="window", subgroup_window="week", time_zone="Asia/Taipei"
    )
    at = hourly(30, per_day=2)
    append_observations(
        actor=org.lead, characteristic=thing, observed_at=at,
        values=np.random.default_rng(2).normal(10, 1, len(at)).tolist(),
    )  # fmt: skip
    labels = payload(charted(org, thing))["x"]["labels"]
    assert labels[:2] == ["Week 9, 2026", "Week 10, 2026"]


# --- Counts that vary more than chance ------------------------------------------------------------


@pytest.mark.parametrize(
    ("data_type", "kind", "plain"), [("defectives", "laney-p", "p"), ("defects", "laney-u", "u")]
)
def test_counts_that_vary_more_than_chance_get_limits_that_allow_for_it(
    org: Org, data_type: str, kind: str, plain: str
) -> None:
    sizes = [5_000.0 + 10 * i for i in range(30)]
    values = [
        float(round(size * (0.02 + 0.006 * (i * 7 % 11 - 5) / 5))) for i, size in enumerate(sizes)
    ]
    thing = made(org, data_type=data_type)
    append_observations(actor=org.lead, characteristic=thing, values=values, sizes=sizes)
    assert recommended(thing).kind == kind
    chart = charted(org, thing)
    judged = stats.chart(kind, values, sizes=sizes, rules=("nelson:1", "nelson:2"))
    panel = chart.result.content["phases"][0]["panels"][0]
    assert (panel["lcl"], panel["ucl"]) == pytest.approx(
        (judged.panels[0].lcl[-1], judged.panels[0].ucl[-1])
    )
    assert chart.result.content["sigma_level"] is not None
    narrow = charted(org, thing, plain).result.content
    assert narrow["phases"][0]["panels"][0]["ucl"] < panel["ucl"]
    assert "overdispersed" in {each["code"] for each in narrow["warnings"]}


@pytest.mark.parametrize(("data_type", "kind"), [("defectives", "p"), ("defects", "u")])
def test_counts_that_vary_as_chance_makes_them_keep_the_plain_chart(
    org: Org, data_type: str, kind: str
) -> None:
    values = np.random.default_rng(12).poisson(20, 40).astype(float).tolist()
    thing = made(org, data_type=data_type)
    append_observations(actor=org.lead, characteristic=thing, values=values, sizes=1_000.0)
    assert recommended(thing).kind == kind


def test_a_download_tells_points_apart_as_the_page_does(org: Org, client_as: SignIn) -> None:
    chart = by_branch(org, shift=0.0)
    append_observations(actor=org.lead, characteristic=chart.characteristic, values=[10.0])
    recompute(chart.pk)
    chart = ControlChart.objects.get(pk=chart.pk)
    described = describe(chart, language="en", by="branch")
    codes = described["factor"]["codes"]
    assert described["factor"]["legend"] == [[0, "East"], [1, "West"], [-1, "not given"]]
    assert (codes[:4], codes[-1]) == ([0, 1, 0, 0], -1)
    assert describe(chart, language="en")["factor"] is None
    plain, told = (draw(describe(chart, language="en", by=by), "svg") for by in ("", "branch"))
    assert plain != told
    reader = client_as(org.staff)
    assert reader.get(f"/charts/{chart.pk}/chart.svg", {"by": "branch"}).content != plain
    assert reader.get(f"/charts/{chart.pk}/chart.svg", {"by": "shift"}).status_code == 400
