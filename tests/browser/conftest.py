"""A site with a real worker, and people who click through it in a real browser."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from django.utils.translation import gettext, ngettext, override
from playwright.sync_api import Browser, Page, expect

from apps.accounts.models import User

SERIOUS = {"serious", "critical"}
# A machine that does much else at once is slow, not wrong.
expect.set_options(timeout=20_000)
SHOTS = os.environ.get("IMPROVE_SCREENSHOTS", "")


class Words:
    """The product's own words in one language, by their English."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, msgid: str, **values: object) -> str:
        with override(self.language):
            words = gettext(msgid) % values if values else gettext(msgid)
        return self._checked(words)

    def plural(self, one: str, many: str, count: int, **values: object) -> str:
        with override(self.language):
            words = ngettext(one, many, count) % values
        return self._checked(words)

    def _checked(self, words: str) -> str:
        assert self.language == "en" or CHINESE.search(words), f"not translated: {words}"
        return words


CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z']+")
# Not words of a language: addresses, places, seals whole and shortened, file names, codes.
NOT_WORDS = re.compile(
    r"[\w.+-]+@[\w.-]+|https?:\S+|\b\w+/\w+|\b[0-9a-f]{8,}\b|\b[0-9a-f]{4}…[0-9a-f]{4}\b"
    r"|[\w-]+\.(?:csv|xlsx)\b|\bP-\d+",
    re.ASCII,
)
# Names, units and terms that stay Latin in Chinese texts of this field (glossary).
LATIN = (
    "improve english dmaic pdca smart sipoc csv xlsx png svg utf min ucl lcl cl usl lsl mr xbar "
    "ppk cpk pp cp dpmo spc aiag montgomery nelson western electric anhoej nhs ctrl "
    "tsv txt xls ods parquet big little endian gb latin nist sematech handbook asia taipei utc np mm mb laney"
)
LATIN_HERE = frozenset(LATIN.split())


def english_left(page: Page) -> list[str]:
    """Latin words of the page, visible or to be read out, that no Chinese page should have."""
    texts = page.evaluate(
        """() => {
          const texts = [document.title];
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const parent = walker.currentNode.parentElement;
            if (!parent.closest("script, style, code, [lang=en], [name*=zone], datalist")) texts.push(walker.currentNode.data);
          }
          for (const name of ["aria-label", "title", "alt", "placeholder"])
            for (const element of document.body.querySelectorAll(`[${name}]`))
              texts.push(element.getAttribute(name));
          return texts;
        }"""
    )
    return sorted(
        {
            text.strip()
            for text in texts
            if any(
                word.lower() not in LATIN_HERE
                for word in LATIN_WORD.findall(NOT_WORDS.sub(" ", text))
            )
        }
    )


class Site:
    """The running site as one person sees it."""

    def __init__(self, page: Page, url: str, language: str = "en", *, axe: bool = True) -> None:
        self.page, self.url, self.axe = page, url, axe
        self.say = Words(language)
        self.english_found: dict[str, str] | None = None
        """Where it is a dict, `check` writes there what English a page still has, and which page."""
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._listen)

    def _listen(self, message: Any) -> None:
        refused = "status of 4" in message.text or "status of 500" in message.text
        if message.type == "error" and not refused:
            self.problems.append(message.text)

    def click(self, role: str, msgid: str, **values: object) -> None:
        """Press what bears this name, in the language of the site."""
        name = self.say(msgid, **values)
        self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]  # roles are literals there

    def go(self, path: str, status: int = 200) -> Page:
        response = self.page.goto(f"{self.url}{path}")
        assert response is not None, path
        assert response.status == status, f"{path}: {response.status}"
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
            # The caret stays: hiding it takes an inline style, which the page's policy refuses.
            self.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True, caret="initial")

    def check(self, name: str = "") -> None:
        """No script error, nothing that axe calls serious, nothing that spills sideways."""
        # A click comes back when the next page begins; axe needs one that is all there.
        self.page.wait_for_load_state()
        before = len(self.problems)
        violations = Axe().run(self.page).response["violations"] if self.axe else []
        found = [
            f"{item['id']}: {item['nodes'][0]['html'][:160]}"
            for item in violations
            if item["impact"] in SERIOUS
        ]
        # Axe puts style elements of its own on some pages, and our policy refuses them.
        said = [one for one in self.problems[before:] if "Applying inline style" not in one]
        self.problems[before:] = said
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if name:
            self.shot(name)
        where = f"{name} {self.page.url}"
        if self.english_found is not None:
            self.english_found |= dict.fromkeys(english_left(self.page), where)
        assert not found, f"{where}: {found}"
        assert wide <= 0, f"{where}: the page spills {wide} px sideways"
        assert not self.problems, f"{where}: {self.problems}"


@pytest.fixture
def visit(browser: Browser, live_server: Any) -> Callable[..., Any]:
    """`with visit(width=…, dark=…, language=…) as site:` opens the site in a fresh browser.

    Without `axe`, what axe has judged in another language or width is not judged once more.
    """

    @contextmanager
    def open_site(
        *, width: int = 1440, dark: bool = False, language: str = "en", axe: bool = True
    ) -> Iterator[Site]:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale={"en": "en-GB", "zh-hant": "zh-TW", "zh-hans": "zh-CN"}[language],
        )
        context.set_default_timeout(30_000)
        site = Site(context.new_page(), live_server.url, language, axe=axe)
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
