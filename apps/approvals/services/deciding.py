"""One seat decides, once: decision, signature, conditions and audit in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.approvals.choices import LayerRule, Outcome, SeatState
from apps.approvals.models import Condition, Decision, Layer, Round, Seat, Signature
from apps.approvals.plans import ConditionPlan
from apps.approvals.services.locking import decided_first, lock_open
from apps.approvals.services.rounds import close
from apps.approvals.services.signing import MEANINGS, Proof
from apps.audit.services import record
from apps.common.errors import Conflict, Refused

POSITIVE = {SeatState.APPROVED, SeatState.APPROVED_WITH_CONDITIONS}
NEGATIVE = {SeatState.SENT_BACK, SeatState.DECLINED}


@transaction.atomic
def decide(
    *,
    actor: User,
    round_: Round,
    outcome: Outcome,
    comment: str,
    conditions: Sequence[ConditionPlan] = (),
    proof: Proof,
    seen_hash: str,
    barred: Collection[int],
    history_of: models.Model | None = None,
) -> Round:
    """Decide in the actor's seat and let the round follow.

    `seen_hash` is the hash of the content the signer was shown; `barred` are the people who may
    not decide here (they wrote, edited or asked). `proof` comes from `prove_identity`.
    """
    locked = lock_open(round_)
    _check_signer(actor, locked, proof, seen_hash, barred)
    _check_words(outcome, comment, conditions)
    seat = _seat_of(actor, locked)
    decision = _write(actor, locked, seat, outcome, comment, conditions)
    _follow(locked, seat, outcome, comment)
    record(
        actor=actor,
        verb=f"round.{seat.state}",
        target=locked,
        subject=history_of or locked,
        details={
            "number": locked.number,
            "label": locked.subject_label,
            "capacity": seat.capacity,
            "conditions": [condition.text for condition in conditions],
            "hash": locked.content_hash,
            "decision": decision.pk,
            "state": locked.state,
        },
        reason=comment,
    )
    return locked


def _check_signer(
    actor: User, round_: Round, proof: Proof, seen_hash: str, barred: Collection[int]
) -> None:
    if proof.user_id != actor.pk or proof.subject != (round_._meta.label_lower, round_.pk):
        raise Refused(_("Sign with your own password."))
    if actor.pk in barred or actor.pk == round_.opened_by_id:
        raise Refused(
            _(
                "You wrote, edited or submitted this, so you cannot decide on it. "
                "Delegate your seat."
            )
        )
    if seen_hash != round_.content_hash:
        raise Conflict(
            _("What you saw is not what is asked now. Read it again. Nothing was changed.")
        )


def _check_words(outcome: Outcome, comment: str, conditions: Sequence[ConditionPlan]) -> None:
    if outcome in {Outcome.SEND_BACK, Outcome.DECLINE} and not comment.strip():
        raise Refused(_("Say why, so that the team knows what to do."))
    if outcome == Outcome.APPROVE_WITH_CONDITIONS and not conditions:
        raise Refused(_("Name at least one condition."))
    if outcome != Outcome.APPROVE_WITH_CONDITIONS and conditions:
        raise Refused(_("Only an approval with conditions carries conditions."))
    if any(not condition.text.strip() or not condition.blocks for condition in conditions):
        raise Refused(_("Each condition needs a text and the gate it blocks."))


def _seat_of(actor: User, round_: Round) -> Seat:
    """The actor's seat whose turn it is; says why when there is none."""
    seats = list(
        Seat.objects.select_for_update(of=("self",))
        .select_related("layer")
        .filter(layer__round=round_, user=actor)
        .order_by("layer__order", "-mandatory", "pk")
    )
    pending = [seat for seat in seats if seat.state == SeatState.PENDING]
    for seat in pending:
        if seat.layer.opened_at is not None and seat.layer.closed_at is None:
            return seat
    if pending:
        raise Refused(_("It is not your turn yet: others sign first."))
    if seats:
        raise decided_first()
    raise Refused(_("You have no seat in this round."))


