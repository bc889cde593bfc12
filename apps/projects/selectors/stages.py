"""Where a project stands in its stages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from apps.projects.choices import StageState
from apps.projects.guards import SETTLED
from apps.projects.models import Project, Stage, Target
from apps.projects.targets import smart_gaps


@dataclass(frozen=True)
class TrackStage:
    """One stage as the track shows it. `days` counts from its start, today included."""

    stage: Stage
    name: str
    state: StageState
    is_current: bool
    days: int | None
    ended_at: dt.datetime | None
    asks: str

    @property
    def key(self) -> str:
        return self.stage.template.key

    @property
    def state_label(self) -> str:
        return str(self.state.label)


def stages_in_cycle(project: Project, cycle: int | None = None) -> list[Stage]:
    """The stages of one cycle (the present one), in order, with the project set on each."""
    stages = list(
        Stage.objects.filter(project=project, cycle=cycle or project.cycle)
        .select_related("template__methodology")
        .order_by("order")
    )
    for stage in stages:
        stage.project = project
    return stages


def current_of(stages: Iterable[Stage]) -> Stage | None:
    """The first stage that is not settled: a stale one comes before those that follow it."""
    return next((stage for stage in stages if stage.state not in SETTLED), None)


def current_stage(project: Project) -> Stage | None:
    """The stage in which the project stands; None before the start and after the last gate."""
    return current_of(stages_in_cycle(project))


def stage_track(project: Project, cycle: int | None = None) -> list[TrackStage]:
    """The stages of a cycle (the present one) in order, for the track."""
    return _track(stages_in_cycle(project, cycle))


def _track(stages: list[Stage]) -> list[TrackStage]:
    current = current_of(stages)
    return [_shown(stage, stage is current) for stage in stages]


def _shown(stage: Stage, is_current: bool) -> TrackStage:
    days = None
    if stage.started_at is not None:
        until = stage.ended_at or timezone.now()
        days = (timezone.localdate(until) - timezone.localdate(stage.started_at)).days + 1
    return TrackStage(
        stage=stage,
        name=stage.template.label,
        state=StageState(stage.state),
        is_current=is_current,
        days=days,
        ended_at=stage.ended_at,
        asks=stage.template.asks_label,
    )


def _stages_by_project(projects: Iterable[Project]) -> dict[int, list[Stage]]:
    wanted = {project.pk: project for project in projects}
    found: dict[int, list[Stage]] = {pk: [] for pk in wanted}
    rows = (
        Stage.objects.filter(project__in=wanted)
        .select_related("template")
        .order_by("project", "order")
    )
    for stage in rows:
        project = wanted[stage.project_id]
        if stage.cycle == project.cycle:
            stage.project = project
            found[project.pk].append(stage)
    return found


def tracks_of(projects: Iterable[Project]) -> dict[int, list[TrackStage]]:
    """The track of each project, in one query."""
    return {pk: _track(stages) for pk, stages in _stages_by_project(projects).items()}


def current_stages(projects: Iterable[Project]) -> dict[int, Stage | None]:
    """The stage in which each project stands, in one query."""
    return {pk: current_of(stages) for pk, stages in _stages_by_project(projects).items()}


def smart_check(project: Project) -> list[str]:
    """What the target lacks to be SMART, in words; empty when nothing."""
    target = Target.objects.select_related("chart__characteristic").get(project=project)
    return smart_gaps(project, target)
