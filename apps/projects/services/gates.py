"""A stage gate: asked with its evidence frozen, withdrawn, decided.

What a decision does to the stage:
approved → passed, and the next stage starts (after the last one the project is completed);
approved with conditions → passed with conditions, each of which blocks a later gate;
sent back → rework, with the reason; declined → rework as well: declining ends the round, and
whether the project goes on at all is for its sponsor, who is told (hold, cancel).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.policies import Action, require
from apps.approvals.choices import Outcome, RoundState
from apps.approvals.models import Condition, Round, Seat
from apps.approvals.plans import ConditionPlan
from apps.approvals.selectors import open_round_of, pending_seats, seat_of
from apps.approvals.services import decide, delegate, open_round, prove_identity, withdraw
from apps.audit.services import record
from apps.common.errors import Conflict, Refused
from apps.projects.conditions import evaluate, unmet_blocking
from apps.projects.guards import (
    barred_from_deciding,
    require_no_review,
    require_reason,
    require_running,
    unsettled_before,
)
from apps.projects.models import STAGE_SUBJECT, Project, Stage
from apps.projects.notices import team_of, tell, tell_gate
from apps.projects.packets import packet_content
from apps.projects.seats import seat as seat_people
from apps.projects.services.advancing import start_next
from apps.projects.services.locking import lock_stage, move

REVIEW_DAYS = 5


@transaction.atomic
def submit_gate(
    *, actor: User, stage: Stage, version: int, note: str = "", due: dt.date | None = None
) -> Round:
    """Ask the seats of the gate for their decision. Refused while a condition is unmet."""
    stage = lock_stage(stage, version)
    project = stage.project
    require(actor, Action.SUBMIT_GATE, project)
    require_running(project)
    require_no_review(project)
    _require_gate_can_be_asked(stage)
    verdicts = evaluate(stage)
    unmet = unmet_blocking(verdicts)
    if unmet:
        raise Refused(
            _("The gate cannot be asked yet: %(unmet)s.")
            % {"unmet": "; ".join(verdict.statement for verdict in unmet)}
        )
    seating = seat_people(stage, barred_from_deciding(project) | {actor.pk})
    if seating.missing:
        raise Refused(" ".join(seating.missing))
    if due is not None and due < timezone.localdate():
        raise Refused(_("The decision is due in the past. Choose a later date."))
    move(stage, stage.submit)
    round_ = open_round(
        actor=actor,
        subject=stage,
        team=project.team,
        label=f"{project.code} {project.title}",
        layers=seating.layers,
        content=packet_content(stage, verdicts=verdicts, note=note),
        due=due or timezone.localdate() + dt.timedelta(days=REVIEW_DAYS),
        note=note.strip(),
        history_of=project,
    )
    record(
        actor=actor, verb="gate.submitted", target=stage, subject=project,
        details={
            "stage": {"msgid": stage.template.name}, "round": round_.number,
            "hash": round_.content_hash,
        },
        reason=note.strip(),
    )  # fmt: skip
    _tell_whose_turn(stage, round_, actor)
    return round_


def _require_gate_can_be_asked(stage: Stage) -> None:
    if not stage.template.has_gate:
        raise Refused(_("This stage ends without a gate."))
    if stage.cycle != stage.project.cycle:
        raise Refused(_("This cycle has ended and is kept as it was."))
    earlier = unsettled_before(stage)
    if earlier is not None:
        raise Refused(
            _("%(stage)s comes first: it is “%(state)s”.")
            % {"stage": earlier.template.label, "state": earlier.get_state_display()}
        )


def _tell_whose_turn(stage: Stage, round_: Round, actor: User) -> None:
    asked = [one.user for one in pending_seats(round_)]
    tell_gate(asked, kind="gate.waiting", event="waiting", stage=stage, round_=round_, actor=actor)


@transaction.atomic
def withdraw_gate(*, actor: User, stage: Stage, version: int, reason: str) -> Stage:
    """Take the request back, so that the work can be changed."""
    stage = lock_stage(stage, version)
    project = stage.project
    require(actor, Action.SUBMIT_GATE, project)
    require_running(project)
    reason = require_reason(reason)
    round_ = open_round_of(stage)
    if round_ is None:
        raise Conflict(_("The gate was decided first. Nothing was changed."))
    asked = [one.user for one in pending_seats(round_)]
    withdraw(actor=actor, round_=round_, reason=reason, history_of=project)
    move(stage, stage.withdraw)
    record(
        actor=actor, verb="gate.withdrawn", target=stage, subject=project,
        details={"stage": {"msgid": stage.template.name}, "round": round_.number}, reason=reason,
    )  # fmt: skip
    tell_gate(
        asked, kind="gate.withdrawn", event="withdrawn", stage=stage, round_=round_, actor=actor
    )
    return stage


def decide_gate(
    *,
    actor: User,
    round_: Round,
    outcome: Outcome | str,
    comment: str = "",
    conditions: Sequence[ConditionPlan] = (),
    password: str,
    seen_hash: str,
) -> Round:
    """Decide and sign in the actor's seat; the stage follows the round.

    Permission is the seat itself, which `approvals` checks under its lock. The password is
    checked first, because hashing takes a while and no row should be locked meanwhile.
    """
    proof = prove_identity(actor=actor, password=password, subject=round_)
    with transaction.atomic():
        stage = lock_stage(stage_of(round_))
        project = stage.project
        _check_conditions(stage, conditions)
        if _is_open(round_):
            require_running(project)
        decided = decide(
            actor=actor,
            round_=round_,
            outcome=Outcome(outcome),
            comment=comment.strip(),
            conditions=conditions,
            proof=proof,
            seen_hash=seen_hash,
            barred=barred_from_deciding(project),
            history_of=project,
        )
        _follow(actor, stage, decided)
        _tell_conditions(actor, project, decided, conditions)
    return decided


def stage_of(round_: Round) -> int:
    if round_.subject_type != STAGE_SUBJECT:
        raise Refused(_("This is not the gate of a stage."))
    return round_.subject_id


def _is_open(round_: Round) -> bool:
    return Round.objects.filter(pk=round_.pk, state=RoundState.OPEN).exists()


def later_gates(stage: Stage) -> list[tuple[str, str]]:
    """The gates a condition of this one may block: later stages, and the next cycle's."""
    stages = stage.template.methodology.stages.order_by("order")
    return [(one.key, one.label) for one in stages if one.order > stage.template.order] or [
        ("close", _("Closing the project"))
    ]


