"""Append one entry, in the transaction of the change it tells of."""

from __future__ import annotations

from typing import Any, Protocol

from django.db import connection, models
from django.utils import timezone

from apps.audit.chain import GENESIS, seal, storable
from apps.audit.models import CHAIN, ChainHead, Entry


class Actor(Protocol):
    """Whoever acts: a person with a number and a name. The machine is `None`."""

    pk: Any

    def get_full_name(self) -> str: ...


def record(
    *,
    actor: Actor | None,
    verb: str,
    target: models.Model,
    subject: models.Model | None = None,
    details: dict[str, Any] | None = None,
    reason: str = "",
) -> Entry:
    """Append an entry to the trail.

    `target` is what changed; `subject` is the governed record whose history shows it (the
    target itself when not given). Must run inside a transaction, so that the change and its
    entry stand or fall together.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("audit.record must run in the transaction of the change it records")
    subject = target if subject is None else subject
    ChainHead.objects.get_or_create(name=CHAIN, defaults={"hash": GENESIS})
    head = ChainHead.objects.select_for_update().get(name=CHAIN)
    fields: dict[str, Any] = {
        "sequence": head.sequence + 1,
        "at": timezone.now(),
        "actor_id": None if actor is None else actor.pk,
        "actor_name": "" if actor is None else actor.get_full_name(),
        "verb": verb,
        "details": storable(details or {}),
        "reason": reason,
        "previous_hash": head.hash,
    }
    target_ref = (target._meta.label_lower, target.pk, str(target)[:300])
    subject_ref = (subject._meta.label_lower, subject.pk)
    entry = Entry(
        **fields,
        target_type=target_ref[0],
        target_id=target_ref[1],
        target_label=target_ref[2],
        subject_type=subject_ref[0],
        subject_id=subject_ref[1],
        hash=seal(**fields, target=target_ref, subject=subject_ref),
    )
    entry.save(force_insert=True)
    head.sequence, head.hash = entry.sequence, entry.hash
    head.save(update_fields=["sequence", "hash"])
    return entry
