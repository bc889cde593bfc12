"""How the stored result stands to the data and settings of now."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from django.utils import timezone

from apps.charts.models import ChartResult, ControlChart

# Longer than any healthy worker takes: from here on the page says that it waits.
PATIENCE = dt.timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Freshness:
    state: Literal["current", "computing", "waiting", "failed"]
    since: dt.datetime | None = None
    reason: str = ""

    @property
    def is_current(self) -> bool:
        return self.state == "current"

    @property
    def is_waiting(self) -> bool:
        """Whether a result is still to come without anybody doing anything."""
        return self.state in {"computing", "waiting"}


def result_of(chart: ControlChart) -> ChartResult | None:
    """The stored result, if any; reads nothing where the chart was selected with it."""
    return getattr(chart, "result", None)


def is_current(chart: ControlChart) -> bool:
    result = result_of(chart)
    return (
        result is not None
        and result.data_version == chart.characteristic.data_version
        and result.settings_version == chart.settings_version
    )


def freshness(chart: ControlChart, *, now: dt.datetime | None = None) -> Freshness:
    if is_current(chart):
        return Freshness("current")
    since = changed_at(chart)
    key = f"{chart.characteristic.data_version}.{chart.settings_version}"
    if (
        chart.attempted_for == key
        and chart.attempts >= settings.RECOMPUTE_ATTEMPTS
        and chart.failure
    ):
        return Freshness("failed", since, chart.failure)
    if (now or timezone.now()) - since > PATIENCE:
        return Freshness("waiting", since)
    return Freshness("computing", since)


def changed_at(chart: ControlChart) -> dt.datetime:
    """When the newest data or settings came in that the result lacks."""
    result = result_of(chart)
    changed_data = chart.characteristic.changed_at
    if changed_data is None:
        return chart.settings_changed_at
    if result is not None and result.settings_version == chart.settings_version:
        return changed_data
    if result is not None and result.data_version == chart.characteristic.data_version:
        return chart.settings_changed_at
    return max(changed_data, chart.settings_changed_at)
