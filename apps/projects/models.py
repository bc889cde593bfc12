"""Initiatives: methodologies as data, projects with their stages, work and target."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from apps.accounts.choices import Relation
from apps.accounts.models import TeamOwned, TeamOwnedQuerySet, User
from apps.approvals.choices import LayerRule
from apps.approvals.models import Seat
from apps.charts.models import ControlChart
from apps.common.models import Timestamped, Versioned
from apps.projects.choices import (
    ActionState,
    Capacity,
    CycleDecision,
    DeliverableState,
    MethodologyShape,
    ProjectState,
    StageState,
)

S, T = ProjectState, StageState


class Methodology(models.Model):
    """A way of working, as data. A project pins the version it started with."""

    key = models.CharField(max_length=20)
    version = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(_("name"), max_length=60)
    purpose = models.CharField(_("when to use it"), max_length=300, blank=True)
    shape = models.CharField(max_length=5, choices=MethodologyShape)
    in_use = models.BooleanField(_("offered for new initiatives"), default=True)

    class Meta:
        ordering = ["key", "-version"]
        verbose_name = _("methodology")
        verbose_name_plural = _("methodologies")
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="methodology_version_once")
        ]

    def __str__(self) -> str:
        return self.name


class StageTemplate(models.Model):
    methodology = models.ForeignKey(Methodology, on_delete=models.CASCADE, related_name="stages")
    order = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=20)
    name = models.CharField(_("name"), max_length=60)
    asks = models.CharField(_("what the stage asks"), max_length=300, blank=True)
    has_gate = models.BooleanField(_("ends with a gate"), default=True)
    days = models.PositiveSmallIntegerField(_("usual length in days"), default=30)

    class Meta:
        ordering = ["methodology", "order"]
        constraints = [
            models.UniqueConstraint(fields=["methodology", "key"], name="stage_key_per_methodology")
        ]

    def __str__(self) -> str:
        return self.name


class DeliverableTemplate(models.Model):
    stage = models.ForeignKey(StageTemplate, on_delete=models.CASCADE, related_name="deliverables")
    order = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=80)
    guidance = models.CharField(_("guidance"), max_length=400, blank=True)
    required = models.BooleanField(default=True)

    class Meta:
        ordering = ["stage", "order"]

    def __str__(self) -> str:
        return self.name


class ConditionTemplate(models.Model):
    """What a gate asks: a kind of condition (see `conditions.py`) with its parameters."""

    stage = models.ForeignKey(StageTemplate, on_delete=models.CASCADE, related_name="conditions")
    order = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    params = models.JSONField(default=dict, blank=True)
    blocking = models.BooleanField(default=True)

    class Meta:
        ordering = ["stage", "order"]

    def __str__(self) -> str:
        return self.key


class SeatTemplate(models.Model):
    stage = models.ForeignKey(StageTemplate, on_delete=models.CASCADE, related_name="seats")
    layer = models.PositiveSmallIntegerField(default=1)
    rule = models.CharField(max_length=6, choices=LayerRule, default=LayerRule.ALL)
    capacity = models.CharField(max_length=20, choices=Capacity)
    mandatory = models.BooleanField(default=True)

    class Meta:
        ordering = ["stage", "layer", "pk"]

    def __str__(self) -> str:
        return f"{self.stage}: {self.capacity}"


class ProjectQuerySet(TeamOwnedQuerySet):
    def related_to(self, user: User) -> Q:
        seats = Seat.objects.filter(user=user, layer__round__subject_type="projects.stage")
        return (
            Q(owner=user)
            | Q(sponsor=user)
            | Q(pk__in=Member.objects.filter(user=user).values("project"))
            | Q(pk__in=Stage.objects.filter(pk__in=seats.values("layer__round__subject_id")).values("project"))
        )


class Project(ConcurrentTransitionMixin, TeamOwned, Timestamped, Versioned):
    """An initiative, from the first idea to the closed project."""

    number = models.PositiveIntegerField(unique=True, editable=False)
    title = models.CharField(_("title"), max_length=160)
    problem = models.TextField(_("problem statement"), blank=True, max_length=2000)
    methodology = models.ForeignKey(
        Methodology, on_delete=models.PROTECT, related_name="projects", verbose_name=_("methodology")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="projects_owned",
        verbose_name=_("owner"),
    )
    sponsor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="projects_sponsored",
        verbose_name=_("sponsor"), null=True, blank=True,
    )
    origin = models.CharField(_("where it came from"), max_length=160, blank=True)
    state = FSMField(
        max_length=12, choices=ProjectState.choices, default=ProjectState.DRAFT, protected=True
    )
    planned_start = models.DateField(_("planned start"), null=True, blank=True)
    planned_end = models.DateField(_("planned end"), null=True, blank=True)
    cycle = models.PositiveSmallIntegerField(_("cycle"), default=1)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # Why it stands where it stands, when a person said so (declined, on hold, cancelled …).
    state_reason = models.TextField(blank=True)
    lesson = models.TextField(_("lesson learned"), blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ProjectState.values), name="project_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def code(self) -> str:
        return f"P-{self.number:03d}"

    def relations_of(self, user: User) -> set[str]:
        relations = set()
        if self.owner_id == user.pk:
            relations.add(Relation.OWNER)
        if self.sponsor_id == user.pk:
            relations.add(Relation.SPONSOR)
        if any(member.user_id == user.pk for member in self.members.all()):
            relations.add(Relation.MEMBER)
        return {str(relation) for relation in relations}

    @transition(field=state, source=S.DRAFT, target=S.SUBMITTED)
    def submit(self) -> None: ...

    @transition(field=state, source=S.SUBMITTED, target=S.DRAFT)
    def send_back(self) -> None: ...

    @transition(field=state, source=S.SUBMITTED, target=S.DECLINED)
    def decline(self) -> None: ...

    @transition(field=state, source=S.SUBMITTED, target=S.DUPLICATE)
    def mark_duplicate(self) -> None: ...

    @transition(field=state, source=S.SUBMITTED, target=S.BACKLOG)
    def accept(self) -> None: ...

    @transition(field=state, source=S.BACKLOG, target=S.ACTIVE)
    def start(self) -> None: ...

    @transition(field=state, source=[S.ACTIVE, S.SUSTAINING], target=S.ON_HOLD)
    def hold(self) -> None: ...

    @transition(field=state, source=S.ON_HOLD, target=S.ACTIVE)
    def resume(self) -> None: ...

    @transition(field=state, source=[S.ACTIVE, S.SUSTAINING, S.ON_HOLD], target=S.CANCELLED)
    def cancel(self) -> None: ...

    @transition(field=state, source=S.CANCELLED, target=S.ACTIVE)
    def reinstate(self) -> None: ...

    @transition(field=state, source=S.ACTIVE, target=S.COMPLETED)
    def complete(self) -> None: ...

    @transition(field=state, source=S.COMPLETED, target=S.SUSTAINING)
    def sustain(self) -> None: ...

    @transition(field=state, source=[S.COMPLETED, S.SUSTAINING, S.ACTIVE], target=S.CLOSED)
    def close(self) -> None: ...

    @transition(field=state, source=[S.SUSTAINING, S.CLOSED, S.COMPLETED], target=S.ACTIVE)
    def reopen(self) -> None: ...


class Member(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships",
        verbose_name=_("person"),
    )
    capacity = models.CharField(
        _("capacity"), max_length=20, choices=Capacity, default=Capacity.MEMBER
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user", "capacity"], name="capacity_once_per_project"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_capacity_display()}"


class Target(Timestamped, Versioned):
    """From what to what, on which chart, by when."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="target")
    chart = models.ForeignKey(
        ControlChart, on_delete=models.PROTECT, null=True, blank=True, related_name="targets",
        verbose_name=_("chart"),
    )
    from_value = models.FloatField(_("from"), null=True, blank=True)
    to_value = models.FloatField(_("to"), null=True, blank=True)
    due = models.DateField(_("by"), null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.from_value} → {self.to_value}"


