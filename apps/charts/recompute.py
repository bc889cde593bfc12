"""Recompute a chart until its stored result is of the present data and settings.

Nothing is locked while computing. A result names the pair of versions it was computed from and
is written only over an older pair, so that duplicated, late and killed tasks do no harm. What a
task was told is never the only record of work: `dirty` says what is left, whoever asks.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.charts.choices import ChartState
from apps.charts.computing import ChartSetting, Computed, PhaseSetting, compute
from apps.charts.merging import merge
from apps.charts.models import ChartResult, ControlChart, Exclusion, Phase, PointBlock
from apps.charts.states import settled_state
from apps.charts.telling import tell_of_new_signals
from apps.measurements.selectors import Snapshot, snapshot

logger = logging.getLogger(__name__)

# A chart that is fed faster than it is computed gives way to the others; the sweep returns to it.
MOST_ROUNDS = 20
# After attempts that ended without a reason (the process was killed), how long to leave it alone.
PAUSE_AFTER_KILLS = dt.timedelta(seconds=60)


def recompute(chart_id: int) -> bool:
    """Bring a chart up to date; return whether anything was written.

    An error of the computation is kept with the chart, not raised: one poisoned chart must not
    stop the others.
    """
    written = False
    for _round in range(MOST_ROUNDS):
        read = _read(chart_id)
        if read is None:
            return written
        setting, data = read
        key = f"{data.data_version}.{setting.version}"
        if not _attempt(chart_id, key):
            return written
        try:
            written = _store(chart_id, data, compute(setting, data), setting.version) or written
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("Chart %s could not be computed", chart_id)
            _fail(chart_id, key, error)
    return written


def _read(chart_id: int) -> tuple[ChartSetting, Snapshot] | None:
    """Settings and data of one moment each, or None when there is nothing to do.

    Settings and data carry a version each, raised in the transaction that changes them: reading
    the version before and after what it stands for is a snapshot without a lock.
    """
    while True:
        chart = (
            ControlChart.objects.dirty()
            .select_related("characteristic")
            .filter(pk=chart_id)
            .first()
        )
        if chart is None:
            return None
        setting = _setting(chart)
        data = snapshot(chart.characteristic_id)
        same_data = chart.characteristic.data_version == data.data_version
        same_settings = ControlChart.objects.filter(
            pk=chart_id, settings_version=setting.version
        ).exists()
        if same_data and same_settings:
            return setting, data


def _setting(chart: ControlChart) -> ChartSetting:
    characteristic = chart.characteristic
    phases = Phase.objects.filter(chart=chart).order_by("start_sequence")
    excluded = Exclusion.objects.filter(chart=chart).order_by("sequence")
    return ChartSetting(
        version=chart.settings_version,
        kind=chart.kind,
        rules=tuple(chart.rules),
        estimator=chart.estimator,
        subgrouping=characteristic.subgrouping,
        subgroup_size=characteristic.subgroup_size,
        phases=tuple(
            PhaseSetting(
                phase.start_sequence,
                phase.name,
                phase.baseline_from,
                phase.baseline_to,
                phase.frozen_limits,
            )
            for phase in phases
        ),
        excluded=tuple(excluded.values_list("sequence", flat=True)),
    )


# --- Attempts ---------------------------------------------------------------------------------


def _attempt(chart_id: int, key: str) -> bool:
    """Count an attempt before computing; False when these versions had their attempts."""
    now = timezone.now()
    charts = ControlChart.objects.filter(pk=chart_id)
    if charts.exclude(attempted_for=key).update(
        attempted_for=key, attempts=1, attempted_at=now, failure=""
    ):
        return True
    left = Q(attempts__lt=settings.RECOMPUTE_ATTEMPTS)
    killed = Q(failure="", attempted_at__lt=now - PAUSE_AFTER_KILLS)
    return bool(
        charts.filter(left | killed, attempted_for=key).update(
            attempts=F("attempts") + 1, attempted_at=now
        )
    )


def _fail(chart_id: int, key: str, error: Exception) -> None:
    reason = f"{type(error).__name__}: {error}"[:500]
    ControlChart.objects.filter(pk=chart_id, attempted_for=key).update(failure=reason)


# --- Storing ----------------------------------------------------------------------------------


def _store(chart_id: int, data: Snapshot, computed: Computed, settings_version: int) -> bool:
    """Write over an older pair of versions, or leave everything as it is."""
    now = timezone.now()
    with transaction.atomic():
        chart = (
            ControlChart.objects.select_for_update(of=("self",))
            .select_related("characteristic__owner")
            .get(pk=chart_id)
        )
        fields = {
            "data_version": data.data_version,
            "settings_version": settings_version,
            "computed_at": now,
            "n_points": computed.n_points,
            "n_observations": computed.n_observations,
            "summary": computed.summary,
            "content": computed.content,
            "overview": computed.overview,
            "points_digest": computed.digest,
        }
        if not _written_over_older(chart, fields):
            return False
        result = ChartResult.objects.get(chart=chart)
        result.blocks.all().delete()
        PointBlock.objects.bulk_create(
            (
                PointBlock(result=result, number=number, first=first, content=content)
                for number, first, content in _numbered(computed)
            ),
            batch_size=20,
        )
        fresh = merge(chart, computed.patterns, sequences=computed.sequences, now=now)
        if fresh:
            tell_of_new_signals(chart, fresh, n_points=computed.n_points)
        ChartResult.objects.filter(pk=result.pk).update(state=settled_state(result))
        ControlChart.objects.filter(pk=chart_id).update(attempts=0, failure="")
    return True


def _written_over_older(chart: ControlChart, fields: dict[str, object]) -> bool:
    pair = (fields["data_version"], fields["settings_version"])
    older = Q(data_version__lte=pair[0], settings_version__lte=pair[1]) & ~Q(
        data_version=pair[0], settings_version=pair[1]
    )
    if ChartResult.objects.filter(older, chart=chart).update(**fields):
        return True
    if ChartResult.objects.filter(chart=chart).exists():
        return False
    ChartResult.objects.create(chart=chart, state=ChartState.UNKNOWN, **fields)
    return True


def _numbered(computed: Computed) -> list[tuple[int, int, dict[str, object]]]:
    numbered, first = [], 0
    for number, block in enumerate(computed.blocks):
        numbered.append((number, first, block))
        first += block["count"]
    return numbered
