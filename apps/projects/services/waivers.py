"""Setting a condition of a gate aside, and settling what an approval asked for."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.policies import Action, require
from apps.approvals import services as approvals
from apps.approvals.models import Condition
from apps.audit.services import record
from apps.common.errors import Refused
from apps.projects.guards import (
    barred_from_deciding,
    require_editable,
    require_reason,
    require_running,
)
from apps.projects.models import STAGE_SUBJECT, ConditionTemplate, Project, Stage, Waiver
from apps.projects.notices import tell
from apps.projects.services.locking import lock_project, lock_stage


@transaction.atomic
def waive_condition(
    *, actor: User, stage: Stage, condition: ConditionTemplate, reason: str
) -> Waiver:
    """Let a gate be asked although a condition is not met; never for one's own work."""
    stage = lock_stage(stage)
    project = stage.project
    require(actor, Action.WAIVE_CONDITION, project)
    require_running(project)
    require_editable(stage)
    if actor.pk in barred_from_deciding(project):
        raise Refused(_("You own, wrote or submitted this, so someone else decides on a waiver."))
    if condition.stage_id != stage.template_id:
        raise Refused(_("This gate does not ask for that condition."))
    reason = require_reason(reason)
    waiver, created = Waiver.objects.get_or_create(
        stage=stage, condition=condition, defaults={"reason": reason, "waived_by": actor}
    )
    if not created:
        raise Refused(_("This condition is waived already."))
    record(
        actor=actor, verb="condition.set_aside", target=waiver, subject=project,
        details={"stage": {"msgid": stage.template.name}, "condition": condition.key},
        reason=reason,
    )  # fmt: skip
    return waiver


@transaction.atomic
def revoke_waiver(*, actor: User, waiver: Waiver, reason: str) -> None:
    """The condition counts again."""
    stage = lock_stage(waiver.stage_id)
    require(actor, Action.WAIVE_CONDITION, stage.project)
    require_running(stage.project)
    require_editable(stage)
    reason = require_reason(reason)
    found = Waiver.objects.filter(pk=waiver.pk).select_related("condition").first()
    if found is None:
        raise Refused(_("This waiver is gone already."))
    record(
        actor=actor, verb="condition.counts_again", target=found, subject=stage.project,
        details={"stage": {"msgid": stage.template.name}, "condition": found.condition.key},
        reason=reason,
    )  # fmt: skip
    found.delete()


@transaction.atomic
def settle_condition(
    *, actor: User, condition: Condition, version: int, evidence: str
) -> Condition:
    """Say how a condition of an approval was met: by its owner or who works on the project."""
    project = _project_of(condition)
    if condition.owner_id != actor.pk:
        require(actor, Action.WORK_ON_PROJECT, project)
    settled = approvals.settle_condition(
        actor=actor, condition=condition, version=version, evidence=evidence, history_of=project
    )
    tell(
        [condition.decision.decided_by], kind="condition.settled",
        event=f"condition:{condition.pk}:settled", project=project, actor=actor,
        text=condition.text,
    )  # fmt: skip
    return settled


@transaction.atomic
def waive_approval_condition(
    *, actor: User, condition: Condition, version: int, reason: str
) -> Condition:
    """Set a condition of an approval aside; only by the person who asked for it."""
    project = _project_of(condition)
    return approvals.waive_condition(
        actor=actor, condition=condition, version=version, reason=reason, history_of=project
    )


def _project_of(condition: Condition) -> Project:
    round_ = condition.round
    if round_.subject_type != STAGE_SUBJECT:
        raise Refused(_("This condition belongs to no project."))
    stage = Stage.objects.only("project_id").get(pk=round_.subject_id)
    return lock_project(stage.project_id)
