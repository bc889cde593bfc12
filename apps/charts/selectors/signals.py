"""Signals that wait for a cause."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from apps.accounts.models import User
from apps.charts.choices import CauseState
from apps.charts.models import ControlChart, Exclusion, Signal
from apps.charts.states import RECENT_POINTS


def open_signals() -> QuerySet[Signal]:
    """Signals among the newest points of a chart in use for which no cause is named."""
    return Signal.objects.filter(
        present=True,
        cause_state=CauseState.WANTED,
        last__gte=F("chart__result__n_points") - RECENT_POINTS,
        chart__characteristic__archived_at__isnull=True,
    )


def newest_signals(user: User, limit: int = 5) -> list[Signal]:
    """What a person may see, newest first."""
    return list(
        open_signals()
        .filter(chart__in=ControlChart.objects.visible_to(user))
        .select_related("chart__characteristic__team", "assigned_to")
        .order_by("-first_seen", "-point")[:limit]
    )


def signals_waiting_for(user: User) -> QuerySet[Signal]:
    """Signals assigned to a person, the most urgent first."""
    return (
        Signal.objects.filter(
            assigned_to=user,
            present=True,
            cause_state=CauseState.WANTED,
            chart__in=ControlChart.objects.visible_to(user),
        )
        .select_related("chart__characteristic__team")
        .order_by(F("due").asc(nulls_last=True), "first_seen")
    )


def listed_signals(chart: ControlChart) -> QuerySet[Signal]:
    """The signals of a chart page: those that hold, and those whose point is left out since."""
    left_out = Exclusion.objects.filter(chart=chart, sequence=OuterRef("sequence"))
    return (
        Signal.objects.filter(chart=chart)
        .annotate(left_out=Exists(left_out))
        .filter(Q(present=True) | Q(left_out=True))
        .select_related("assigned_to", "explained_by")
        .order_by("-last", "rule")
    )
