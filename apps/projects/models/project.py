"""A project, its people and its stages, with their state machines."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from apps.accounts.choices import Relation
from apps.accounts.models import TeamOwned, TeamOwnedQuerySet, User
from apps.approvals.choices import RoundState
from apps.approvals.models import PENDING_SEAT, Seat
from apps.common.models import Timestamped, Versioned
from apps.projects.choices import Capacity, ProjectState, StageState
from apps.projects.models.methodology import Methodology, StageTemplate

S, T = ProjectState, StageState
STAGE_SUBJECT = "projects.stage"


class ProjectQuerySet(TeamOwnedQuerySet):
    def related_to(self, user: User) -> Q:
        seats = Seat.objects.filter(user=user, layer__round__subject_type=STAGE_SUBJECT)
        asked = Stage.objects.filter(pk__in=seats.values("layer__round__subject_id"))
        return (
            Q(owner=user)
            | Q(sponsor=user)
            | Q(pk__in=Member.objects.filter(user=user).values("project"))
            | Q(pk__in=asked.values("project"))
        )


class Project(ConcurrentTransitionMixin, TeamOwned, Timestamped, Versioned):
    """An initiative, from the first idea to the closed project."""

    number = models.PositiveIntegerField(unique=True, editable=False)
    title = models.CharField(_("title"), max_length=160)
    problem = models.TextField(_("problem statement"), blank=True, max_length=2000)
    methodology = models.ForeignKey(
        Methodology,
        on_delete=models.PROTECT,
        related_name="projects",
        verbose_name=_("methodology"),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="projects_owned",
        verbose_name=_("owner"),
    )
    sponsor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="projects_sponsored",
        verbose_name=_("sponsor"),
        null=True,
        blank=True,
    )
    origin = models.CharField(_("where it came from"), max_length=160, blank=True)
    state = FSMField(
        _("state"),
        max_length=12,
        choices=ProjectState.choices,
        default=ProjectState.DRAFT,
        protected=True,
    )
    planned_start = models.DateField(_("planned start"), null=True, blank=True)
    planned_end = models.DateField(_("planned end"), null=True, blank=True)
    cycle = models.PositiveSmallIntegerField(_("cycle"), default=1)
    started_at = models.DateTimeField(_("began"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    # Where it stood when it was put on hold or cancelled: resuming returns there.
    paused_from = models.CharField(_("paused in"), max_length=12, blank=True, choices=ProjectState)
    # Why it stands where it stands, when a person said so (declined, on hold, cancelled …).
    state_reason = models.TextField(_("reason of the state"), blank=True)
    lesson = models.TextField(_("lesson learned"), blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("added by"),
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
        if self._asks(user):
            relations.add(Relation.APPROVER)
        return {str(relation) for relation in relations}

    def _asks(self, user: User) -> bool:
        """Whether an open round of one of the stages waits for this person's decision."""
        return Seat.objects.filter(
            PENDING_SEAT,
            user=user,
            layer__round__state=RoundState.OPEN,
            layer__round__subject_type=STAGE_SUBJECT,
            layer__round__subject_id__in=self.stages.values("pk"),
        ).exists()

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

    @transition(field=state, source=S.ON_HOLD, target=S.SUSTAINING)
    def resume_sustaining(self) -> None: ...

    @transition(field=state, source=S.CANCELLED, target=S.ACTIVE)
    def reinstate(self) -> None: ...

    @transition(field=state, source=S.CANCELLED, target=S.SUSTAINING)
    def reinstate_sustaining(self) -> None: ...

    @transition(field=state, source=S.ACTIVE, target=S.COMPLETED)
    def complete(self) -> None: ...

    @transition(field=state, source=S.COMPLETED, target=S.SUSTAINING)
    def sustain(self) -> None: ...

    @transition(field=state, source=[S.SUSTAINING, S.ACTIVE], target=S.CLOSED)
    def close(self) -> None: ...

    @transition(field=state, source=[S.SUSTAINING, S.CLOSED], target=S.ACTIVE)
    def reopen(self) -> None: ...


class PartOfProject(models.QuerySet[Any]):
    """Rows that belong to a project are seen by whoever sees the project."""

    def visible_to(self, user: User) -> Self:
        return self.filter(project__in=Project.objects.visible_to(user))


class Member(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="memberships",
        verbose_name=_("person"),
    )
    capacity = models.CharField(
        _("capacity"), max_length=20, choices=Capacity, default=Capacity.MEMBER
    )

    objects = PartOfProject.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user", "capacity"], name="capacity_once_per_project"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_capacity_display()}"


class Stage(ConcurrentTransitionMixin, Versioned):
    """A stage of one project (in one cycle), with its gate."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="stages", verbose_name=_("project")
    )
    template = models.ForeignKey(
        StageTemplate, on_delete=models.PROTECT, related_name="+", verbose_name=_("template")
    )
    cycle = models.PositiveSmallIntegerField(_("cycle"), default=1)
    order = models.PositiveSmallIntegerField(_("order"))
    state = FSMField(
        _("state"),
        max_length=25,
        choices=StageState.choices,
        default=StageState.NOT_STARTED,
        protected=True,
    )
    planned_gate = models.DateField(_("gate planned"), null=True, blank=True)
    started_at = models.DateTimeField(_("began"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = PartOfProject.as_manager()

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

    # A stale stage may ask for its gate again as it stands: that is how it is confirmed.
    @transition(field=state, source=[T.IN_PROGRESS, T.REWORK, T.STALE], target=T.IN_REVIEW)
    def submit(self) -> None: ...

    @transition(field=state, source=T.IN_REVIEW, target=T.IN_PROGRESS)
    def withdraw(self) -> None: ...

    @transition(field=state, source=T.IN_REVIEW, target=T.PASSED)
    def pass_gate(self) -> None: ...

    @transition(field=state, source=T.IN_REVIEW, target=T.PASSED_WITH_CONDITIONS)
    def pass_with_conditions(self) -> None: ...

    @transition(field=state, source=T.IN_REVIEW, target=T.REWORK)
    def send_back(self) -> None: ...

    @transition(field=state, source=[T.IN_PROGRESS, T.REWORK, T.STALE], target=T.PASSED)
    def finish_without_gate(self) -> None: ...

    @transition(field=state, source=[T.PASSED, T.PASSED_WITH_CONDITIONS], target=T.STALE)
    def become_stale(self) -> None: ...

    @transition(
        field=state, source=[T.PASSED, T.PASSED_WITH_CONDITIONS, T.STALE], target=T.IN_PROGRESS
    )
    def reopen(self) -> None: ...

    @transition(field=state, source=[T.NOT_STARTED, T.IN_PROGRESS, T.REWORK], target=T.SKIPPED)
    def skip(self) -> None: ...
