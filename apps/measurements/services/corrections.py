"""Putting one stored value right; what stood there before is kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import policies
from apps.accounts.models import User
from apps.accounts.policies import Action
from apps.common.errors import Conflict, Refused
from apps.measurements.announcing import announce
from apps.measurements.choices import COUNTED_TYPES
from apps.measurements.models import Characteristic, Correction, Observation
from apps.measurements.packing import packed, unpacked
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
    others_before: Sequence[float] = (),
    others: Sequence[float] = (),
    reason: str,
) -> Correction:
    """Replace the value at one place, if it still is `before`.

    `others` are the second and later variables where several are measured together.
    """
    if not reason.strip():
        raise Refused(_("Give the reason for the correction."))
    with transaction.atomic():
        present = Characteristic.objects.select_for_update().get(pk=characteristic.pk)
        policies.require(actor, Action.EDIT_CHARACTERISTIC, present)
        stored = counted(present).filter(sequence=sequence).first()
        if (
            stored is None
            or stored.value != before
            or unpacked(stored.others) != list(others_before)
        ):
            raise Conflict(_("This observation has changed meanwhile. Nothing was changed."))
        new_size = stored.size if size is None else size
        _check(present, value, new_size, others)
        if len(others) != len(others_before):
            raise Refused(_("Every observation needs a value of each variable."))
        if (value, new_size, *others) == (stored.value, stored.size, *others_before):
            raise Refused(_("This is the value that is stored already."))
        new_others = packed(others) if len(others) else stored.others
        Observation.objects.filter(characteristic=present, sequence=sequence).update(
            value=value, size=new_size, others=new_others
        )
        correction = Correction.objects.create(
            characteristic=present,
            sequence=sequence,
            value_before=stored.value,
            value_after=value,
            size_before=stored.size,
            size_after=new_size,
            others_before=stored.others,
            others_after=new_others,
            reason=reason.strip(),
            corrected_by=actor,
        )
        announce(
            actor=actor,
            verb="observation.corrected",
            same_times=True,
            characteristic=present,
            target=correction,
            details={
                "sequence": sequence,
                "before": _said(stored.value, others_before),
                "after": _said(value, others),
            },
            reason=reason.strip(),
        )
    return correction


def _said(value: float, others: Sequence[float]) -> float | str:
    return "; ".join(f"{number:.12g}" for number in (value, *others)) if others else value


def _check(
    characteristic: Characteristic, value: float, size: float | None, others: Sequence[float]
) -> None:
    sizes = None
    if characteristic.data_type in COUNTED_TYPES and size is not None:
        sizes = np.array([size], dtype=np.float64)
    check_numbers(characteristic.data_type, np.array([value], dtype=np.float64), sizes)
    if not np.isfinite(np.asarray(others, np.float64)).all():
        raise Refused(_("Every observation needs a value of each variable."))