class Stage(ConcurrentTransitionMixin, Versioned):
    """A stage of one project (in one cycle), with its gate."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="stages")
    template = models.ForeignKey(StageTemplate, on_delete=models.PROTECT, related_name="+")
    cycle = models.PositiveSmallIntegerField(default=1)
    order = models.PositiveSmallIntegerField()
    state = FSMField(
        max_length=25, choices=StageState.choices, default=StageState.NOT_STARTED, protected=True
    )
    planned_gate = models.DateField(_("gate planned"), null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["project", "cycle", "order"]
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "cycle", "order"], name="stage_once_per_cycle"
            ),
            models.CheckConstraint(
                condition=Q(state__in=StageState.values), name="stage_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project.code} {self.template.name}"

    @transition(field=state, source=T.NOT_STARTED, target=T.IN_PROGRESS)
    def start(self) -> None: ...

    @transition(field=state, source=[T.IN_PROGRESS, T.REWORK], target=T.IN_REVIEW)
    def submit(self) -> None: ...

    @transition(field=state, source=T.IN_REVIEW, target=T.IN_PROGRESS)
    def withdraw(self) -> None: ...

    @transition(field=state, source=T.IN_REVIEW, target=T.PASSED)
    def pass_gate(self) -> None: ...

    @transition(field=state, source=T.IN_REVIEW, target=T.PASSED_WITH_CONDITIONS)
    def pass_with_conditions(self) -> None: ...

    @transition(field=state, source=T.IN_REVIEW, target=T.REWORK)
    def send_back(self) -> None: ...

    @transition(field=state, source=[T.IN_PROGRESS, T.REWORK], target=T.PASSED)
    def finish_without_gate(self) -> None: ...

    @transition(field=state, source=[T.PASSED, T.PASSED_WITH_CONDITIONS], target=T.STALE)
    def become_stale(self) -> None: ...

    @transition(field=state, source=T.STALE, target=T.PASSED)
    def confirm(self) -> None: ...

    @transition(
        field=state, source=[T.PASSED, T.PASSED_WITH_CONDITIONS, T.STALE], target=T.IN_PROGRESS
    )
    def reopen(self) -> None: ...

    @transition(field=state, source=[T.NOT_STARTED, T.IN_PROGRESS, T.REWORK], target=T.SKIPPED)
    def skip(self) -> None: ...


class Deliverable(Timestamped, Versioned):
    """One piece of the stage's work: what was found, in words, with files."""

    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="deliverables")
    template = models.ForeignKey(DeliverableTemplate, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=12, choices=DeliverableState, default=DeliverableState.EMPTY
    )
    body = models.TextField(_("content"), blank=True, max_length=20000)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["stage", "template__order"]
        verbose_name = _("deliverable")
        verbose_name_plural = _("deliverables")

    def __str__(self) -> str:
        return self.template.name


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

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.file_name


