"""Reviews through the browser's own requests: seen, signed, refused, delegated, verified."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from apps.accounts.choices import Role
from apps.accounts.models import User
from apps.approvals.choices import Outcome
from apps.approvals.models import Condition, Round
from apps.approvals.packets import verify_packet
from apps.audit.chain import digest
from apps.charts.recompute import recompute
from apps.measurements.services import append_observations
from apps.projects.choices import StageState
from apps.projects.models import ProjectAction, Stage, Target
from apps.projects.services import set_target
from tests.factories import (
    PASSWORD,
    Crew,
    Org,
    approve_all,
    decide,
    make_chart,
    make_crew,
    make_project,
    make_user,
    stage_now,
    steady,
    submit,
)

pytestmark = pytest.mark.django_db

ClientAs = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _asked_in_english() -> Iterator[None]:
    """A request in another language leaves it behind in the thread."""
    with override("en"):
        yield


@pytest.fixture
def crew(org: Org) -> Crew:
    return make_crew(org)


@pytest.fixture
def waiting(org: Org, crew: Crew) -> Round:
    """The Define gate of the member's project, asked of sponsor and process owner."""
    return submit(stage_now(make_project(org, crew=crew)), org.member, "Please look at the scope.")


def answer(round_: Round, **changes: Any) -> dict[str, Any]:
    return {
        "outcome": "approve", "comment": "", "password": PASSWORD,
        "seen_hash": round_.content_hash, **changes,
    }  # fmt: skip


def post(client: Client, round_: Round, **changes: Any) -> Any:
    return client.post(f"/reviews/{round_.pk}/decide/", answer(round_, **changes))


def state_of(round_: Round) -> str:
    return str(Round.objects.get(pk=round_.pk).state)


def test_my_reviews_shows_what_waits_for_me_and_nobody_elses(
    org: Org, client_as: ClientAs, waiting: Round
) -> None:
    page = client_as(org.manager).get("/reviews/").content.decode()
    assert f"/reviews/{waiting.pk}/" in page
    assert "One decision waits for you." in page
    assert "Nothing waits for you." in client_as(org.staff).get("/reviews/").content.decode()


def test_the_review_shows_the_evidence_and_the_form_to_whoever_has_the_seat(
    org: Org, client_as: ClientAs, waiting: Round
) -> None:
    page = client_as(org.manager).get(f"/reviews/{waiting.pk}/").content.decode()
    assert "Please look at the scope." in page
    assert "Your decision" in page
    assert (
        "Your decision" not in client_as(org.staff).get(f"/reviews/{waiting.pk}/").content.decode()
    )


def test_both_seats_approve_and_the_stage_passes(
    org: Org, client_as: ClientAs, crew: Crew, waiting: Round
) -> None:
    post(client_as(crew.sponsor), waiting)
    assert state_of(waiting) == "open"
    post(client_as(crew.process_owner), waiting)
    assert state_of(waiting) == "approved"


def test_a_wrong_password_signs_nothing_and_keeps_the_words(
    org: Org, client_as: ClientAs, waiting: Round
) -> None:
    response = post(client_as(org.manager), waiting, password="guess", comment="Sound scope")
    assert response.status_code == 422
    page = response.content.decode()
    assert "The password is not right" in page
    assert "Sound scope" in page
    assert not waiting.decisions.exists()


@pytest.mark.parametrize("outcome", ["send_back", "decline"])
def test_sending_back_and_declining_need_a_reason(
    org: Org, client_as: ClientAs, waiting: Round, outcome: str
) -> None:
    response = post(client_as(org.manager), waiting, outcome=outcome)
    assert response.status_code == 422
    assert "Say why" in response.content.decode()
    post(client_as(org.manager), waiting, outcome=outcome, comment="Show the night shifts")
    stage = stage_now(make_project_of(waiting))
    assert stage.state == StageState.REWORK
    page = client_as(org.member).get(f"/reviews/{waiting.pk}/").content.decode()
    assert "Show the night shifts" in page


def make_project_of(round_: Round) -> Any:
    return Stage.objects.select_related("project").get(pk=round_.subject_id).project


def test_an_approval_with_a_condition_names_owner_date_and_gate(
    org: Org, client_as: ClientAs, crew: Crew, waiting: Round
) -> None:
    manager = client_as(org.manager)
    refused = post(manager, waiting, outcome="approve_with_conditions")
    assert refused.status_code == 422
    filled = {
        "condition-1-text": "Train the last 7 agents", "condition-1-owner": org.member.pk,
        "condition-1-due": "2099-12-04", "condition-1-blocks": "control",
    }  # fmt: skip
    post(manager, waiting, outcome="approve_with_conditions", **filled)
    condition = Condition.objects.get()
    assert (condition.text, condition.owner, condition.blocks) == (
        "Train the last 7 agents", org.member, "control",
    )  # fmt: skip
    decide(Round.objects.get(pk=waiting.pk), crew.process_owner)
    assert state_of(waiting) == "approved_with_conditions"
    project = make_project_of(waiting)
    client_as(org.member).post(
        f"/projects/{project.number}/conditions/{condition.pk}/met/",
        {"version": condition.version, "evidence": "All 38 trained, list attached"},
    )
    condition.refresh_from_db()
    assert condition.state == "met"


def test_the_second_click_is_told_that_it_came_second(
    org: Org, client_as: ClientAs, waiting: Round
) -> None:
    manager = client_as(org.manager)
    post(manager, waiting)
    response = post(manager, waiting)
    assert response.status_code == 409
    assert waiting.decisions.count() == 1


