"""Every service that moves a project, from every state and by every persona."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import override

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.audit.sentences import sentence_of
from apps.common.errors import Conflict, Refused
from apps.projects import services
from apps.projects.choices import ProjectState as P
from apps.projects.models import Project
from tests.factories import Org, make_project, pass_stage, present

REASON = "Because of the figures"
# Each service: the words it needs, who may (of the personas; the member owns the project), and
# where it leads from which state.
MOVES: dict[str, tuple[Callable[..., Any], dict[str, str], set[str], dict[P, P]]] = {
    "submit": (
        services.submit_initiative, {}, {"administrator", "lead", "member"}, {P.DRAFT: P.SUBMITTED},
    ),
    "accept": (
        services.accept, {}, {"administrator", "lead", "manager"}, {P.SUBMITTED: P.BACKLOG},
    ),
    "send_back": (
        services.send_back_initiative, {"reason": REASON}, {"administrator", "lead", "manager"},
        {P.SUBMITTED: P.DRAFT},
    ),
    "decline": (
        services.decline, {"reason": REASON}, {"administrator", "lead", "manager"},
        {P.SUBMITTED: P.DECLINED},
    ),
    "start": (
        services.start_project, {}, {"administrator", "lead", "manager", "member"},
        {P.BACKLOG: P.ACTIVE},
    ),
    "hold": (
        services.hold, {"reason": REASON}, {"administrator", "manager"},
        {P.ACTIVE: P.ON_HOLD, P.SUSTAINING: P.ON_HOLD},
    ),
    "resume": (
        services.resume, {"reason": REASON}, {"administrator", "manager"},
        {P.ON_HOLD: P.ACTIVE, P.CANCELLED: P.ACTIVE},
    ),
    "cancel": (
        services.cancel, {"reason": REASON}, {"administrator", "manager"},
        {P.ACTIVE: P.CANCELLED, P.ON_HOLD: P.CANCELLED, P.SUSTAINING: P.CANCELLED},
    ),
    "close": (
        services.close_project, {"reason": REASON}, {"administrator", "lead", "manager"},
        {P.SUSTAINING: P.CLOSED},
    ),
    "reopen": (
        services.reopen_project, {"reason": REASON}, {"administrator", "lead", "manager"},
        {P.SUSTAINING: P.ACTIVE, P.CLOSED: P.ACTIVE},
    ),
}  # fmt: skip


def bring(org: Org, state: P) -> Project:
    """A project in a state, by the services that lead there."""
    if state in {P.DRAFT, P.SUBMITTED, P.BACKLOG, P.ACTIVE}:
        return make_project(org, until=state)
    if state == P.DECLINED:
        project = make_project(org, until=P.SUBMITTED)
        services.decline(actor=org.manager, project=project, version=project.version, reason=REASON)
        return present(project)
    if state == P.DUPLICATE:
        other, project = make_project(org, until=P.DRAFT), make_project(org, until=P.SUBMITTED)
        services.decline(
            actor=org.manager, project=project, version=project.version, reason=REASON,
            duplicate_of=other,
        )  # fmt: skip
        return present(project)
    project = make_project(org)
    if state in {P.ON_HOLD, P.CANCELLED}:
        service = services.hold if state == P.ON_HOLD else services.cancel
        service(actor=org.manager, project=project, version=project.version, reason=REASON)
        return present(project)
    for _stage in range(5):
        pass_stage(project, org.member)
    if state == P.CLOSED:
        services.close_project(
            actor=org.manager, project=project, version=present(project).version, reason=REASON
        )
    return present(project)


def attempt(name: str, project: Project, actor: User) -> None:
    service, words, _who, _leads = MOVES[name]
    extra: dict[str, Any] = dict(words)
    if name == "reopen":
        extra["stage"] = project.stages.select_related("template").order_by("order").last()
    service(actor=actor, project=project, version=project.version, **extra)


# Completed is passed through within one transaction and never stored by itself.
REACHABLE = [state for state in P if state != P.COMPLETED]


@pytest.mark.parametrize("state", REACHABLE)
def test_from_each_state_only_the_moves_of_the_table(org: Org, state: P) -> None:
    project = bring(org, state)
    assert project.state == state
    for name, (_service, _words, _who, leads) in MOVES.items():
        actor = org.member if name == "submit" else org.manager
        before = Entry.objects.count()
        with transaction.atomic():
            try:
                attempt(name, present(project), actor)
            except (Refused, Conflict):
                assert state not in leads, f"{name} from {state} was refused"
                assert Entry.objects.count() == before
            else:
                assert state in leads, f"{name} from {state} went through"
                assert present(project).state == leads[state]
                assert Entry.objects.count() > before
            transaction.set_rollback(True)
        assert present(project).state == state


FROM = {
    "submit": P.DRAFT, "accept": P.SUBMITTED, "send_back": P.SUBMITTED, "decline": P.SUBMITTED,
    "start": P.BACKLOG, "hold": P.ACTIVE, "resume": P.ON_HOLD, "cancel": P.ACTIVE,
    "close": P.SUSTAINING, "reopen": P.SUSTAINING,
}  # fmt: skip


@pytest.mark.parametrize("name", MOVES)
def test_each_move_by_each_persona(org: Org, name: str) -> None:
    project = bring(org, FROM[name])
    allowed = MOVES[name][2]
    for persona, user in org.personas.items():
        with transaction.atomic():
            try:
                attempt(name, present(project), user)
            except PermissionDenied:
                assert persona not in allowed, f"{persona} may {name}"
            else:
                assert persona in allowed, f"{persona} must not {name}"
            transaction.set_rollback(True)


@pytest.mark.parametrize("name", MOVES)
def test_an_old_version_is_a_conflict_and_changes_nothing(org: Org, name: str) -> None:
    project = bring(org, FROM[name])
    actor = org.member if name == "submit" else org.manager
    project.version -= 1
    with pytest.raises(Conflict, match="Someone else changed this first"):
        attempt(name, project, actor)
    assert present(project).state == FROM[name]


@pytest.mark.parametrize("name", ["send_back", "decline", "hold", "cancel", "close", "reopen"])
def test_a_reason_is_needed(org: Org, name: str) -> None:
    project = bring(org, FROM[name])
    service = MOVES[name][0]
    extra = {"stage": project.stages.last()} if name == "reopen" else {}
    with pytest.raises(Refused):
        service(actor=org.manager, project=project, version=project.version, reason="  ", **extra)
    assert present(project).state == FROM[name]


def test_resuming_returns_to_where_it_was_paused(org: Org) -> None:
    project = bring(org, P.SUSTAINING)
    for service in (services.hold, services.cancel, services.resume):
        service(actor=org.manager, project=project, version=present(project).version, reason=REASON)
    assert present(project).state == P.SUSTAINING


def test_the_methodology_in_use_is_pinned_at_the_start(org: Org) -> None:
    project = bring(org, P.ACTIVE)
    with pytest.raises(Refused, match="methodology stays"):
        services.edit_project(
            actor=org.member, project=project, version=project.version, title="x", problem="y",
            methodology=make_project(org, key="pdca").methodology, owner=org.member, sponsor=None,
            origin="", planned_start=None, planned_end=None, visibility="organisation",
        )  # fmt: skip


def test_the_history_names_what_was_edited_as_the_form_does(org: Org) -> None:
    project = bring(org, P.ACTIVE)
    services.edit_project(
        actor=org.member, project=project, version=project.version, title=project.title,
        problem=project.problem, methodology=project.methodology, owner=project.owner,
        sponsor=project.sponsor, origin="A complaint", planned_start=dt.date(2026, 1, 5),
        planned_end=None, visibility=project.visibility,
    )  # fmt: skip
    entry = Entry.objects.get(verb="project.edited")
    with override("en"):
        assert "planned start, where it came from" in sentence_of(entry)
    with override("zh-hans"):
        assert str(Project._meta.get_field("planned_start").verbose_name) in sentence_of(entry)
        assert "planned" not in sentence_of(entry)


def test_reopening_marks_later_stages_stale_and_erases_nothing(org: Org) -> None:
    project = bring(org, P.SUSTAINING)
    improve = project.stages.select_related("template").get(template__key="improve")
    services.reopen_project(
        actor=org.manager, project=project, version=project.version, reason=REASON, stage=improve
    )
    states = dict(project.stages.values_list("template__key", "state"))
    assert states == {
        "define": "passed", "measure": "passed", "analyze": "passed", "improve": "in_progress",
        "control": "stale",
    }  # fmt: skip
    for _stage in range(2):
        pass_stage(project, org.member)
    assert present(project).state == P.SUSTAINING
