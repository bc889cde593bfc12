"""The deliverables of a stage: written, completed, opened again."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.policies import Action, require
from apps.audit.services import record
from apps.common.errors import Refused
from apps.projects.choices import DeliverableState, StageState
from apps.projects.guards import (
    require_editable,
    require_no_review,
    require_reason,
    require_running,
)
from apps.projects.models import Attachment, Deliverable
from apps.projects.services.advancing import make_stale
from apps.projects.services.locking import compare, lock_stage


def lock_deliverable(deliverable: Deliverable, version: int | None = None) -> Deliverable:
    """The deliverable as it stands, with its stage and project locked."""
    stage = lock_stage(deliverable.stage_id)
    locked = Deliverable.objects.select_related("template").get(pk=deliverable.pk)
    locked.stage = stage
    compare(locked, version)
    return locked


def words_of(deliverable: Deliverable) -> dict[str, object]:
    return {
        "deliverable": {"msgid": deliverable.template.name},
        "stage": {"msgid": deliverable.stage.template.name},
    }


@transaction.atomic
def edit_deliverable(
    *, actor: User, deliverable: Deliverable, version: int, body: str
) -> Deliverable:
    """Write what was found. A complete deliverable that is changed is in progress again."""
    deliverable = lock_deliverable(deliverable, version)
    project = deliverable.stage.project
    require(actor, Action.WORK_ON_PROJECT, project)
    require_running(project)
    require_editable(deliverable.stage)
    body = body.strip()
    if body == deliverable.body:
        return deliverable
    deliverable.body, deliverable.edited_by = body, actor
    files = Attachment.objects.filter(deliverable=deliverable).exists()
    deliverable.state = DeliverableState.IN_PROGRESS if body or files else DeliverableState.EMPTY
    deliverable.save_over(version, fields=["body", "edited_by", "state"])
    record(
        actor=actor, verb="deliverable.edited", target=deliverable, subject=project,
        details={
            **words_of(deliverable),
            "version": deliverable.version,
            "sha256": hashlib.sha256(body.encode()).hexdigest(),
            "body": body,
        },
    )  # fmt: skip
    return deliverable


@transaction.atomic
def complete_deliverable(*, actor: User, deliverable: Deliverable, version: int) -> Deliverable:
    """Say that a deliverable is complete: it has words or a file."""
    deliverable = lock_deliverable(deliverable, version)
    project = deliverable.stage.project
    require(actor, Action.WORK_ON_PROJECT, project)
    require_running(project)
    require_editable(deliverable.stage)
    if deliverable.state == DeliverableState.COMPLETE:
        return deliverable
    if not deliverable.body and not Attachment.objects.filter(deliverable=deliverable).exists():
        raise Refused(_("Write it or attach a file first."))
    deliverable.state, deliverable.edited_by = DeliverableState.COMPLETE, actor
    deliverable.save_over(version, fields=["state", "edited_by"])
    record(
        actor=actor, verb="deliverable.completed", target=deliverable, subject=project,
        details=words_of(deliverable),
    )  # fmt: skip
    return deliverable


@transaction.atomic
def reopen_deliverable(
    *, actor: User, deliverable: Deliverable, version: int, reason: str = ""
) -> Deliverable:
    """Work on a complete deliverable again.

    When its stage has passed, the stage becomes stale and its gate is asked again; that needs a
    reason. Later stages stay as they were signed, but their gates wait for this one.
    """
    deliverable = lock_deliverable(deliverable, version)
    stage = deliverable.stage
    require(actor, Action.WORK_ON_PROJECT, stage.project)
    require_running(stage.project)
    if stage.state in {StageState.PASSED, StageState.PASSED_WITH_CONDITIONS}:
        if stage.cycle != stage.project.cycle:
            raise Refused(_("This cycle has ended and is kept as it was."))
        # A later gate that is being decided builds on this stage.
        require_no_review(stage.project)
        make_stale(actor=actor, stages=[stage], because=require_reason(reason))
    else:
        require_editable(stage)
        if deliverable.state != DeliverableState.COMPLETE:
            return deliverable
    deliverable.state = DeliverableState.IN_PROGRESS
    deliverable.save_over(version, fields=["state"])
    record(
        actor=actor, verb="deliverable.reopened", target=deliverable, subject=stage.project,
        details=words_of(deliverable), reason=reason.strip(),
    )  # fmt: skip
    return deliverable
