"""Opening a round with its content fixed, and taking the request back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import Team, User
from apps.approvals.choices import LayerRule, RoundState, SeatState
from apps.approvals.models import Layer, Round, Seat
from apps.approvals.packets import freeze
from apps.approvals.plans import LayerPlan
from apps.approvals.services.locking import lock_open
from apps.audit.chain import digest
from apps.audit.services import record
from apps.common.errors import Conflict, Refused


@transaction.atomic
def open_round(
    *,
    actor: User,
    subject: models.Model,
    team: Team,
    label: str,
    layers: Sequence[LayerPlan],
    content: Mapping[str, Any],
    due: dt.date | None = None,
    note: str = "",
    history_of: models.Model | None = None,
) -> Round:
    """Ask the seats of `layers` for a decision on `content`, which is fixed from now on.

    `history_of` is the record whose history shows the round (the subject when not given).
    """
    _check(layers)
    earlier = Round.objects.of(subject)
    if earlier.filter(state__in=[RoundState.DRAFT, RoundState.OPEN]).exists():
        raise Conflict(_("A request for this is open already. Nothing was changed."))
    frozen = freeze(content)
    now = timezone.now()
    round_ = Round(
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        subject_label=label[:300],
        team=team,
        number=(earlier.aggregate(last=Max("number"))["last"] or 0) + 1,
        request_note=note,
        content=frozen,
        content_hash=digest(frozen),
        opened_by=actor,
        opened_at=now,
        due=due,
    )
    round_.open()
    round_.save(force_insert=True)
    for order, plan in enumerate(layers, start=1):
        _seat(round_, order, plan, opened_at=now if order == 1 else None)
    record(
        actor=actor,
        verb="round.opened",
        target=round_,
        subject=history_of or subject,
        details={
            "number": round_.number,
            "hash": round_.content_hash,
            "label": round_.subject_label,
        },
        reason=note,
    )
    return round_


def _check(layers: Sequence[LayerPlan]) -> None:
    if not layers:
        raise Refused(_("Nobody is asked to decide. Name the people who approve."))
    for plan in layers:
        if not plan.seats:
            raise Refused(_("A layer has no seat. Name the people who approve."))
        if plan.rule == LayerRule.ALL and not any(seat.mandatory for seat in plan.seats):
            raise Refused(_("A layer in which all must sign needs a mandatory seat."))
        if plan.rule == LayerRule.QUORUM and not 1 <= plan.quorum <= len(plan.seats):
            raise Refused(_("The quorum is larger than the number of seats."))


def _seat(round_: Round, order: int, plan: LayerPlan, opened_at: dt.datetime | None) -> None:
    layer = Layer.objects.create(
        round=round_, order=order, rule=plan.rule, quorum=plan.quorum, opened_at=opened_at
    )
    for seat in plan.seats:
        Seat.objects.create(
            layer=layer, user=seat.user, capacity=seat.capacity, mandatory=seat.mandatory
        )


@transaction.atomic
def withdraw(
    *, actor: User, round_: Round, reason: str, history_of: models.Model | None = None
) -> Round:
    """Take the request back. Signatures already given stay in the history."""
    if not reason.strip():
        raise Refused(_("Say why you withdraw the request."))
    locked = lock_open(round_)
    locked.withdraw()
    close(locked, reason=reason)
    record(
        actor=actor,
        verb="round.withdrawn",
        target=locked,
        subject=history_of or locked,
        details={"number": locked.number, "label": locked.subject_label},
        reason=reason,
    )
    return locked


def close(round_: Round, *, reason: str = "") -> None:
    """Store the end of a round and void the seats that were still asked."""
    round_.closed_at = timezone.now()
    round_.closing_reason = reason
    round_.save_over(round_.version, fields=["state", "closed_at", "closing_reason"])
    Layer.objects.filter(round=round_, opened_at__isnull=False, closed_at__isnull=True).update(
        closed_at=round_.closed_at
    )
    for seat in Seat.objects.filter(layer__round=round_, state=SeatState.PENDING):
        seat.void()
        seat.save(update_fields=["state"])
