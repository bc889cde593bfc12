"""Stages come to life: the first ones at the start, the next one when one is settled."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import record
from apps.projects.choices import MethodologyShape, StageState
from apps.projects.guards import SETTLED
from apps.projects.models import Cycle, Deliverable, Project, Stage
from apps.projects.notices import team_of, tell
from apps.projects.services.locking import move


def lay_out_cycle(project: Project, *, tried: str = "", predicted: float | None = None) -> None:
    """Write the stages of the project's present cycle, with their deliverables, and start them."""
    now = timezone.now()
    if project.methodology.shape == MethodologyShape.CYCLE:
        Cycle.objects.create(
            project=project, number=project.cycle, started_at=now, tried=tried, predicted=predicted
        )
    planned = timezone.localdate()
    templates = project.methodology.stages.prefetch_related("deliverables").order_by("order")
    for template in templates:
        planned += dt.timedelta(days=template.days)
        stage = Stage.objects.create(
            project=project,
            template=template,
            cycle=project.cycle,
            order=template.order,
            planned_gate=planned,
        )
        Deliverable.objects.bulk_create(
            Deliverable(stage=stage, template=one) for one in template.deliverables.all()
        )


def start_next(*, actor: User, project: Project) -> None:
    """Start the first stage that is not settled; with none left, a line of stages is complete."""
    following = (
        project.stages.select_related("template")
        .filter(cycle=project.cycle)
        .exclude(state__in=SETTLED)
        .order_by("order")
        .first()
    )
    if following is None:
        if project.methodology.shape == MethodologyShape.LINE:
            complete(actor=actor, project=project)
    elif following.state == StageState.NOT_STARTED:
        following.started_at = timezone.now()
        move(following, following.start, fields=["started_at"])
        record(
            actor=actor, verb="stage.started", target=following, subject=project,
            details={"stage": {"msgid": following.template.name}, "cycle": following.cycle},
        )  # fmt: skip


def complete(*, actor: User, project: Project) -> None:
    """All gates have passed: the project is completed, and from then on its result is watched."""
    project.ended_at = timezone.now()
    move(project, project.complete, fields=["ended_at"])
    record(actor=actor, verb="project.completed", target=project)
    move(project, project.sustain)
    record(actor=actor, verb="project.sustained", target=project)
    tell(
        [*team_of(project), project.sponsor], kind="project.completed",
        event=f"completed:{project.version}", project=project,
    )  # fmt: skip


def make_stale(*, actor: User, stages: list[Stage], because: str) -> None:
    """Mark passed stages as stale: nothing signed is erased, but it is asked again."""
    for stage in stages:
        move(stage, stage.become_stale)
        record(
            actor=actor, verb="stage.became_stale", target=stage, subject=stage.project,
            details={"stage": {"msgid": stage.template.name}}, reason=because,
        )  # fmt: skip
