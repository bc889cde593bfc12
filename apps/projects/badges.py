"""The state of a project, a stage, a round or a deliverable: colour key and 1–4 words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.approvals.choices import ConditionState, RoundState, SeatState
from apps.approvals.models import Condition, Round
from apps.common.templatetags.formats import day
from apps.projects.choices import CycleDecision, DeliverableState, ProjectState, StageState
from apps.projects.models import Cycle, Project, Stage
from apps.projects.selectors import TrackStage


@dataclass(frozen=True)
class Badge:
    state: str
    text: str


PROJECT = {
    ProjectState.DRAFT: "neutral",
    ProjectState.SUBMITTED: "waiting",
    ProjectState.DECLINED: "blocked",
    ProjectState.DUPLICATE: "neutral",
    ProjectState.BACKLOG: "neutral",
    ProjectState.ACTIVE: "progress",
    ProjectState.ON_HOLD: "warning",
    ProjectState.COMPLETED: "done",
    ProjectState.SUSTAINING: "done",
    ProjectState.CLOSED: "done",
    ProjectState.CANCELLED: "blocked",
}
ROUND = {
    RoundState.DRAFT: "neutral",
    RoundState.OPEN: "waiting",
    RoundState.APPROVED: "done",
    RoundState.APPROVED_WITH_CONDITIONS: "done",
    RoundState.SENT_BACK: "warning",
    RoundState.DECLINED: "blocked",
    RoundState.WITHDRAWN: "neutral",
    RoundState.EXPIRED: "neutral",
}
SEAT = {
    SeatState.PENDING: "neutral",
    SeatState.APPROVED: "done",
    SeatState.APPROVED_WITH_CONDITIONS: "done",
    SeatState.SENT_BACK: "warning",
    SeatState.DECLINED: "blocked",
    SeatState.ABSTAINED: "neutral",
    SeatState.DELEGATED: "neutral",
    SeatState.VOID: "neutral",
}
DELIVERABLE = {
    DeliverableState.EMPTY: "neutral",
    DeliverableState.IN_PROGRESS: "progress",
    DeliverableState.COMPLETE: "done",
}
CONDITION = {
    ConditionState.OPEN: "waiting",
    ConditionState.MET: "done",
    ConditionState.WAIVED: "warning",
}


def badge_of(project: Project, stage: Stage | None, *, blocked: bool | None = None) -> Badge:
    """What a project's head says; `blocked` is whether the gate of `stage` has unmet conditions."""
    if project.state != ProjectState.ACTIVE or stage is None:
        return Badge(PROJECT[ProjectState(project.state)], project.get_state_display())
    words = {"stage": _(stage.template.name)}
    if stage.state == StageState.IN_REVIEW:
        return Badge("waiting", _("%(stage)s in review") % words)
    if stage.state == StageState.REWORK:
        return Badge("warning", _("%(stage)s sent back") % words)
    if blocked and stage.template.has_gate:
        return Badge("progress", _("%(stage)s in progress") % words)
    if blocked is False and stage.template.has_gate:
        return Badge("stable", _("%(stage)s ready for review") % words)
    return Badge("progress", _("%(stage)s in progress") % words)


def round_badge(round_: Round, *, mine: bool) -> Badge:
    if round_.state == RoundState.OPEN and mine:
        return Badge("waiting", _("Waiting for you"))
    return Badge(ROUND[RoundState(round_.state)], round_.get_state_display())


def condition_badge(condition: Condition) -> Badge:
    return Badge(CONDITION[ConditionState(condition.state)], condition.get_state_display())


def cycle_badge(cycle: Cycle) -> Badge:
    if not cycle.decision:
        return Badge("neutral", _("Not decided"))
    return Badge("done", str(CycleDecision(cycle.decision).label))


TRACK = {
    StageState.PASSED: "passed",
    StageState.PASSED_WITH_CONDITIONS: "passed",
    StageState.IN_REVIEW: "review",
    StageState.STALE: "stale",
    StageState.SKIPPED: "skipped",
}


@dataclass(frozen=True)
class TrackRow:
    """A stage for the track: its name, how it is drawn, one line, and where it leads."""

    name: str
    state: str
    note: str
    url: str = ""


def track_rows(track: list[TrackStage]) -> list[TrackRow]:
    return [TrackRow(item.name, _drawn(item), _note(item)) for item in track]


def _drawn(item: TrackStage) -> str:
    return TRACK.get(item.state, "current" if item.is_current else "later")


def _note(item: TrackStage) -> str:
    if item.state == StageState.PASSED and item.ended_at is not None:
        return _("Passed %(date)s") % {"date": day(item.ended_at)}
    if item.is_current and item.stage.project.state != ProjectState.ACTIVE:
        # No day is counted while it rests, nor after it was cancelled.
        return item.stage.project.get_state_display()
    if item.state == StageState.IN_PROGRESS and item.days is not None:
        return _("In progress, day %(day)s") % {"day": item.days}
    return item.state_label
