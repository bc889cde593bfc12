"""A random walk over every service never leaves an inconsistent state.

At each step a random person tries a random act. Most are refused; whatever happens, the rules
that tie project, stages, rounds, seats, decisions and the trail together hold.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction

from apps.approvals.choices import Outcome, RoundState, SeatState
from apps.approvals.models import Condition, Decision, Layer, Round, Seat, Signature
from apps.approvals.packets import verify_packet
from apps.approvals.plans import ConditionPlan
from apps.audit.models import Entry
from apps.audit.verification import verify
from apps.common.errors import Refused
from apps.projects import services
from apps.projects.choices import ActionState, CycleDecision, ProjectState, StageState
from apps.projects.conditions import evaluate
from apps.projects.guards import barred_from_deciding
from apps.projects.models import Deliverable, Project, ProjectAction, Stage
from apps.projects.selectors import next_step, stage_track
from tests.factories import (
    PASSWORD,
    Org,
    fill,
    make_crew,
    make_project,
    present,
    stage_now,
    waive_unmet,
)

P, T = ProjectState, StageState
CHANGES = 50


class Walk:
    """One project, its people, and everything they might try."""

    def __init__(self, org: Org, key: str, seed: int) -> None:
        self.org, self.dice = org, random.Random(seed)
        self.crew = make_crew(org)
        self.project = make_project(org, key=key, crew=self.crew)
        self.people = [*org.personas.values(), self.crew.process_owner, self.crew.coach]
        self.done: dict[str, int] = {}

    # --- what may be tried ------------------------------------------------------------------

    def acts(self) -> list[Callable[[Any], Any]]:
        return [
            self.hold,
            self.resume, self.cancel, self.close, self.reopen, self.edit, self.complete,
            self.reopen_deliverable, self.prepare, self.ask, self.ask,
            self.ask, self.decide, self.decide, self.decide, self.decide, self.withdraw,
            self.delegate, self.finish, self.skip, self.reopen_stage, self.decide_cycle,
            self.settle, self.add_action, self.move_action,
        ]  # fmt: skip

    def step(self) -> bool:
        """Try something; whether it went through."""
        act = self.dice.choice(self.acts())
        # The right people act more often than chance would have them, so that the walk gets far.
        actor = self.dice.choice([*self.people, self.org.member, self.org.manager])
        try:
            with transaction.atomic():
                act(actor)
        except (Refused, PermissionDenied):
            return False
        self.done[act.__name__] = self.done.get(act.__name__, 0) + 1
        return True

    @property
    def now(self) -> Project:
        return present(self.project)

    def of_project(self, service: Callable[..., Any], actor: Any, **words: Any) -> None:
        project = self.now
        service(actor=actor, project=project, version=project.version, **words)

    def hold(self, actor: Any) -> None:
        self.rarely(0.3)
        self.of_project(services.hold, actor, reason="Freeze")

    def resume(self, actor: Any) -> None:
        self.of_project(services.resume, actor, reason="Go on")

    def cancel(self, actor: Any) -> None:
        self.rarely(0.1)
        self.of_project(services.cancel, actor, reason="No money")

    def close(self, actor: Any) -> None:
        self.of_project(services.close_project, actor, reason="Holds")

    def reopen(self, actor: Any) -> None:
        stages = list(self.now.stages.filter(cycle=self.now.cycle))
        stage = self.dice.choice(stages) if stages else None
        self.of_project(services.reopen_project, actor, reason="Relapse", stage=stage)

    def any_deliverable(self) -> Deliverable:
        found = list(Deliverable.objects.filter(stage__project=self.project))
        if not found:
            raise Refused("not started")
        return self.dice.choice(found)

    def edit(self, actor: Any) -> None:
        one = self.any_deliverable()
        services.edit_deliverable(
            actor=actor, deliverable=one, version=one.version, body=str(self.dice.random())
        )

    def complete(self, actor: Any) -> None:
        one = self.any_deliverable()
        services.complete_deliverable(actor=actor, deliverable=one, version=one.version)

    def reopen_deliverable(self, actor: Any) -> None:
        self.rarely(0.2)
        one = self.any_deliverable()
        services.reopen_deliverable(
            actor=actor, deliverable=one, version=one.version, reason="Wrong"
        )

    def stage(self) -> Stage:
        try:
            return stage_now(self.project)
        except AssertionError:
            raise Refused("no stage") from None

    def rarely(self, chance: float) -> None:
        if self.dice.random() > chance:
            raise Refused("not tried this time")

    def prepare(self, actor: Any) -> None:
        fill(self.stage(), self.org.member)
        waive_unmet(self.stage(), self.org.manager)

    def ask(self, actor: Any) -> None:
        if self.dice.random() < 0.7:
            self.prepare(actor)
            actor = self.org.member
        stage = self.stage()
        services.submit_gate(actor=actor, stage=stage, version=stage.version)

    def open_round(self) -> Round:
        found = Round.objects.filter(state=RoundState.OPEN).first()
        if found is None:
            raise Refused("no round")
        return found

    def decide(self, actor: Any) -> None:
        round_ = self.open_round()
        seats = Seat.objects.filter(layer__round=round_, state=SeatState.PENDING)
        if self.dice.random() < 0.7 and seats:
            actor = self.dice.choice(list(seats)).user
        outcome = self.dice.choice([Outcome.APPROVE] * 3 + list(Outcome))
        stage = Stage.objects.select_related("template").get(pk=round_.subject_id)
        plans = []
        if outcome == Outcome.APPROVE_WITH_CONDITIONS:
            blocks = self.dice.choice(services.later_gates(stage))[0]
            due = stage.project.created_at.date().replace(year=2099)
            plans = [ConditionPlan("Do it", self.org.member, due, blocks)]
        services.decide_gate(
            actor=actor, round_=round_, outcome=outcome, comment="Because", conditions=plans,
            password=PASSWORD, seen_hash=round_.content_hash,
        )  # fmt: skip

    def withdraw(self, actor: Any) -> None:
        self.rarely(0.3)
        stage = self.stage()
        services.withdraw_gate(actor=actor, stage=stage, version=stage.version, reason="Wrong")

    def delegate(self, actor: Any) -> None:
        round_ = self.open_round()
        seats = list(Seat.objects.filter(layer__round=round_, state=SeatState.PENDING))
        self.rarely(0.3)
        if seats:
            services.delegate_seat(
                actor=self.dice.choice(seats).user, round_=round_,
                to=self.dice.choice(self.people), reason="Away",
            )  # fmt: skip

    def finish(self, actor: Any) -> None:
        stage = self.stage()
        services.finish_stage(actor=actor, stage=stage, version=stage.version)

    def skip(self, actor: Any) -> None:
        self.rarely(0.1)
        stage = self.stage()
        services.skip_stage(actor=actor, stage=stage, version=stage.version, reason="Small")

    def reopen_stage(self, actor: Any) -> None:
        stage = self.dice.choice(list(self.now.stages.all()) or [self.stage()])
        self.rarely(0.2)
        services.reopen_stage(actor=actor, stage=stage, version=stage.version, reason="Wrong")

    def decide_cycle(self, actor: Any) -> None:
        decision = self.dice.choice([CycleDecision.ADAPT, *CycleDecision])
        self.of_project(
            services.decide_cycle, actor, decision=decision, lesson="Learned", standard="S-031",
            tried="Again", predicted=6.5,
        )  # fmt: skip

    def settle(self, actor: Any) -> None:
        owed = Condition.objects.open().first()
        if owed is None:
            raise Refused("nothing is owed")
        services.settle_condition(
            actor=actor, condition=owed, version=owed.version, evidence="Done"
        )

    def add_action(self, actor: Any) -> None:
        services.add_action(actor=actor, project=self.now, title="Do it", owner=self.org.staff)

    def move_action(self, actor: Any) -> None:
        action = ProjectAction.objects.order_by("?").first()
        if action is not None:
            state = self.dice.choice(ActionState.values)
            services.move_action(actor=actor, action=action, version=action.version, state=state)

    # --- what must hold ---------------------------------------------------------------------

    def check(self) -> None:
        project = self.now
        stages = list(project.stages.filter(cycle=project.cycle).order_by("order"))
        self.check_project(project, stages)
        self.check_rounds(project)
        for user in (self.org.member, self.org.manager):
            next_step(project, user)
        if stages:
            stage_track(project)

    def check_project(self, project: Project, stages: list[Stage]) -> None:
        states = [stage.state for stage in stages]
        assert project.state != P.COMPLETED
        started = states.index(T.NOT_STARTED) if T.NOT_STARTED in states else len(states)
        assert all(state in {T.NOT_STARTED, T.SKIPPED} for state in states[started:])
        settled = {T.PASSED, T.PASSED_WITH_CONDITIONS, T.SKIPPED}
        if project.state in {P.SUSTAINING, P.CLOSED}:
            assert all(state in settled for state in states), states
        if project.state == P.ACTIVE:
            assert any(state not in settled for state in states), states
        for old in project.stages.exclude(cycle=project.cycle):
            assert old.state in settled, "a cycle that has ended stays settled"
        if project.state in {P.ON_HOLD, P.CANCELLED}:
            assert project.paused_from in {P.ACTIVE, P.SUSTAINING}

    def check_rounds(self, project: Project) -> None:
        reviewed = set(project.stages.filter(state=T.IN_REVIEW).values_list("pk", flat=True))
        opened = Round.objects.filter(state=RoundState.OPEN)
        assert {one.subject_id for one in opened} == reviewed
        assert len(reviewed) <= 1
        if reviewed:
            assert project.state in {P.ACTIVE, P.ON_HOLD}
        decided = Seat.objects.filter(
            state__in=[
                SeatState.APPROVED, SeatState.APPROVED_WITH_CONDITIONS, SeatState.SENT_BACK,
                SeatState.DECLINED,
            ]
        )  # fmt: skip
        assert decided.count() == Decision.objects.count() == Signature.objects.count()
        for round_ in Round.objects.exclude(state=RoundState.OPEN):
            assert round_.closed_at is not None
            assert not Seat.objects.filter(layer__round=round_, state=SeatState.PENDING).exists()
        for round_ in opened:
            layers = Layer.objects.filter(
                round=round_, opened_at__isnull=False, closed_at__isnull=True
            )
            assert layers.count() == 1
            assert layers.get().seats.filter(state=SeatState.PENDING).exists()

    def check_at_the_end(self) -> None:
        assert verify().intact
        barred = barred_from_deciding(self.now)
        for round_ in Round.objects.all():
            assert verify_packet(round_).intact
            assert not round_.decisions.filter(decided_by=round_.opened_by).exists()
        assert not Decision.objects.filter(decided_by=self.project.owner).exists()
        assert self.project.owner_id in barred
        passed = Entry.objects.filter(verb="stage.passed").count()
        approved = Round.objects.filter(
            state__in=[RoundState.APPROVED, RoundState.APPROVED_WITH_CONDITIONS]
        ).count()
        assert passed == approved


@pytest.mark.parametrize(("key", "seed"), [("dmaic", 1), ("pdca", 3)])
def test_a_random_walk_stays_consistent(org: Org, key: str, seed: int) -> None:
    """Each database has a walk of its own."""
    seed += connection.vendor == "postgresql"
    walk, changes, attempts = Walk(org, key, seed), 0, 0
    while changes < CHANGES:
        attempts += 1
        assert attempts < 40 * CHANGES, f"stuck after {walk.done}"
        if walk.step():
            changes += 1
            walk.check()
    walk.check_at_the_end()
    # The walk is worth something only if it got somewhere.
    assert walk.done["decide"] >= 3, walk.done
    for stage in walk.project.stages.select_related("template", "project"):
        evaluate(stage)
