"""Stages that move without a round: finished where there is no gate, skipped, reopened."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.policies import Action, require
from apps.audit.services import record
from apps.common.errors import Refused
from apps.projects.choices import MethodologyShape
from apps.projects.conditions import evaluate, unmet_blocking
from apps.projects.guards import (
    barred_from_deciding,
    require_no_review,
    require_reason,
    require_running,
    unsettled_before,
)
from apps.projects.models import Stage
from apps.projects.services.advancing import start_next
from apps.projects.services.locking import lock_stage, move


@transaction.atomic
def finish_stage(*, actor: User, stage: Stage, version: int) -> Stage:
    """End a stage that has no gate, once what it asks for is there."""
    stage = lock_stage(stage, version)
    require(actor, Action.SUBMIT_GATE, stage.project)
    require_running(stage.project)
    if stage.template.has_gate:
        raise Refused(_("This stage ends with a gate. Submit it for review."))
    if is_deciding_stage(stage):
        raise Refused(_("Decide the cycle: adopt, adapt or abandon."))
    finish(actor=actor, stage=stage)
    start_next(actor=actor, project=stage.project)
    return stage


def is_deciding_stage(stage: Stage) -> bool:
    """Whether this is the stage in which a cycle is decided: the last of a cycle, Act."""
    if stage.project.methodology.shape != MethodologyShape.CYCLE:
        return False
    return not stage.template.methodology.stages.filter(order__gt=stage.template.order).exists()


def finish(*, actor: User, stage: Stage) -> None:
    """Settle a stage without a gate, whose conditions must hold."""
    if stage.cycle != stage.project.cycle:
        raise Refused(_("This cycle has ended and is kept as it was."))
    earlier = unsettled_before(stage)
    if earlier is not None:
        raise Refused(
            _("%(stage)s comes first: it is “%(state)s”.")
            % {"stage": earlier.template.label, "state": earlier.get_state_display()}
        )
    unmet = unmet_blocking(evaluate(stage))
    if unmet:
        raise Refused(
            _("The stage is not finished yet: %(unmet)s.")
            % {"unmet": "; ".join(verdict.statement for verdict in unmet)}
        )
    stage.ended_at = timezone.now()
    move(stage, stage.finish_without_gate, fields=["ended_at"])
    record(
        actor=actor, verb="stage.finished", target=stage, subject=stage.project,
        details={"stage": {"msgid": stage.template.name}, "cycle": stage.cycle},
    )  # fmt: skip


@transaction.atomic
def skip_stage(*, actor: User, stage: Stage, version: int, reason: str) -> Stage:
    """Leave a stage out, with a reason; not by who owns or wrote the project."""
    stage = lock_stage(stage, version)
    project = stage.project
    require(actor, Action.WAIVE_CONDITION, project)
    require_running(project)
    if actor.pk in barred_from_deciding(project):
        raise Refused(_("You own, wrote or submitted this, so someone else decides on skipping."))
    if is_deciding_stage(stage):
        raise Refused(_("Decide the cycle: adopt, adapt or abandon."))
    if stage.cycle != project.cycle:
        raise Refused(_("This cycle has ended and is kept as it was."))
    reason = require_reason(reason)
    stage.ended_at = timezone.now()
    move(stage, stage.skip, fields=["ended_at"])
    record(
        actor=actor, verb="stage.skipped", target=stage, subject=project,
        details={"stage": {"msgid": stage.template.name}}, reason=reason,
    )  # fmt: skip
    start_next(actor=actor, project=project)
    return stage


@transaction.atomic
def reopen_stage(*, actor: User, stage: Stage, version: int, reason: str) -> Stage:
    """Work on a stale stage again, instead of asking for its gate as it stands."""
    stage = lock_stage(stage, version)
    require(actor, Action.EDIT_PROJECT, stage.project)
    require_running(stage.project)
    if stage.cycle != stage.project.cycle:
        raise Refused(_("This cycle has ended and is kept as it was."))
    # A later gate that is being decided builds on this stage.
    require_no_review(stage.project)
    reason = require_reason(reason)
    stage.ended_at = None
    move(stage, stage.reopen, fields=["ended_at"])
    record(
        actor=actor, verb="stage.reopened", target=stage, subject=stage.project,
        details={"stage": {"msgid": stage.template.name}}, reason=reason,
    )  # fmt: skip
    return stage
