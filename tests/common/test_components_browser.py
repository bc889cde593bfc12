"""The interactive chart in a real browser, under the project's own security policy."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.template import Context, Template

pytestmark = pytest.mark.browser

SITE = "http://improve.test"
CHART = "main > .control-chart .chart-stage"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'"
)
PAGE = """
{% load ui %}<!doctype html>
<html lang="en" data-theme="auto" data-bs-theme="light">
  <head><title>Chart</title>{% include "components/document_head.html" %}{% chart_assets %}</head>
  <body>
    <main>
      <div class="control-chart" data-src="/data.json" data-detail="signal-"></div>
      <ul class="signals">
        {% signal_item "run" "Nine points in a row" id="7" %}Text{% endsignal_item %}
      </ul>
      {% menu "More" %}<a class="menu-item" href="#">Hold</a>{% endmenu %}
      <form id="search" class="search" role="search"><input name="q" aria-label="Search"></form>
      <div class="histogram" data-src="/histogram.json"></div>
      <div id="job" hx-get="/job" hx-trigger="every 300ms" hx-swap="outerHTML">Reading</div>
    </main>
  </body>
</html>
"""
POINTS = [4.3, 4.5, 4.1, 4.4, 4.2, 5.6, 4.4, 4.1, 4.0, 3.9, 3.8, 3.9, 4.0, 3.7, 3.8]
DAY = 86_400
FIRST_OF_SEPTEMBER = 1_788_220_800  # 2026-09-01 00:00 in Taipei


def chart(*, decimated: bool = False) -> dict[str, Any]:
    n = len(POINTS)
    return {
        "title": "First response", "unit": "min", "decimals": 2, "direction": "lower",
        "x": {
            "kind": "time", "tz": "Asia/Taipei",
            "values": [FIRST_OF_SEPTEMBER + DAY * i for i in range(n)],
            "labels": [f"{i + 1} Sep" for i in range(n)],
        },
        "panels": [
            {"name": "mean", "title": "Mean of 5 calls, min", "points": POINTS,
             "center": [4.28] * n, "lcl": [3.15] * n, "ucl": [5.4] * n},
            {"name": "range", "title": "Range of 5 calls, min", "points": [2.0] * n,
             "center": [1.95] * n, "lcl": [None] * n, "ucl": [4.13] * n},
        ],
        "phases": [{"name": "", "start": 0, "end": n - 1, "current": True, "limits": [
            {"panel": 0, "ucl": "UCL 5.40", "center": "CL 4.28", "lcl": "LCL 3.15"}]}],
        "signals": [
            {"id": 3, "panel": 0, "rule": "nelson:1", "number": "1", "kind": "limit", "point": 5,
             "first": 5, "last": 5, "cause": "Outage",
             "sentence": "One mean above the upper limit."},
            {"id": 7, "panel": 0, "rule": "nelson:2", "number": "2", "kind": "run", "point": 14,
             "first": 7, "last": 14, "sentence": "Nine points in a row.", "cause": ""},
        ],
        "excluded": [5], "notes": [{"point": 5, "letter": "A", "text": "Ticketing was down"}],
        "target": 4.0, "spec": None, "zones": False, "words": {}, "decimated": decimated,
    }  # fmt: skip


HISTOGRAM = {
    "bins": [{"from": 3.5, "to": 4.0, "count": 5}, {"from": 4.0, "to": 4.5, "count": 9}],
    "within": {"mean": 4.1, "sigma": 0.3}, "overall": {"mean": 4.1, "sigma": 0.35},
    "n": 14, "lsl": None, "usl": 8.0, "target": 4.0, "decimals": 1, "unit": "min",
}  # fmt: skip


JOB_DONE = '<div id="job"><div class="control-chart" data-src="/data.json"></div></div>'


class Site:
    """Answers the browser from the working tree, with the policy that production sends."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = chart()
        self.status = 200
        self.asked: list[dict[str, list[str]]] = []
        self.polled = 0

    def answer(self, route: Any) -> None:
        url = urlsplit(route.request.url)
        if url.path == "/data.json":
            self.asked.append(parse_qs(url.query))
            route.fulfill(status=self.status, json=self.data)
        elif url.path == "/histogram.json":
            route.fulfill(json=HISTOGRAM)
        elif url.path == "/job":
            self.polled += 1
            body = "failed" if self.polled == 1 else JOB_DONE
            status = 500 if self.polled == 1 else 200
            route.fulfill(status=status, body=body, content_type="text/html")
        elif url.path.startswith("/static/"):
            file = settings.BASE_DIR / url.path.removeprefix("/")
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            route.fulfill(body=file.read_bytes(), content_type=kind)
        else:
            html = Template(PAGE).render(Context())
            headers = {"Content-Security-Policy": POLICY, "Content-Type": "text/html"}
            route.fulfill(body=html, headers=headers)


