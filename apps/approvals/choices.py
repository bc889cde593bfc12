"""Where a round, a seat and a condition stand, and what a signature means."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RoundState(TextChoices):
    DRAFT = "draft", _("Draft")
    OPEN = "open", _("In review")
    APPROVED = "approved", _("Approved")
    APPROVED_WITH_CONDITIONS = "approved_with_conditions", _("Approved with conditions")
    SENT_BACK = "sent_back", _("Sent back")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")


class SeatState(TextChoices):
    PENDING = "pending", _("Pending")
    APPROVED = "approved", _("Approved")
    APPROVED_WITH_CONDITIONS = "approved_with_conditions", _("Approved with conditions")
    SENT_BACK = "sent_back", _("Sent back")
    DECLINED = "declined", _("Declined")
    ABSTAINED = "abstained", _("Abstained")
    DELEGATED = "delegated", _("Delegated")
    VOID = "void", _("Not needed")


class LayerRule(TextChoices):
    ALL = "all", _("all must sign")
    ANY = "any", _("one signature is enough")
    QUORUM = "quorum", _("a quorum must sign")


class Outcome(TextChoices):
    APPROVE = "approve", _("Approve")
    APPROVE_WITH_CONDITIONS = "approve_with_conditions", _("Approve with conditions")
    SEND_BACK = "send_back", _("Send back")
    DECLINE = "decline", _("Decline")


class ConditionState(TextChoices):
    OPEN = "open", _("Open")
    MET = "met", _("Met")
    WAIVED = "waived", _("Waived")
