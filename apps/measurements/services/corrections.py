"""Putting one stored observation right; what stood there before is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import policies
from apps.accounts.models import User
from apps.accounts.policies import Action
from apps.common.errors import Conflict, Refused
from apps.measurements.announcing import announce
from apps.measurements.choices import COUNTED_TYPES, Subgrouping
from apps.measurements.models import Characteristic, Correction, Observation
from apps.measurements.packing import packed, unpacked
from apps.measurements.selectors import counted
from apps.measurements.services.observations import check_numbers, microseconds

NO_TIME = "–"


@dataclass(frozen=True, slots=True)
class Moved:
    """The time of an observation: as the person saw it, and as it is to be."""

    before: dt.datetime | None
    after: dt.datetime | None


class TimeTaken(Refused):
    """Another observation of the same subgroup has this time; both may count if so wanted."""


@dataclass(frozen=True, slots=True)
class _Content:
    """All that a correction may change."""

    value: float
    size: float | None
    others: tuple[float, ...]
    observed_us: int | None


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
    time: Moved | None = None,
    both_count: bool = False,
    reason: str,
) -> Correction:
    """Replace the value at one place, if it still is `before`; and its time, if `time` is given.

    `others` are the second and later variables where several are measured together. `both_count`
    says that the time may be that of another observation.
    """
    if not reason.strip():
        raise Refused(_("Give the reason for the correction."))
    with transaction.atomic():
        present = Characteristic.objects.select_for_update().get(pk=characteristic.pk)
        policies.require(actor, Action.EDIT_CHARACTERISTIC, present)
        stored = counted(present).filter(sequence=sequence).first()
        if stored is None or not _is_as_seen(stored, before, others_before, time):
            raise Conflict(_("This observation has changed meanwhile. Nothing was changed."))
        old = _Content(
            stored.value, stored.size, tuple(unpacked(stored.others)), stored.observed_us
        )
        new = _Content(
            value=value,
            size=stored.size if size is None else size,
            others=tuple(others),
            observed_us=stored.observed_us if time is None else _us(time.after),
        )
        _check(present, old, new)
        if old.observed_us != new.observed_us and not both_count:
            _refuse_taken(present, stored, new.observed_us)
        new_others = packed(others) if len(others) else stored.others
        Observation.objects.filter(characteristic=present, sequence=sequence).update(
            value=value, size=new.size, others=new_others, observed_us=new.observed_us
        )
        correction = Correction.objects.create(
            characteristic=present,
            sequence=sequence,
            value_before=stored.value,
            value_after=value,
            size_before=stored.size,
            size_after=new.size,
            others_before=stored.others,
            others_after=new_others,
            observed_us_before=old.observed_us,
            observed_us_after=new.observed_us,
            reason=reason.strip(),
            corrected_by=actor,
        )
        announce(
            actor=actor,
            verb="observation.corrected",
            same_times=not correction.time_changed,
            characteristic=present,
            target=correction,
            details={"sequence": sequence, **_told(present, old, new)},
            reason=reason.strip(),
        )
    return correction


def _is_as_seen(
    stored: Observation, before: float, others_before: Sequence[float], time: Moved | None
) -> bool:
    if time is not None and stored.observed_us != _us(time.before):
        return False
    return stored.value == before and unpacked(stored.others) == list(others_before)


def _us(moment: dt.datetime | None) -> int | None:
    return None if moment is None else microseconds(moment)


def _check(characteristic: Characteristic, old: _Content, new: _Content) -> None:
    sizes = None
    if characteristic.data_type in COUNTED_TYPES and new.size is not None:
        sizes = np.array([new.size], dtype=np.float64)
    check_numbers(characteristic.data_type, np.array([new.value], dtype=np.float64), sizes)
    finite = np.isfinite(np.asarray(new.others, np.float64)).all()
    if not finite or len(new.others) != len(old.others):
        raise Refused(_("Every observation needs a value of each variable."))
    if old.observed_us is not None and new.observed_us is None:
        raise Refused(_("The time of an observation can be corrected, not taken away."))
    if new == old:
        raise Refused(_("This is the value that is stored already."))


def _refuse_taken(characteristic: Characteristic, stored: Observation, us: int | None) -> None:
    """Doubles are what an import takes for doubles: same subgroup, time and factors."""
    twins = counted(characteristic).filter(observed_us=us)
    if stored.stratum_id is None:
        twins = twins.filter(stratum_id__isnull=True)
    else:
        twins = twins.filter(stratum_id=stored.stratum_id)
    if characteristic.subgrouping == Subgrouping.COLUMN:
        twins = twins.filter(subgroup=stored.subgroup)
    twin = twins.exclude(sequence=stored.sequence).first()
    if twin is not None:
        raise TimeTaken(
            _(
                "Observation %(sequence)s has the same subgroup and time. Correct the time, or say"
                " that both count."
            )
            % {"sequence": twin.sequence}
        )


def _told(characteristic: Characteristic, old: _Content, new: _Content) -> dict[str, float | str]:
    """What the history says: the numbers where they changed, the time where it did."""
    moved = old.observed_us != new.observed_us
    with_numbers = not moved or (old.value, old.size, old.others) != (
        new.value, new.size, new.others,
    )  # fmt: skip
    if not moved and not old.others:
        return {"before": old.value, "after": new.value}
    return {
        name: "; ".join(
            [f"{number:.12g}" for number in (one.value, *one.others) if with_numbers]
            + ([_time_in(one.observed_us, characteristic.zone)] if moved else [])
        )
        for name, one in (("before", old), ("after", new))
    }


def _time_in(us: int | None, zone: ZoneInfo) -> str:
    """With its offset, so that it says which moment it was whoever reads it, and where."""
    if us is None:
        return NO_TIME
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=us)
    return moment.astimezone(zone).isoformat(" ", "auto" if us % 60_000_000 else "minutes")
