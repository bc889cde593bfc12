"""The frame of every change of a chart: one transaction, one lock, one audit entry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import policies
from apps.accounts.models import User
from apps.accounts.policies import Action
from apps.audit.services import record
from apps.charts import tasks
from apps.charts.models import ControlChart
from apps.common.after_commit import after_commit
from apps.common.errors import Conflict


@contextmanager
def locked(actor: User, chart: ControlChart, version: int | None) -> Iterator[ControlChart]:
    """The chart as it stands now, held until the change is committed.

    `version` is the one the person saw; None where the change does not depend on it.
    """
    with transaction.atomic():
        present = (
            ControlChart.objects.select_for_update(of=("self",))
            .select_related("characteristic__team")
            .get(pk=chart.pk)
        )
        policies.require(actor, Action.SETTLE_CHART, present.characteristic)
        if version is not None and present.version != version:
            raise Conflict(_("Someone else changed this chart first. Nothing was changed."))
        yield present


def settle(
    actor: User | None,
    chart: ControlChart,
    verb: str,
    *,
    target: models.Model | None = None,
    details: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Close a change that affects the result: versions up, audit entry, recompute after commit."""
    ControlChart.objects.filter(pk=chart.pk).update(
        settings_version=F("settings_version") + 1,
        settings_changed_at=timezone.now(),
        updated_at=timezone.now(),
        version=F("version") + 1,
    )
    chart.refresh_from_db(fields=["settings_version", "settings_changed_at", "version"])
    record_change(actor, chart, verb, target=target, details=details, reason=reason)
    chart_id = chart.pk
    after_commit(lambda: tasks.recompute.delay(chart_id))


def record_change(
    actor: User | None,
    chart: ControlChart,
    verb: str,
    *,
    target: models.Model | None = None,
    details: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    record(
        actor=actor,
        verb=verb,
        target=target or chart,
        subject=chart.characteristic,
        details={"chart": chart.pk, **(details or {})},
        reason=reason,
    )
