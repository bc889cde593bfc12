"""A round of approval on any governed record: layers, seats, decisions, signatures, conditions.

This app knows no project: the governed record is named by type and number, and whoever opens
the round hands over the content that is decided on.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from apps.accounts.models import Team, User
from apps.approvals.choices import ConditionState, LayerRule, Outcome, RoundState, SeatState
from apps.common.models import Timestamped, Versioned

PENDING_SEAT = Q(state=SeatState.PENDING)


class RoundQuerySet(models.QuerySet["Round"]):
    def of(self, subject: models.Model) -> RoundQuerySet:
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)

    def waiting_for(self, user: User) -> RoundQuerySet:
        """Open rounds in which it is this person's turn."""
        return self.filter(
            state=RoundState.OPEN,
            pk__in=Seat.objects.filter(
                PENDING_SEAT,
                user=user,
                layer__opened_at__isnull=False,
                layer__closed_at__isnull=True,
            ).values("layer__round"),
        )


class Round(ConcurrentTransitionMixin, Timestamped, Versioned):
    subject_type = models.CharField(_("kind of subject"), max_length=60)
    subject_id = models.BigIntegerField(_("number of the subject"))
    subject_label = models.CharField(_("subject"), max_length=300)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, verbose_name=_("team"))
    number = models.PositiveSmallIntegerField(_("number"), default=1)
    state = FSMField(
        _("state"),
        max_length=30,
        choices=RoundState.choices,
        default=RoundState.DRAFT,
        protected=True,
    )
    request_note = models.TextField(_("note to the approvers"), blank=True)
    # The frozen packet: figures, verdicts, forms and data versions as they were at opening.
    content = models.JSONField(_("sealed content"), default=dict)
    content_hash = models.CharField(_("seal"), max_length=64, blank=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="rounds_opened",
        verbose_name=_("opened by"),
    )
    opened_at = models.DateTimeField(_("opened"), null=True)
    due = models.DateField(_("due"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    closing_reason = models.TextField(_("reason for closing"), blank=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-pk"]
        verbose_name = _("approval round")
        verbose_name_plural = _("approval rounds")
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "number"], name="round_number_per_subject"
            ),
            models.UniqueConstraint(
                fields=["subject_type", "subject_id"],
                condition=Q(state__in=[RoundState.DRAFT, RoundState.OPEN]),
                name="one_open_round_per_subject",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RoundState.values), name="round_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_label}, {self.number}"

    @transition(field=state, source=RoundState.DRAFT, target=RoundState.OPEN)
    def open(self) -> None: ...

    @transition(field=state, source=RoundState.OPEN, target=RoundState.APPROVED)
    def approve(self) -> None: ...

    @transition(field=state, source=RoundState.OPEN, target=RoundState.APPROVED_WITH_CONDITIONS)
    def approve_with_conditions(self) -> None: ...

    @transition(field=state, source=RoundState.OPEN, target=RoundState.SENT_BACK)
    def send_back(self) -> None: ...

    @transition(field=state, source=RoundState.OPEN, target=RoundState.DECLINED)
    def decline(self) -> None: ...

    @transition(field=state, source=RoundState.OPEN, target=RoundState.WITHDRAWN)
    def withdraw(self) -> None: ...

    @transition(field=state, source=RoundState.OPEN, target=RoundState.EXPIRED)
    def expire(self) -> None: ...


class Layer(models.Model):
    """Seats that are asked at the same time; the next layer opens when this one is done."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="layers")
    order = models.PositiveSmallIntegerField()
    rule = models.CharField(max_length=6, choices=LayerRule, default=LayerRule.ALL)
    quorum = models.PositiveSmallIntegerField(default=1)
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["round", "order"], name="layer_order_per_round"),
            models.CheckConstraint(condition=Q(rule__in=LayerRule.values), name="layer_rule_known"),
        ]

    def __str__(self) -> str:
        return f"{self.round_id}/{self.order}"


class Seat(ConcurrentTransitionMixin, models.Model):
    """One person asked in one capacity."""

    layer = models.ForeignKey(
        Layer, on_delete=models.CASCADE, related_name="seats", verbose_name=_("layer")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="seats",
        verbose_name=_("person"),
    )
    capacity = models.CharField(_("capacity"), max_length=60)
    mandatory = models.BooleanField(_("mandatory"), default=True)
    state = FSMField(
        _("state"),
        max_length=30,
        choices=SeatState.choices,
        default=SeatState.PENDING,
        protected=True,
    )
    delegated_from = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="delegate",
        verbose_name=_("delegated from"),
    )

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        ordering = ["layer__order", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=SeatState.values), name="seat_state_known")
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.capacity}"

    @transition(field=state, source=SeatState.PENDING, target=SeatState.APPROVED)
    def approve(self) -> None: ...

    @transition(field=state, source=SeatState.PENDING, target=SeatState.APPROVED_WITH_CONDITIONS)
    def approve_with_conditions(self) -> None: ...

    @transition(field=state, source=SeatState.PENDING, target=SeatState.SENT_BACK)
    def send_back(self) -> None: ...

    @transition(field=state, source=SeatState.PENDING, target=SeatState.DECLINED)
    def decline(self) -> None: ...

    @transition(field=state, source=SeatState.PENDING, target=SeatState.ABSTAINED)
    def abstain(self) -> None: ...

    @transition(field=state, source=SeatState.PENDING, target=SeatState.DELEGATED)
    def delegate_to_other(self) -> None: ...

    @transition(field=state, source=SeatState.PENDING, target=SeatState.VOID)
    def void(self) -> None: ...


class Decision(models.Model):
    """What a seat decided: once, by the database's own rule."""

    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("approval round")
    )
    seat = models.OneToOneField(
        Seat, on_delete=models.PROTECT, related_name="decision", verbose_name=_("seat")
    )
    outcome = models.CharField(_("outcome"), max_length=30, choices=Outcome)
    comment = models.TextField(_("comment"), blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="decisions",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-decided_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="decision_outcome_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.seat_id}"


class Signature(models.Model):
    """Who signed what, when, meaning what; bound to the hash of exactly what was seen."""

    decision = models.OneToOneField(
        Decision, on_delete=models.PROTECT, related_name="signature", verbose_name=_("decision")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("person"),
    )
    signer_name = models.CharField(_("name of the signer"), max_length=200)
    capacity = models.CharField(_("capacity"), max_length=60)
    meaning = models.TextField(_("meaning"))
    content_hash = models.CharField(_("seal"), max_length=64)
    signed_at = models.DateTimeField(_("signed"))

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")

    def __str__(self) -> str:
        return f"{self.signer_name} {self.signed_at:%Y-%m-%d}"


class ConditionQuerySet(models.QuerySet["Condition"]):
    def open(self) -> ConditionQuerySet:
        return self.filter(state=ConditionState.OPEN)

    def on(self, subject_type: str, subject_ids: Any) -> ConditionQuerySet:
        """The conditions of rounds on these governed records."""
        return self.filter(round__subject_type=subject_type, round__subject_id__in=subject_ids)


class Condition(Timestamped, Versioned):
    """What an approval with conditions asks for; it blocks a later gate until it is met."""

    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, related_name="conditions", verbose_name=_("approval round")
    )
    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="conditions", verbose_name=_("decision")
    )
    text = models.CharField(_("condition"), max_length=300)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="conditions_owed",
        verbose_name=_("owner"),
    )
    due = models.DateField(_("due"))
    blocks = models.CharField(_("blocks"), max_length=60)
    state = models.CharField(
        _("state"), max_length=6, choices=ConditionState, default=ConditionState.OPEN
    )
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("settled by"),
    )
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    evidence = models.TextField(_("how it was met"), blank=True)

    objects = ConditionQuerySet.as_manager()

    class Meta:
        ordering = ["due", "pk"]
        verbose_name = _("condition of an approval")
        verbose_name_plural = _("conditions of approvals")
        indexes = [models.Index(fields=["state", "blocks"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ConditionState.values), name="condition_state_known"
            )
        ]

    def __str__(self) -> str:
        return self.text
