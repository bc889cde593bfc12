"""Saying how often values are expected, or that none are expected any more."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import policies
from apps.accounts.models import User
from apps.accounts.policies import Action
from apps.audit.services import record
from apps.common.errors import Refused
from apps.measurements.choices import Interval
from apps.measurements.models import Characteristic
from apps.measurements.newest import keep_newest

MOST_PERIODS = 1_000
MOST_VALUES = 1_000_000


def set_sampling_plan(
    *, actor: User, characteristic: Characteristic, version: int, every: int, unit: str, size: int
) -> Characteristic:
    """Expect `size` values in every `every`th hour, day, week or month, from now on."""
    if unit not in Interval.values:
        raise Refused(_("Choose hours, days, weeks or months."))
    if not 1 <= every <= MOST_PERIODS or not 1 <= size <= MOST_VALUES:
        raise Refused(_("A plan asks for at least one value, at least every 1,000 periods."))
    with transaction.atomic():
        present = _locked(actor, characteristic)
        if present.archived_at is not None:
            raise Refused(_("This characteristic is archived. It takes no more observations."))
        before = (present.sampling_every, present.sampling_unit)
        present.sampling_every, present.sampling_unit = every, unit
        present.sampling_size = size
        # Another number of values begins no new plan: what is overdue stays overdue.
        if before != (every, unit) or present.sampling_since is None:
            present.sampling_since = timezone.now()
        _save(present, version)
        record(
            actor=actor,
            verb="sampling.planned",
            target=present,
            details={"every": every, "unit": {"msgid": unit.capitalize()}, "size": size},
        )
    return present


def end_sampling_plan(
    *, actor: User, characteristic: Characteristic, version: int
) -> Characteristic:
    """Expect no values any more; the page says nothing of them from now on."""
    with transaction.atomic():
        present = _locked(actor, characteristic)
        if present.sampling_every is None:
            raise Refused(_("There is no sampling plan."))
        present.sampling_every, present.sampling_unit = None, ""
        present.sampling_size = present.sampling_since = None
        _save(present, version)
        record(actor=actor, verb="sampling.ended", target=present)
    return present


def _locked(actor: User, characteristic: Characteristic) -> Characteristic:
    present: Characteristic = Characteristic.objects.select_for_update().get(pk=characteristic.pk)
    policies.require(actor, Action.EDIT_CHARACTERISTIC, present)
    return present


def _save(characteristic: Characteristic, version: int) -> None:
    characteristic.save_over(
        version,
        fields=["sampling_every", "sampling_unit", "sampling_size", "sampling_since"],
    )
    keep_newest(characteristic)
