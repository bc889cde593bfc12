"""Creating, changing and archiving what is measured."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import policies
from apps.accounts.choices import Visibility
from apps.accounts.models import Team, User
from apps.accounts.policies import Action
from apps.audit.services import record
from apps.common.errors import Refused
from apps.measurements.announcing import announce
from apps.measurements.choices import DataType, Direction, Interval, Subgrouping
from apps.measurements.models import Characteristic
from apps.measurements.services.specification import set_specification_limits

# A change of these changes what a chart is made from.
SHAPING = {
    "data_type", "subgrouping", "subgroup_size", "subgroup_window", "time_zone", "variables", "factors",
}  # fmt: skip
EDITABLE = SHAPING | {
    "name", "code", "description", "unit", "decimals", "direction", "process_step", "owner",
    "visibility", "team",
}  # fmt: skip
# Fields that one choice calls for and every other one empties.
DEPENDENT = ["subgrouping", "subgroup_size", "subgroup_window", "variables"]
FEWEST_VARIABLES, MOST_VARIABLES, MOST_FACTORS = 2, 12, 8


def create_characteristic(
    *,
    actor: User,
    team: Team,
    name: str,
    data_type: str = DataType.VARIABLE,
    unit: str = "",
    code: str = "",
    description: str = "",
    decimals: int = 2,
    direction: str = Direction.TARGET,
    subgrouping: str = Subgrouping.INDIVIDUALS,
    subgroup_size: int | None = None,
    subgroup_window: str = "",
    time_zone: str = "",
    process_step: str = "",
    variables: Sequence[str] = (),
    factors: Sequence[str] = (),
    owner: User | None = None,
    visibility: str = Visibility.ORGANISATION,
    simulated: bool = False,
    lsl: float | None = None,
    target: float | None = None,
    usl: float | None = None,
    valid_from: dt.date | None = None,
) -> Characteristic:
    """Add something to measure; with specification limits when there are any."""
    policies.require(actor, Action.CREATE_CHARACTERISTIC, team)
    characteristic = Characteristic(
        team=team,
        name=name.strip(),
        data_type=data_type,
        unit=unit,
        code=code,
        description=description,
        decimals=decimals,
        direction=direction,
        subgrouping=subgrouping,
        subgroup_size=subgroup_size,
        subgroup_window=subgroup_window,
        time_zone=time_zone,
        process_step=process_step,
        variables=list(variables),
        factors=list(factors),
        owner=owner or actor,
        visibility=visibility,
        simulated=simulated,
        changed_at=timezone.now(),
    )
    _settle_shape(characteristic)
    with transaction.atomic():
        _save_new(characteristic)
        record(
            actor=actor,
            verb="characteristic.created",
            target=characteristic,
            details={"name": characteristic.name, "data_type": str(data_type), "unit": unit},
        )
        if (lsl, target, usl) != (None, None, None):
            set_specification_limits(
                actor=actor,
                characteristic=characteristic,
                lsl=lsl,
                target=target,
                usl=usl,
                valid_from=valid_from,
            )
    return characteristic


def update_characteristic(
    *, actor: User, characteristic: Characteristic, version: int, **changes: Any
) -> Characteristic:
    """Change fields of a characteristic that is still at `version`."""
    unknown = set(changes) - EDITABLE
    if unknown:
        raise TypeError(f"not a field that can be changed: {sorted(unknown)}")
    with transaction.atomic():
        present: Characteristic = Characteristic.objects.select_for_update().get(
            pk=characteristic.pk
        )
        policies.require(actor, Action.EDIT_CHARACTERISTIC, present)
        n_variables = len(present.variables)
        before = {name: getattr(present, name) for name in changes}
        changed = {name: value for name, value in changes.items() if before[name] != value}
        for name, value in changed.items():
            setattr(present, name, value)
        _settle_shape(present)
        if "team" in changed:
            policies.require(actor, Action.CREATE_CHARACTERISTIC, present.team)
        if "data_type" in changed and present.next_sequence > 1:
            raise Refused(
                _("The kind of data is fixed once there are observations. Create a new one.")
            )
        if present.next_sequence > 1 and len(present.variables) != n_variables:
            raise Refused(
                _(
                    "There are observations of %(n)s variables already. "
                    "Rename them if you like; to measure others, create a new characteristic."
                )
                % {"n": n_variables}
            )
        _save_changes(present, version, [*changed, *DEPENDENT])
        if changed:
            _tell_of_changes(actor, present, before, changed)
    return present


def archive_characteristic(
    *, actor: User, characteristic: Characteristic, version: int, reason: str
) -> Characteristic:
    """Take a characteristic out of use; its data and charts stay readable."""
    with transaction.atomic():
        present: Characteristic = Characteristic.objects.select_for_update().get(
            pk=characteristic.pk
        )
        policies.require(actor, Action.EDIT_CHARACTERISTIC, present)
        if present.archived_at is not None:
            raise Refused(_("This characteristic is archived already."))
        present.archived_at = timezone.now()
        present.save_over(version, fields=["archived_at"])
        record(actor=actor, verb="characteristic.archived", target=present, reason=reason)
    return present


def restore_characteristic(
    *, actor: User, characteristic: Characteristic, version: int, reason: str
) -> Characteristic:
    """Take an archived characteristic into use again."""
    with transaction.atomic():
        present: Characteristic = Characteristic.objects.select_for_update().get(
            pk=characteristic.pk
        )
        policies.require(actor, Action.EDIT_CHARACTERISTIC, present)
        if present.archived_at is None:
            raise Refused(_("This characteristic is in use already."))
        present.archived_at = None
        present.save_over(version, fields=["archived_at"])
        record(actor=actor, verb="characteristic.restored", target=present, reason=reason)
    return present


def _settle_shape(characteristic: Characteristic) -> None:
    """Refuse what does not fit together; empty what the choices made do not call for."""
    size, several = characteristic.subgroup_size, characteristic.data_type == DataType.SEVERAL
    if characteristic.data_type == DataType.BETWEEN:
        # Each value runs from one event to the next: there is nothing to group.
        characteristic.subgrouping = Subgrouping.INDIVIDUALS
    if characteristic.subgrouping == Subgrouping.FIXED:
        if not (size and 2 <= size <= 100):
            raise Refused(_("Say how many values make a subgroup: 2 to 100."))
    else:
        characteristic.subgroup_size = None
    if characteristic.subgrouping == Subgrouping.WINDOW:
        if characteristic.subgroup_window not in Interval:
            raise Refused(_("Say how long a subgroup lasts: an hour, a day, a week or a month."))
    else:
        characteristic.subgroup_window = ""
    if several:
        check_names(characteristic.variables, fewest=FEWEST_VARIABLES, most=MOST_VARIABLES)
    else:
        characteristic.variables = []
    check_names(characteristic.factors, fewest=0, most=MOST_FACTORS)
    zone = characteristic.time_zone
    if zone and zone not in zoneinfo.available_timezones():
        raise Refused(_("There is no time zone “%(zone)s”.") % {"zone": zone})


def check_names(names: Sequence[str], *, fewest: int, most: int) -> None:
    """Names of variables or factors: so many, none of them twice, none too long."""
    if not fewest <= len(names) <= most:
        raise Refused(
            _("Give %(fewest)s to %(most)s names, not %(n)s.")
            % {"fewest": fewest, "most": most, "n": len(names)}
        )
    folded = [name.strip().casefold() for name in names]
    if len(set(folded)) < len(folded):
        raise Refused(_("Two of the names are the same. Tell them apart."))
    if not all(0 < len(name.strip()) <= 40 for name in names):
        raise Refused(_("A name has 1 to 40 characters."))


def _save_new(characteristic: Characteristic) -> None:
    try:
        with transaction.atomic():
            characteristic.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(_name_taken()) from error


def _save_changes(characteristic: Characteristic, version: int, fields: list[str]) -> None:
    try:
        with transaction.atomic():
            characteristic.save_over(version, fields=sorted(set(fields)))
    except IntegrityError as error:
        raise Refused(_name_taken()) from error


def _name_taken() -> str:
    return _("This team already measures something of this name. Choose another name.")


def _tell_of_changes(
    actor: User, characteristic: Characteristic, before: dict[str, Any], changed: dict[str, Any]
) -> None:
    details = {
        "fields": sorted(changed),
        "before": {name: str(before[name]) for name in changed},
        "after": {name: str(value) for name, value in changed.items()},
    }
    if SHAPING & set(changed):
        announce(
            actor=actor,
            verb="characteristic.edited",
            characteristic=characteristic,
            details=details,
        )
    else:
        record(actor=actor, verb="characteristic.edited", target=characteristic, details=details)
