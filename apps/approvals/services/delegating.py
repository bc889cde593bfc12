"""Handing a seat to somebody else, who then decides in it."""

from __future__ import annotations

from collections.abc import Collection

from django.db import models, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.approvals.choices import SeatState
from apps.approvals.models import Seat
from apps.approvals.services.locking import decided_first, lock_open
from apps.audit.services import record
from apps.common.errors import Refused


@transaction.atomic
def delegate(
    *,
    actor: User,
    seat: Seat,
    to: User,
    reason: str,
    barred: Collection[int],
    history_of: models.Model | None = None,
) -> Seat:
    """Give a pending seat to another person: a new seat, linked to the old one."""
    round_ = lock_open(seat.layer.round)
    locked = Seat.objects.select_for_update(of=("self",)).select_related("layer").get(pk=seat.pk)
    _check(actor, locked, to, reason, barred)
    if to.pk == round_.opened_by_id:
        raise Refused(
            _("%(name)s asked for this decision and cannot take the seat.") % {"name": to}
        )
    locked.delegate_to_other()
    locked.save(update_fields=["state"])
    new = Seat.objects.create(
        layer=locked.layer,
        user=to,
        capacity=locked.capacity,
        mandatory=locked.mandatory,
        delegated_from=locked,
    )
    round_.save_over(round_.version, fields=["state"])
    record(
        actor=actor,
        verb="round.seat_delegated",
        target=round_,
        subject=history_of or round_,
        details={
            "number": round_.number,
            "label": round_.subject_label,
            "capacity": locked.capacity,
            "to": to.get_full_name(),
            "to_id": to.pk,
        },
        reason=reason,
    )
    return new


def _check(actor: User, seat: Seat, to: User, reason: str, barred: Collection[int]) -> None:
    if seat.state != SeatState.PENDING:
        raise decided_first()
    if seat.user_id != actor.pk:
        raise Refused(_("Only the person in the seat can delegate it."))
    if not reason.strip():
        raise Refused(_("Say why you delegate your seat."))
    if not to.is_active or to.pk == actor.pk:
        raise Refused(_("Choose another active person."))
    if to.pk in barred:
        raise Refused(
            _("%(name)s wrote, edited or submitted this and cannot decide on it.") % {"name": to}
        )
    taken = Seat.objects.filter(
        layer=seat.layer, user=to, state__in=[SeatState.PENDING, *_decided()]
    ).exists()
    if taken:
        raise Refused(_("%(name)s already has a seat here.") % {"name": to})


def _decided() -> list[SeatState]:
    return [
        SeatState.APPROVED,
        SeatState.APPROVED_WITH_CONDITIONS,
        SeatState.SENT_BACK,
        SeatState.DECLINED,
    ]
