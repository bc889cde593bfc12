"""The figures a project moves beside its main one: added and removed."""

from __future__ import annotations

import math

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.policies import Action, require
from apps.audit.services import record
from apps.charts.models import ControlChart
from apps.common.errors import Refused
from apps.projects.guards import require_no_review, require_open
from apps.projects.models import Project, SecondaryTarget, Target
from apps.projects.services.locking import lock_project


@transaction.atomic
def add_secondary_target(
    *, actor: User, project: Project, chart: ControlChart, from_value: float, to_value: float
) -> SecondaryTarget:
    """Name one more figure that the project moves or must not harm."""
    project = lock_project(project)
    require(actor, Action.EDIT_PROJECT, project)
    require_open(project)
    require_no_review(project)
    if not (math.isfinite(from_value) and math.isfinite(to_value)):
        raise Refused(_("A target is a number."))
    if not ControlChart.objects.visible_to(actor).filter(pk=chart.pk).exists():
        raise Refused(_("Choose a chart that you can see."))
    taken = SecondaryTarget.objects.filter(project=project, chart=chart).exists()
    if taken or Target.objects.filter(project=project, chart=chart).exists():
        raise Refused(_("This chart is a target of the project already."))
    target = SecondaryTarget.objects.create(
        project=project, chart=chart, from_value=from_value, to_value=to_value
    )
    record(
        actor=actor, verb="target.added", target=target, subject=project,
        details={"chart": str(chart), "from": from_value, "to": to_value},
    )  # fmt: skip
    return target


@transaction.atomic
def remove_secondary_target(*, actor: User, target: SecondaryTarget) -> None:
    project = lock_project(target.project_id)
    require(actor, Action.EDIT_PROJECT, project)
    require_open(project)
    require_no_review(project)
    found = SecondaryTarget.objects.filter(pk=target.pk).select_related("chart").first()
    if found is None:
        raise Refused(_("This target is gone already."))
    record(
        actor=actor, verb="target.removed", target=found, subject=project,
        details={"chart": str(found.chart), "from": found.from_value, "to": found.to_value},
    )  # fmt: skip
    found.delete()
