"""The work of a project: target, deliverables with files, actions, waivers and cycles."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.charts.models import ControlChart
from apps.common.models import Timestamped, Versioned
from apps.projects.choices import ActionState, CycleDecision, DeliverableState
from apps.projects.models.methodology import ConditionTemplate, DeliverableTemplate
from apps.projects.models.project import PartOfProject, Project, Stage


class Target(Timestamped, Versioned):
    """From what to what, on which chart, by when."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="target")
    chart = models.ForeignKey(
        ControlChart,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="targets",
        verbose_name=_("chart"),
    )
    from_value = models.FloatField(_("from"), null=True, blank=True)
    to_value = models.FloatField(_("to"), null=True, blank=True)
    due = models.DateField(_("by"), null=True, blank=True)

    objects = PartOfProject.as_manager()

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("targets")

    def __str__(self) -> str:
        return f"{self.from_value} → {self.to_value}"


class DeliverableQuerySet(models.QuerySet["Deliverable"]):
    def visible_to(self, user: User) -> DeliverableQuerySet:
        return self.filter(stage__project__in=Project.objects.visible_to(user))


class Deliverable(Timestamped, Versioned):
    """One piece of the stage's work: what was found, in words, with files."""

    stage = models.ForeignKey(
        Stage, on_delete=models.CASCADE, related_name="deliverables", verbose_name=_("stage")
    )
    template = models.ForeignKey(
        DeliverableTemplate, on_delete=models.PROTECT, related_name="+", verbose_name=_("template")
    )
    state = models.CharField(
        _("state"), max_length=12, choices=DeliverableState, default=DeliverableState.EMPTY
    )
    body = models.TextField(_("content"), blank=True, max_length=20000)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("edited by"),
    )

    objects = DeliverableQuerySet.as_manager()

    class Meta:
        ordering = ["stage", "template__order"]
        verbose_name = _("deliverable")
        verbose_name_plural = _("deliverables")
        constraints = [
            models.UniqueConstraint(
                fields=["stage", "template"], name="deliverable_once_per_stage"
            ),
            models.CheckConstraint(
                condition=Q(state__in=DeliverableState.values), name="deliverable_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.template.name


class AttachmentManager(models.Manager["Attachment"]):
    """The files that are there; a removed one stays for the packets that name it."""

    def get_queryset(self) -> models.QuerySet[Attachment]:
        return super().get_queryset().filter(removed_at__isnull=True)

    def visible_to(self, user: User) -> models.QuerySet[Attachment]:
        return self.get_queryset().filter(
            deliverable__stage__project__in=Project.objects.visible_to(user)
        )


class EveryAttachment(models.Manager["Attachment"]):
    """Removed files as well, for downloads from a packet."""


class Attachment(models.Model):
    deliverable = models.ForeignKey(
        Deliverable, on_delete=models.CASCADE, related_name="attachments"
    )
    file_name = models.CharField(_("file"), max_length=200)
    stored_as = models.CharField(max_length=200)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = AttachmentManager()
    with_removed = EveryAttachment()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")

    def __str__(self) -> str:
        return self.file_name


class ProjectAction(Timestamped, Versioned):
    """Something a person does for the project by a date."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="actions", verbose_name=_("project")
    )
    title = models.CharField(_("action"), max_length=200)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="project_actions",
        verbose_name=_("person"),
    )
    due = models.DateField(_("due"), null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=ActionState, default=ActionState.TO_DO
    )
    done_at = models.DateTimeField(_("done on"), null=True, blank=True)

    objects = PartOfProject.as_manager()

    class Meta:
        ordering = ["due", "pk"]
        verbose_name = _("action")
        verbose_name_plural = _("actions")
        indexes = [models.Index(fields=["state", "due"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ActionState.values), name="action_state_known"
            )
        ]

    @property
    def is_late(self) -> bool:
        """Past its date and not done."""
        return (
            self.due is not None
            and self.due < timezone.localdate()
            and self.state != ActionState.DONE
        )

    def __str__(self) -> str:
        return self.title


class Waiver(models.Model):
    """A condition of a gate set aside, by whom and why."""

    stage = models.ForeignKey(
        Stage, on_delete=models.CASCADE, related_name="waivers", verbose_name=_("stage")
    )
    condition = models.ForeignKey(
        ConditionTemplate,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("condition of a gate"),
    )
    reason = models.TextField(_("reason"))
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("waived by"),
    )
    waived_at = models.DateTimeField(_("waived"), auto_now_add=True)

    class Meta:
        verbose_name = _("waiver")
        verbose_name_plural = _("waivers")
        constraints = [
            models.UniqueConstraint(fields=["stage", "condition"], name="condition_waived_once")
        ]

    def __str__(self) -> str:
        return f"{self.stage_id}: {self.condition_id}"


class Cycle(Timestamped, Versioned):
    """One turn of a cyclic methodology: what was tried, what was predicted, what was decided."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="cycles", verbose_name=_("project")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    tried = models.CharField(_("what is tried"), max_length=200, blank=True)
    predicted = models.FloatField(_("predicted"), null=True, blank=True)
    started_at = models.DateTimeField(_("began"))
    # The result against which the prediction is held, frozen when Act decides.
    result = models.JSONField(_("result"), default=dict, blank=True)
    decision = models.CharField(
        _("decision"), max_length=7, choices=CycleDecision, blank=True, default=""
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    lesson = models.TextField(_("lesson learned"), blank=True)
    standard = models.TextField(_("what is now the standard"), blank=True)

    objects = PartOfProject.as_manager()

    class Meta:
        ordering = ["project", "number"]
        verbose_name = _("cycle")
        verbose_name_plural = _("cycles")
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="cycle_number_per_project")
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.number}"
