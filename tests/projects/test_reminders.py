"""What is late is said once a day, whoever rings and however often."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from apps.approvals.choices import Outcome
from apps.approvals.models import Round
from apps.approvals.plans import ConditionPlan
from apps.notifications.models import Notification
from apps.notifications.sentences import plain_sentence_of
from apps.projects import services, tasks
from apps.projects.models import Project
from apps.projects.reminders import remind
from tests.factories import Org, decide, make_project, present, stage_now, submit

TODAY = timezone.localdate()
LATE = dt.timedelta(days=30)


@pytest.fixture
def project(org: Org) -> Project:
    return make_project(org)


def told(kind: str) -> list[str]:
    return [plain_sentence_of(one) for one in Notification.objects.filter(kind=kind)]


def test_a_late_action_is_said_once_a_day(org: Org, project: Project) -> None:
    services.add_action(
        actor=org.member, project=project, title="Train the agents", owner=org.staff,
        due=TODAY - dt.timedelta(days=1),
    )  # fmt: skip
    assert remind() == 1
    assert remind() == 0
    tasks.remind()
    assert len(told("action.overdue")) == 1
    assert "Train the agents" in told("action.overdue")[0]
    assert remind(TODAY + dt.timedelta(days=1)) == 1


def test_done_and_future_actions_and_those_on_hold_are_not_said(org: Org, project: Project) -> None:
    action = services.add_action(
        actor=org.member, project=project, title="Old", owner=org.staff,
        due=TODAY - dt.timedelta(days=1),
    )  # fmt: skip
    services.move_action(actor=org.staff, action=action, version=action.version, state="done")
    services.add_action(actor=org.member, project=project, title="Later", owner=org.staff,
                        due=TODAY)  # fmt: skip
    assert remind() == 0
    services.add_action(
        actor=org.member, project=project, title="Late", owner=org.staff,
        due=TODAY - dt.timedelta(days=1),
    )  # fmt: skip
    services.hold(
        actor=org.manager, project=project, version=present(project).version, reason="Freeze"
    )
    assert remind() == 0
    services.resume(actor=org.manager, project=project, version=present(project).version)
    assert remind() == 1


def test_a_gate_waiting_beyond_its_date_is_said_to_those_whose_turn_it_is(
    org: Org, project: Project
) -> None:
    round_ = submit(stage_now(project), org.member)
    assert remind() == 0
    assert round_.due is not None
    assert remind(round_.due) == 2
    decide(round_, org.manager)
    Notification.objects.filter(kind="gate.still_waiting").delete()
    assert remind(round_.due) == 1
    assert Round.objects.get().due == round_.due


def test_a_late_condition_is_said_to_its_owner(org: Org, project: Project) -> None:
    round_ = submit(stage_now(project), org.member)
    condition = ConditionPlan("Train the night shift", org.staff, TODAY, "measure")
    decide(round_, org.manager, Outcome.APPROVE_WITH_CONDITIONS, conditions=[condition])
    kinds = Notification.objects.filter(user=org.staff).values_list("kind", flat=True)
    assert list(kinds) == ["condition.asked"]
    remind(TODAY + dt.timedelta(days=1))
    assert len(told("condition.overdue")) == 1
