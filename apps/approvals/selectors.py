"""Reading rounds: who is asked, whose turn it is, what is still owed."""

from __future__ import annotations

from django.db import models
from django.db.models import Prefetch, QuerySet

from apps.accounts.models import User
from apps.approvals.choices import RoundState, SeatState
from apps.approvals.models import Condition, Layer, Round, Seat

WITH_SEATS = Prefetch(
    "layers",
    queryset=Layer.objects.order_by("order").prefetch_related(
        Prefetch(
            "seats",
            queryset=Seat.objects.select_related(
                "user", "decision__signature", "delegated_from__user"
            ).order_by("pk"),
        )
    ),
)


def rounds_of(subject: models.Model) -> QuerySet[Round]:
    """Every round on a record, newest first, with its seats and decisions."""
    return (
        Round.objects.of(subject)
        .select_related("opened_by", "team")
        .prefetch_related(WITH_SEATS)
        .order_by("-number")
    )


def open_round_of(subject: models.Model) -> Round | None:
    return rounds_of(subject).filter(state=RoundState.OPEN).first()


def seat_of(round_: Round, user: User) -> Seat | None:
    """The seat in which it is this person's turn now, if any."""
    return (
        Seat.objects.select_related("layer", "user")
        .filter(
            user=user,
            state=SeatState.PENDING,
            layer__round=round_,
            layer__round__state=RoundState.OPEN,
            layer__opened_at__isnull=False,
            layer__closed_at__isnull=True,
        )
        .order_by("-mandatory", "pk")
        .first()
    )


def pending_seats(round_: Round) -> QuerySet[Seat]:
    """The seats whose turn it is."""
    return Seat.objects.select_related("user").filter(
        state=SeatState.PENDING,
        layer__round=round_,
        layer__opened_at__isnull=False,
        layer__closed_at__isnull=True,
    )


def conditions_owed_by(user: User) -> QuerySet[Condition]:
    return Condition.objects.open().filter(owner=user).select_related("round").order_by("due")
