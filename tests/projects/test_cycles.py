"""PDCA: Plan with a light gate, Do without one, Check, and what Act decides."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from apps.approvals.choices import RoundState, SeatState
from apps.approvals.models import Seat
from apps.charts.recompute import recompute
from apps.charts.services import start_phase
from apps.common.errors import Conflict, Refused
from apps.projects import services
from apps.projects.choices import ProjectState, StageState
from apps.projects.models import Cycle, Deliverable, Project, Stage
from apps.projects.selectors import stage_track
from tests.factories import (
    Org,
    decide,
    fill,
    make_chart,
    make_project,
    pass_stage,
    present,
    stage_now,
    steady,
    submit,
)


@pytest.fixture
def project(org: Org) -> Project:
    return make_project(org, key="pdca")


def to_act(org: Org, project: Project) -> Project:
    for _stage in range(3):
        pass_stage(project, org.member)
    return present(project)


def act(org: Org, project: Project, decision: str, **words: Any) -> Cycle:
    return services.decide_cycle(
        actor=org.member, project=project, version=present(project).version, decision=decision,
        **{"lesson": "Text messages reach everyone", **words},
    )  # fmt: skip


def test_one_signature_passes_the_plan_gate(org: Org, project: Project) -> None:
    round_ = submit(stage_now(project), org.member)
    assert round_.layers.get().seats.count() == 3
    assert decide(round_, org.manager).state == RoundState.APPROVED
    assert Seat.objects.filter(layer__round=round_, state=SeatState.VOID).count() == 2


def test_do_ends_without_a_gate_once_its_log_is_written(org: Org, project: Project) -> None:
    pass_stage(project, org.member)
    stage = stage_now(project)
    assert stage.template.key == "do"
    with pytest.raises(Refused, match="not finished yet"):
        services.finish_stage(actor=org.member, stage=stage, version=stage.version)
    with pytest.raises(Refused, match="without a gate"):
        services.submit_gate(actor=org.member, stage=stage, version=stage.version)
    pass_stage(project, org.member)
    assert stage_now(project).template.key == "check"


def test_a_stage_with_a_gate_is_not_finished_by_hand(org: Org, project: Project) -> None:
    stage = stage_now(project)
    with pytest.raises(Refused, match="ends with a gate"):
        services.finish_stage(actor=org.member, stage=stage, version=stage.version)


def test_act_is_decided_not_finished(org: Org, project: Project) -> None:
    project = to_act(org, project)
    stage = stage_now(project)
    with pytest.raises(Refused, match="adopt, adapt or abandon"):
        services.finish_stage(actor=org.member, stage=stage, version=stage.version)


def test_nothing_is_decided_before_check_has_passed(org: Org, project: Project) -> None:
    pass_stage(project, org.member)
    for decision in ("adopt", "adapt", "abandon"):
        with pytest.raises(Refused, match="Do comes first"):
            act(org, project, decision, standard="S-031")
    assert present(project).state == ProjectState.ACTIVE


def test_adopting_closes_and_says_what_is_the_standard(org: Org, project: Project) -> None:
    project = to_act(org, project)
    with pytest.raises(Refused, match="now the standard"):
        act(org, project, "adopt")
    cycle = act(org, project, "adopt", standard="Service standard S-031, section 4")
    assert cycle.standard == "Service standard S-031, section 4"
    assert present(project).state == ProjectState.CLOSED
    assert stage_track(present(project))[-1].state == StageState.PASSED


def test_abandoning_needs_a_lesson_and_closes(org: Org, project: Project) -> None:
    project = to_act(org, project)
    with pytest.raises(Refused, match="learned"):
        act(org, project, "abandon", lesson=" ")
    act(org, project, "abandon", lesson="Nobody reads the letter")
    project = present(project)
    assert project.state == ProjectState.CLOSED
    assert project.lesson == "Nobody reads the letter"
    assert Cycle.objects.get(project=project).decision == "abandon"


def test_adapting_starts_the_next_cycle_with_the_lesson_and_the_same_chart(
    org: Org, project: Project
) -> None:
    chart = make_chart(org.member, org.desk, steady(30), data_type="variable", unit="%")
    services.set_target(
        actor=org.member, project=project, version=project.target.version, chart=chart,
        from_value=9.1, to_value=6.5, due=None,
    )  # fmt: skip
    project = to_act(org, project)
    act(org, project, "adapt", tried="Text message the day before", predicted=6.5)
    project = present(project)
    assert (project.state, project.cycle) == (ProjectState.ACTIVE, 2)
    first, second = Cycle.objects.filter(project=project).order_by("number")
    assert (first.decision, first.lesson) == ("adapt", "Text messages reach everyone")
    assert first.result["now"]["n"] == 30
    assert (second.tried, second.predicted) == ("Text message the day before", 6.5)
    assert project.target.chart_id == chart.pk
    assert [one.state for one in stage_track(project)] == [
        "in_progress", "not_started", "not_started", "not_started",
    ]  # fmt: skip
    assert [one.state for one in stage_track(project, 1)] == ["passed"] * 4
    assert Deliverable.objects.filter(stage__project=project, stage__cycle=2).count() == 7
    old = Deliverable.objects.filter(stage__cycle=1, state="complete").first()
    assert old is not None
    with pytest.raises(Refused, match="cycle has ended"):
        services.reopen_deliverable(
            actor=org.member, deliverable=old, version=old.version, reason="x"
        )
    old_act = Stage.objects.get(project=project, cycle=1, template__key="plan")
    with pytest.raises(Refused, match="cycle has ended"):
        services.reopen_stage(actor=org.lead, stage=old_act, version=old_act.version, reason="x")


def test_the_result_of_a_cycle_is_frozen(org: Org, project: Project) -> None:
    chart = make_chart(org.member, org.desk, [*steady(30), *steady(30, level=6.0)],
                       data_type="variable")  # fmt: skip
    start_phase(actor=org.member, chart=chart, start_sequence=31, name="Cycle 1", reason="Trial")
    recompute(chart.pk)
    services.set_target(
        actor=org.member, project=project, version=project.target.version, chart=chart,
        from_value=10.0, to_value=6.5, due=None,
    )  # fmt: skip
    project = to_act(org, project)
    cycle = act(org, project, "adopt", standard="S-031")
    assert cycle.result["now"]["value"] == pytest.approx(6.0, abs=0.2)
    assert cycle.result["phases"][0]["value"] == pytest.approx(10.0, abs=0.2)
    assert cycle.result["now"]["lower"] < 6.0 < cycle.result["now"]["upper"]


def test_a_prediction_stays_once_plan_has_passed(org: Org, project: Project) -> None:
    cycle = Cycle.objects.get(project=project)
    cycle = services.plan_cycle(
        actor=org.member, cycle=cycle, version=cycle.version, tried="Bill preview", predicted=7.5
    )
    with pytest.raises(Conflict):
        services.plan_cycle(
            actor=org.member, cycle=cycle, version=1, tried="Bill preview", predicted=7.0
        )
    pass_stage(project, org.member)
    with pytest.raises(Refused, match="the prediction stays"):
        services.plan_cycle(
            actor=org.member, cycle=cycle, version=cycle.version, tried="Other", predicted=8.0
        )


def test_who_may_decide_a_cycle(org: Org, project: Project) -> None:
    project = to_act(org, project)
    for user in (org.staff, org.neighbour, org.outsider):
        with pytest.raises(PermissionDenied):
            services.decide_cycle(
                actor=user, project=project, version=project.version, decision="abandon",
                lesson="x",
            )  # fmt: skip


def test_a_dmaic_project_does_not_run_in_cycles(org: Org) -> None:
    project = make_project(org)
    with pytest.raises(Refused, match="cycles"):
        act(org, project, "abandon")


def test_reopening_a_closed_cycle_starts_the_next_one(org: Org, project: Project) -> None:
    project = to_act(org, project)
    act(org, project, "adopt", standard="S-031")
    services.reopen_project(
        actor=org.manager, project=project, version=present(project).version, reason="Relapse"
    )
    project = present(project)
    assert (project.state, project.cycle) == (ProjectState.ACTIVE, 2)
    stage = stage_now(project)
    assert (stage.template.key, stage.state) == ("plan", StageState.IN_PROGRESS)
    fill(stage, org.member)
