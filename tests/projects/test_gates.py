"""A gate: asked, withdrawn, decided; the work frozen meanwhile; what each decision does."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.utils import timezone

from apps.approvals.choices import Outcome, RoundState
from apps.approvals.models import Condition, Round
from apps.approvals.packets import verify_packet
from apps.approvals.plans import ConditionPlan
from apps.audit.models import Entry
from apps.common.errors import Conflict, Refused
from apps.notifications.models import Notification
from apps.projects import services
from apps.projects.choices import StageState
from apps.projects.conditions import evaluate
from apps.projects.models import Attachment, Deliverable, Member, Project, Stage
from apps.projects.selectors import changes_since_last_round, current_stage, reviews_waiting_for
from tests.factories import (
    Org,
    approve_all,
    decide,
    fill,
    make_project,
    pass_stage,
    present,
    stage_named,
    stage_now,
    submit,
    waive_unmet,
)


@pytest.fixture
def project(org: Org) -> Project:
    return make_project(org)


def process_owner(project: Project) -> Any:
    return Member.objects.get(project=project, capacity="process_owner").user


def plan(org: Org, blocks: str = "measure", **words: Any) -> ConditionPlan:
    return ConditionPlan(
        **{
            "text": "Train the night shift", "owner": org.member,
            "due": timezone.localdate() + dt.timedelta(days=5), "blocks": blocks, **words,
        }
    )  # fmt: skip


# --- asking ---------------------------------------------------------------------------------------


def test_a_gate_with_unmet_conditions_is_not_asked_and_says_which(
    org: Org, project: Project
) -> None:
    stage = stage_now(project)
    with pytest.raises(Refused) as refused:
        services.submit_gate(actor=org.member, stage=stage, version=stage.version)
    assert "The required deliverables are complete" in str(refused.value)
    assert "The target is SMART" in str(refused.value)
    assert stage_now(project).state == StageState.IN_PROGRESS
    assert not Round.objects.exists()


def test_asking_freezes_the_content_and_tells_the_seats(org: Org, project: Project) -> None:
    round_ = submit(stage_now(project), org.member, note="Please look at the range")
    assert stage_now(project).state == StageState.IN_REVIEW
    content = round_.content
    assert content["stage"]["key"] == "define"
    assert len(content["deliverables"]) == 5
    assert all(len(one["body_sha256"]) == 64 for one in content["deliverables"])
    assert content["note"] == "Please look at the range"
    assert list(reviews_waiting_for(org.manager)) == [round_]
    assert Notification.objects.filter(kind="gate.waiting", user=org.manager).count() == 1
    assert verify_packet(round_).intact


def test_a_missing_mandatory_seat_is_named_with_its_remedy(org: Org, project: Project) -> None:
    member = Member.objects.get(project=project, capacity="process_owner")
    services.remove_member(actor=org.member, member=member)
    stage = stage_now(project)
    fill(stage, org.member)
    waive_unmet(stage, org.manager)
    with pytest.raises(Refused, match=r"Nobody is named as Process owner\. Name one under Members"):
        services.submit_gate(actor=org.member, stage=stage, version=stage.version)


def test_a_barred_person_in_a_mandatory_seat_is_named(org: Org, project: Project) -> None:
    owner = process_owner(project)
    services.add_member(actor=org.member, project=project, user=owner, capacity="member")
    stage = stage_now(project)
    one = stage.deliverables.first()
    services.edit_deliverable(actor=owner, deliverable=one, version=one.version, body="Mine")
    fill(stage, org.member)
    waive_unmet(stage, org.manager)
    with pytest.raises(Refused, match=f"{owner.name} wrote, edited or submitted this"):
        services.submit_gate(actor=org.member, stage=stage, version=stage.version)


def test_an_old_version_of_the_stage_is_a_conflict(org: Org, project: Project) -> None:
    stage = stage_now(project)
    fill(stage, org.member)
    waive_unmet(stage, org.manager)
    with pytest.raises(Conflict):
        services.submit_gate(actor=org.member, stage=stage, version=stage.version + 1)


def test_only_owner_and_quality_lead_ask(org: Org, project: Project) -> None:
    stage = stage_now(project)
    for user in (org.manager, org.staff, org.neighbour, org.administrator, org.outsider):
        with pytest.raises(PermissionDenied):
            services.submit_gate(actor=user, stage=stage, version=stage.version)


def test_a_later_stage_is_not_asked_before_an_earlier_one(org: Org, project: Project) -> None:
    later = stage_named(project, "measure")
    with pytest.raises(Refused, match="Define comes first"):
        services.submit_gate(actor=org.member, stage=later, version=later.version)


# --- while it is in review ------------------------------------------------------------------------


def test_the_work_stays_as_it_is_during_review(org: Org, project: Project) -> None:
    stage = stage_now(project)
    submit(stage, org.member)
    one = Deliverable.objects.filter(stage=stage, state="complete").first()
    assert one is not None
    words: dict[str, Any] = {"actor": org.member, "deliverable": one}
    for attempt in (
        lambda: services.edit_deliverable(**words, version=one.version, body="New"),
        lambda: services.complete_deliverable(**words, version=one.version),
        lambda: services.reopen_deliverable(**words, version=one.version, reason="x"),
        lambda: services.attach_file(**words, file=ContentFile(b"data", name="a.txt")),
        lambda: services.set_target(
            actor=org.member, project=project, version=project.target.version, chart=None,
            from_value=1.0, to_value=2.0, due=None,
        ),
    ):  # fmt: skip
        with pytest.raises(Refused, match="Withdraw the request first"):
            attempt()
    assert not Attachment.objects.exists()


def test_withdrawing_opens_the_work_again(org: Org, project: Project) -> None:
    stage = stage_now(project)
    round_ = submit(stage, org.member)
    stage = stage_now(project)
    services.withdraw_gate(
        actor=org.member, stage=stage, version=stage.version, reason="A figure was wrong"
    )
    assert stage_now(project).state == StageState.IN_PROGRESS
    assert not reviews_waiting_for(org.manager).exists()
    with pytest.raises(Conflict, match="Someone else decided first"):
        decide(round_, org.manager)


# --- deciding -------------------------------------------------------------------------------------


def test_passing_starts_the_next_stage(org: Org, project: Project) -> None:
    pass_stage(project, org.member)
    stage = stage_now(project)
    assert (stage.template.key, stage.state) == ("measure", StageState.IN_PROGRESS)
    assert stage.started_at is not None


@pytest.mark.parametrize("outcome", [Outcome.SEND_BACK, Outcome.DECLINE])
def test_a_refusal_brings_the_stage_to_rework(org: Org, project: Project, outcome: Outcome) -> None:
    round_ = submit(stage_now(project), org.member)
    decide(round_, org.manager, outcome, comment="Show me the night shifts")
    stage = stage_now(project)
    assert (stage.template.key, stage.state) == ("define", StageState.REWORK)
    notice = Notification.objects.filter(user=org.member).latest("pk")
    assert "night shifts" in notice.params["reason"]
    one = Deliverable.objects.filter(stage=stage, state="complete").first()
    assert one is not None
    services.edit_deliverable(
        actor=org.member, deliverable=one, version=one.version, body="With night shifts"
    )


def test_a_second_round_shows_what_changed(org: Org, project: Project) -> None:
    round_ = submit(stage_now(project), org.member)
    assert changes_since_last_round(round_) == []
    decide(round_, org.manager, Outcome.SEND_BACK, comment="Show me the night shifts")
    one = Deliverable.objects.get(stage=stage_now(project), template__key="charter")
    services.edit_deliverable(
        actor=org.member, deliverable=one, version=one.version, body="With night shifts"
    )
    services.attach_file(
        actor=org.member, deliverable=Deliverable.objects.get(pk=one.pk),
        file=ContentFile(b"nights", name="nights.csv"),
    )  # fmt: skip
    second = submit(stage_now(project), org.member)
    assert second.number == 2
    changes = [(one.what, one.words) for one in changes_since_last_round(second)]
    assert ("Project charter", "Rewritten by Mia Member.") in changes
    assert ("Project charter", "File added: nights.csv") in changes
    assert approve_all(second).state == RoundState.APPROVED


def test_a_wrong_password_decides_nothing(org: Org, project: Project) -> None:
    round_ = submit(stage_now(project), org.member)
    with pytest.raises(Refused, match="password"):
        decide(round_, org.manager, password="guess")
    assert stage_now(project).state == StageState.IN_REVIEW
    assert not round_.decisions.exists()


def test_a_changed_packet_is_not_signed(org: Org, project: Project) -> None:
    round_ = submit(stage_now(project), org.member)
    with pytest.raises(Conflict):
        decide(round_, org.manager, seen_hash="f" * 64)
    assert not round_.decisions.exists()


def test_a_decision_on_a_project_on_hold_waits(org: Org, project: Project) -> None:
    round_ = submit(stage_now(project), org.member)
    services.hold(
        actor=org.manager, project=project, version=present(project).version, reason="Freeze"
    )
    assert not reviews_waiting_for(org.manager).exists()
    with pytest.raises(Refused, match="on hold"):
        decide(round_, org.manager)
    services.resume(actor=org.manager, project=project, version=present(project).version)
    decide(round_, org.manager)


def test_cancelling_withdraws_the_open_request(org: Org, project: Project) -> None:
    round_ = submit(stage_now(project), org.member)
    services.cancel(
        actor=org.manager, project=project, version=present(project).version, reason="No money"
    )
    assert Round.objects.get(pk=round_.pk).state == RoundState.WITHDRAWN
    assert Stage.objects.get(pk=round_.subject_id).state == StageState.IN_PROGRESS


# --- conditions of approvals ----------------------------------------------------------------------


def conditional_pass(org: Org, project: Project, condition: ConditionPlan) -> None:
    round_ = submit(stage_now(project), org.member)
    decide(round_, org.manager, Outcome.APPROVE_WITH_CONDITIONS, conditions=[condition])
    decide(round_, process_owner(project))


def test_a_condition_blocks_the_later_gate_until_it_is_met(org: Org, project: Project) -> None:
    conditional_pass(org, project, plan(org))
    assert stage_named(project, "define").state == StageState.PASSED_WITH_CONDITIONS
    stage = stage_now(project)
    verdict = {one.template.kind: one for one in evaluate(stage)}["conditions_met"]
    assert verdict.state == "not_met"
    assert "Train the night shift" in verdict.reason
    fill(stage, org.member)
    for one in evaluate(stage):
        if one.holds_up and one.template.kind != "conditions_met":
            services.waive_condition(
                actor=org.manager, stage=stage, condition=one.template, reason="Not tested here"
            )
    with pytest.raises(Refused, match="conditions of earlier approvals"):
        services.submit_gate(actor=org.member, stage=stage, version=stage.version)
    condition = Condition.objects.get()
    services.settle_condition(
        actor=org.member, condition=condition, version=condition.version, evidence="38 of 38"
    )
    services.submit_gate(actor=org.member, stage=stage, version=stage.version)


def test_a_condition_for_a_later_stage_leaves_the_next_one_free(org: Org, project: Project) -> None:
    conditional_pass(org, project, plan(org, blocks="improve"))
    pass_stage(project, org.member)
    assert stage_now(project).template.key == "analyze"


@pytest.mark.parametrize(
    "words",
    [{"blocks": "define"}, {"blocks": "nowhere"}, {"due": dt.date(2020, 1, 1)}, {"text": " "}],
)
def test_a_condition_that_could_not_work_is_refused(
    org: Org, project: Project, words: dict[str, Any]
) -> None:
    round_ = submit(stage_now(project), org.member)
    with pytest.raises(Refused):
        decide(
            round_, org.manager, Outcome.APPROVE_WITH_CONDITIONS, conditions=[plan(org, **words)]
        )
    assert not Condition.objects.exists()
    assert not round_.decisions.exists()


def test_an_open_condition_keeps_the_project_from_closing(org: Org, project: Project) -> None:
    for _stage in range(4):
        pass_stage(project, org.member)
    round_ = submit(stage_now(project), org.member)
    coach = Member.objects.get(project=project, capacity="coach").user
    decide(round_, coach, Outcome.APPROVE_WITH_CONDITIONS, conditions=[plan(org, blocks="close")])
    decide(round_, process_owner(project))
    with pytest.raises(Refused, match="Train the night shift"):
        services.close_project(
            actor=org.manager, project=project, version=present(project).version, reason="Holds"
        )


# --- waivers --------------------------------------------------------------------------------------


def test_a_waiver_says_who_and_why_and_can_be_revoked(org: Org, project: Project) -> None:
    stage = stage_now(project)
    template = stage.template.conditions.get(kind="target_smart")
    waiver = services.waive_condition(
        actor=org.manager, stage=stage, condition=template, reason="Target follows in Measure"
    )
    verdict = {one.template.kind: one for one in evaluate(stage)}["target_smart"]
    assert verdict.state == "waived"
    assert "Max Manager" in verdict.reason
    assert "Target follows in Measure" in verdict.reason
    services.revoke_waiver(actor=org.manager, waiver=waiver, reason="It is known now")
    verdict = {one.template.kind: one for one in evaluate(stage)}["target_smart"]
    assert verdict.state == "not_met"


def test_nobody_waives_for_their_own_work(org: Org, project: Project) -> None:
    stage = stage_now(project)
    template = stage.template.conditions.get(kind="target_smart")
    for user in (org.member, org.staff, org.lead, org.administrator):
        with pytest.raises(PermissionDenied):
            services.waive_condition(actor=user, stage=stage, condition=template, reason="x")
    services.edit_project(
        actor=org.administrator, project=project, version=project.version, title="New title",
        problem=project.problem, methodology=project.methodology, owner=org.member,
        sponsor=org.administrator, origin="", planned_start=None, planned_end=None,
        visibility=project.visibility,
    )  # fmt: skip
    with pytest.raises(Refused, match="someone else decides"):
        services.waive_condition(
            actor=org.administrator, stage=stage, condition=template, reason="x"
        )


# --- stale ----------------------------------------------------------------------------------------


def test_changing_a_passed_stage_makes_it_stale_and_its_gate_is_asked_again(
    org: Org, project: Project
) -> None:
    pass_stage(project, org.member)
    one = Deliverable.objects.get(stage__project=project, template__key="charter")
    with pytest.raises(Refused, match="Reopen the deliverable first"):
        services.edit_deliverable(
            actor=org.member, deliverable=one, version=one.version, body="Other scope"
        )
    with pytest.raises(Refused, match="Say why"):
        services.reopen_deliverable(actor=org.member, deliverable=one, version=one.version)
    services.reopen_deliverable(
        actor=org.member, deliverable=one, version=one.version, reason="Scope was too wide"
    )
    stage = current_stage(present(project))
    assert stage is not None
    assert (stage.template.key, stage.state) == ("define", StageState.STALE)
    measure = stage_named(project, "measure")
    assert measure.state == StageState.IN_PROGRESS
    with pytest.raises(Refused, match="Define comes first"):
        services.submit_gate(actor=org.member, stage=measure, version=measure.version)
    pass_stage(project, org.member)
    assert stage_now(project).template.key == "measure"
    assert Round.objects.filter(subject_id=stage.pk, state=RoundState.APPROVED).count() == 2


def test_nothing_below_a_gate_in_review_is_reopened(org: Org, project: Project) -> None:
    pass_stage(project, org.member)
    submit(stage_now(project), org.member)
    one = Deliverable.objects.get(stage__project=project, template__key="charter")
    with pytest.raises(Refused, match="A gate is in review"):
        services.reopen_deliverable(
            actor=org.member, deliverable=one, version=one.version, reason="Scope was too wide"
        )
    define = stage_named(project, "define")
    with pytest.raises(Refused, match="A gate is in review"):
        services.reopen_stage(
            actor=org.member, stage=define, version=define.version, reason="Scope was too wide"
        )
    assert stage_named(project, "define").state == StageState.PASSED


def test_every_change_stands_in_the_history_of_the_project(org: Org, project: Project) -> None:
    pass_stage(project, org.member)
    verbs = set(
        Entry.objects.filter(subject_type="projects.project", subject_id=project.pk).values_list(
            "verb", flat=True
        )
    )
    assert verbs >= {
        "project.logged", "project.member_added", "project.submitted", "project.accepted",
        "project.started", "stage.started", "deliverable.edited", "deliverable.completed",
        "condition.set_aside", "round.opened", "gate.submitted", "round.approved", "stage.passed",
    }  # fmt: skip
