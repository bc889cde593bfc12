"""What is said of new signals, in the transaction that stores them: history and one notice."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from apps.audit.services import record
from apps.charts.models import ControlChart, Signal
from apps.charts.states import RECENT_POINTS
from apps.charts.wording.rules import rules_in_words
from apps.notifications.services import notify


def tell_of_new_signals(chart: ControlChart, fresh: Sequence[Signal], *, n_points: int) -> None:
    """One entry for all of them; the owner is told once, of the newest, if it is of today.

    Keyed by the signal, so that a computation that runs twice tells once.
    """
    rules = rules_in_words(sorted({signal.rule for signal in fresh}))
    record(
        actor=None,
        verb="chart.signals_raised",
        target=chart,
        subject=chart.characteristic,
        details={"chart": chart.pk, "count": len(fresh), "rules": rules},
    )
    newest = max(fresh, key=lambda signal: signal.last)
    if newest.last < n_points - RECENT_POINTS:
        return
    notify(
        users=[chart.characteristic.owner],
        key=f"signal:{newest.pk}:raised",
        kind="signal.raised",
        params={"target": str(chart.characteristic), "rules": rules},
        url=f"{reverse('charts:detail', args=[chart.pk])}#signal-{newest.pk}",
    )
