"""Nobody approves their own work: every path on which somebody might try."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.base import ContentFile

from apps.accounts.models import User
from apps.approvals.choices import RoundState, SeatState
from apps.approvals.models import Layer, Round, Seat
from apps.audit.models import Entry
from apps.common.errors import Refused
from apps.projects import services
from apps.projects.choices import StageState
from apps.projects.guards import barred_from_deciding
from apps.projects.models import Deliverable, Project
from tests.factories import (
    Org,
    decide,
    make_project,
    make_user,
    present,
    stage_now,
    submit,
)


def open_deliverable(project: Project) -> Deliverable:
    return Deliverable.objects.get(stage=stage_now(project), template__key="benefit_range")


def edited(org: Org, project: Project, who: User) -> None:
    one = open_deliverable(project)
    services.edit_deliverable(actor=who, deliverable=one, version=one.version, body="My words")


def completed(org: Org, project: Project, who: User) -> None:
    one = open_deliverable(project)
    services.edit_deliverable(actor=org.member, deliverable=one, version=one.version, body="Done")
    one = open_deliverable(project)
    services.complete_deliverable(actor=who, deliverable=one, version=one.version)


def attached(org: Org, project: Project, who: User) -> None:
    services.attach_file(
        actor=who, deliverable=open_deliverable(project), file=ContentFile(b"x", name="x.txt")
    )


def removed_a_file(org: Org, project: Project, who: User) -> None:
    attachment = services.attach_file(
        actor=org.member, deliverable=open_deliverable(project),
        file=ContentFile(b"x", name="x.txt"),
    )  # fmt: skip
    services.remove_attachment(actor=who, attachment=attachment)


def set_the_target(org: Org, project: Project, who: User) -> None:
    services.set_target(
        actor=who, project=project, version=project.target.version, chart=None, from_value=6.8,
        to_value=4.0, due=None,
    )  # fmt: skip


def rewrote_the_charter(org: Org, project: Project, who: User) -> None:
    project = present(project)
    services.edit_project(
        actor=who, project=project, version=project.version, title="Rewritten",
        problem=project.problem, methodology=project.methodology, owner=project.owner,
        sponsor=project.sponsor, origin="", planned_start=None, planned_end=None,
        visibility=project.visibility,
    )  # fmt: skip


PATHS: list[Callable[[Org, Project, User], None]] = [
    edited, completed, attached, removed_a_file, set_the_target, rewrote_the_charter,
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
def test_whoever_wrote_a_part_of_it_has_no_seat_and_takes_none(
    org: Org, path: Callable[[Org, Project, User], None]
) -> None:
    project = make_project(org)
    # The quality lead may edit the project and works on it as a member for the tests' sake.
    services.add_member(actor=org.member, project=project, user=org.lead, capacity="member")
    path(org, project, org.lead)
    assert org.lead.pk in barred_from_deciding(project)
    # … and leaves the project again: history bars, not today's list of members.
    member = project.members.get(user=org.lead)
    services.remove_member(actor=org.member, member=member)
    assert org.lead.pk in barred_from_deciding(project)

    round_ = submit(stage_now(project), org.member)
    with pytest.raises(Refused, match="cannot decide"):
        services.delegate_seat(actor=org.manager, round_=round_, to=org.lead, reason="Away")
    force_into_seat(round_, org.lead)
    with pytest.raises(Refused, match="cannot decide"):
        decide(round_, org.lead)
    assert stage_now(project).state == StageState.IN_REVIEW
    assert not round_.decisions.exists()


def force_into_seat(round_: Round, user: User) -> Seat:
    """As if a defect elsewhere had let this person into a seat: the decision still checks."""
    layer = Layer.objects.get(round=round_, closed_at__isnull=True, opened_at__isnull=False)
    return Seat.objects.create(layer=layer, user=user, capacity="sponsor", mandatory=True)


@pytest.mark.parametrize("who", ["owner", "submitter", "logger"])
def test_owner_submitter_and_logger_do_not_decide(org: Org, who: str) -> None:
    project = make_project(org)
    round_ = submit(stage_now(project), org.lead)
    user = {"owner": org.member, "submitter": org.lead, "logger": project.created_by}[who]
    force_into_seat(round_, user)
    with pytest.raises(Refused, match="cannot decide"):
        decide(round_, user)
    assert not round_.decisions.exists()


def test_a_new_owner_does_not_decide_in_a_seat_held_before(org: Org) -> None:
    project = make_project(org)
    round_ = submit(stage_now(project), org.member)
    Project.objects.filter(pk=project.pk).update(owner=org.manager, sponsor=None)
    with pytest.raises(Refused, match="cannot decide"):
        decide(round_, org.manager)


def test_the_seat_is_not_delegated_to_the_owner(org: Org) -> None:
    project = make_project(org)
    round_ = submit(stage_now(project), org.lead)
    for user in (org.member, org.lead):
        with pytest.raises(Refused, match="cannot"):
            services.delegate_seat(actor=org.manager, round_=round_, to=user, reason="Away")


def test_a_delegate_may_not_pass_it_on_to_the_owner_either(org: Org) -> None:
    project = make_project(org)
    round_ = submit(stage_now(project), org.member)
    deputy = make_user("Dora Deputy", team=org.desk)
    services.delegate_seat(actor=org.manager, round_=round_, to=deputy, reason="Away")
    with pytest.raises(Refused, match="cannot"):
        services.delegate_seat(actor=deputy, round_=round_, to=org.member, reason="Away too")
    decide(round_, deputy)
    assert Seat.objects.get(user=deputy).state == SeatState.APPROVED


def test_a_role_alone_decides_nothing(org: Org) -> None:
    project = make_project(org)
    round_ = submit(stage_now(project), org.member)
    for user in (org.administrator, org.lead, org.staff, org.outsider):
        with pytest.raises(Refused, match="no seat"):
            decide(round_, user)
    assert Round.objects.get(pk=round_.pk).state == RoundState.OPEN


def test_a_sponsor_who_is_the_owner_cannot_be_named(org: Org) -> None:
    with pytest.raises(Refused, match="two people"):
        services.log_initiative(
            actor=org.lead, team=org.desk, title="Mine", methodology=make_project(org).methodology,
            owner=org.lead, sponsor=org.lead,
        )  # fmt: skip


def test_nobody_accepts_their_own_initiative(org: Org) -> None:
    project = services.log_initiative(
        actor=org.lead, team=org.desk, title="Mine", problem="It is slow, everywhere, since May",
        methodology=make_project(org).methodology, owner=org.lead,
    )  # fmt: skip
    project = services.submit_initiative(actor=org.lead, project=project, version=project.version)
    with pytest.raises(Refused, match="someone else accepts"):
        services.accept(actor=org.lead, project=project, version=project.version)
    services.accept(actor=org.manager, project=project, version=project.version)


def test_a_refused_attempt_leaves_no_trace_in_the_trail(org: Org) -> None:
    project = make_project(org)
    round_ = submit(stage_now(project), org.member)
    before = Entry.objects.count()
    force_into_seat(round_, org.member)
    with pytest.raises(Refused):
        decide(round_, org.member)
    assert Entry.objects.count() == before
