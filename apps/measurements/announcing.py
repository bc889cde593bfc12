"""The end of every change of data: a new data version, an audit entry, and word sent upward."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import record
from apps.common.after_commit import after_commit
from apps.measurements.models import Characteristic, raise_data_version
from apps.measurements.newest import keep_newest
from apps.measurements.selectors import counted
from apps.measurements.signals import data_changed


def announce(
    *,
    actor: User | None,
    verb: str,
    characteristic: Characteristic,
    target: models.Model | None = None,
    details: dict[str, Any] | None = None,
    reason: str = "",
    appended: tuple[int, int] | None = None,
    arrived: bool = False,
    same_times: bool = False,
) -> None:
    """Close a change of data, inside its transaction.

    `appended`: first and last place of added rows, when they are all that changed.
    `arrived`: data came in, though more was changed than that rows were added.
    `same_times`: the same rows count as before, at the same times, so that none need be read.
    """
    reshaped = appended is None or not _is_behind_all(characteristic, appended[1])
    raise_data_version(characteristic, at=timezone.now(), reshaped=reshaped)
    if not same_times:
        keep_newest(characteristic, appended=appended, arrived=arrived)
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


def _is_behind_all(characteristic: Characteristic, last_added: int) -> bool:
    """Whether no observation that counts has a later place.

    Places are handed out before an import counts: one that took long may come to lie before
    observations that were added, and charted, meanwhile.
    """
    if characteristic.next_sequence == last_added + 1:
        return True
    return not counted(characteristic).filter(sequence__gt=last_added).exists()
