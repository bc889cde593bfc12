"""Putting one stored value right; what stood there before is kept."""

from __future__ import annotations

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import policies
from apps.accounts.models import User
from apps.accounts.policies import Action
from apps.common.errors import Conflict, Refused
from apps.measurements.announcing import announce
from apps.measurements.choices import DataType
from apps.measurements.models import Characteristic, Correction, Observation
from apps.measurements.selectors import counted
from apps.measurements.services.observations import check_numbers


def correct_observation(
    *,
    actor: User,
    characteristic: Characteristic,
    sequence: int,
    before: float,
    value: float,
    size: float | None = None,
    reason: str,
) -> Correction:
    """Replace the value at one place, if it still is `before`."""
    if not reason.strip():
        raise Refused(_("Give the reason for the correction."))
    with transaction.atomic():
        present = Characteristic.objects.select_for_update().get(pk=characteristic.pk)
        policies.require(actor, Action.EDIT_CHARACTERISTIC, present)
        stored = counted(present).filter(sequence=sequence).first()
        if stored is None or stored.value != before:
            raise Conflict(_("This observation has changed meanwhile. Nothing was changed."))
        new_size = stored.size if size is None else size
        _check(present, value, new_size)
        if (value, new_size) == (stored.value, stored.size):
            raise Refused(_("This is the value that is stored already."))
        Observation.objects.filter(characteristic=present, sequence=sequence).update(
            value=value, size=new_size
        )
        correction = Correction.objects.create(
            characteristic=present,
            sequence=sequence,
            value_before=stored.value,
            value_after=value,
            size_before=stored.size,
            size_after=new_size,
            reason=reason.strip(),
            corrected_by=actor,
        )
        announce(
            actor=actor,
            verb="observation.corrected",
            characteristic=present,
            target=correction,
            details={"sequence": sequence, "before": stored.value, "after": value},
            reason=reason.strip(),
        )
    return correction


def _check(characteristic: Characteristic, value: float, size: float | None) -> None:
    sizes = None
    if characteristic.data_type != DataType.VARIABLE and size is not None:
        sizes = np.array([size], dtype=np.float64)
    check_numbers(characteristic.data_type, np.array([value], dtype=np.float64), sizes)