def _check_conditions(stage: Stage, conditions: Sequence[ConditionPlan]) -> None:
    allowed = {key for key, _label in later_gates(stage)}
    for condition in conditions:
        if condition.blocks not in allowed:
            raise Refused(_("A condition blocks a later gate. Choose one."))
        if condition.due < timezone.localdate():
            raise Refused(_("A condition is due in the past. Choose a later date."))
        if not condition.owner.is_active:
            raise Refused(
                _("%(name)s is no longer active. Choose someone else.") % {"name": condition.owner}
            )


def _follow(actor: User, stage: Stage, round_: Round) -> None:
    match round_.state:
        case RoundState.OPEN:
            _tell_whose_turn(stage, round_, actor)
        case RoundState.APPROVED | RoundState.APPROVED_WITH_CONDITIONS:
            _pass(actor, stage, round_)
        case RoundState.SENT_BACK | RoundState.DECLINED:
            _rework(actor, stage, round_)


def _pass(actor: User, stage: Stage, round_: Round) -> None:
    project = stage.project
    conditional = round_.state == RoundState.APPROVED_WITH_CONDITIONS
    stage.ended_at = timezone.now()
    move(stage, stage.pass_with_conditions if conditional else stage.pass_gate, fields=["ended_at"])
    record(
        actor=actor, verb="stage.passed", target=stage, subject=project,
        details={
            "stage": {"msgid": stage.template.name}, "round": round_.number,
            "hash": round_.content_hash, "short_hash": short(round_.content_hash),
            "signatures": round_.decisions.count(),
            "conditions": round_.conditions.count(),
        },
    )  # fmt: skip
    tell_gate(
        [*team_of(project), round_.opened_by], kind="gate.passed", event="passed", stage=stage,
        round_=round_, actor=actor,
    )  # fmt: skip
    start_next(actor=actor, project=project)


def _rework(actor: User, stage: Stage, round_: Round) -> None:
    project = stage.project
    declined = round_.state == RoundState.DECLINED
    verb = "stage.declined" if declined else "stage.sent_back"
    move(stage, stage.send_back)
    record(
        actor=actor, verb=verb, target=stage, subject=project,
        details={"stage": {"msgid": stage.template.name}, "round": round_.number},
        reason=round_.closing_reason,
    )  # fmt: skip
    tell_gate(
        [*team_of(project), project.sponsor, round_.opened_by],
        kind="gate.declined" if declined else "gate.sent_back", event="returned", stage=stage,
        round_=round_, actor=actor, reason=round_.closing_reason,
    )  # fmt: skip


def short(content_hash: str) -> str:
    """A hash as people read it.

    >>> short("7c41" + "0" * 56 + "e90a")
    '7c41…e90a'
    """
    return f"{content_hash[:4]}…{content_hash[-4:]}"


def _tell_conditions(
    actor: User, project: Project, round_: Round, plans: Sequence[ConditionPlan]
) -> None:
    if not plans:
        return
    asked = Condition.objects.filter(round=round_, decision__decided_by=actor).select_related(
        "owner"
    )
    for condition in asked:
        tell(
            [condition.owner], kind="condition.asked", event=f"condition:{condition.pk}",
            project=project, actor=actor, text=condition.text, due=condition.due,
        )  # fmt: skip


@transaction.atomic
def delegate_seat(*, actor: User, round_: Round, to: User, reason: str) -> Seat:
    """Hand one's seat to somebody who may see the project and did not write, edit or ask."""
    stage = lock_stage(stage_of(round_))
    project = stage.project
    if _is_open(round_):
        require_running(project)
    held = seat_of(round_, actor)
    if held is None:
        raise Refused(_("You have no seat whose turn it is in this round."))
    new = delegate(
        actor=actor, seat=held, to=to, reason=reason, barred=barred_from_deciding(project),
        history_of=project,
    )  # fmt: skip
    tell_gate(
        [to], kind="gate.delegated", event=f"delegated:{new.pk}", stage=stage, round_=round_,
        actor=actor, reason=reason,
    )  # fmt: skip
    return new
