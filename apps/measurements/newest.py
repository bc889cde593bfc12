"""The newest observation of a characteristic, kept with it so that no page reads rows for it.

What is kept is always taken from the rows themselves, in the transaction that raises the data
version (`announcing.announce`): after an append from the appended rows and what was kept, after
any other change from all rows that count. So there is no way round it, and nothing to repair.

A time that lies ahead does not count yet: a year typed wrongly would silence the plan until then.
The sweep counts it when its time has come.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet
from django.utils import timezone

from apps.measurements.models import Characteristic, CharacteristicQuerySet, Observation
from apps.measurements.reader.times import AHEAD, EPOCH, MICROSECOND
from apps.measurements.sampling import Plan, Standing, standing
from apps.measurements.selectors import counted

KEPT = ["newest_us", "newest_count", "ahead_us", "arrived_at", "overdue_from"]
PLANNED = ["sampling_every", "sampling_unit", "sampling_size", "sampling_since", "time_zone"]


def plan_of(characteristic: Characteristic) -> Plan | None:
    if not characteristic.sampling_every or not characteristic.sampling_unit:
        return None
    return Plan(
        characteristic.sampling_every,
        characteristic.sampling_unit,
        characteristic.sampling_size or 1,
        characteristic.zone,
    )


def newest_at(characteristic: Characteristic) -> dt.datetime | None:
    """The time of the newest observation that has one, none that lies ahead."""
    if characteristic.newest_us is None:
        return None
    return EPOCH + characteristic.newest_us * MICROSECOND


def sampling_of(
    characteristic: Characteristic, *, now: dt.datetime | None = None
) -> Standing | None:
    """How the data stand to the plan; None without a plan, or once it is archived."""
    plan = plan_of(characteristic)
    if plan is None or characteristic.overdue_from is None or characteristic.archived_at:
        return None
    return standing(
        plan,
        overdue_from=characteristic.overdue_from,
        newest=newest_at(characteristic),
        found=characteristic.newest_count,
        now=now or timezone.now(),
    )


def overdue(now: dt.datetime | None = None) -> CharacteristicQuerySet:
    """Characteristics in use whose data are overdue, the longest first."""
    rows: CharacteristicQuerySet = Characteristic.objects.in_use()
    return rows.filter(overdue_from__lte=now or timezone.now()).order_by("overdue_from", "pk")


def count_what_has_come() -> int:
    """Observations that were dated ahead count once their time has come; how many characteristics.

    Part of the sweep: nothing is changed at that moment that could announce it.
    """
    due = Characteristic.objects.filter(ahead_us__lte=_limit_us())
    keys = list(due.values_list("pk", flat=True))
    for pk in keys:
        with transaction.atomic():
            keep_newest(Characteristic.objects.select_for_update().get(pk=pk))
    return len(keys)


# --- Keeping it -------------------------------------------------------------------------------


def keep_newest(
    characteristic: Characteristic,
    *,
    appended: tuple[int, int] | None = None,
    arrived: bool = False,
) -> None:
    """Bring what is kept in step with the rows; the caller holds the characteristic's row.

    `appended` are the first and last place of rows that were added and count from now on, when
    that is all that changed; `arrived` says that data came in in another way.
    """
    characteristic.refresh_from_db(fields=[*KEPT, *PLANNED])
    before = {name: getattr(characteristic, name) for name in KEPT}
    if arrived or appended is not None:
        characteristic.arrived_at = timezone.now()
    if appended is None:
        _take_anew(characteristic)
    else:
        _take_appended(characteristic, *appended)
    _set_overdue(characteristic)
    changed = {
        name: getattr(characteristic, name)
        for name in KEPT
        if getattr(characteristic, name) != before[name]
    }
    if changed:
        Characteristic.objects.filter(pk=characteristic.pk).update(**changed)


def _take_anew(characteristic: Characteristic) -> None:
    rows = counted(characteristic).order_by()
    characteristic.newest_us, characteristic.ahead_us = _ends(rows)
    characteristic.newest_count = _in_period(characteristic, rows)
    if not rows.exists():
        characteristic.arrived_at = None


def _take_appended(characteristic: Characteristic, first: int, last: int) -> None:
    if characteristic.ahead_us is not None and characteristic.ahead_us <= _limit_us():
        # The sweep has not been here since.
        _take_anew(characteristic)
        return
    rows = Observation.objects.filter(
        characteristic_id=characteristic.pk, sequence__range=(first, last)
    ).order_by()
    old, (new, ahead) = characteristic.newest_us, _ends(rows)
    characteristic.newest_us = max((us for us in (old, new) if us is not None), default=None)
    known = (us for us in (characteristic.ahead_us, ahead) if us is not None)
    characteristic.ahead_us = min(known, default=None)
    start = _period_start_us(characteristic)
    goes_on = start is not None and old is not None and old >= start
    before = characteristic.newest_count if goes_on else 0
    characteristic.newest_count = before + _in_period(characteristic, rows)


def _limit_us() -> int:
    """Where the future begins."""
    return (timezone.now() + AHEAD - EPOCH) // MICROSECOND


def _ends(rows: QuerySet[Observation]) -> tuple[int | None, int | None]:
    """The newest time that has come, and the first that lies ahead."""
    limit = _limit_us()
    found: dict[str, Any] = rows.aggregate(
        newest=Max("observed_us", filter=Q(observed_us__lte=limit)),
        ahead=Min("observed_us", filter=Q(observed_us__gt=limit)),
    )
    return found["newest"], found["ahead"]


def _in_period(characteristic: Characteristic, rows: QuerySet[Observation]) -> int:
    """How many of the rows lie in the period of the newest one; 0 where nothing is planned."""
    start = _period_start_us(characteristic)
    if start is None:
        return 0
    return rows.filter(observed_us__gte=start, observed_us__lte=characteristic.newest_us).count()


def _period_start_us(characteristic: Characteristic) -> int | None:
    plan, newest = plan_of(characteristic), newest_at(characteristic)
    if plan is None or newest is None:
        return None
    return (plan.period_start(newest) - EPOCH) // MICROSECOND


def _set_overdue(characteristic: Characteristic) -> None:
    """The plan runs from the newest value, or from when it was made if that is later."""
    plan = plan_of(characteristic)
    if plan is None:
        characteristic.overdue_from = None
        return
    newest = newest_at(characteristic) or characteristic.arrived_at
    known = [moment for moment in (newest, characteristic.sampling_since) if moment]
    characteristic.overdue_from = plan.overdue_from(max(known)) if known else None
