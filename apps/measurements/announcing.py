"""The end of every change of data: a new data version, an audit entry, and word sent upward."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import record
from apps.common.after_commit import after_commit
from apps.measurements.models import Characteristic, raise_data_version
from apps.measurements.signals import data_changed


def announce(
    *,
    actor: User | None,
    verb: str,
    characteristic: Characteristic,
    target: models.Model | None = None,
    details: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Close a change of data, inside its transaction."""
    raise_data_version(characteristic, at=timezone.now())
    record(
        actor=actor,
        verb=verb,
        target=target or characteristic,
        subject=characteristic,
        details={**(details or {}), "data_version": characteristic.data_version},
        reason=reason,
    )
    after_commit(
        lambda: data_changed.send(sender=Characteristic, characteristic_id=characteristic.pk)
    )