class ProjectAction(Timestamped, Versioned):
    """Something a person does for the project by a date."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="actions")
    title = models.CharField(_("action"), max_length=200)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="project_actions",
        verbose_name=_("person"),
    )
    due = models.DateField(_("due"), null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=ActionState, default=ActionState.TO_DO
    )
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due", "pk"]
        verbose_name = _("action")
        verbose_name_plural = _("actions")

    def __str__(self) -> str:
        return self.title


class Waiver(models.Model):
    """A condition of a gate set aside, by whom and why."""

    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="waivers")
    condition = models.ForeignKey(ConditionTemplate, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(_("reason"))
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    waived_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stage", "condition"], name="condition_waived_once")
        ]

    def __str__(self) -> str:
        return f"{self.stage_id}: {self.condition_id}"


class Cycle(Timestamped, Versioned):
    """One turn of a cyclic methodology: what was tried, what was predicted, what was decided."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="cycles")
    number = models.PositiveSmallIntegerField()
    tried = models.CharField(_("what is tried"), max_length=200, blank=True)
    predicted = models.FloatField(_("predicted"), null=True, blank=True)
    started_at = models.DateTimeField()
    # The result against which the prediction is held, frozen when Act decides.
    result = models.JSONField(default=dict, blank=True)
    decision = models.CharField(max_length=7, choices=CycleDecision, blank=True, default="")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    lesson = models.TextField(_("lesson learned"), blank=True)

    class Meta:
        ordering = ["project", "number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="cycle_number_per_project")
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.number}"
