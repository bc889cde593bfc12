"""Fifty approvals at once: one transition, one signature, and forty-nine who are told.

Each racer is a thread with a connection of its own, on a database file (SQLite) or a server
(PostgreSQL): the same locks as in production.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections

from apps.approvals.choices import Outcome, RoundState
from apps.approvals.models import Decision, Round, Signature
from apps.audit.models import Entry
from apps.audit.verification import verify
from apps.common.errors import Conflict, Refused
from apps.projects import services
from apps.projects.choices import StageState
from apps.projects.models import Project, Stage
from tests.factories import (
    PASSWORD,
    Org,
    fill,
    make_org,
    make_project,
    methodology,
    present,
    stage_named,
    stage_now,
    submit,
    waive_unmet,
)

RACERS = 50


@pytest.fixture(autouse=True)
def patient_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty writers queue for one file on a busy machine; none may give up for want of time."""
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 120)


@pytest.fixture
def org(transactional_db: None) -> Org:
    return make_org()


def race(attempt: Callable[[int], Any], racers: int = RACERS) -> Counter[str]:
    """Start all attempts at the same moment; count how they ended."""
    gate = Barrier(racers)

    def run(number: int) -> str:
        try:
            gate.wait(timeout=60)
            attempt(number)
        except Conflict:
            return "conflict"
        except Refused:
            return "refused"
        else:
            return "done"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(racers) as pool:
        return Counter(pool.map(run, range(racers)))


def last_seat(org: Org) -> tuple[Project, Round]:
    """A PDCA project whose Plan gate needs one signature."""
    project = make_project(org, key="pdca")
    return project, submit(stage_now(project), org.member)


@pytest.mark.django_db(transaction=True)
def test_fifty_approvals_make_one_transition(org: Org) -> None:
    project, round_ = last_seat(org)
    before = Entry.objects.filter(verb="stage.passed").count()

    def approve(_number: int) -> None:
        services.decide_gate(
            actor=org.manager, round_=round_, outcome=Outcome.APPROVE, password=PASSWORD,
            seen_hash=round_.content_hash,
        )  # fmt: skip

    ended = race(approve)
    assert ended == {"done": 1, "conflict": RACERS - 1}
    assert Round.objects.get(pk=round_.pk).state == RoundState.APPROVED
    assert Decision.objects.filter(round=round_).count() == 1
    assert Signature.objects.filter(decision__round=round_).count() == 1
    assert Entry.objects.filter(verb="stage.passed").count() == before + 1
    assert Entry.objects.filter(verb="round.approved").count() == 1
    assert stage_named(project, "plan").state == StageState.PASSED
    assert Stage.objects.filter(project=project, state=StageState.IN_PROGRESS).count() == 1
    assert verify().intact


@pytest.mark.django_db(transaction=True)
def test_approving_sending_back_and_withdrawing_at_once(org: Org) -> None:
    project, round_ = last_seat(org)
    stage = stage_now(project)

    def attempt(number: int) -> None:
        if number % 3 == 0:
            services.withdraw_gate(
                actor=org.member, stage=stage, version=stage.version, reason="Wrong figure"
            )
            return
        outcome = Outcome.APPROVE if number % 3 == 1 else Outcome.SEND_BACK
        services.decide_gate(
            actor=org.manager, round_=round_, outcome=outcome, comment="Because",
            password=PASSWORD, seen_hash=round_.content_hash,
        )  # fmt: skip

    ended = race(attempt, 30)
    assert ended == {"done": 1, "conflict": 29}
    agree = {
        RoundState.APPROVED: StageState.PASSED,
        RoundState.SENT_BACK: StageState.REWORK,
        RoundState.WITHDRAWN: StageState.IN_PROGRESS,
    }
    state = Round.objects.get(pk=round_.pk).state
    assert stage_named(project, "plan").state == agree[RoundState(state)]
    assert Decision.objects.filter(round=round_).count() == (state != RoundState.WITHDRAWN)
    assert verify().intact


@pytest.mark.django_db(transaction=True)
def test_asking_twice_at_once_opens_one_round(org: Org) -> None:
    project = make_project(org, key="pdca")
    stage = stage_now(project)
    fill(stage, org.member)
    waive_unmet(stage, org.manager)

    def ask(_number: int) -> None:
        services.submit_gate(actor=org.member, stage=stage, version=stage.version)

    assert race(ask, 20) == {"done": 1, "conflict": 19}
    assert Round.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_deciding_a_cycle_twice_at_once_starts_one_cycle(org: Org) -> None:
    from tests.factories import pass_stage

    project = make_project(org, key="pdca")
    for _stage in range(3):
        pass_stage(project, org.member)
    version = present(project).version

    def adapt(_number: int) -> None:
        services.decide_cycle(
            actor=org.member, project=project, version=version, decision="adapt",
            lesson="Text messages work", tried="Text messages for all", predicted=6.5,
        )  # fmt: skip

    assert race(adapt, 20) == {"done": 1, "conflict": 19}
    assert present(project).cycle == 2
    assert Stage.objects.filter(project=project, cycle=2).count() == 4


@pytest.mark.django_db(transaction=True)
def test_numbers_of_initiatives_logged_at_once_are_unique(org: Org) -> None:
    chosen = methodology("pdca")

    def log(number: int) -> None:
        services.log_initiative(
            actor=org.member, team=org.desk, title=f"Idea {number}", methodology=chosen,
            owner=org.member,
        )  # fmt: skip

    assert race(log, 20) == {"done": 20}
    numbers = list(Project.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, 21))
    assert verify().intact
