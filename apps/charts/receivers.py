"""What the charts do when data changed: ring for a recompute, no more."""

from __future__ import annotations

import logging
from typing import Any

from apps.charts import tasks
from apps.charts.models import ControlChart

logger = logging.getLogger(__name__)


def queue_recompute(*, characteristic_id: int, **_signal: Any) -> None:
    """Queue the charts of a characteristic; what cannot be queued is left to the sweep."""
    charts = ControlChart.objects.filter(characteristic_id=characteristic_id)
    try:
        for chart_id in charts.values_list("pk", flat=True):
            tasks.recompute.delay(chart_id)
    except Exception as error:
        logger.warning("A recompute was not queued, the sweep will find it: %s", error)
