"""The pages of projects: what a person sees, may press, and is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.approvals.choices import Outcome
from apps.projects import services
from apps.projects.choices import ActionState, DeliverableState, ProjectState, StageState
from apps.projects.models import Deliverable, Project, ProjectAction, Target
from tests.factories import (
    Org,
    approve_all,
    decide,
    make_project,
    methodology,
    pass_stage,
    present,
    stage_now,
    submit,
)

pytestmark = pytest.mark.django_db

ClientAs = Callable[[User], Client]
HOSTILE = '<script>alert(1)</script> $$ "quoted" 縮短'


def told(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def initiative(org: Org, **changes: Any) -> dict[str, Any]:
    return {
        "title": "Shorten first response", "problem": "Customers wait too long since May.",
        "methodology": methodology("dmaic").pk, "team": org.desk.pk, "owner": org.member.pk,
        "sponsor": org.manager.pk, "origin": "", "visibility": "organisation", "chart": "",
        "from_value": "", "to_value": "", "due": "", **changes,
    }  # fmt: skip


def test_logging_an_initiative_makes_a_draft(org: Org, client_as: ClientAs) -> None:
    response = client_as(org.member).post(
        "/projects/new/", initiative(org, title=HOSTILE), follow=True
    )
    project = Project.objects.get()
    assert (project.title, project.state) == (HOSTILE, ProjectState.DRAFT)
    assert response.redirect_chain[-1][0] == f"/projects/{project.number}/"
    assert "<script>alert" not in response.content.decode()


def test_the_owner_as_sponsor_is_refused_in_place(org: Org, client_as: ClientAs) -> None:
    response = client_as(org.member).post(
        "/projects/new/", initiative(org, sponsor=org.member.pk), follow=True
    )
    assert "cannot approve their own gates" in response.content.decode()
    assert not Project.objects.exists()


def test_editing_what_someone_else_changed_first_keeps_the_typed_text(
    org: Org, client_as: ClientAs
) -> None:
    project = make_project(org, until=ProjectState.DRAFT)
    opened_with = project.version
    client_as(org.lead).post(
        f"/projects/{project.number}/edit/",
        initiative(org, project_version=opened_with, title="Changed by the lead"),
    )
    response = client_as(org.member).post(
        f"/projects/{project.number}/edit/",
        initiative(org, project_version=opened_with, problem="A long text typed by the owner."),
    )
    assert response.status_code == 409
    assert "A long text typed by the owner." in response.content.decode()
    assert present(project).title == "Changed by the lead"


@pytest.mark.parametrize("missing", ["version", "reason"])
def test_a_move_without_what_it_needs_is_shown_again(
    org: Org, client_as: ClientAs, missing: str
) -> None:
    project = make_project(org)
    data = {"version": project.version, "reason": "Waiting for the new switch"}
    del data[missing]
    response = client_as(org.manager).post(f"/projects/{project.number}/hold/", data)
    assert response.status_code == 200
    assert present(project).state == ProjectState.ACTIVE


def test_hold_and_resume(org: Org, client_as: ClientAs) -> None:
    project, manager = make_project(org), client_as(org.manager)
    number = project.number
    manager.post(
        f"/projects/{number}/hold/",
        {"version": project.version, "reason": "Waiting for the switch"},
    )
    assert present(project).state == ProjectState.ON_HOLD
    assert "Waiting for the switch" in manager.get(f"/projects/{number}/").content.decode()
    manager.post(f"/projects/{number}/resume/", {"version": present(project).version})
    assert present(project).state == ProjectState.ACTIVE


def test_setting_the_target_names_what_is_missing(org: Org, client_as: ClientAs) -> None:
    project, member = make_project(org, until=ProjectState.DRAFT), client_as(org.member)
    page = member.get(f"/projects/{project.number}/").content.decode()
    assert "The chart on which it is measured" in page
    due = timezone.localdate() + dt.timedelta(days=60)
    member.post(
        f"/projects/{project.number}/target/",
        {"version": 1, "chart": "", "from_value": "6.8", "to_value": "5", "due": due.isoformat()},
    )
    target = Target.objects.get(project=project)
    assert (target.from_value, target.to_value, target.due) == (6.8, 5.0, due)


def test_a_deliverable_is_written_completed_and_worked_on_again(
    org: Org, client_as: ClientAs
) -> None:
    project, member = make_project(org), client_as(org.member)
    record = Deliverable.objects.filter(stage=stage_now(project)).first()
    assert record is not None
    page = f"/projects/{project.number}/deliverables/{record.pk}/"
    member.post(page, {"version": record.version, "body": HOSTILE})
    record.refresh_from_db()
    assert (record.body, record.state) == (HOSTILE, DeliverableState.IN_PROGRESS)
    member.post(f"{page}complete/", {"version": record.version})
    record.refresh_from_db()
    assert record.state == DeliverableState.COMPLETE
    member.post(f"{page}reopen/", {"version": record.version})
    record.refresh_from_db()
    assert record.state == DeliverableState.IN_PROGRESS


def test_a_file_is_handed_out_for_saving_only(org: Org, client_as: ClientAs) -> None:
    project, member = make_project(org), client_as(org.member)
    record = Deliverable.objects.filter(stage=stage_now(project)).first()
    assert record is not None
    page = f"/projects/{project.number}/deliverables/{record.pk}/"
    harmful = SimpleUploadedFile("notes.html", b"<script>alert(1)</script>", "text/html")
    member.post(f"{page}attach/", {"file": harmful})
    file = record.attachments.get()
    url = f"/projects/{project.number}/attachments/{file.pk}/"
    response = client_as(org.staff).get(url)
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")
    assert client_as(org.outsider).get(url).status_code == 404
    member.post(f"{url}remove/")
    assert not record.attachments.exists()


def test_actions_move_over_the_board(org: Org, client_as: ClientAs) -> None:
    project, member = make_project(org), client_as(org.member)
    board = f"/projects/{project.number}/actions/"
    member.post(f"{board}add/", {"title": "Sample 40 bills", "owner": org.member.pk, "due": ""})
    action = ProjectAction.objects.get()
    member.post(f"{board}{action.pk}/move/", {"version": action.version, "state": "done"})
    action.refresh_from_db()
    assert action.state == ActionState.DONE
    response = member.post(
        f"{board}{action.pk}/move/", {"version": action.version, "state": "nonsense"}, follow=True
    )
    assert "Open the page again and repeat." in told(response)


def test_staff_see_no_button_that_they_may_not_press(org: Org, client_as: ClientAs) -> None:
    project = make_project(org)
    page = client_as(org.staff).get(f"/projects/{project.number}/").content.decode()
    for forbidden in ("/edit/", "/gate/submit/", "/hold/", "/members/", "/targets/add/"):
        assert f"/projects/{project.number}{forbidden}" not in page


def test_a_gate_with_open_work_cannot_be_submitted(org: Org, client_as: ClientAs) -> None:
    project, member = make_project(org), client_as(org.member)
    stage = stage_now(project)
    url = f"/projects/{project.number}/gate/submit/"
    page = member.get(url).content.decode()
    assert "The gate cannot be asked yet" in page
    assert "disabled" in page
    response = member.post(url, {"version": stage.version})
    assert "The gate cannot be asked yet" in response.content.decode()
    assert stage_now(project).state == StageState.IN_PROGRESS


def test_a_condition_is_waived_by_the_sponsor_not_by_the_owner(
    org: Org, client_as: ClientAs
) -> None:
    project = make_project(org)
    stage = stage_now(project)
    condition = stage.template.conditions.get(key="target_smart")
    url = f"/projects/{project.number}/gate/conditions/{condition.pk}/waive/"
    data = {"version": stage.version, "reason": "Set with the customer next week"}
    assert client_as(org.member).post(url, data).status_code == 403
    client_as(org.manager).post(url, data)
    assert stage.waivers.get().reason == "Set with the customer next week"
    page = client_as(org.member).get(f"/projects/{project.number}/").content.decode()
    assert "Set with the customer next week" in page


def test_withdrawing_a_request_opens_the_stage(org: Org, client_as: ClientAs) -> None:
    project = make_project(org)
    submit(stage_now(project), org.member)
    stage = stage_now(project)
    client_as(org.member).post(
        f"/projects/{project.number}/gate/withdraw/",
        {"version": stage.version, "reason": "A figure is missing"},
    )
    assert stage_now(project).state == StageState.IN_PROGRESS


def test_a_cycle_is_planned_and_adapted(org: Org, client_as: ClientAs) -> None:
    project, member = make_project(org, key="pdca"), client_as(org.member)
    number = project.number
    member.post(
        f"/projects/{number}/cycle/plan/",
        {"version": 1, "tried": "Preview in the app", "predicted": "7.5"},
    )
    assert project.cycles.get().tried == "Preview in the app"
    for _stage in ("plan", "do", "check"):
        pass_stage(project, org.member)
    url = f"/projects/{number}/cycle/decide/"
    data = {"version": present(project).version, "decision": "adapt", "lesson": "", "tried": ""}
    assert "Say what was learned" in member.post(url, data).content.decode()
    member.post(
        url,
        data
        | {"lesson": "Only 41 % open the app", "tried": "Preview and a text", "predicted": "6.5"},
    )
    assert present(project).cycle == 2
    page = member.get(f"/projects/{number}/").content.decode()
    assert "Only 41 % open the app" in page
    assert "Preview and a text" in page


def test_the_list_filters_and_says_what_it_does(org: Org, client_as: ClientAs) -> None:
    make_project(org, title="Shorten first response")
    make_project(org, title="Halve the disputed bills", until=ProjectState.DRAFT)
    staff = client_as(org.staff)
    page = staff.get("/projects/?q=disputed").content.decode()
    assert "Halve the disputed bills" in page
    assert "Shorten first response" not in page
    assert "No project fits these filters" in staff.get("/projects/?q=nothing").content.decode()
    assert staff.get("/projects/?sort=__class__").status_code == 400
    assert staff.get("/projects/?page=0").status_code == 400


def test_an_empty_list_teaches_the_next_step(org: Org, client_as: ClientAs) -> None:
    page = client_as(org.member).get("/projects/").content.decode()
    assert "No project yet." in page
    assert "/projects/new/" in page


def test_the_list_asks_as_much_for_many_as_for_few(org: Org, client_as: ClientAs) -> None:
    staff = client_as(org.staff)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert staff.get("/projects/").status_code == 200
        return len(captured)

    make_project(org)
    few = queries()
    for place in range(4):
        make_project(org, title=f"Another {place}")
    assert queries() <= few


def test_a_passed_gate_stands_on_the_track_and_in_the_history(
    org: Org, client_as: ClientAs
) -> None:
    project = make_project(org)
    approve_all(submit(stage_now(project), org.member))
    staff = client_as(org.staff)
    page = staff.get(f"/projects/{project.number}/").content.decode()
    assert "Passed" in page
    history = staff.get(f"/projects/{project.number}/history/").content.decode()
    assert "Packet" in history


def test_why_a_gate_came_back_stands_on_the_project_until_it_is_asked_again(
    org: Org, client_as: ClientAs
) -> None:
    project = make_project(org)
    decide(
        submit(stage_now(project), org.member), org.manager, Outcome.SEND_BACK, comment="How many?"
    )
    page = client_as(org.member).get(f"/projects/{project.number}/").content.decode()
    assert "Define was sent back: “How many?”" in page
    submit(stage_now(project), org.member)
    page = client_as(org.member).get(f"/projects/{project.number}/").content.decode()
    assert "was sent back: “How many?”" not in page


def test_nothing_is_asked_of_a_project_that_rests_or_has_ended(
    org: Org, client_as: ClientAs
) -> None:
    for stop, word in ((services.hold, "On hold"), (services.cancel, "Cancelled")):
        project = make_project(org)
        page = f"/projects/{project.number}/"
        assert 'id="gate"' in client_as(org.member).get(page).content.decode()
        stop(actor=org.manager, project=project, version=project.version, reason="No budget.")
        shown = client_as(org.member).get(page)
        assert 'id="gate"' not in shown.content.decode()
        assert shown.context["verdicts"] == []
        assert [row.note for row in shown.context["track"]].count(word) == 1
