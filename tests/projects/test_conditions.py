"""What a gate asks of the data, judged on real charts: the number found, and where it is mended."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.charts.models import ControlChart, Signal
from apps.charts.recompute import recompute
from apps.charts.services import explain_signal, start_phase
from apps.measurements.services import append_observations
from apps.projects import services
from apps.projects.conditions import KINDS, VerdictState, evaluate
from apps.projects.evidence import Evidence
from apps.projects.models import Project
from apps.projects.selectors import next_step, smart_check
from tests.factories import (
    Org,
    fill,
    make_chart,
    make_project,
    present,
    stage_named,
    stage_now,
    steady,
    waive_unmet,
)

MET, NOT_MET, UNKNOWN = VerdictState.MET, VerdictState.NOT_MET, VerdictState.CANNOT_BE_JUDGED
SOON = timezone.localdate() + dt.timedelta(days=60)


@pytest.fixture
def project(org: Org) -> Project:
    return make_project(org)


def attach(
    org: Org, project: Project, values: list[float], *, goal: float = 6.5, **words: Any
) -> ControlChart:
    chart = make_chart(
        org.member, org.desk, values,
        **{"data_type": "variable", "unit": "min", "direction": "lower", **words},
    )  # fmt: skip
    services.set_target(
        actor=org.member, project=project, version=project.target.version, chart=chart,
        from_value=10.0, to_value=goal, due=SOON,
    )  # fmt: skip
    return chart


def judge(project: Project, kind: str, **params: Any) -> Any:
    return KINDS[kind](Evidence(stage_now(project)), params)


ON_DATA = [
    ("chart_stable", {"last": 25}), ("observations", {"at_least": 30}),
    ("signals_explained", {"last": 25}), ("capability", {"lower_bound": 1.33}),
    ("differs", {"p_below": 0.05}), ("target_reached", {}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "params"), ON_DATA)
def test_without_a_chart_nothing_on_data_is_judged(
    project: Project, kind: str, params: dict[str, Any]
) -> None:
    found = judge(project, kind, **params)
    assert found.state == UNKNOWN
    assert found.link.url.endswith(f"/projects/{project.number}/target/")


@pytest.mark.parametrize(("kind", "params"), ON_DATA)
def test_while_the_chart_is_recomputed_nothing_on_data_is_judged(
    org: Org, project: Project, kind: str, params: dict[str, Any]
) -> None:
    chart = attach(org, project, steady(40))
    append_observations(actor=org.member, characteristic=chart.characteristic, values=[50.0])
    found = judge(project, kind, **params)
    assert found.state == UNKNOWN
    assert "being recomputed" in found.reason


def test_a_chart_exists_once_it_has_points(org: Org, project: Project) -> None:
    assert judge(project, "chart_exists").state == NOT_MET
    attach(org, project, [])
    assert judge(project, "chart_exists").state == NOT_MET
    project.target.refresh_from_db()
    attach(org, project, steady(30))
    found = judge(project, "chart_exists")
    assert found.state == MET
    assert "30 points" in found.reason


@pytest.mark.parametrize(
    ("values", "state"),
    [
        (steady(40), MET),
        ([*steady(39), 40.0], NOT_MET),
        (steady(12), UNKNOWN),
    ],
)
def test_stable_for_the_last_points(
    org: Org, project: Project, values: list[float], state: VerdictState
) -> None:
    attach(org, project, values)
    found = judge(project, "chart_stable", last=25)
    assert found.state == state
    if state == NOT_MET:
        assert (found.link_text, found.link.anchor) == ("Assign a cause", "signals")


@pytest.mark.parametrize(("n", "state"), [(29, NOT_MET), (30, MET)])
def test_enough_observations(org: Org, project: Project, n: int, state: VerdictState) -> None:
    attach(org, project, steady(n))
    found = judge(project, "observations", at_least=30)
    assert (found.state, found.reason) == (state, f"{n} of 30 received.")


def test_every_signal_needs_a_cause(org: Org, project: Project) -> None:
    chart = attach(org, project, [*steady(39), 40.0])
    found = judge(project, "signals_explained", last=25)
    assert found.state == NOT_MET
    assert "at point 40" in found.reason
    assert found.link_text == "Assign a cause"
    for signal in Signal.objects.filter(chart=chart, present=True):
        explain_signal(actor=org.member, signal=signal, cause="Ticketing outage")
    assert judge(project, "signals_explained", last=25).state == MET


def test_capability_is_judged_by_its_lower_bound(org: Org, project: Project) -> None:
    attach(org, project, steady(100), name="No limits")
    assert judge(project, "capability", lower_bound=1.33).state == UNKNOWN
    project.target.refresh_from_db()
    attach(org, project, steady(100), name="Wide", lsl=0.0, usl=20.0)
    found = judge(project, "capability", lower_bound=1.33)
    assert found.state == MET
    assert "Ppk" in found.reason
    project.target.refresh_from_db()
    attach(org, project, steady(100), name="Narrow", lsl=9.0, usl=11.0)
    assert judge(project, "capability", lower_bound=1.33).state == NOT_MET


def before_and_after(org: Org, project: Project, after: float) -> None:
    chart = attach(org, project, [*steady(30), *steady(30, level=after)], goal=6.5)
    start_phase(
        actor=org.member, chart=chart, start_sequence=31, name="Routing", reason="Pilot began"
    )
    recompute(chart.pk)


@pytest.mark.parametrize(("after", "state"), [(6.0, MET), (10.0, NOT_MET)])
def test_after_differs_from_before(
    org: Org, project: Project, after: float, state: VerdictState
) -> None:
    before_and_after(org, project, after)
    found = judge(project, "differs", p_below=0.05)
    assert found.state == state
    assert "95 % interval" in found.reason


def test_one_phase_cannot_show_a_difference(org: Org, project: Project) -> None:
    attach(org, project, steady(60))
    assert judge(project, "differs", p_below=0.05).state == UNKNOWN
    assert judge(project, "target_reached").state == UNKNOWN


@pytest.mark.parametrize(("after", "state"), [(6.0, MET), (7.0, NOT_MET)])
def test_the_result_reaches_the_target(
    org: Org, project: Project, after: float, state: VerdictState
) -> None:
    before_and_after(org, project, after)
    found = judge(project, "target_reached")
    assert found.state == state
    assert "6.50\u00a0min wanted" in found.reason


def test_enough_values_since_the_change(org: Org, project: Project) -> None:
    before_and_after(org, project, 6.0)
    assert judge(project, "observations", at_least=30, phase="now").state == MET
    assert judge(project, "observations", at_least=31, phase="now").state == NOT_MET


def test_smart_says_what_is_missing(org: Org, project: Project) -> None:
    assert smart_check(project) == [
        "the chart on which it is measured", "the value it starts from", "the value to reach",
        "the date by which",
    ]  # fmt: skip
    chart = attach(org, project, steady(30), goal=12.0)
    assert smart_check(present(project)) == ["a value to reach that is better than the start"]
    services.set_target(
        actor=org.member, project=project, version=present(project).target.version, chart=chart,
        from_value=10.0, to_value=6.5, due=dt.date(2020, 1, 1),
    )  # fmt: skip
    assert smart_check(present(project)) == ["a date after the start"]


def test_actions_late_and_open(org: Org, project: Project) -> None:
    assert judge(project, "actions_done").state == MET
    action = services.add_action(
        actor=org.member, project=project, title="Train", owner=org.staff,
        due=timezone.localdate() - dt.timedelta(days=1),
    )  # fmt: skip
    assert judge(project, "actions_done").state == NOT_MET
    services.edit_action(
        actor=org.member, action=action, version=action.version, title="Train", owner=org.staff,
        due=SOON,
    )  # fmt: skip
    assert judge(project, "actions_done").state == MET
    assert judge(project, "actions_done", all=True).state == NOT_MET


def test_deliverables_are_counted_and_named(org: Org, project: Project) -> None:
    found = judge(project, "deliverables")
    assert found.reason.startswith("0 of 4 complete.")
    assert found.link_text == "Work on Project charter"
    fill(stage_now(project), org.member)
    assert judge(project, "deliverables").reason == "4 of 4 complete."


@pytest.mark.parametrize("key", ["define", "control"])
def test_judging_a_stage_takes_a_bounded_number_of_queries(
    org: Org, project: Project, key: str
) -> None:
    before_and_after(org, project, 6.0)
    stage = stage_named(project, key)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            evaluate(stage_named(project, key))
        return len(captured)

    few = queries()
    for number in range(10):
        services.add_action(
            actor=org.member, project=project, title=f"Action {number}", owner=org.staff,
            due=timezone.localdate() - dt.timedelta(days=1),
        )  # fmt: skip
        services.add_member(actor=org.member, project=project, user=org.personas["staff"],
                            capacity="member") if number == 0 else None  # fmt: skip
    assert queries() <= few <= 25
    assert stage.template.key == key


# --- the one next step ----------------------------------------------------------------------------


def label(project: Project, user: Any) -> str:
    step = next_step(present(project), user)
    return "" if step is None else step.label


def test_the_next_step_is_what_unblocks_the_gate(org: Org, project: Project) -> None:
    assert label(project, org.member) == "Work on Project charter"
    fill(stage_now(project), org.member)
    assert label(project, org.member) == "Set the target"
    waive_unmet(stage_now(project), org.manager)
    assert label(project, org.member) == "Submit for review"
    assert label(project, org.staff) == ""
    stage = stage_now(project)
    services.submit_gate(actor=org.member, stage=stage, version=stage.version)
    assert label(project, org.member) == "Open the review"
    assert label(project, org.manager) == "Decide on the gate"


def test_the_next_step_of_an_initiative(org: Org) -> None:
    from apps.projects.choices import ProjectState as P

    draft = make_project(org, until=P.DRAFT)
    assert label(draft, org.member) == "Submit the initiative"
    submitted = make_project(org, until=P.SUBMITTED)
    assert label(submitted, org.manager) == "Accept the initiative"
    assert label(submitted, org.member) == ""
    backlog = make_project(org, until=P.BACKLOG)
    assert label(backlog, org.member) == "Start the project"


@pytest.mark.parametrize(
    ("problem", "is_short"),
    [
        ("Too slow.", True),
        ("太慢了。", True),
        ("Customers wait 6.8 min since May.", False),
        ("自一月起，顧客平均等候6.8分鐘。", False),
    ],
)
def test_a_problem_statement_counts_in_its_own_script(
    org: Org, problem: str, is_short: bool
) -> None:
    stage = stage_now(make_project(org, problem=problem))
    verdict = {one.template.kind: one for one in evaluate(stage)}["target_smart"]
    assert ("problem statement" in verdict.reason) is is_short
    assert ("/edit/" in verdict.link_url) is is_short