def _write(
    actor: User,
    round_: Round,
    seat: Seat,
    outcome: Outcome,
    comment: str,
    conditions: Sequence[ConditionPlan],
) -> Decision:
    now = timezone.now()
    move = {
        Outcome.APPROVE: seat.approve,
        Outcome.APPROVE_WITH_CONDITIONS: seat.approve_with_conditions,
        Outcome.SEND_BACK: seat.send_back,
        Outcome.DECLINE: seat.decline,
    }[outcome]
    move()
    seat.save(update_fields=["state"])
    decision = Decision.objects.create(
        round=round_, seat=seat, outcome=outcome, comment=comment, decided_by=actor, decided_at=now
    )
    Signature.objects.create(
        decision=decision,
        user=actor,
        signer_name=actor.get_full_name(),
        capacity=seat.capacity,
        meaning=str(MEANINGS[outcome]),
        content_hash=round_.content_hash,
        signed_at=now,
    )
    for plan in conditions:
        Condition.objects.create(
            round=round_,
            decision=decision,
            text=plan.text.strip(),
            owner=plan.owner,
            due=plan.due,
            blocks=plan.blocks,
        )
    return decision


def _follow(round_: Round, seat: Seat, outcome: Outcome, comment: str) -> None:
    """What one decision means for the round: it ends, the next layer opens, or it waits."""
    negative = seat.state in NEGATIVE
    seats = list(seat.layer.seats.exclude(state__in=[SeatState.DELEGATED, SeatState.VOID]))
    if negative and (seat.mandatory or not reachable(seat.layer, seats)):
        _end(round_, outcome, comment)
    elif satisfied(seat.layer, seats):
        _next_layer(round_, seat.layer)
    else:
        # Nothing but the seat changed; the version still moves, so that a page opened before
        # it knows that it is old.
        round_.save_over(round_.version, fields=["state"])


def satisfied(layer: Layer, seats: Sequence[Seat]) -> bool:
    """Whether a layer has the signatures its rule asks for."""
    positive: int = sum(seat.state in POSITIVE for seat in seats)
    match layer.rule:
        case LayerRule.ANY:
            return positive >= 1
        case LayerRule.QUORUM:
            return positive >= layer.quorum
    return all(seat.state in POSITIVE for seat in seats if seat.mandatory)


def reachable(layer: Layer, seats: Sequence[Seat]) -> bool:
    """Whether the rule can still be satisfied by the seats that have not refused."""
    possible: int = sum(seat.state in POSITIVE or seat.state == SeatState.PENDING for seat in seats)
    match layer.rule:
        case LayerRule.ANY:
            return possible >= 1
        case LayerRule.QUORUM:
            return possible >= layer.quorum
    return not any(seat.state in NEGATIVE for seat in seats if seat.mandatory)


def _end(round_: Round, outcome: Outcome, comment: str) -> None:
    if outcome == Outcome.DECLINE:
        round_.decline()
    else:
        round_.send_back()
    close(round_, reason=comment)


def _next_layer(round_: Round, layer: Layer) -> None:
    now: dt.datetime = timezone.now()
    layer.closed_at = now
    layer.save(update_fields=["closed_at"])
    for seat in layer.seats.filter(state=SeatState.PENDING):
        seat.void()
        seat.save(update_fields=["state"])
    following = round_.layers.filter(order__gt=layer.order).order_by("order").first()
    if following is not None:
        following.opened_at = now
        following.save(update_fields=["opened_at"])
        round_.save_over(round_.version, fields=["state"])
        return
    conditional = round_.decisions.filter(outcome=Outcome.APPROVE_WITH_CONDITIONS).exists()
    if conditional:
        round_.approve_with_conditions()
    else:
        round_.approve()
    close(round_)
