"""A way of working, as data: stages with their deliverables, conditions and seats."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.approvals.choices import LayerRule
from apps.projects.choices import Capacity, MethodologyShape


class Methodology(models.Model):
    """A way of working, as data. A project pins the version it started with."""

    key = models.CharField(_("key"), max_length=20)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    name = models.CharField(_("name"), max_length=60)
    purpose = models.CharField(_("when to use it"), max_length=300, blank=True)
    shape = models.CharField(_("shape"), max_length=5, choices=MethodologyShape)
    in_use = models.BooleanField(_("offered for new initiatives"), default=True)
    # SHA-256 of the definition in `methodologies.py`; a changed definition is a new version.
    digest = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        ordering = ["key", "-version"]
        verbose_name = _("methodology")
        verbose_name_plural = _("methodologies")
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="methodology_version_once")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return gettext(self.name)

    @property
    def purpose_label(self) -> str:
        return gettext(self.purpose) if self.purpose else ""


class StageTemplate(models.Model):
    methodology = models.ForeignKey(
        Methodology, on_delete=models.CASCADE, related_name="stages", verbose_name=_("methodology")
    )
    order = models.PositiveSmallIntegerField(_("order"))
    key = models.CharField(_("key"), max_length=20)
    name = models.CharField(_("name"), max_length=60)
    asks = models.CharField(_("what the stage asks"), max_length=300, blank=True)
    has_gate = models.BooleanField(_("ends with a gate"), default=True)
    days = models.PositiveSmallIntegerField(_("usual length in days"), default=30)

    class Meta:
        ordering = ["methodology", "order"]
        constraints = [
            models.UniqueConstraint(
                fields=["methodology", "key"], name="stage_key_per_methodology"
            ),
            models.UniqueConstraint(
                fields=["methodology", "order"], name="stage_order_per_methodology"
            ),
        ]
        verbose_name = _("stage of a methodology")
        verbose_name_plural = _("stages of methodologies")

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return gettext(self.name)

    @property
    def asks_label(self) -> str:
        return gettext(self.asks) if self.asks else ""


class DeliverableTemplate(models.Model):
    stage = models.ForeignKey(
        StageTemplate,
        on_delete=models.CASCADE,
        related_name="deliverables",
        verbose_name=_("stage"),
    )
    order = models.PositiveSmallIntegerField(_("order"))
    key = models.CharField(_("key"), max_length=40)
    name = models.CharField(_("name"), max_length=80)
    guidance = models.CharField(_("guidance"), max_length=400, blank=True)
    required = models.BooleanField(_("required"), default=True)

    class Meta:
        ordering = ["stage", "order"]
        verbose_name = _("deliverable of a methodology")
        verbose_name_plural = _("deliverables of methodologies")
        constraints = [
            models.UniqueConstraint(fields=["stage", "key"], name="deliverable_key_per_stage")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return gettext(self.name)

    @property
    def guidance_label(self) -> str:
        return gettext(self.guidance) if self.guidance else ""


class ConditionTemplate(models.Model):
    """What a gate asks: a kind of condition (see `conditions.py`) with its parameters."""

    stage = models.ForeignKey(
        StageTemplate, on_delete=models.CASCADE, related_name="conditions", verbose_name=_("stage")
    )
    order = models.PositiveSmallIntegerField(_("order"))
    key = models.CharField(_("key"), max_length=40)
    kind = models.CharField(_("kind"), max_length=40)
    params = models.JSONField(_("parameters"), default=dict, blank=True)
    blocking = models.BooleanField(_("blocking"), default=True)

    class Meta:
        ordering = ["stage", "order"]
        verbose_name = _("condition of a gate")
        verbose_name_plural = _("conditions of gates")
        constraints = [
            models.UniqueConstraint(fields=["stage", "key"], name="condition_key_per_stage")
        ]

    def __str__(self) -> str:
        return self.key


class SeatTemplate(models.Model):
    stage = models.ForeignKey(
        StageTemplate, on_delete=models.CASCADE, related_name="seats", verbose_name=_("stage")
    )
    layer = models.PositiveSmallIntegerField(_("layer"), default=1)
    rule = models.CharField(_("rule"), max_length=6, choices=LayerRule, default=LayerRule.ALL)
    capacity = models.CharField(_("capacity"), max_length=20, choices=Capacity)
    mandatory = models.BooleanField(_("mandatory"), default=True)
    quorum = models.PositiveSmallIntegerField(_("quorum"), default=1)

    class Meta:
        ordering = ["stage", "layer", "pk"]
        verbose_name = _("seat of a gate")
        verbose_name_plural = _("seats of gates")

    def __str__(self) -> str:
        return f"{self.stage}: {self.capacity}"
