"""A person makes a token and sends the example from the page, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from apps.accounts.models import ApiToken
from apps.measurements.models import Characteristic, Observation
from tests.factories import PASSWORD, make_org

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (360, True)])
def test_from_the_token_to_the_first_batch(
    visit: Callable[..., Any], transactional_db: None, width: int, dark: bool
) -> None:
    call_command("createcachetable", verbosity=0)
    org = make_org()
    one = Characteristic.objects.create(
        team=org.desk, owner=org.member, name="Waiting time", data_type="variable"
    )
    with visit(width=width, dark=dark) as site:
        page = site.page
        site.sign_in(org.member, PASSWORD)
        site.go("/settings/tokens/new/")
        expect(page.locator("#id_team")).to_be_hidden()
        page.get_by_label("One team and the teams below it").check()
        expect(page.locator("#id_team")).to_be_visible()
        page.get_by_label("All that I may see").check()
        page.locator("#id_name").fill("Laboratory system")
        page.get_by_role("button", name="Make the token").click()
        page.locator("#id_password").fill(PASSWORD)
        page.locator("form:has(#id_password) button.btn-primary").click()
        secret = page.locator("#secret").inner_text()
        site.check(f"token-made-{width}")
        site.go("/help/api/")
        page.locator("#try-token").fill(secret)
        page.locator("#try-load").click()
        expect(page.locator("#try-characteristic")).to_have_value(str(one.pk))
        expect(page.locator("#try-state")).to_have_text("200 OK")
        for _ in range(2):
            page.get_by_role("button", name="Send", exact=True).click()
            expect(page.locator("#try-state")).to_have_text("201 Created")
        site.check(f"api-{width}")
        page.locator("#try-body").fill('{"observations": [{"value": "4,2"}]}')
        page.locator("#try-new-key").click()
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.locator("#try-answer")).to_contain_text("“4,2” is not a number.")
        page.locator("#try-status").click()
        expect(page.locator("#try-answer")).to_contain_text('"up_to_date"')
    assert [row.value for row in Observation.objects.order_by("sequence")] == [4.2, 4.3]


def test_a_long_list_of_characteristics_is_narrowed_by_a_word(
    visit: Callable[..., Any], transactional_db: None
) -> None:
    call_command("createcachetable", verbosity=0)
    org = make_org()
    Characteristic.objects.bulk_create(
        Characteristic(
            team=org.desk, owner=org.member, name=f"Diameter {place:03}", data_type="variable"
        )
        for place in range(120)
    )
    with visit(width=1440) as site:
        page = site.page
        site.sign_in(org.member, PASSWORD)
        site.go("/settings/tokens/new/")
        page.locator("#id_name").fill("Line")
        page.get_by_label("Chosen characteristics").check()
        rows, state = page.locator(".choose-from .check"), page.locator("#narrow-state")
        expect(state).to_have_text("Shown: 120 of 120. Chosen: 0.")
        search = page.get_by_label("Find a characteristic")
        search.focus()
        page.keyboard.type("07 DIAM")
        expect(state).to_have_text("Shown: 12 of 120. Chosen: 0.")
        # Return does not send the form; the keyboard goes on to what is shown, and chooses.
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        expect(state).to_have_text("Shown: 12 of 120. Chosen: 1.")
        site.check("token-narrowed")
        search.fill("nothing like it")
        expect(rows.locator("visible=true")).to_have_count(1)
        page.get_by_role("button", name="Make the token").click()
        page.locator("#id_password").fill(PASSWORD)
        page.locator("form:has(#id_password) button.btn-primary").click()
        expect(page.locator("#secret")).to_be_visible()
    chosen = ApiToken.objects.get().characteristics.get().characteristic
    assert chosen.name == "Diameter 007"
