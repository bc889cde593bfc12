"""A site with a real worker, and people who click through it in a real browser."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from apps.accounts.models import User

SERIOUS = {"serious", "critical"}
SHOTS = os.environ.get("IMPROVE_SCREENSHOTS", "")


class Site:
    """The running site as one person sees it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._listen)

    def _listen(self, message: Any) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            self.problems.append(message.text)

    def go(self, path: str) -> Page:
        response = self.page.goto(f"{self.url}{path}")
        assert response is not None, path
        assert response.ok, f"{path}: {response.status}"
        return self.page

    def sign_in(self, user: User, password: str) -> None:
        self.go("/accounts/login/")
        self.page.locator("#id_login").fill(user.email)
        self.page.locator("#id_password").fill(password)
        self.page.locator("form:has(#id_password) button.btn-primary").click()
        expect(self.page).to_have_url(f"{self.url}/")

    def shot(self, name: str) -> None:
        """A picture for people to look at, when IMPROVE_SCREENSHOTS names a folder."""
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)

    def check(self, name: str = "") -> None:
        """No script error, nothing that axe calls serious, nothing that spills sideways."""
        found = [
            f"{item['id']}: {item['nodes'][0]['html'][:160]}"
            for item in Axe().run(self.page).response["violations"]
            if item["impact"] in SERIOUS
        ]
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if name:
            self.shot(name)
        where = f"{name} {self.page.url}"
        assert not found, f"{where}: {found}"
        assert wide <= 0, f"{where}: the page spills {wide} px sideways"
        assert not self.problems, f"{where}: {self.problems}"


@pytest.fixture
def visit(browser: Browser, live_server: Any) -> Callable[..., Any]:
    """`with visit(width=…, dark=…, language=…) as site:` opens the site in a fresh browser."""

    @contextmanager
    def open_site(*, width: int = 1440, dark: bool = False, language: str = "en") -> Iterator[Site]:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale={"en": "en-GB", "zh-hant": "zh-TW", "zh-hans": "zh-CN"}[language],
        )
        context.set_default_timeout(30_000)
        site = Site(context.new_page(), live_server.url)
        try:
            yield site
        except BaseException:
            site.shot("failure")
            raise
        finally:
            context.close()

    return open_site


def in_days(days: int) -> str:
    return (timezone.localdate() + dt.timedelta(days=days)).isoformat()
