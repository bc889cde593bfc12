"""The wall: all charts a person may see, those that need a person first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.accounts.models import Team, User
from apps.charts.choices import ChartState
from apps.charts.models import ControlChart, Signal
from apps.charts.selectors.signals import open_signals

CARDS_ON_PAGE = 48


@dataclass(frozen=True, slots=True)
class WallFilters:
    q: str = ""
    team: Team | None = None
    state: str = ""
    kind: str = ""
    page: int = 1


@dataclass(slots=True)
class Card:
    chart: ControlChart
    state: str
    signals: list[Signal] = field(default_factory=list)

    @property
    def newest(self) -> Signal | None:
        """The signal the card speaks of: unassigned first, on the panel that is drawn, newest."""
        drawn = self.chart.result.summary.get("panel") if self.signals else ""
        by_need = sorted(
            self.signals,
            key=lambda signal: (signal.assigned_to_id is not None, signal.panel != drawn),
        )
        return by_need[0] if by_need else None


@dataclass(frozen=True, slots=True)
class Wall:
    page: Page[ControlChart]
    cards: list[Card]
    counts: dict[str, int]
    unassigned: int

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def needing_cause(self) -> list[Card]:
        return [card for card in self.cards if card.state == ChartState.SIGNAL]

    @property
    def late(self) -> list[Card]:
        return [card for card in self.cards if card.state == ChartState.LATE]

    @property
    def others(self) -> list[Card]:
        shown_apart = {ChartState.SIGNAL, ChartState.LATE}
        return [card for card in self.cards if card.state not in shown_apart]


def wall(user: User, filters: WallFilters) -> Wall:
    found = filtered(user, filters)
    counts = {
        row["state_now"]: row["n"]
        for row in found.order_by().values("state_now").annotate(n=Count("pk"))
    }
    unassigned = found.filter(state_now=ChartState.SIGNAL, nobody=True).count()
    ordered = found.select_related(
        "characteristic__team", "characteristic__owner", "result"
    ).order_by(
        Case(
            When(state_now=ChartState.SIGNAL, nobody=True, then=Value(0)),
            When(state_now=ChartState.SIGNAL, then=Value(1)),
            When(state_now=ChartState.LATE, then=Value(2)),
            When(state_now=ChartState.UNKNOWN, then=Value(3)),
            default=Value(4),
            output_field=IntegerField(),
        ),
        "characteristic__name",
        "pk",
    )
    page = Paginator(ordered, CARDS_ON_PAGE).get_page(filters.page)
    return Wall(page=page, cards=_cards(page), counts=counts, unassigned=unassigned)


def filtered(user: User, filters: WallFilters) -> QuerySet[Any]:
    """The charts of the wall, each with its state and whether nobody looks for a cause."""
    nobody = open_signals().filter(chart=OuterRef("pk"), assigned_to__isnull=True)
    charts: QuerySet[Any] = (
        ControlChart.objects.visible_to(user)
        .filter(characteristic__archived_at__isnull=True)
        .annotate(
            state_now=_state_now(),
            nobody=Exists(nobody),
        )
    )
    if filters.q:
        words = Q(characteristic__name__icontains=filters.q)
        charts = charts.filter(words | Q(characteristic__code__icontains=filters.q))
    if filters.team is not None:
        charts = charts.filter(characteristic__team__path__startswith=filters.team.path)
    if filters.state == ChartState.LATE:
        # A signal keeps its place on the wall; looked for by name, its late data are found.
        charts = charts.filter(characteristic__overdue_from__lte=timezone.now())
    elif filters.state:
        charts = charts.filter(state_now=filters.state)
    if filters.kind:
        charts = charts.filter(kind=filters.kind)
    return charts


def _state_now() -> Case:
    """A signal first; then data that are overdue by the sampling plan; then what the chart says."""
    return Case(
        When(result__state=ChartState.SIGNAL, then=Value(ChartState.SIGNAL.value)),
        When(
            characteristic__overdue_from__lte=timezone.now(),
            then=Value(ChartState.LATE.value),
        ),
        default=Coalesce("result__state", Value(ChartState.UNKNOWN.value)),
        output_field=CharField(),
    )


def _cards(page: Page[ControlChart]) -> list[Card]:
    charts: list[Any] = list(page.object_list)
    cards = {chart.pk: Card(chart, chart.state_now) for chart in charts}
    signals = (
        open_signals()
        .filter(chart__in=list(cards))
        .select_related("assigned_to")
        .order_by("-last", "rule")
    )
    for signal in signals:
        cards[signal.chart_id].signals.append(signal)
    return list(cards.values())
