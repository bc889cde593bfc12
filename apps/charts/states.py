"""What a chart says of its process, from its result and from what people found out."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.charts.choices import CauseState, ChartState
from apps.charts.models import ChartResult, ControlChart, Signal

# Signals further back than this say nothing of the process of today.
RECENT_POINTS = 25
# Fewer points cannot show whether a process is stable.
FEWEST_POINTS = 20


def unexplained(
    chart: ControlChart, *, n_points: int, last: int = RECENT_POINTS
) -> QuerySet[Signal]:
    """Signals among the last points for which nobody has named a cause."""
    return Signal.objects.filter(
        chart=chart,
        present=True,
        cause_state=CauseState.WANTED,
        last__gte=max(n_points - last, 0),
    )


def settled_state(result: ChartResult) -> ChartState:
    if unexplained(result.chart, n_points=result.n_points).exists():
        return ChartState.SIGNAL
    if result.content.get("problem") or result.n_points < FEWEST_POINTS:
        return ChartState.UNKNOWN
    return ChartState.STABLE


def settle(chart: ControlChart) -> None:
    """Store the state again after a cause was named, without recomputing."""
    result = ChartResult.objects.filter(chart=chart).first()
    if result is not None:
        ChartResult.objects.filter(pk=result.pk).update(state=settled_state(result))