@pytest.fixture
def site(settings: Any) -> Site:
    settings.STATIC_URL = "/static/"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    return Site()


@pytest.fixture
def page(browser: Any, site: Site) -> Iterator[Any]:
    """A page whose console must stay silent."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, reduced_motion="reduce")
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.route("**/*", site.answer)
    opened.goto(SITE)
    yield opened
    context.close()
    assert not [text for text in said if "status of 50" not in text]


def voice(page: Any) -> str:
    return str(page.locator("main > .control-chart [aria-live]").inner_text())


def test_arrow_keys_say_value_time_limits_rule_cause_and_note(page: Any) -> None:
    page.locator(CHART).focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    said = voice(page)
    for part in ("5.60 min", "6 Sep", "Point 6 of 15", "limits 3.15 to 5.40",
                 "One mean above the upper limit", "Cause: Outage", "Left out of the limits",
                 "Note A: Ticketing was down"):  # fmt: skip
        assert part in said
    page.keyboard.press("ArrowDown")
    assert "2.00 min" in voice(page)
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    assert "Nine points in a row. No cause yet" in voice(page)


def test_enter_on_a_signal_goes_to_it_in_the_list(page: Any) -> None:
    page.locator(CHART).focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "signal-7"


def test_hovering_shows_the_point(page: Any) -> None:
    box = page.locator(".u-over").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 5.5 / 15, box["y"] + 40)
    assert "5.60 min" in page.locator("main > .control-chart .chart-tip").inner_text()
    page.mouse.move(2, 2)
    assert page.locator("main > .control-chart .chart-tip").is_hidden()


def test_dragging_zooms_and_the_button_shows_all_again(page: Any) -> None:
    reset = page.locator("main > .control-chart .chart-reset")
    assert reset.is_hidden()
    box = page.locator(".u-over").first.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 60, steps=4)
    page.mouse.up()
    assert reset.is_visible()
    reset.click()
    assert reset.is_hidden()


def test_a_decimated_chart_asks_for_the_window_when_zoomed(page: Any, site: Site) -> None:
    site.data = chart(decimated=True)
    page.goto(SITE)
    page.locator(CHART).focus()
    with page.expect_response(lambda response: "from=" in response.url):
        page.keyboard.press("+")
    asked = site.asked[-1]
    assert float(asked["from"][0]) > FIRST_OF_SEPTEMBER - DAY
    assert float(asked["to"][0]) - float(asked["from"][0]) == pytest.approx(15 * DAY * 0.6)
    assert int(asked["width"][0]) > 0


def test_the_legend_names_only_the_marks_that_are_there(page: Any, site: Site) -> None:
    legend = page.locator("main > .control-chart .chart-legend")
    assert "completes a run rule" in legend.inner_text()
    assert "target" in legend.inner_text()
    site.data = chart() | {"signals": [], "excluded": [], "notes": [], "target": None}
    page.goto(SITE)
    page.locator(CHART).wait_for()
    assert legend.inner_text() == ""


def test_a_chart_that_cannot_be_loaded_says_so(page: Any, site: Site) -> None:
    site.status = 503
    page.goto(SITE)
    assert "could not be loaded" in page.locator("main > .control-chart [role=alert]").inner_text()


def test_a_chart_without_points_says_so(page: Any, site: Site) -> None:
    site.data = chart() | {"x": {"kind": "order", "values": [], "labels": []}, "panels": []}
    page.goto(SITE)
    assert page.locator("main > .control-chart").inner_text() == "No points yet."


def test_the_canvas_is_drawn_again_in_the_colours_of_the_theme(page: Any) -> None:
    page.locator(CHART).wait_for()
    light = page.evaluate("document.querySelector('canvas').toDataURL()")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "before => document.querySelector('canvas').toDataURL() !== before", arg=light
    )
    theme = "document.documentElement.dataset.bsTheme"
    assert page.evaluate(theme) == "dark"
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(theme) == "light"
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(theme) == "dark"


def test_the_histogram_is_drawn_with_its_limits(page: Any) -> None:
    histogram = page.locator(".histogram > svg")
    histogram.wait_for()
    assert histogram.locator(".hist-bar").count() == 2
    assert histogram.locator(".hist-spec-label").text_content() == "USL 8.0"
    assert "within" in page.locator(".histogram .chart-legend").inner_text()


def test_a_region_that_is_polled_outlives_an_error_and_starts_the_chart_it_receives(
    page: Any, site: Site
) -> None:
    page.locator("#job .chart-stage").wait_for()
    polled = site.polled
    page.wait_for_timeout(1_000)
    assert site.polled == polled


def test_slash_goes_to_the_search_field_and_escape_closes_a_menu(page: Any) -> None:
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.locator("details.menu > summary").click()
    assert page.locator(".menu-item").is_visible()
    page.keyboard.press("Escape")
    assert page.locator(".menu-item").is_hidden()
