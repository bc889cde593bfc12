"""The one primary button of a project: what this person does next."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.policies import Action, may
from apps.approvals.selectors import open_round_of, seat_of
from apps.projects.choices import MethodologyShape, ProjectState, StageState
from apps.projects.conditions import Verdict, evaluate, unmet_blocking
from apps.projects.guards import SETTLED, barred_from_deciding
from apps.projects.links import Link
from apps.projects.models import Project, Stage
from apps.projects.selectors.stages import stages_in_cycle


@dataclass(frozen=True)
class NextStep:
    label: str
    link: Link

    @property
    def url(self) -> str:
        return self.link.url


def next_step(
    project: Project, user: User, *, verdicts: list[Verdict] | None = None
) -> NextStep | None:
    """What this person does next with the project, or None when nothing is asked of them.

    `verdicts` are those of the current stage, where the page has them already.
    """
    match project.state:
        case ProjectState.DRAFT if may(user, Action.EDIT_PROJECT, project):
            return _draft(project)
        case ProjectState.SUBMITTED if may(user, Action.TRIAGE_INITIATIVE, project):
            if user.pk not in barred_from_deciding(project):
                return _step(project, _("Accept the initiative"), "projects:accept")
        case ProjectState.BACKLOG if may(user, Action.EDIT_PROJECT, project):
            return _step(project, _("Start the project"), "projects:start")
        case ProjectState.ON_HOLD if may(user, Action.PAUSE_PROJECT, project):
            return _step(project, _("Resume the project"), "projects:resume")
        case ProjectState.ACTIVE:
            return _active(project, user, verdicts)
    return None


def _step(project: Project, label: str, view: str) -> NextStep:
    return NextStep(label, Link(view, (project.number,)))


def _draft(project: Project) -> NextStep:
    if not project.problem:
        return _step(project, _("Write the problem statement"), "projects:edit")
    return _step(project, _("Submit the initiative"), "projects:submit")


def _active(project: Project, user: User, verdicts: list[Verdict] | None) -> NextStep | None:
    stages = stages_in_cycle(project)
    stage = next((one for one in stages if one.state not in SETTLED), None)
    if stage is None:
        return None
    if stage.state == StageState.IN_REVIEW:
        return _in_review(stage, user)
    if not may(user, Action.WORK_ON_PROJECT, project):
        return None
    unmet = unmet_blocking(evaluate(stage) if verdicts is None else verdicts)
    for verdict in unmet:
        if verdict.link is not None:
            return NextStep(verdict.link_text, verdict.link)
    if not may(user, Action.SUBMIT_GATE, project):
        return None
    return _finish(project, stage, is_last=stage is stages[-1])


def _in_review(stage: Stage, user: User) -> NextStep | None:
    round_ = open_round_of(stage)
    if round_ is None:
        return None
    label = _("Decide on the gate") if seat_of(round_, user) else _("Open the review")
    return NextStep(label, Link("reviews:detail", (round_.pk,)))


def _finish(project: Project, stage: Stage, *, is_last: bool) -> NextStep:
    if stage.template.has_gate:
        label = _("Submit for review")
        if stage.state == StageState.STALE:
            label = _("Ask for the gate again")
        return _step(project, label, "projects:gate_submit")
    if is_last and project.methodology.shape == MethodologyShape.CYCLE:
        return _step(project, _("Decide the cycle"), "projects:cycle_decide")
    return _step(project, _("Finish the stage"), "projects:stage_finish")
