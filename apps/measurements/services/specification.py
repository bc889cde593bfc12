"""What the customer tolerates, from a date on."""

from __future__ import annotations

import datetime as dt
import math

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import policies
from apps.accounts.models import User
from apps.accounts.policies import Action
from apps.audit.services import record
from apps.common.errors import Refused
from apps.measurements.announcing import announce
from apps.measurements.choices import DataType
from apps.measurements.models import Characteristic, SpecificationLimits


def set_specification_limits(
    *,
    actor: User,
    characteristic: Characteristic,
    lsl: float | None,
    target: float | None,
    usl: float | None,
    valid_from: dt.date | None = None,
    reason: str = "",
) -> SpecificationLimits:
    """Add limits that hold from a date on; earlier ones stay on record."""
    _check_limits(lsl, target, usl)
    today = timezone.localdate()
    start = valid_from or today
    with transaction.atomic():
        present = Characteristic.objects.select_for_update().get(pk=characteristic.pk)
        _require_right(actor, present)
        if present.data_type == DataType.SEVERAL:
            raise Refused(
                _(
                    "Limits belong to one variable. Measure it as a characteristic of its own to "
                    "give it limits."
                )
            )
        if not reason and present.specification_limits.exists():
            raise Refused(_("Give the reason why the specification limits change."))
        limits = SpecificationLimits.objects.create(
            characteristic=present,
            valid_from=start,
            lsl=lsl,
            target=target,
            usl=usl,
            reason=reason,
            set_by=actor,
            took_effect=start <= today,
        )
        details = {
            "lsl": lsl, "target": target, "usl": usl, "valid_from": start.isoformat(),
        }  # fmt: skip
        if limits.took_effect:
            announce(
                actor=actor,
                verb="specification.set",
                same_times=True,
                characteristic=present,
                target=limits,
                details=details,
                reason=reason,
            )
        else:
            record(
                actor=actor,
                verb="specification.set",
                target=limits,
                subject=present,
                details=details,
                reason=reason,
            )
    characteristic.data_version = present.data_version
    characteristic.changed_at = present.changed_at
    return limits


def _require_right(actor: User, characteristic: Characteristic) -> None:
    """Whoever creates a characteristic sets its first limits; later ones need the right to edit."""
    if characteristic.owner_id == actor.pk or policies.may(
        actor, Action.EDIT_CHARACTERISTIC, characteristic
    ):
        return
    if characteristic.specification_limits.exists() or characteristic.data_version:
        policies.require(actor, Action.EDIT_CHARACTERISTIC, characteristic)
    policies.require(actor, Action.CREATE_CHARACTERISTIC, characteristic.team)


def _check_limits(lsl: float | None, target: float | None, usl: float | None) -> None:
    given = [limit for limit in (lsl, target, usl) if limit is not None]
    if not all(math.isfinite(limit) for limit in given):
        raise Refused(_("Specification limits are finite numbers."))
    if lsl is not None and usl is not None and not lsl < usl:
        raise Refused(_("The lower specification limit must be below the upper one."))
    if given != sorted(given):
        raise Refused(_("The target must lie between the specification limits."))
