"""The reference data shows approvals; it changes none. Every change has its own service."""

from __future__ import annotations

from django.contrib import admin

from apps.accounts.admin import ReadOnlyAdmin
from apps.approvals.models import Condition, Decision, Round, Seat, Signature


@admin.register(Round)
class RoundAdmin(ReadOnlyAdmin):
    list_display = ("subject_label", "number", "state", "opened_by", "opened_at", "content_hash")
    list_filter = ("state",)
    search_fields = ("subject_label", "content_hash")


@admin.register(Seat)
class SeatAdmin(ReadOnlyAdmin):
    list_display = ("user", "capacity", "mandatory", "state")
    list_filter = ("state",)


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ("round", "outcome", "decided_by", "decided_at")
    list_filter = ("outcome",)


@admin.register(Signature)
class SignatureAdmin(ReadOnlyAdmin):
    list_display = ("signer_name", "capacity", "meaning", "signed_at", "content_hash")
    search_fields = ("signer_name", "content_hash")


@admin.register(Condition)
class ConditionAdmin(ReadOnlyAdmin):
    list_display = ("text", "owner", "due", "blocks", "state")
    list_filter = ("state",)
