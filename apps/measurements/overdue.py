"""Telling the owner that planned values did not come: once for each time it happens.

What is overdue is found from one column, so nothing can be missed: whoever was not told at the
moment is told by the next sweep. When data come, a notice that nobody has read yet is settled.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.measurements.models import Characteristic
from apps.measurements.newest import overdue
from apps.notifications.models import Notification
from apps.notifications.services import notify, settle

KIND = "sampling.overdue"


def tell_of_overdue(now: dt.datetime | None = None) -> int:
    """Tell who has not been told; settle what no longer holds. How many people were told."""
    moment = now or timezone.now()
    late = list(overdue(moment).only("pk", "overdue_from", "owner_id"))
    keys = {event_of(one) for one in late}
    told = set(Notification.objects.filter(kind=KIND, key__in=keys).values_list("user_id", "key"))
    new = [one.pk for one in late if (one.owner_id, event_of(one)) not in told]
    count = sum(_tell(pk, moment) for pk in new)
    settle(kind=KIND, holding=keys)
    return count


def event_of(characteristic: Characteristic) -> str:
    """Names one time that data became overdue."""
    since = characteristic.overdue_from
    if since is None:
        raise ValueError("nothing is planned")
    return f"sampling:{characteristic.pk}:{int(since.timestamp())}"


def _tell(characteristic_id: int, now: dt.datetime) -> int:
    with transaction.atomic():
        # Data may come in at this moment: looked at again while no one else can change it.
        present = overdue(now).select_for_update(of=("self",)).filter(pk=characteristic_id).first()
        if present is None or present.overdue_from is None:
            return 0
        day = present.overdue_from.astimezone(present.zone).date()
        notices = notify(
            users=[present.owner],
            key=event_of(present),
            kind=KIND,
            params={"target": str(present), "date": day},
            url=reverse("measurements:sheet", args=[present.pk]),
        )
    return len(notices)
