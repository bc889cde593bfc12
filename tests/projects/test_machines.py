"""The state machines of a project and a stage: every allowed move and every refused one."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django_fsm import TransitionNotAllowed, can_proceed

from apps.projects.choices import ProjectState as P
from apps.projects.choices import StageState as T
from apps.projects.models import Project, Stage

PROJECT = {
    "submit": ({P.DRAFT}, P.SUBMITTED),
    "send_back": ({P.SUBMITTED}, P.DRAFT),
    "decline": ({P.SUBMITTED}, P.DECLINED),
    "mark_duplicate": ({P.SUBMITTED}, P.DUPLICATE),
    "accept": ({P.SUBMITTED}, P.BACKLOG),
    "start": ({P.BACKLOG}, P.ACTIVE),
    "hold": ({P.ACTIVE, P.SUSTAINING}, P.ON_HOLD),
    "resume": ({P.ON_HOLD}, P.ACTIVE),
    "resume_sustaining": ({P.ON_HOLD}, P.SUSTAINING),
    "cancel": ({P.ACTIVE, P.SUSTAINING, P.ON_HOLD}, P.CANCELLED),
    "reinstate": ({P.CANCELLED}, P.ACTIVE),
    "reinstate_sustaining": ({P.CANCELLED}, P.SUSTAINING),
    "complete": ({P.ACTIVE}, P.COMPLETED),
    "sustain": ({P.COMPLETED}, P.SUSTAINING),
    "close": ({P.SUSTAINING, P.ACTIVE}, P.CLOSED),
    "reopen": ({P.SUSTAINING, P.CLOSED}, P.ACTIVE),
}
STAGE = {
    "start": ({T.NOT_STARTED}, T.IN_PROGRESS),
    "submit": ({T.IN_PROGRESS, T.REWORK, T.STALE}, T.IN_REVIEW),
    "withdraw": ({T.IN_REVIEW}, T.IN_PROGRESS),
    "pass_gate": ({T.IN_REVIEW}, T.PASSED),
    "pass_with_conditions": ({T.IN_REVIEW}, T.PASSED_WITH_CONDITIONS),
    "send_back": ({T.IN_REVIEW}, T.REWORK),
    "finish_without_gate": ({T.IN_PROGRESS, T.REWORK, T.STALE}, T.PASSED),
    "become_stale": ({T.PASSED, T.PASSED_WITH_CONDITIONS}, T.STALE),
    "reopen": ({T.PASSED, T.PASSED_WITH_CONDITIONS, T.STALE}, T.IN_PROGRESS),
    "skip": ({T.NOT_STARTED, T.IN_PROGRESS, T.REWORK}, T.SKIPPED),
}
CASES = [
    pytest.param(model, name, state, sources, target, id=f"{model.__name__}-{name}-{state}")
    for model, states, table in ((Project, P, PROJECT), (Stage, T, STAGE))
    for (name, (sources, target)), state in product(table.items(), states)
]


@pytest.mark.parametrize(("model", "name", "state", "sources", "target"), CASES)
def test_each_move_from_each_state(
    model: Any, name: str, state: str, sources: set[str], target: str
) -> None:
    record = model(state=state)
    move = getattr(record, name)
    if state in sources:
        move()
        assert record.state == target
    else:
        assert not can_proceed(move)
        with pytest.raises(TransitionNotAllowed):
            move()
        assert record.state == state


@pytest.mark.parametrize(("model", "table"), [(Project, PROJECT), (Stage, STAGE)])
def test_the_table_names_every_move(model: Any, table: dict[str, Any]) -> None:
    field = model._meta.get_field("state")
    assert {one.name for one in field.get_all_transitions(model)} == set(table)


@pytest.mark.parametrize("model", [Project, Stage])
def test_the_state_cannot_be_written_by_hand(model: Any) -> None:
    record = model(state="active")
    with pytest.raises(AttributeError):
        record.state = "closed"
