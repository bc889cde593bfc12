"""Who works on an import: one worker at a time, and another takes over when it dies.

Everything a worker writes is conditional on its own mark, so a worker that was thought dead and
wakes up writes nothing.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.audit.services import record
from apps.measurements.choices import ImportState
from apps.measurements.models import Import

LEASE = dt.timedelta(seconds=60)
ATTEMPTS = 3


def due(states: Collection[str]) -> list[int]:
    """Imports that wait for a worker, or whose worker fell silent; the oldest first."""
    silent = Q(leased_until__isnull=True) | Q(leased_until__lt=timezone.now())
    # A part goes with the first import of its file.
    wholes = Import.objects.filter(silent, part_of__isnull=True, state__in=list(states))
    found = wholes.order_by("created_at", "pk")
    return list(found.values_list("pk", flat=True))


def take(import_id: int, states: Collection[str]) -> Import | None:
    """Take the work, or None: done already, in another worker's hands, or out of attempts."""
    with transaction.atomic():
        # Waits for a lock, which is short: skipping it would leave the work to the next sweep.
        locked = Import.objects.select_for_update()
        found = locked.filter(pk=import_id, part_of=None, state__in=list(states)).first()
        now = timezone.now()
        if found is None or (found.leased_until is not None and found.leased_until > now):
            return None
        if found.attempts >= ATTEMPTS:
            refuse(found, code="attempts", params={"count": ATTEMPTS})
            return None
        found.attempts += 1
        found.lease = uuid.uuid4().hex
        found.leased_until = now + LEASE
        found.save(update_fields=["attempts", "lease", "leased_until", "updated_at"])
    return found


def hold(import_: Import, state: str, **fields: Any) -> bool:
    """Stay at work and note how far it is; False when the work was taken away or cancelled."""
    held = Import.objects.filter(pk=import_.pk, lease=import_.lease, state=state).update(
        leased_until=timezone.now() + LEASE, **fields
    )
    return held == 1


def let_go(import_: Import, *, error: str) -> None:
    """Leave the work to the next sweep, with what went wrong."""
    Import.objects.filter(pk=import_.pk, lease=import_.lease).update(
        leased_until=timezone.now(), failure=error
    )


def locked_own(import_: Import, state: str) -> Import | None:
    """The import, locked, if it is still this worker's; inside a transaction."""
    return (
        Import.objects.select_for_update()
        .filter(pk=import_.pk, lease=import_.lease, state=state)
        .first()
    )


def refuse(import_: Import, *, code: str, params: dict[str, Any]) -> None:
    """End an import that cannot go on; inside a transaction. Nothing of it counts."""
    for part in import_.parts.select_for_update():
        refuse(part, code=code, params=params)
    import_.refuse()
    import_.report = {**import_.report, "refused": {"code": code, "params": params}}
    import_.leased_until = None
    import_.save_over(import_.version, fields=["state", "report", "leased_until"])
    record(
        actor=None,
        verb="import.refused",
        target=import_,
        subject=import_.characteristic,
        details={"file": import_.file_name, "code": code},
    )


READABLE = (ImportState.RECEIVED, ImportState.READING)
WRITABLE = (ImportState.IMPORTING,)
