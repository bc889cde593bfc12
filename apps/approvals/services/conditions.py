"""Conditions of an approval: met with evidence, or set aside by whoever asked for them."""

from __future__ import annotations

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.approvals.choices import ConditionState
from apps.approvals.models import Condition
from apps.audit.services import record
from apps.common.errors import Conflict, Refused


@transaction.atomic
def settle_condition(
    *,
    actor: User,
    condition: Condition,
    version: int,
    evidence: str,
    history_of: models.Model | None = None,
) -> Condition:
    """Say how a condition was met."""
    return _close(actor, condition, version, ConditionState.MET, evidence, history_of)


@transaction.atomic
def waive_condition(
    *,
    actor: User,
    condition: Condition,
    version: int,
    reason: str,
    history_of: models.Model | None = None,
) -> Condition:
    """Set a condition aside; only the person who asked for it may."""
    if condition.decision.decided_by_id != actor.pk:
        raise Refused(_("Only the person who asked for the condition can waive it."))
    return _close(actor, condition, version, ConditionState.WAIVED, reason, history_of)


def _close(
    actor: User,
    condition: Condition,
    version: int,
    state: ConditionState,
    words: str,
    history_of: models.Model | None,
) -> Condition:
    if not words.strip():
        raise Refused(_("Say how the condition was settled."))
    locked = Condition.objects.select_for_update(of=("self",)).get(pk=condition.pk)
    if locked.state != ConditionState.OPEN:
        raise Conflict(_("Someone else settled this condition first. Nothing was changed."))
    locked.state = state
    locked.settled_by = actor
    locked.settled_at = timezone.now()
    locked.evidence = words.strip()
    locked.save_over(version, fields=["state", "settled_by", "settled_at", "evidence"])
    record(
        actor=actor,
        verb=f"condition.{state}",
        target=locked,
        subject=history_of or locked.round,
        details={"text": locked.text, "blocks": locked.blocks},
        reason=words,
    )
    return locked
