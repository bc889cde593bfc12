"""Values typed and pasted into the data sheet, as people do it, with the real worker behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.charts.models import ControlChart
from apps.measurements.models import Characteristic
from apps.measurements.selectors import counted
from tests.factories import PASSWORD, Org, make_chart, make_org, steady

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company(transactional_db: None) -> Org:
    return make_org()


def charted(company: Org, **more: Any) -> Characteristic:
    chart = make_chart(
        company.member, company.desk, steady(40), name="Waiting time", unit="min", **more
    )
    return chart.characteristic


def cell(page: Page, row: int, key: str = "n0") -> Any:
    return page.locator(f"#cell-{row}-{key}")


def open_sheet(site: Any, person: Any, thing: Characteristic) -> Page:
    site.sign_in(person, PASSWORD)
    page = site.go(f"/characteristics/{thing.pk}/sheet/")
    expect(page.locator("#sheet-chart canvas").first).to_be_visible()
    return page


def paste(page: Page, text: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+v")


def test_typed_pasted_mended_judged_and_saved_by_keyboard_alone(
    visit: Callable[..., Any], company: Org, worker: Any, eventually: Callable[..., Any]
) -> None:
    thing = charted(company, direction="lower")
    with visit() as site:
        page = open_sheet(site, company.member, thing)
        keys = page.keyboard
        expect(cell(page, 0)).to_be_focused()
        keys.type("10.1")
        keys.press("Enter")
        expect(cell(page, 1)).to_be_focused()
        expect(cell(page, 0, "time")).not_to_have_value("")
        paste(page, "9.9\n10,2\n99\n")
        expect(page.locator("#sheet-save")).to_have_text("Save 4 values")
        expect(page.locator("#cell-2-n0-note")).to_contain_text("Choose the decimal mark")
        expect(cell(page, 2)).to_have_attribute("aria-invalid", "true")
        signals = page.locator("#sheet-signals")
        expect(signals).to_contain_text("Row 4: One point above the upper limit, for the worse.")
        site.check("sheet-before-saving")

        # One step takes the whole block back, and nothing of it is stored.
        keys.press("Control+z")
        expect(page.locator("#sheet-save")).to_have_text("Save 1 value")
        expect(signals).to_contain_text("No signal in what is typed.")
        paste(page, "9.9\n10,2\n99\n")
        keys.press("Control+s")
        expect(page.locator("#sheet-status")).to_contain_text("Nothing was saved")
        expect(cell(page, 2)).to_be_focused()
        assert counted(thing).count() == 40

        keys.type("10.2")
        keys.press("ArrowDown")
        expect(cell(page, 3)).to_be_focused()
        expect(page.locator("#cell-2-n0-note")).to_have_count(0)
        keys.press("Enter")
        keys.press("Enter")
        expect(page.locator("#sheet-save")).to_be_focused()
        keys.press("Enter")
        expect(page.locator("#sheet-status")).to_have_text("4 values are saved.")
        expect(cell(page, 0)).to_be_focused()
        expect(cell(page, 0)).to_have_value("")
    assert [row.value for row in counted(thing)][40:] == [10.1, 9.9, 10.2, 99.0]

    def recomputed() -> bool:
        chart = ControlChart.objects.select_related("result").get(characteristic=thing)
        return bool(chart.result.n_points == 44 and chart.result.state == "signal")

    eventually(recomputed, within=60, what="the chart with the typed values")


def test_what_is_typed_survives_a_lost_connection_and_is_stored_once(
    visit: Callable[..., Any], company: Org
) -> None:
    thing = charted(company)
    with visit() as site:
        page = open_sheet(site, company.member, thing)
        keys = page.keyboard
        keys.type("10.5")
        keys.press("Enter")
        # The request arrives and is stored, but its answer is lost on the way.
        page.route(
            f"**/characteristics/{thing.pk}/sheet/",
            lambda route: (route.fetch(), route.abort())[1],
            times=1,
        )
        keys.press("Control+s")
        expect(page.locator("#sheet-status")).to_contain_text("No connection")
        assert counted(thing).count() == 41
        site.problems.clear()

        page.reload()
        page.get_by_role("button", name="Put them back").click()
        expect(cell(page, 0)).to_have_value("10.5")
        expect(cell(page, 0)).not_to_be_editable()
        expect(cell(page, 1)).to_be_focused()
        keys.type("10.7")
        keys.press("Control+s")
        expect(page.locator("#sheet-status")).to_contain_text("Nothing was stored twice")
        expect(cell(page, 0)).to_have_value("10.7")
        keys.press("Control+s")
        expect(page.locator("#sheet-status")).to_have_text("1 value is saved.")
        assert [row.value for row in counted(thing)][40:] == [10.5, 10.7]
        page.reload()
        expect(page.locator("#sheet-draft")).to_be_hidden()


def test_a_subgroup_is_typed_across_and_judged_as_one_point(
    visit: Callable[..., Any], company: Org
) -> None:
    thing = charted(company, subgrouping="fixed", subgroup_size=4)
    with visit() as site:
        page = open_sheet(site, company.member, thing)
        for value in ("30", "31", "30", "31"):
            page.keyboard.type(value)
            page.keyboard.press("Tab")
        expect(cell(page, 1)).to_be_focused()
        expect(page.locator("#sheet-save")).to_have_text("Save 4 values")
        expect(page.locator("#sheet-signals")).to_contain_text("Row 1: One point above")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Control+Delete")
        expect(page.locator("#sheet-save")).to_have_text("Save")
        expect(cell(page, 0, "time")).to_have_value("")
        site.check("sheet-subgroups")


@pytest.mark.parametrize(
    ("language", "width", "dark"),
    [("en", 360, True), ("zh-hant", 360, False), ("zh-hans", 1440, True)],
)
def test_on_a_phone_in_the_dark_and_in_chinese(
    visit: Callable[..., Any], company: Org, language: str, width: int, dark: bool
) -> None:
    thing = charted(company)
    with visit(width=width, dark=dark, language=language) as site:
        page = open_sheet(site, company.member, thing)
        assert cell(page, 0).get_attribute("inputmode") == "decimal"
        cell(page, 0).fill("99")
        cell(page, 1).fill("oops")
        cell(page, 2).focus()
        expect(page.locator("#cell-1-n0-note")).to_be_visible()
        expect(page.locator(".sheet-signal").first).to_be_visible()
        expect(page.locator("#sheet-save")).to_be_in_viewport()
        site.check(f"sheet-{language}-{width}")
        site.go(f"/characteristics/{thing.pk}/")
        site.check(f"values-{language}-{width}")
