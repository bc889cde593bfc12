"""The state machines of a round and a seat: every allowed move and every refused one."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django_fsm import TransitionNotAllowed, can_proceed

from apps.approvals.choices import RoundState as R
from apps.approvals.choices import SeatState as S
from apps.approvals.models import Round, Seat

ROUND = {
    "open": ({R.DRAFT}, R.OPEN),
    "approve": ({R.OPEN}, R.APPROVED),
    "approve_with_conditions": ({R.OPEN}, R.APPROVED_WITH_CONDITIONS),
    "send_back": ({R.OPEN}, R.SENT_BACK),
    "decline": ({R.OPEN}, R.DECLINED),
    "withdraw": ({R.OPEN}, R.WITHDRAWN),
    "expire": ({R.OPEN}, R.EXPIRED),
}
SEAT = {
    "approve": ({S.PENDING}, S.APPROVED),
    "approve_with_conditions": ({S.PENDING}, S.APPROVED_WITH_CONDITIONS),
    "send_back": ({S.PENDING}, S.SENT_BACK),
    "decline": ({S.PENDING}, S.DECLINED),
    "abstain": ({S.PENDING}, S.ABSTAINED),
    "delegate_to_other": ({S.PENDING}, S.DELEGATED),
    "void": ({S.PENDING}, S.VOID),
}
MACHINES = [(Round, R, ROUND), (Seat, S, SEAT)]
CASES = [
    pytest.param(model, name, state, sources, target, id=f"{model.__name__}-{name}-{state}")
    for model, states, table in MACHINES
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


@pytest.mark.parametrize(("model", "table"), [(Round, ROUND), (Seat, SEAT)])
def test_the_table_names_every_move(model: Any, table: dict[str, Any]) -> None:
    declared = {
        one.name for one in model(state="x")._meta.get_field("state").get_all_transitions(model)
    }
    assert declared == set(table)


@pytest.mark.parametrize("model", [Round, Seat])
def test_the_state_cannot_be_written_by_hand(model: Any) -> None:
    record = model(state="open")
    with pytest.raises(AttributeError):
        record.state = "approved"


@pytest.mark.django_db
def test_the_database_refuses_an_unknown_state(org: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Round.objects.create(
            subject_type="x.y", subject_id=1, subject_label="x", team=org.desk, state="odd",
            opened_by=org.lead,
        )  # fmt: skip
