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
from apps.charts.computing import Computed, compute
from apps.charts.continuing import (
    FORMAT,
    Continued,
    FiguresWanted,
    Stored,
    carry_on,
    first_phase_wanted,
    from_json,
    start_of,
    to_json,
)
from apps.charts.judging import POINTS_IN_BLOCK, ChartSetting, PhaseSetting
from apps.charts.merging import concerned, merge
from apps.charts.models import (
    ChartResult,
    Continuation,
    ControlChart,
    Exclusion,
    Phase,
    Signal,
)
from apps.charts.patterns import KnownPattern
from apps.charts.states import settled_state
from apps.charts.storage import packed
from apps.charts.telling import tell_of_new_signals
from apps.measurements.selectors import Snapshot, snapshot

logger = logging.getLogger(__name__)

# A chart that is fed faster than it is computed gives way to the others; the sweep returns to it.
MOST_ROUNDS = 20
# After attempts that ended without a reason (the process was killed), how long to leave it alone.
PAUSE_AFTER_KILLS = dt.timedelta(seconds=30)


def recompute(chart_id: int) -> bool:
    """Bring a chart up to date; return whether anything was written.

    An error of the computation is kept with the chart, not raised: one poisoned chart must not
    stop the others.
    """
    written = False
    for _round in range(MOST_ROUNDS):
        chart = _dirty(chart_id)
        if chart is None:
            return written
        try:
            if carry_on_stored(chart):
                written = True
                continue
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # Whatever went wrong with the short way, the long way needs nothing of it.
            logger.exception("Chart %s could not be carried on; all of it is computed", chart_id)
        read = _read(chart)
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


def _dirty(chart_id: int) -> ControlChart | None:
    return ControlChart.objects.dirty().select_related("characteristic").filter(pk=chart_id).first()


def _read(dirty: ControlChart) -> tuple[ChartSetting, Snapshot] | None:
    """Settings and data of one moment each, or None when there is nothing left to do.

    Settings and data carry a version each, raised in the transaction that changes them: reading
    the version before and after what it stands for is a snapshot without a lock.
    """
    chart: ControlChart | None = dirty
    while chart is not None:
        setting = _setting(chart)
        data = snapshot(chart.characteristic_id)
        same_data = chart.characteristic.data_version == data.data_version
        same_settings = ControlChart.objects.filter(
            pk=chart.pk, settings_version=setting.version
        ).exists()
        if same_data and same_settings:
            return setting, data
        chart = _dirty(chart.pk)
    return None


# --- Appended points --------------------------------------------------------------------------


def carry_on_stored(chart: ControlChart) -> bool:
    """Carry the stored result on by what was appended since; False where that is not enough.

    It is enough where nothing but appending happened between the stored version and the one
    read: `reshaped_version` says so, raised in the transaction of every other change. The result
    is written only over the very result it was carried on from.
    """
    result = (
        ChartResult.objects.select_related("continuation")
        .filter(
            chart=chart,
            continuation__format=FORMAT,
            settings_version=chart.settings_version,
            data_version__gte=chart.characteristic.reshaped_version,
        )
        .first()
    )
    if result is None:
        return False
    setting = _setting(chart)
    stored = Stored(
        result.n_points,
        result.content,
        result.overview,
        from_json(result.continuation.content),
        _known_patterns(chart),
    )
    data = snapshot(chart.characteristic_id, first=start_of(stored).sequence)
    wanted = first_phase_wanted(stored)
    first_phase = None
    if wanted is not None:
        first_phase = snapshot(chart.characteristic_id, first=wanted[0], before=wanted[1])
    still = ControlChart.objects.filter(
        pk=chart.pk,
        settings_version=setting.version,
        characteristic__data_version=data.data_version,
        characteristic__reshaped_version__lte=result.data_version,
    )
    # Someone else may have brought the result up to date before it was read.
    if data.data_version == result.data_version or not still.exists():
        return False
    key = f"{data.data_version}.{setting.version}"
    if not _attempt(chart.pk, key):
        return False
    try:
        continued = carry_on(setting, stored, data, first_phase)
    except FiguresWanted as wanting:
        continued = _with_figures(chart.characteristic_id, setting, stored, data, wanting)
    if continued is None:
        # The whole chart is computed next: that is the same attempt.
        ControlChart.objects.filter(pk=chart.pk, attempted_for=key).update(
            attempts=F("attempts") - 1
        )
        return False
    return _store(chart.pk, data, continued, setting.version, over=result)


def _with_figures(
    characteristic_id: int,
    setting: ChartSetting,
    stored: Stored,
    data: Snapshot,
    wanting: FiguresWanted,
) -> Continued | None:
    """Carried on with figures found anew: they are read for, the points before are not judged."""
    first_phase = None
    if wanting.first is not None:
        first, before = wanting.first
        first_phase = snapshot(characteristic_id, first=first, before=before)
    newest_phase = snapshot(characteristic_id, first=wanting.newest)
    return carry_on(setting, stored, data, first_phase, newest_phase)


def _known_patterns(chart: ControlChart) -> tuple[KnownPattern, ...]:
    found = Signal.objects.filter(chart=chart, present=True).order_by("last", "rule", "pk")
    names = ("pk", "panel", "rule", "side", "first", "point", "last", "sequence")
    return tuple(KnownPattern(*row) for row in found.values_list(*names))


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


def _store(
    chart_id: int,
    data: Snapshot,
    computed: Computed,
    settings_version: int,
    *,
    over: ChartResult | None = None,
) -> bool:
    """Write over an older pair of versions, or leave everything as it is.

    `over`: only over this result, as it was read.
    """
    now = timezone.now()
    first = computed.blocks_from * POINTS_IN_BLOCK
    with (
        packed(computed.blocks, number=computed.blocks_from, first=first) as blocks,
        transaction.atomic(),
    ):
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
        if not _written_over(over, fields) if over else not _written_over_older(chart, fields):
            return False
        result = ChartResult.objects.defer("overview").get(chart=chart)
        result.chart = chart
        result.blocks.filter(number__gte=computed.blocks_from).delete()
        blocks.write(result)
        _keep_continuation(result, computed)
        fresh = merge(
            chart,
            computed.patterns,
            sequences=computed.sequences,
            now=now,
            stored=concerned(chart, computed) if isinstance(computed, Continued) else None,
            offset=computed.offset,
        )
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


def _written_over(stored: ChartResult, fields: dict[str, object]) -> bool:
    same = ChartResult.objects.filter(
        pk=stored.pk,
        data_version=stored.data_version,
        settings_version=stored.settings_version,
        computed_at=stored.computed_at,
    )
    return bool(same.update(**fields))


def _keep_continuation(result: ChartResult, computed: Computed) -> None:
    if computed.carried is None:
        Continuation.objects.filter(result=result).delete()
        return
    Continuation.objects.update_or_create(
        result=result, defaults={"format": FORMAT, "content": to_json(computed.carried)}
    )
