"""What the story of one cycle leaves out: abandoning and reopening, and the administrator's part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from apps.accounts.models import Team, User
from apps.audit.selectors import history_of
from apps.projects.models import Cycle
from tests.factories import PASSWORD, Org, make_org, make_project, pass_stage, present

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company(transactional_db: None) -> Org:
    return make_org()


def test_a_change_is_abandoned_with_its_lesson_and_taken_up_again(
    visit: Callable[..., Any], company: Org
) -> None:
    project = make_project(company, key="pdca")
    for _stage in ("plan", "do", "check"):
        pass_stage(project, company.member)
    with visit(width=360) as site:
        site.sign_in(company.member, PASSWORD)
        page = site.go(f"/projects/{project.number}/")
        site.click("link", "Decide the cycle")
        page.locator("label.choice:has(input[value=abandon])").click()
        site.click("button", "Decide the cycle")
        expect(page.locator("main")).to_contain_text("Say what was learned.")
        page.locator("[name=lesson]").fill("Nobody reads the letter.")
        site.click("button", "Decide the cycle")
        expect(page.locator(".page-head")).to_contain_text("Closed")
        expect(page.locator("main")).to_contain_text("Nobody reads the letter.")
        site.check("act-abandoned")
    assert Cycle.objects.get(project=project).decision == "abandon"

    with visit() as site:
        site.sign_in(company.manager, PASSWORD)
        page = site.go(f"/projects/{project.number}/")
        page.locator(".menu summary", has_text="More").first.click()
        site.click("link", "Reopen the project")
        page.locator("[name=reason]").fill("The complaints are back.")
        site.check("act-reopen")
        site.click("button", "Reopen")
        expect(page.locator(".page-head")).not_to_contain_text("Closed")
        site.check("act-reopened")
    assert present(project).state == "active"


def test_an_administrator_adds_a_team_and_a_person_who_then_works_there(
    visit: Callable[..., Any], company: Org
) -> None:
    with visit() as site:
        site.sign_in(company.administrator, PASSWORD)
        page = site.go("/")
        page.locator("summary:has(.avatar)").first.click()
        site.click("link", "People, teams and roles")
        page.get_by_role("link", name="Teams", exact=True).first.click()
        site.click("link", "Add team")
        page.locator("#id_name").fill("Night desk")
        page.locator("#id_parent").select_option(str(company.desk.pk))
        page.locator("[name=_save]").click()
        page.get_by_role("link", name="People", exact=True).last.click()
        site.click("link", "Add person")
        page.locator("#id_email").fill("Nina.Night@example.org")
        page.locator("#id_name").fill("Nina Night")
        page.locator("#id_password1").fill("a much better phrase 7")
        page.locator("#id_password2").fill("a much better phrase 7")
        page.locator("[name=_continue]").click()
        night = Team.objects.get(name="Night desk")
        page.locator(".add-row a").click()
        page.locator("[name=assignments-0-team]").select_option(str(night.pk))
        page.locator("[name=assignments-0-role]").select_option("team_member")
        site.check("admin-role")
        page.locator("[name=_save]").click()
        expect(page.locator(".messagelist .success")).to_be_visible()
    nina = User.objects.get(email="nina.night@example.org")
    assert nina.standing.roles_at(night) == {"team_member"}
    assert {entry.verb for entry in history_of(nina)} >= {"person.added", "person.edited"}

    with visit() as site:
        site.sign_in(nina, "a much better phrase 7")
        site.go("/characteristics/new/")
        site.check("admin-new-person")
