"""Files beside a deliverable, bound by their hash."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import PurePath

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.policies import Action, require
from apps.audit.services import record
from apps.common.errors import Refused
from apps.projects.choices import DeliverableState
from apps.projects.guards import require_editable, require_running
from apps.projects.models import Attachment, Deliverable
from apps.projects.services.work import lock_deliverable, words_of

NAME_LENGTH = 200


def attach_file(*, actor: User, deliverable: Deliverable, file: File) -> Attachment:
    """Store a file with a deliverable; its SHA-256 becomes part of the packet."""
    # Whoever may not is refused before a byte is written.
    _check_turn(actor, deliverable)
    digest, size = _measure(file)
    stored_as = default_storage.save(f"attachments/{uuid.uuid4().hex}", file)
    try:
        return _store(actor, deliverable, file, stored_as, digest, size)
    except BaseException:
        default_storage.delete(stored_as)
        raise


@transaction.atomic
def _check_turn(actor: User, deliverable: Deliverable) -> Deliverable:
    locked = lock_deliverable(deliverable)
    require(actor, Action.WORK_ON_PROJECT, locked.stage.project)
    require_running(locked.stage.project)
    require_editable(locked.stage)
    return locked


def _measure(file: File) -> tuple[str, int]:
    """Hash and size by counting the bytes, never by what the request claims."""
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    for chunk in file.chunks():
        size += len(chunk)
        if size > settings.ATTACHMENT_MAX_BYTES:
            limit = settings.ATTACHMENT_MAX_BYTES // (1024 * 1024)
            raise Refused(_("The file is larger than %(limit)s MB.") % {"limit": limit})
        digest.update(chunk)
    if size == 0:
        raise Refused(_("The file is empty."))
    file.seek(0)
    return digest.hexdigest(), size


@transaction.atomic
def _store(
    actor: User, deliverable: Deliverable, file: File, stored_as: str, digest: str, size: int
) -> Attachment:
    locked = _check_turn(actor, deliverable)
    if Attachment.objects.filter(deliverable=locked, sha256=digest).exists():
        raise Refused(_("This file is attached already."))
    attachment = Attachment.objects.create(
        deliverable=locked,
        file_name=_clean_name(file.name or ""),
        stored_as=stored_as,
        size_bytes=size,
        sha256=digest,
        uploaded_by=actor,
    )
    _touch(locked, actor, DeliverableState.IN_PROGRESS)
    record(
        actor=actor, verb="attachment.added", target=attachment, subject=locked.stage.project,
        details={
            **words_of(locked), "file": attachment.file_name, "sha256": digest, "bytes": size,
        },
    )  # fmt: skip
    return attachment


@transaction.atomic
def remove_attachment(*, actor: User, attachment: Attachment) -> None:
    """Take a file off a deliverable. The bytes stay for the packets that name them."""
    locked = _check_turn(actor, attachment.deliverable)
    found = Attachment.objects.filter(pk=attachment.pk).first()
    if found is None:
        raise Refused(_("This file is no longer attached."))
    found.removed_at = timezone.now()
    found.save(update_fields=["removed_at"])
    left = locked.body or Attachment.objects.filter(deliverable=locked).exists()
    _touch(locked, actor, DeliverableState.IN_PROGRESS if left else DeliverableState.EMPTY)
    record(
        actor=actor, verb="attachment.removed", target=found, subject=locked.stage.project,
        details={**words_of(locked), "file": found.file_name, "sha256": found.sha256},
    )  # fmt: skip


def _touch(deliverable: Deliverable, actor: User, state: DeliverableState) -> None:
    deliverable.state, deliverable.edited_by = state, actor
    deliverable.save_over(deliverable.version, fields=["state", "edited_by"])


def _clean_name(name: str) -> str:
    """The last part of a file name, without control characters."""
    last = PurePath(name.replace("\\", "/")).name
    printable = "".join(sign for sign in last if sign.isprintable()).strip()
    return printable[-NAME_LENGTH:] or "file"
