"""The guarantee behind the hints: every chart that is not up to date, oldest first.

`dirty` needs no memory of messages, so a lost task, an emptied broker or a killed worker only
cost the time to the next sweep. Charts are computed without a lock, so nothing is claimed here:
a chart that is asked for twice is computed once and found clean the second time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.conf import settings
from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils import timezone

from apps.charts.models import ControlChart
from apps.charts.recompute import PAUSE_AFTER_KILLS, recompute

# One sweep hands out no more than this; the next one follows in seconds.
MOST_IN_SWEEP = 1_000


def sweep(each: Callable[[int], object] = recompute) -> int:
    """Call `each` with every chart that is out of date; return how many there were."""
    waiting = list(due().values_list("pk", flat=True)[:MOST_IN_SWEEP])
    for chart_id in waiting:
        each(chart_id)
    return len(waiting)


def due() -> QuerySet[ControlChart]:
    """Dirty charts that still have attempts, the one that waits longest first."""
    key = Concat(
        Cast("characteristic__data_version", CharField()),
        Value("."),
        Cast("settings_version", CharField()),
    )
    spent = Q(attempted_for=key, attempts__gte=settings.RECOMPUTE_ATTEMPTS) & (
        ~Q(failure="") | Q(attempted_at__gte=timezone.now() - PAUSE_AFTER_KILLS)
    )
    return (
        ControlChart.objects.dirty()
        .exclude(spent)
        .order_by(Coalesce(F("characteristic__changed_at"), F("settings_changed_at")), "pk")
    )


def oldest_waiting() -> dt.timedelta | None:
    """For how long the chart that waits longest has been out of date."""
    chart = due().select_related("characteristic").first()
    if chart is None:
        return None
    return timezone.now() - out_of_date_since(chart)


def out_of_date_since(chart: ControlChart) -> dt.datetime:
    """When the data or the settings that the stored result lacks came in."""
    changed = [chart.settings_changed_at]
    if chart.characteristic.changed_at:
        changed.append(chart.characteristic.changed_at)
    return max(changed)
