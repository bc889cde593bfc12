"""The guarantee behind the hints: every import goes on, whatever happened to its message."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from apps.measurements import files, leases
from apps.measurements.announcing import announce
from apps.measurements.choices import ImportState
from apps.measurements.expiring import tell_of_expiring
from apps.measurements.importing import import_rows, remove_hidden_rows
from apps.measurements.models import (
    Characteristic,
    Import,
    ReceivedBatch,
    SpecificationLimits,
)
from apps.measurements.newest import count_what_has_come
from apps.measurements.overdue import tell_of_overdue
from apps.measurements.reading import read

# For as long may a program send a batch again under its key and be given the first answer.
BATCHES_KEPT = dt.timedelta(days=30)

logger = logging.getLogger(__name__)

Ring = Callable[[int], object]


def sweep(ring_read: Ring = read, ring_import: Ring = import_rows) -> int:
    """Take up imports that wait or whose worker died; how many. Tidy up what they left."""
    reading = leases.due(leases.READABLE)
    writing = leases.due(leases.WRITABLE)
    for ring, waiting in ((ring_read, reading), (ring_import, writing)):
        for import_id in waiting:
            _ring(ring, import_id)
    bring_limits_into_effect()
    count_what_has_come()
    tell_of_overdue()
    tell_of_expiring()
    tidy()
    return len(reading) + len(writing)


def _ring(ring: Ring, import_id: int) -> None:
    """One import that fails does not keep the others waiting; its attempts are counted."""
    try:
        ring(import_id)
    except Exception:
        logger.exception("Import %s failed; it is tried again.", import_id)


def bring_limits_into_effect() -> int:
    """Specification limits whose day has come change what charts are made from."""
    waiting = SpecificationLimits.objects.filter(
        took_effect=False, valid_from__lte=timezone.localdate()
    )
    for limits in waiting.select_related("characteristic"):
        with transaction.atomic():
            characteristic = Characteristic.objects.select_for_update().get(
                pk=limits.characteristic_id
            )
            taken = SpecificationLimits.objects.filter(pk=limits.pk, took_effect=False).update(
                took_effect=True
            )
            if taken:
                announce(
                    actor=None,
                    verb="specification.took_effect",
                    same_times=True,
                    characteristic=characteristic,
                    target=limits,
                    details={"lsl": limits.lsl, "target": limits.target, "usl": limits.usl},
                )
    return len(waiting)


def tidy() -> None:
    """Remove rows and files that nothing will need."""
    ReceivedBatch.objects.filter(received_at__lt=timezone.now() - BATCHES_KEPT).delete()
    ended = Import.objects.filter(
        state__in=[ImportState.CANCELLED, ImportState.REFUSED], first_sequence__isnull=False
    )
    for import_id in ended.values_list("pk", flat=True):
        remove_hidden_rows(import_id)
    if files.tidied_lately():
        return
    kept = Import.objects.exclude(state__in=[ImportState.CANCELLED, ImportState.REFUSED])
    files.remove_orphans({name.split(".")[0] for name in kept.values_list("stored_as", flat=True)})
