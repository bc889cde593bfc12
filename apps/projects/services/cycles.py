"""The turns of a cyclic methodology: what is tried and predicted, and what Act decides."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.policies import Action, require
from apps.approvals.packets import freeze
from apps.audit.services import record
from apps.charts.selectors import key_figure
from apps.common.errors import Refused
from apps.projects.choices import CycleDecision, MethodologyShape
from apps.projects.guards import (
    SETTLED,
    require_any,
    require_no_review,
    require_reason,
    require_running,
)
from apps.projects.models import Cycle, Project, Stage, Target
from apps.projects.notices import team_of, tell
from apps.projects.services.advancing import lay_out_cycle, start_next
from apps.projects.services.locking import compare, lock_project, move
from apps.projects.services.stages import finish


@transaction.atomic
def plan_cycle(
    *, actor: User, cycle: Cycle, version: int, tried: str, predicted: float | None
) -> Cycle:
    """Write down what is tried and what it will bring, before it is tried."""
    project = lock_project(cycle.project_id)
    require(actor, Action.EDIT_PROJECT, project)
    require_running(project)
    require_no_review(project)
    cycle = Cycle.objects.get(pk=cycle.pk)
    compare(cycle, version)
    if cycle.decision or cycle.number != project.cycle:
        raise Refused(_("This cycle has ended and is kept as it was."))
    first = _stages(project)[0]
    if first.state in SETTLED:
        raise Refused(
            _("%(stage)s has passed; the prediction stays.") % {"stage": first.template.label}
        )
    _check_prediction(tried, predicted)
    cycle.tried, cycle.predicted = tried.strip(), predicted
    cycle.save_over(version, fields=["tried", "predicted"])
    record(
        actor=actor, verb="cycle.planned", target=cycle, subject=project,
        details={"cycle": cycle.number, "tried": cycle.tried, "predicted": predicted},
    )  # fmt: skip
    return cycle


def _check_prediction(tried: str, predicted: float | None) -> None:
    if len(tried.strip()) > TRIED_LENGTH:
        raise Refused(_("Say in 200 characters what is tried."))
    if predicted is not None and not math.isfinite(predicted):
        raise Refused(_("A prediction is a number."))


def _stages(project: Project) -> list[Stage]:
    stages = list(
        project.stages.select_related("template__methodology")
        .filter(cycle=project.cycle)
        .order_by("order")
    )
    for stage in stages:
        stage.project = project
    return stages


@transaction.atomic
def decide_cycle(
    *,
    actor: User,
    project: Project,
    version: int,
    decision: CycleDecision | str,
    lesson: str,
    standard: str = "",
    tried: str = "",
    predicted: float | None = None,
) -> Cycle:
    """Decide what Act is for.

    adopt: the change becomes the standard (say which) and the project is closed;
    adapt: the next cycle starts with the lesson, the same chart and a new prediction;
    abandon: the project is closed without success, and the lesson is kept.
    """
    project = lock_project(project, version)
    require_any(actor, (Action.SUBMIT_GATE, Action.TRIAGE_INITIATIVE), project)
    require_running(project)
    if project.methodology.shape != MethodologyShape.CYCLE or not project.stages.exists():
        raise Refused(_("This project does not run in cycles."))
    decision = CycleDecision(decision)
    lesson, standard = lesson.strip(), standard.strip()
    _check_words(decision, lesson, standard, tried, predicted)
    cycle = Cycle.objects.get(project=project, number=project.cycle)
    finish(actor=actor, stage=_stages(project)[-1])
    _freeze(cycle, actor, decision, lesson, standard)
    record(
        actor=actor, verb=f"cycle.{PAST[decision]}", target=cycle, subject=project,
        details={
            "cycle": cycle.number, "lesson": lesson, "standard": standard, "result": cycle.result,
        },
        reason=lesson,
    )  # fmt: skip
    if decision == CycleDecision.ADAPT:
        _next_cycle(actor, project, tried.strip(), predicted)
    else:
        _end(actor, project, decision, lesson or standard)
    tell(
        [*team_of(project), project.sponsor], kind="cycle.decided",
        event=f"cycle:{cycle.number}:decided", project=project, actor=actor, cycle=cycle.number,
        decision={"msgid": decision.source},
    )  # fmt: skip
    return cycle


TRIED_LENGTH = 200
PAST = {
    CycleDecision.ADOPT: "adopted",
    CycleDecision.ADAPT: "adapted",
    CycleDecision.ABANDON: "abandoned",
}


def _check_words(
    decision: CycleDecision, lesson: str, standard: str, tried: str, predicted: float | None
) -> None:
    if decision == CycleDecision.ADOPT and not standard:
        raise Refused(_("Say what is now the standard, and where it is written down."))
    if decision == CycleDecision.ABANDON and not lesson:
        raise Refused(_("Say what was learned. A lesson is the gain of an abandoned change."))
    if decision == CycleDecision.ADAPT:
        if not lesson:
            raise Refused(_("Say what was learned: the next cycle starts from it."))
        _check_prediction(tried, predicted)


def _freeze(cycle: Cycle, actor: User, decision: CycleDecision, lesson: str, standard: str) -> None:
    """Keep the result against which the prediction is held, as it is known now."""
    cycle.result = result_of(cycle.project_id)
    cycle.decision, cycle.decided_by, cycle.decided_at = decision, actor, timezone.now()
    cycle.lesson, cycle.standard = lesson, standard
    cycle.save_over(
        cycle.version,
        fields=["result", "decision", "decided_by", "decided_at", "lesson", "standard"],
    )


def result_of(project_id: int) -> dict[str, Any]:
    """The key figure of a project in plain values; empty without a chart."""
    target = Target.objects.select_related("chart__characteristic").get(project=project_id)
    figure = None if target.chart is None else key_figure(target.chart)
    if figure is None:
        return {}
    shown = figure.phases[-1] if figure.phases else None
    result: dict[str, Any] = freeze(
        {
            "unit": figure.unit,
            "decimals": figure.decimals,
            "target": target.to_value,
            "phases": [dataclasses.asdict(phase) for phase in figure.phases],
            "now": None if shown is None else dataclasses.asdict(shown),
        }
    )
    return result


def _next_cycle(actor: User, project: Project, tried: str, predicted: float | None) -> None:
    project.cycle += 1
    project.save_over(project.version, fields=["cycle"])
    lay_out_cycle(project, tried=tried, predicted=predicted)
    record(
        actor=actor, verb="cycle.started", target=project,
        details={"cycle": project.cycle, "tried": tried, "predicted": predicted},
    )  # fmt: skip
    start_next(actor=actor, project=project)


def _end(actor: User, project: Project, decision: CycleDecision, words: str) -> None:
    project.ended_at, project.lesson = timezone.now(), words
    project.state_reason = require_reason(words)
    move(project, project.close, fields=["ended_at", "lesson", "state_reason"])
    record(
        actor=actor, verb="project.closed", target=project, reason=words,
        details={"decision": str(decision)},
    )  # fmt: skip
