"""What became of the data: the newest result of each chart, for programs."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_noop as _
from ninja import Router
from pydantic import BaseModel, Field

from apps.accounts.api import token_of
from apps.charts.models import ControlChart, Signal
from apps.charts.selectors.freshness import freshness, result_of
from apps.charts.selectors.signals import open_signals
from apps.charts.wording.rules import signal_sentence
from apps.measurements.api.endpoints import READING, reached, refusals

router = Router(tags=["charts"])

MOST_SIGNALS = 20


class SignalState(BaseModel):
    rule: str = Field(description=_("The run rule that is broken: set and number."))
    sentence: str = Field(description=_("The signal in words."))
    first_seen: dt.datetime = Field(description=_("When it was first found."))


class ChartStatus(BaseModel):
    id: int = Field(description=_("Number of the chart."))
    kind: str = Field(description=_("Type of the chart."))
    url: str = Field(description=_("Address of its page, for people."))
    freshness: str = Field(
        description=_("Whether it shows all data: current, computing, waiting or failed.")
    )
    result_version: int | None = Field(
        description=_("The data_version that the shown result was computed from.")
    )
    state: str | None = Field(
        description=_("What it says: signal, late, unknown (too few points) or stable.")
    )
    state_in_words: str = Field(description=_("The same in words."))
    points: int = Field(description=_("Number of plotted points."))
    computed_at: dt.datetime | None = Field(description=_("When the result was computed."))
    signals_open: int = Field(
        description=_("Signals among the newest points for which nobody has named a cause.")
    )
    signals: list[SignalState] = Field(description=_("The newest of them, at most 20."))


class CharacteristicStatus(BaseModel):
    """What the charts of a characteristic say, and whether they have the newest data yet."""

    id: int = Field(description=_("Number of the characteristic."))
    data_version: int = Field(description=_("Rises with every change of its data."))
    changed_at: dt.datetime | None = Field(description=_("When its data last changed."))
    up_to_date: bool = Field(description=_("Whether every chart shows all data."))
    signals_open: int = Field(
        description=_("Signals among the newest points for which nobody has named a cause.")
    )
    charts: list[ChartStatus] = Field(description=_("Its charts; none until somebody opens one."))


@router.get(
    "/characteristics/{int:characteristic_id}/status",
    response={200: CharacteristicStatus, **refusals(*READING)},
    operation_id="read_status",
    url_name="status",
    summary=_("Read what the charts of a characteristic say"),
)
def read_status(request: HttpRequest, characteristic_id: int) -> dict[str, Any]:
    one = reached(token_of(request), characteristic_id)
    charts = list(
        ControlChart.objects.filter(characteristic=one)
        .select_related("characteristic", "result")
        .order_by("pk")
    )
    waiting: dict[int, list[Signal]] = defaultdict(list)
    for signal in open_signals().filter(chart__in=charts).order_by("-point", "rule"):
        waiting[signal.chart_id].append(signal)
    told = [_chart(request, chart, waiting[chart.pk]) for chart in charts]
    return {
        "id": one.pk,
        "data_version": one.data_version,
        "changed_at": one.changed_at,
        "up_to_date": all(chart["freshness"] == "current" for chart in told),
        "signals_open": sum(chart["signals_open"] for chart in told),
        "charts": told,
    }


def _chart(request: HttpRequest, chart: ControlChart, signals: list[Signal]) -> dict[str, Any]:
    result = result_of(chart)
    return {
        "id": chart.pk,
        "kind": chart.kind,
        "url": request.build_absolute_uri(reverse("charts:detail", args=[chart.pk])),
        "freshness": freshness(chart).state,
        "result_version": result.data_version if result else None,
        "state": result.state if result else None,
        "state_in_words": result.get_state_display() if result else "",
        "points": result.n_points if result else 0,
        "computed_at": result.computed_at if result else None,
        "signals_open": len(signals),
        "signals": [
            {
                "rule": signal.rule,
                "sentence": signal_sentence(signal),
                "first_seen": signal.first_seen,
            }
            for signal in signals[:MOST_SIGNALS]
        ],
    }
