"""The projects that a chart is evidence of: their main figure, or one they watch beside it."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.charts.models import ControlChart
from apps.charts.uses import Use
from apps.projects.models import Project, SecondaryTarget, Target


def projects_of(chart: ControlChart, person: User) -> Iterator[Use]:
    """Projects the person may see whose target stands on this chart, in two queries."""
    seen = Project.objects.visible_to(person)
    for model, how in ((Target, _("main figure")), (SecondaryTarget, _("also watched"))):
        rows = model.objects.filter(chart=chart, project__in=seen).select_related("project")
        for row in rows.order_by("project__number"):
            yield Use(str(row.project), how, reverse("projects:detail", args=[row.project.number]))
