"""Rounds on any governed record: layers, rules, decisions, delegation, withdrawal, conditions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.approvals import services
from apps.approvals.choices import ConditionState, LayerRule, Outcome, RoundState, SeatState
from apps.approvals.models import Condition, Decision, Round, Seat, Signature
from apps.approvals.packets import verify_packet
from apps.approvals.plans import ConditionPlan, LayerPlan, SeatPlan
from apps.approvals.selectors import open_round_of, pending_seats, seat_of
from apps.audit.models import Entry
from apps.common.errors import Conflict, Refused
from tests.factories import PASSWORD, Org, make_user

ALL, ANY, QUORUM = LayerRule.ALL, LayerRule.ANY, LayerRule.QUORUM


@pytest.fixture
def people(org: Org) -> list[User]:
    return [make_user(f"Signer {number}", team=org.desk) for number in range(5)]


def layer(rule: LayerRule, *seats: tuple[User, bool], quorum: int = 1) -> LayerPlan:
    return LayerPlan(rule, [SeatPlan(user, "sponsor", must) for user, must in seats], quorum)


def opened(org: Org, *layers: LayerPlan, content: dict[str, Any] | None = None) -> Round:
    return services.open_round(
        actor=org.member, subject=org.desk, team=org.desk, label="A record", layers=layers,
        content=content or {"figure": 4.2},
    )  # fmt: skip


def decide(
    round_: Round, user: User, outcome: Outcome = Outcome.APPROVE, *, barred: Sequence[int] = (),
    password: str = PASSWORD, **words: Any,
) -> Round:  # fmt: skip
    proof = services.prove_identity(actor=user, password=password, subject=round_)
    return services.decide(
        actor=user, round_=round_, outcome=outcome, proof=proof, barred=set(barred),
        **{"comment": "", "seen_hash": round_.content_hash, **words},
    )  # fmt: skip


def states(round_: Round) -> list[str]:
    seats = Seat.objects.filter(layer__round=round_).order_by("layer__order", "pk")
    return [seat.state for seat in seats]


# --- rules --------------------------------------------------------------------------------------


def test_all_needs_every_mandatory_seat(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ALL, (people[0], True), (people[1], True), (people[2], False)))
    assert decide(round_, people[0]).state == RoundState.OPEN
    assert decide(round_, people[1]).state == RoundState.APPROVED
    assert states(round_) == ["approved", "approved", "void"]


def test_any_needs_one(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ANY, *((one, True) for one in people[:3])))
    assert decide(round_, people[2]).state == RoundState.APPROVED
    assert states(round_) == ["void", "void", "approved"]


def test_a_quorum_counts(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(QUORUM, *((one, False) for one in people[:4]), quorum=2))
    assert decide(round_, people[0]).state == RoundState.OPEN
    assert decide(round_, people[1], Outcome.SEND_BACK, comment="No").state == RoundState.OPEN
    assert decide(round_, people[2]).state == RoundState.APPROVED


def test_a_quorum_that_cannot_be_reached_ends_the_round(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(QUORUM, *((one, False) for one in people[:3]), quorum=2))
    assert decide(round_, people[0], Outcome.DECLINE, comment="No").state == RoundState.OPEN
    ended = decide(round_, people[1], Outcome.SEND_BACK, comment="Not yet")
    assert ended.state == RoundState.SENT_BACK
    assert ended.closing_reason == "Not yet"


def test_one_optional_refusal_under_any_leaves_the_others(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ANY, (people[0], False), (people[1], False)))
    assert decide(round_, people[0], Outcome.DECLINE, comment="No").state == RoundState.OPEN
    assert decide(round_, people[1]).state == RoundState.APPROVED


@pytest.mark.parametrize(
    ("outcome", "ends"),
    [(Outcome.SEND_BACK, RoundState.SENT_BACK), (Outcome.DECLINE, RoundState.DECLINED)],
)
@pytest.mark.parametrize("rule", [ALL, ANY])
def test_the_first_mandatory_refusal_ends_the_round_and_voids_the_rest(
    org: Org, people: list[User], rule: LayerRule, outcome: Outcome, ends: RoundState
) -> None:
    round_ = opened(
        org,
        layer(rule, (people[0], True), (people[1], True)),
        layer(ALL, (people[2], True)),
    )
    assert decide(round_, people[0], outcome, comment="See page 2").state == ends
    assert states(round_)[1:] == ["void", "void"]
    with pytest.raises(Conflict, match="Someone else decided first"):
        decide(round_, people[1])


def test_layers_open_in_order(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ALL, (people[0], True)), layer(ALL, (people[1], True)))
    assert [one.user for one in pending_seats(round_)] == [people[0]]
    with pytest.raises(Refused, match="not your turn"):
        decide(round_, people[1])
    assert seat_of(round_, people[1]) is None
    decide(round_, people[0])
    assert [one.user for one in pending_seats(round_)] == [people[1]]
    assert decide(round_, people[1]).state == RoundState.APPROVED


def test_signatures_stay_when_a_later_seat_refuses(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ALL, (people[0], True)), layer(ALL, (people[1], True)))
    decide(round_, people[0])
    decide(round_, people[1], Outcome.DECLINE, comment="No")
    assert Signature.objects.filter(decision__round=round_).count() == 2


@pytest.mark.parametrize(
    "plan",
    [
        [],
        [LayerPlan(ALL, [])],
        [LayerPlan(ALL, [SeatPlan(User(pk=1), "sponsor", mandatory=False)])],
        [LayerPlan(QUORUM, [SeatPlan(User(pk=1), "sponsor")], quorum=2)],
        [LayerPlan(QUORUM, [SeatPlan(User(pk=1), "sponsor")], quorum=0)],
    ],
)
def test_a_round_that_could_never_be_decided_is_not_opened(org: Org, plan: list[LayerPlan]) -> None:
    with pytest.raises(Refused):
        opened(org, *plan)
    assert not Round.objects.exists()


def test_one_round_at_a_time_on_a_record(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ALL, (people[0], True)))
    with pytest.raises(Conflict):
        opened(org, layer(ALL, (people[0], True)))
    decide(round_, people[0], Outcome.SEND_BACK, comment="Again")
    assert opened(org, layer(ALL, (people[0], True))).number == 2
    assert open_round_of(org.desk) is not None


# --- signing --------------------------------------------------------------------------------------


def test_a_signature_holds_who_when_what_and_its_meaning(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ALL, (people[0], True)))
    decide(round_, people[0])
    signature = Signature.objects.get()
    assert signature.signer_name == people[0].name
    assert signature.meaning == "I have reviewed this evidence and approve it."
    assert signature.content_hash == round_.content_hash
    assert signature.capacity == "sponsor"


def test_a_wrong_password_signs_nothing_and_stands_in_the_trail(
    org: Org, people: list[User]
) -> None:
    round_ = opened(org, layer(ALL, (people[0], True)))
    with pytest.raises(Refused, match="password"):
        decide(round_, people[0], password="guess")
    assert not Decision.objects.exists()
    assert Entry.objects.filter(verb="signature.refused", actor_id=people[0].pk).count() == 1


def test_after_five_wrong_passwords_signing_pauses(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ALL, (people[0], True)))
    for _attempt in range(5):
        with pytest.raises(Refused, match="not right"):
            decide(round_, people[0], password="guess")
    with pytest.raises(Refused, match="Too many"):
        decide(round_, people[0])


def test_nobody_signs_with_the_proof_of_another_person_or_record(
    org: Org, people: list[User]
) -> None:
    round_ = opened(org, layer(ALL, (people[0], True), (people[1], True)))
    foreign = services.prove_identity(actor=people[1], password=PASSWORD, subject=round_)
    elsewhere = services.prove_identity(actor=people[0], password=PASSWORD, subject=org.desk)
    for proof in (foreign, elsewhere):
        with pytest.raises(Refused, match="own password"):
            services.decide(
                actor=people[0], round_=round_, outcome=Outcome.APPROVE, comment="", proof=proof,
                seen_hash=round_.content_hash, barred=set(),
            )  # fmt: skip


def test_what_was_seen_must_be_what_is_asked(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ALL, (people[0], True)))
    with pytest.raises(Conflict, match="not what is asked"):
        decide(round_, people[0], seen_hash="0" * 64)
    assert states(round_) == ["pending"]


def test_the_barred_and_the_asker_do_not_decide(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ALL, (people[0], True), (org.member, True)))
    with pytest.raises(Refused, match="cannot decide"):
        decide(round_, people[0], barred=[people[0].pk])
    with pytest.raises(Refused, match="cannot decide"):
        decide(round_, org.member)
    assert not Decision.objects.exists()


def test_without_a_seat_there_is_no_decision(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ALL, (people[0], True)))
    with pytest.raises(Refused, match="no seat"):
        decide(round_, people[1])


def test_a_seat_decides_once(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ALL, (people[0], True), (people[1], True)))
    decide(round_, people[0])
    with pytest.raises(Conflict, match="decided first"):
        decide(round_, people[0])
    seat = Seat.objects.get(user=people[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.create(
            round=round_, seat=seat, outcome=Outcome.APPROVE, decided_by=people[0],
            decided_at=round_.opened_at,
        )  # fmt: skip


@pytest.mark.parametrize("outcome", [Outcome.SEND_BACK, Outcome.DECLINE])
def test_a_refusal_needs_a_reason(org: Org, people: list[User], outcome: Outcome) -> None:
    round_ = opened(org, layer(ALL, (people[0], True)))
    with pytest.raises(Refused, match="Say why"):
        decide(round_, people[0], outcome, comment="  ")


# --- packets --------------------------------------------------------------------------------------


def test_a_packet_verifies_and_any_change_of_it_shows(org: Org, people: list[User]) -> None:
    content = {"figure": 1e22, "small": 1e-7, "zero": -0.0, "words": "電信", "n": [1, 2.5, None]}
    round_ = opened(org, layer(ALL, (people[0], True)), content=content)
    decide(round_, people[0])
    assert verify_packet(round_).intact
    changed = {**Round.objects.get(pk=round_.pk).content, "small": 2e-7}
    Round.objects.filter(pk=round_.pk).update(content=changed)
    verdict = verify_packet(round_)
    assert not verdict.intact
    assert verdict.expected != verdict.found


def test_a_packet_resealed_after_signing_shows_on_its_signatures(
    org: Org, people: list[User]
) -> None:
    round_ = opened(org, layer(ALL, (people[0], True)))
    decide(round_, people[0])
    from apps.audit.chain import digest

    forged = {"figure": 3.9}
    Round.objects.filter(pk=round_.pk).update(content=forged, content_hash=digest(forged))
    verdict = verify_packet(round_)
    assert verdict.expected == verdict.found
    assert verdict.foreign_signatures == (people[0].name,)
    assert not verdict.intact


# --- delegation, withdrawal -----------------------------------------------------------------------


def test_a_delegate_decides_in_the_seat_handed_over(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ALL, (people[0], True)))
    seat = Seat.objects.get()
    new = services.delegate(actor=people[0], seat=seat, to=people[1], reason="Away", barred=set())
    assert new.delegated_from_id == seat.pk
    assert new.mandatory
    with pytest.raises(Conflict):
        decide(round_, people[0])
    assert decide(round_, people[1]).state == RoundState.APPROVED
    assert states(round_) == ["delegated", "approved"]


@pytest.mark.parametrize("to", ["barred", "asker", "self", "inactive", "seated"])
def test_a_seat_is_not_delegated_to(org: Org, people: list[User], to: str) -> None:
    round_ = opened(org, layer(ALL, (people[0], True), (people[3], True)))
    people[4].is_active = False
    people[4].save()
    person = {
        "barred": people[1], "asker": org.member, "self": people[0], "inactive": people[4],
        "seated": people[3],
    }[to]  # fmt: skip
    seat = Seat.objects.get(user=people[0])
    with pytest.raises(Refused):
        services.delegate(
            actor=people[0], seat=seat, to=person, reason="Away", barred={people[1].pk}
        )
    assert states(round_) == ["pending", "pending"]


def test_only_the_holder_delegates_and_says_why(org: Org, people: list[User]) -> None:
    opened(org, layer(ALL, (people[0], True)))
    seat = Seat.objects.get()
    with pytest.raises(Refused, match="Only the person"):
        services.delegate(actor=people[2], seat=seat, to=people[1], reason="x", barred=set())
    with pytest.raises(Refused, match="Say why"):
        services.delegate(actor=people[0], seat=seat, to=people[1], reason=" ", barred=set())


def test_withdrawing_voids_the_seats(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ALL, (people[0], True), (people[1], True)))
    decide(round_, people[0])
    with pytest.raises(Refused):
        services.withdraw(actor=org.member, round_=round_, reason="")
    services.withdraw(actor=org.member, round_=round_, reason="Figure was wrong")
    assert states(round_) == ["approved", "void"]
    with pytest.raises(Conflict):
        services.withdraw(actor=org.member, round_=round_, reason="Again")
    with pytest.raises(Conflict):
        decide(round_, people[1])


# --- conditions -----------------------------------------------------------------------------------


def condition(owner: User) -> ConditionPlan:
    return ConditionPlan("Train the night shift", owner, dt.date(2030, 1, 1), "control")


def test_an_approval_with_conditions_makes_them_records(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ALL, (people[0], True), (people[1], True)))
    decide(round_, people[0], Outcome.APPROVE_WITH_CONDITIONS, conditions=[condition(org.member)])
    assert decide(round_, people[1]).state == RoundState.APPROVED_WITH_CONDITIONS
    one = Condition.objects.get()
    services.settle_condition(actor=org.member, condition=one, version=1, evidence="Done 3 Dec")
    with pytest.raises(Conflict):
        services.settle_condition(actor=org.member, condition=one, version=1, evidence="Again")
    assert Condition.objects.get().state == ConditionState.MET


def test_only_who_asked_waives_a_condition(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ALL, (people[0], True)))
    decide(round_, people[0], Outcome.APPROVE_WITH_CONDITIONS, conditions=[condition(org.member)])
    one = Condition.objects.get()
    with pytest.raises(Refused):
        services.waive_condition(actor=org.member, condition=one, version=1, reason="Not needed")
    services.waive_condition(actor=people[0], condition=one, version=1, reason="Not needed")
    assert Condition.objects.get().state == ConditionState.WAIVED


@pytest.mark.parametrize(
    ("outcome", "plans"), [(Outcome.APPROVE_WITH_CONDITIONS, 0), (Outcome.APPROVE, 1)]
)
def test_conditions_go_with_their_outcome_only(
    org: Org, people: list[User], outcome: Outcome, plans: int
) -> None:
    round_ = opened(org, layer(ALL, (people[0], True)))
    with pytest.raises(Refused):
        decide(round_, people[0], outcome, conditions=[condition(org.member)] * plans)
    assert states(round_) == [SeatState.PENDING]


def test_every_change_of_a_round_is_in_the_trail(org: Org, people: list[User]) -> None:
    round_ = opened(org, layer(ALL, (people[0], True), (people[1], True)))
    services.delegate(
        actor=people[1], seat=Seat.objects.get(user=people[1]), to=people[2], reason="Away",
        barred=set(),
    )  # fmt: skip
    decide(round_, people[0])
    decide(round_, people[2], Outcome.SEND_BACK, comment="More data")
    verbs = list(
        Entry.objects.filter(target_type="approvals.round", target_id=round_.pk)
        .order_by("sequence")
        .values_list("verb", flat=True)
    )
    assert verbs == ["round.opened", "round.seat_delegated", "round.approved", "round.sent_back"]
