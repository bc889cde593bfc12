"""The whole way through the house, as each role, in a real browser with a real worker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.audit.verification import verify
from apps.measurements.models import Characteristic, Observation
from apps.projects.models import Project
from apps.projects.services import sync_methodologies
from tests.browser.conftest import in_days
from tests.factories import PASSWORD, Org, make_org

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# 40 values that vary by chance around 6.8 with sigma 0.4, repeated patterns left out.
VALUES = [
    6.71, 7.02, 6.43, 6.95, 6.88, 6.35, 7.21, 6.79, 6.62, 7.08, 6.55, 6.91, 6.77, 7.15, 6.48, 6.83,
    6.97, 6.59, 6.74, 7.05, 6.66, 6.81, 6.39, 7.12, 6.86, 6.52, 6.93, 6.70, 7.01, 6.61, 6.89, 6.76,
    6.45, 7.18, 6.84, 6.57, 6.99, 6.68, 6.73, 6.92,
]  # fmt: skip


@pytest.fixture
def company(transactional_db: None) -> Org:
    sync_methodologies()
    return make_org()


def write_csv(folder: Path, values: list[Any], name: str = "response.csv") -> Path:
    path = folder / name
    rows = [
        f"2026-0{1 + day // 28}-{1 + day % 28:02d} 09:00,{value}"
        for day, value in enumerate(values)
    ]
    path.write_text("time,minutes\n" + "\n".join(rows) + "\n")
    return path


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=False).first.select_option(label=option)


def test_from_an_initiative_to_a_passed_gate(
    visit: Callable[..., Any], company: Org, worker: Any, tmp_path: Path
) -> None:
    with visit() as site:
        site.sign_in(company.lead, PASSWORD)
        measure_and_import(site, tmp_path)
        number = log_and_start(site, company)
        do_the_work(site, number)
        site.page.get_by_role("link", name="Submit for review").first.click()
        site.check("story-gate-submit")
        site.page.get_by_role("button", name="Submit for review").click()
        expect(site.page.locator(".page-head")).to_contain_text("in review")
        site.check("story-in-review")

    with visit() as site:
        site.sign_in(company.manager, PASSWORD)
        site.check("story-manager-home")
        site.go("/reviews/")
        site.page.get_by_role("link", name="Review", exact=True).first.click()
        site.check("story-review")
        sign(site, "Approve", "not the password")
        expect(site.page.get_by_text("The password is not right").first).to_be_visible()
        sign(site, "Approve", PASSWORD)
        expect(site.page).to_have_url(f"{site.url}/reviews/")

    project = Project.objects.get(number=number)
    first, second = project.stages.order_by("order")[:2]
    assert (first.state, second.state) == ("in_review", "not_started")

    with visit() as site:
        site.sign_in(company.administrator, PASSWORD)
        site.go("/reviews/")
        site.page.get_by_role("link", name="Review", exact=True).first.click()
        sign(site, "Approve", PASSWORD)
        expect(site.page).to_have_url(f"{site.url}/reviews/")

    first, second = project.stages.order_by("order")[:2]
    assert (first.state, second.state) == ("passed", "in_progress")
    assert verify().intact

    with visit(language="zh-hant") as site:
        site.sign_in(company.staff, PASSWORD)
        site.go(f"/projects/{number}/")
        expect(site.page.locator("main")).to_contain_text("量測")
        site.check("story-staff-zh-hant")


def measure_and_import(site: Any, folder: Path) -> None:
    """Create a characteristic, upload a wrong file, then a right one, and see the chart."""
    page = site.go("/characteristics/new/")
    page.locator("[name=name]").fill("First response")
    page.locator("[name=unit]").fill("min")
    page.locator("details:has([name=direction]) > summary").click()
    page.locator("[name=direction]").select_option("lower")
    page.locator("[name=usl]").fill("9")
    site.check("story-characteristic")
    page.get_by_role("button", name="Save and import data").click()

    wrong = [*VALUES[:5], "n/a", *VALUES[6:]]
    page.locator("input[type=file]").set_input_files(write_csv(folder, wrong, "wrong.csv"))
    page.get_by_role("button", name="Read the file").click()
    expect(page.locator("td", has_text="n/a").first).to_be_visible()
    site.check("story-import-wrong")
    assert not Observation.objects.exists()
    page.get_by_role("button", name="Cancel import").first.click()

    characteristic = Characteristic.objects.get()
    site.go(f"/characteristics/{characteristic.pk}/import/")
    page.locator("input[type=file]").set_input_files(write_csv(folder, VALUES))
    page.get_by_role("button", name="Read the file").click()
    page.get_by_role("button", name="Import 40 rows").first.click()
    page.get_by_role("button", name="Open a control chart").first.click()
    page.wait_for_selector(".control-chart canvas")
    expect(page.locator(".page-head")).to_contain_text("Stable")
    site.check("story-chart")


def log_and_start(site: Any, company: Org) -> int:
    page = site.go("/projects/new/")
    page.locator("[name=title]").fill("Shorten first response")
    page.locator("[name=problem]").fill("Customers wait 6.8 minutes on average since January.")
    page.locator("[name=chart]").select_option(index=1)
    page.locator("[name=from_value]").fill("6.8")
    page.locator("[name=to_value]").fill("5")
    page.locator("[name=due]").fill(in_days(60))
    page.locator("label.choice", has_text="DMAIC").click()
    page.locator("[name=sponsor]").select_option(str(company.manager.pk))
    page.locator("[name=team]").select_option(str(company.desk.pk))
    site.check("story-new")
    page.get_by_role("button", name="Log as a draft").click()
    number = int(page.url.rstrip("/").split("/")[-1])
    for user, capacity in ((company.administrator, "process_owner"), (company.neighbour, "coach")):
        page.get_by_text("Add a person").click()
        page.locator("[name=user]").select_option(str(user.pk))
        page.locator("[name=capacity]").select_option(capacity)
        page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name="Submit the initiative").first.click()
    page.get_by_role("button", name="Submit", exact=True).click()
    accept(site, company, number)
    site.go(f"/projects/{number}/")
    page.get_by_role("link", name="Start the project").first.click()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("main")).to_contain_text("In progress")
    site.check("story-started")
    return number


def accept(site: Any, company: Org, number: int) -> None:
    """The manager accepts in a browser of their own."""
    context = site.page.context.browser.new_context()
    other = type(site)(context.new_page(), site.url)
    other.sign_in(company.manager, PASSWORD)
    other.go(f"/projects/{number}/")
    other.page.get_by_role("link", name="Accept the initiative").first.click()
    other.page.get_by_role("button", name="Accept", exact=True).click()
    expect(other.page.locator("main")).to_contain_text("Backlog")
    context.close()


def do_the_work(site: Any, number: int) -> None:
    """Fill every required deliverable of the stage and mark it as complete."""
    page = site.go(f"/projects/{number}/")
    links = page.locator("#deliverables .row-title")
    paths = [links.nth(place).get_attribute("href") for place in range(links.count())]
    for path in paths:
        site.go(path)
        page.locator("[name=body]").fill("Written down with the team, with its figures.")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Mark as complete").click()
        expect(page.locator(".page-head")).to_contain_text("Complete")
    site.check("story-deliverable")
    site.go(f"/projects/{number}/")


def sign(site: Any, outcome: str, password: str) -> None:
    site.page.locator("label.choice", has_text=outcome).first.click()
    site.page.locator("[name=password]").fill(password)
    site.page.locator(".sign-block button").click()
