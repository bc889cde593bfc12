"""The target of a project: on which chart, from what to what, by when."""

from __future__ import annotations

import datetime as dt
import math

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.policies import Action, require
from apps.audit.services import record
from apps.charts.models import ControlChart
from apps.common.errors import Refused
from apps.projects.guards import require_no_review, require_open
from apps.projects.models import Project, Target
from apps.projects.services.locking import compare, lock_project


@transaction.atomic
def set_target(
    *,
    actor: User,
    project: Project,
    version: int,
    chart: ControlChart | None,
    from_value: float | None,
    to_value: float | None,
    due: dt.date | None,
) -> Target:
    """Set the target. `version` is the target's; what is missing may be filled in later."""
    project = lock_project(project)
    require(actor, Action.EDIT_PROJECT, project)
    require_open(project)
    require_no_review(project)
    _check(actor, chart, from_value, to_value)
    target = Target.objects.select_related("chart").get(project=project)
    compare(target, version)
    before = _described(target)
    target.chart, target.due = chart, due
    target.from_value, target.to_value = from_value, to_value
    after = _described(target)
    if after == before:
        return target
    target.save_over(version, fields=["chart", "from_value", "to_value", "due"])
    record(
        actor=actor, verb="target.set", target=target, subject=project,
        details={"before": before, "after": after, "chart": str(chart or "")},
    )  # fmt: skip
    return target


def _check(
    actor: User, chart: ControlChart | None, from_value: float | None, to_value: float | None
) -> None:
    if any(value is not None and not math.isfinite(value) for value in (from_value, to_value)):
        raise Refused(_("A target is a number."))
    if (
        chart is not None
        and not ControlChart.objects.visible_to(actor).filter(pk=chart.pk).exists()
    ):
        raise Refused(_("Choose a chart that you can see."))


def _described(target: Target) -> dict[str, float | int | str | None]:
    return {
        "chart": target.chart_id,
        "from": target.from_value,
        "to": target.to_value,
        "due": str(target.due or ""),
    }