def test_a_packet_that_was_not_seen_is_not_signed(
    org: Org, client_as: ClientAs, waiting: Round
) -> None:
    response = post(client_as(org.manager), waiting, seen_hash="0" * 64)
    assert response.status_code in {409, 422}
    assert not waiting.decisions.exists()


@pytest.mark.parametrize("persona", ["member", "lead", "staff", "administrator"])
def test_nobody_without_a_seat_decides(
    org: Org, client_as: ClientAs, waiting: Round, persona: str
) -> None:
    assert post(client_as(org.personas[persona]), waiting).status_code == 403
    assert not waiting.decisions.exists()


def test_outsiders_do_not_learn_that_a_review_exists(
    org: Org, client_as: ClientAs, waiting: Round
) -> None:
    outsider = client_as(org.outsider)
    for path in ("", "packet/", "delegate/"):
        assert outsider.get(f"/reviews/{waiting.pk}/{path}").status_code == 404
    assert post(outsider, waiting).status_code == 404


def test_a_seat_is_delegated_to_somebody_who_did_not_work_on_it(
    org: Org, client_as: ClientAs, waiting: Round
) -> None:
    manager, url = client_as(org.manager), f"/reviews/{waiting.pk}/delegate/"
    manager.post(url, {"to": org.member.pk, "reason": "On leave"})
    assert not Round.objects.waiting_for(org.member).exists()
    deputy = make_user("Dora Deputy", role=Role.STAFF, team=org.desk)
    manager.post(url, {"to": deputy.pk, "reason": "On leave"})
    assert Round.objects.waiting_for(deputy).exists()
    assert not Round.objects.waiting_for(org.manager).exists()


def test_the_packet_can_be_verified_with_the_file_alone(
    org: Org, client_as: ClientAs, waiting: Round
) -> None:
    response = client_as(org.manager).get(f"/reviews/{waiting.pk}/packet/")
    packet = json.loads(response.content)
    assert digest(packet["content"]) == packet["content_hash"]
    assert packet["intact"] is True


def test_the_list_answers_rubbish_with_400(org: Org, client_as: ClientAs) -> None:
    manager = client_as(org.manager)
    for query in ("state=nonsense", "page=abc", "page=-1", "q=" + "x" * 200):
        assert manager.get(f"/reviews/?{query}").status_code == 400


# --- each reader's language -------------------------------------------------------------------------


def test_the_conditions_read_in_the_readers_language_and_are_covered_by_the_hash(
    org: Org, client_as: ClientAs, waiting: Round
) -> None:
    User.objects.filter(pk=org.manager.pk).update(language="zh-hant")
    reader = client_as(User.objects.get(pk=org.manager.pk))
    for outcome in (Outcome.SEND_BACK, None):
        page = reader.get(f"/reviews/{waiting.pk}/").content.decode()
        assert "必要的產出皆已完成" in page
        original = page.split('<ul class="rows" lang="en">')[1]
        assert "The required deliverables are complete" in original
        if outcome is not None:
            waiting = decide(waiting, org.manager, outcome, comment="Say more.")
    page = client_as(org.lead).get(f"/reviews/{waiting.pk}/").content.decode()
    assert "The required deliverables are complete" in page
    assert "As it was written when the gate was asked" not in page

    assert verify_packet(waiting).intact
    content = waiting.content
    content["conditions"][0]["wordings"]["zh-hant"]["statement"] = "…"
    Round.objects.filter(pk=waiting.pk).update(content=content)
    assert not verify_packet(waiting).intact


def test_a_packet_from_before_keeps_the_words_it_has(
    org: Org, client_as: ClientAs, waiting: Round
) -> None:
    content = waiting.content
    for condition in content["conditions"]:
        del condition["wordings"], condition["language"]
    Round.objects.filter(pk=waiting.pk).update(content=content)
    User.objects.filter(pk=org.manager.pk).update(language="zh-hans")
    page = client_as(User.objects.get(pk=org.manager.pk)).get(f"/reviews/{waiting.pk}/")
    assert "The required deliverables are complete" in page.content.decode()


def test_what_stands_otherwise_since_the_gate_was_asked_is_said(
    org: Org, client_as: ClientAs, waiting: Round
) -> None:
    page = client_as(org.manager).get(f"/reviews/{waiting.pk}/").content.decode()
    assert "stand otherwise" not in page
    stage = Stage.objects.get(pk=waiting.subject_id)
    ProjectAction.objects.create(
        project=stage.project, title="Ask the crews", owner=org.member,
        due=dt.date(2020, 1, 1),
    )  # fmt: skip
    page = client_as(org.manager).get(f"/reviews/{waiting.pk}/").content.decode()
    assert "stand otherwise" in page
    assert "Ask the crews" in page


def test_data_that_moved_on_is_told_before_and_after_the_decision(
    org: Org, crew: Crew, client_as: ClientAs
) -> None:
    chart = make_chart(actor=org.lead, team=org.desk, values=steady(30))
    project = make_project(org, crew=crew)
    target = Target.objects.get(project=project)
    set_target(
        actor=org.member, project=project, version=target.version, chart=chart, from_value=10,
        to_value=8, due=None,
    )  # fmt: skip
    round_ = submit(stage_now(project), org.member)

    def page() -> str:
        answer = client_as(org.manager).get(f"/reviews/{round_.pk}/")
        return str(answer.content.decode())

    assert "Data was added after" not in page()
    append_observations(actor=org.lead, characteristic=chart.characteristic, values=steady(3))
    recompute(chart.pk)
    assert "Data was added after the gate was asked" in page()
    approve_all(round_)
    assert "Data was added after" not in page()
    assert "The data changed since then" in page()
