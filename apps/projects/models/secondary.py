"""The figures a project moves beside its main one."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.charts.models import ControlChart
from apps.projects.models.project import PartOfProject, Project


class SecondaryTarget(models.Model):
    """A figure the project also moves, or must not harm: from what to what, on which chart."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="secondary_targets")
    chart = models.ForeignKey(
        ControlChart,
        on_delete=models.PROTECT,
        related_name="secondary_targets",
        verbose_name=_("chart"),
    )
    from_value = models.FloatField(_("from"))
    to_value = models.FloatField(_("to"))

    objects = PartOfProject.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("secondary target")
        verbose_name_plural = _("secondary targets")
        constraints = [
            models.UniqueConstraint(fields=["project", "chart"], name="chart_once_per_project")
        ]

    def __str__(self) -> str:
        return f"{self.chart}: {self.from_value} → {self.to_value}"
