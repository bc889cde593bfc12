"""The components: what each tag draws, says and refuses."""

from __future__ import annotations

import datetime as dt
import re
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError, engines
from django.test import RequestFactory

from apps.common.templatetags import fields, formats, ui

LOAD = "{% load i18n ui fields formats %}"


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Any) -> None:
    storages = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    settings.STORAGES = storages


def draw(source: str, query: str = "", **context: Any) -> str:
    request = RequestFactory().get(f"/?{query}")
    return Template(LOAD + source).render(Context({"request": request, **context}))


class Charter(forms.Form):
    title = forms.CharField(help_text="What gets better.", max_length=10)
    benefit = forms.DecimalField(required=False)
    method = forms.ChoiceField(choices=[("a", "DMAIC"), ("b", "PDCA")], widget=forms.RadioSelect)
    agreed = forms.BooleanField(required=False)


# --- states -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ui.STATE_ICONS)
def test_a_badge_has_colour_icon_and_word(state: str) -> None:
    html = draw("{% badge state word %}", state=state, word="In review")
    assert f"state-{state}" in html
    assert f"#{ui.STATE_ICONS[state]}" in html
    assert "In review" in html
    assert 'aria-hidden="true"' in html


def test_a_state_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TemplateSyntaxError, match="Unknown state 'green'"):
        draw('{% badge "green" "Fine" %}')


def test_a_condition_says_its_state_reason_and_way_out() -> None:
    html = draw(
        '{% condition "not_met" "Ppk ≥ 1.33" reason="1.27" url="/fix/" link="Import"'
        " advisory=True %}"
    )
    for part in ("Not met", "Ppk ≥ 1.33", "1.27", 'href="/fix/"', "advisory", "state-blocked"):
        assert part in html


def test_user_text_is_escaped_in_every_component() -> None:
    bad = "<img src=x>"
    drawn = [
        draw("{% badge 'done' bad %}", bad=bad),
        draw("{% page_head bad %}{% endpage_head %}", bad=bad),
        draw("{% facts %}{% fact bad note=bad %}{{ bad }}{% endfact %}{% endfacts %}", bad=bad),
        draw("{% card bad sub=bad aside=bad link=bad url='/' %}{{ bad }}{% endcard %}", bad=bad),
        draw("{% condition 'met' bad reason=bad %}", bad=bad),
        draw("{% seat bad bad text=bad %}", bad=bad),
        draw("{% key_figure bad bad unit=bad note=bad %}", bad=bad),
        draw("{% history_entry bad %}{{ bad }}{% endhistory_entry %}", bad=bad),
        draw("{% crumb bad '/' %}{% crumb bad phone=bad %}", bad=bad),
        draw("{% stage_track stages %}", stages=[{"name": bad, "state": "later", "note": bad}]),
        draw("{% filter_chip 'team' bad options %}", bad=bad, options=[(bad, bad)]),
        draw("{% filter_search 'q' bad %}", query="q=%3Cimg%20src%3Dx%3E", bad=bad),
    ]
    for html in drawn:
        assert "<img" not in html
        assert "&lt;img" in html


# --- stages -----------------------------------------------------------------------------------


def stages() -> list[dict[str, str]]:
    return [
        {"name": "Plan", "state": "passed", "note": "24 Sep"},
        {"name": "Do", "state": "passed", "note": "16 Nov"},
        {"name": "Check", "state": "review", "note": "since 22 Nov"},
        {"name": "Act", "state": "later", "note": ""},
    ]


def test_the_stage_track_marks_where_the_project_is() -> None:
    html = draw("{% stage_track stages %}", stages=stages())
    track = html.split("stage-phone")[0]
    assert track.count('aria-current="step"') == 1
    assert track.index("Do") < track.index('aria-current="step"') < track.index("Check")


def test_stages_may_be_objects() -> None:
    rows = [SimpleNamespace(**stage, url="/stage/") for stage in stages()]
    assert 'href="/stage/"' in draw("{% stage_track rows %}", rows=rows)


@pytest.mark.parametrize(("cycle", "rings"), [(1, 0), (2, 1), (3, 2), (9, 2)])
def test_the_ring_draws_a_line_per_finished_cycle(cycle: int, rings: int) -> None:
    html = draw("{% pdca_ring stages cycle=cycle %}", stages=stages(), cycle=cycle)
    assert html.count("<circle") == rings
    assert html.count("<path") == 4
    assert f"Cycle {cycle}, Check" in html


# --- tables and filters -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "order", "link"),
    [
        ("", None, "?sort=due"),
        ("sort=due", "ascending", "?sort=-due"),
        ("sort=-due", "descending", "?sort=due"),
        ("sort=name&page=3&team=a", None, "?sort=due&amp;team=a"),
    ],
)
def test_a_header_sorts_and_turns_round(query: str, order: str | None, link: str) -> None:
    html = draw('{% sort_header "Due" "due" %}', query=query)
    assert f'href="{link}"' in html
    assert ("aria-sort" in html) is (order is not None)
    if order:
        assert f'aria-sort="{order}"' in html


def test_paging_keeps_the_filters() -> None:
    page = Paginator(range(204), 25).page(2)
    html = draw("{% paging page %}", query="team=a&page=2", page=page)
    assert "26 to 50 of 204" in html
    assert "?team=a&amp;page=1" in html
    assert "?team=a&amp;page=3" in html


def test_an_empty_list_has_no_paging() -> None:
    assert "nav" not in draw("{% paging page %}", page=Paginator([], 25).page(1))


def test_a_chosen_filter_shows_its_value_and_can_be_cleared() -> None:
    source = '{% filter_chip "team" "All teams" options %}{% filter_clear "team" "q" %}'
    html = draw(source, query="team=2&page=4&sort=due", options=[(1, "Access"), (2, "Billing")])
    assert re.search(r'class="chip chosen">.*Billing', html, re.S)
    assert 'href="?sort=due">Clear</a>' in html
    assert "page=4" not in html
    assert "Clear" not in draw(source, options=[(1, "Access")])


# --- forms ------------------------------------------------------------------------------------


def test_a_field_ties_label_help_and_control_together() -> None:
    html = draw("{% field form.title %}", form=Charter())
    assert '<label for="id_title">' in html
    assert 'aria-describedby="id_title_help"' in html
    assert 'id="id_title_help">What gets better.' in html
    assert "(optional)" not in html
    assert "(optional)" in draw("{% field form.benefit %}", form=Charter())


def test_an_error_takes_the_place_of_the_help() -> None:
    form = Charter({"title": "much too long a title", "benefit": "x"})
    html = draw("{% field form.title %}", form=form)
    assert "What gets better." not in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_title_error"' in html
    assert 'id="id_title_error"' in html


def test_the_summary_names_each_field_that_is_wrong() -> None:
    form = Charter({"title": "", "benefit": "x", "method": "a"})
    html = draw("{% form_errors form %}", form=form)
    assert 'href="#id_title"' in html
    assert 'href="#id_benefit"' in html
    assert "Method" not in html
    assert "role" not in draw("{% form_errors form %}", form=Charter())


def test_the_summary_holds_the_errors_of_a_formset_too() -> None:
    many = forms.formset_factory(Charter)
    data = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-benefit": "x"}
    assert 'href="#id_form-0-benefit"' in draw("{% form_errors form %}", form=many(data))


def test_one_summary_serves_several_forms() -> None:
    first, second = Charter({"title": ""}, prefix="a"), Charter({"title": ""}, prefix="b")
    html = draw("{% form_errors first second nothing %}", first=first, second=second)
    assert html.count('role="alert"') == 1
    assert 'href="#id_a-title"' in html
    assert 'href="#id_b-title"' in html


def test_choices_are_drawn_as_cards_with_hints() -> None:
    form = Charter(initial={"method": "b"})
    html = draw("{% choice_cards form.method hints=hints %}", form=form, hints={"b": "Cycles."})
    assert html.count('type="radio"') == 2
    assert re.search(r'value="b"[^>]* checked', html)
    assert "<small>Cycles.</small>" in html


def test_all_fields_of_a_form_are_drawn_in_order() -> None:
    html = draw("{% fields form %}", form=Charter())
    places = [html.index(f'name="{name}"') for name in Charter.base_fields]
    assert places == sorted(places)


def test_signing_states_person_meaning_act_and_consequence() -> None:
    html = draw(
        '{% sign_block form.title button="Sign: approve" person="Lin" meaning="I agree."'
        ' consequence="Freezes the figures." %}',
        form=Charter(),
    )
    for part in (
        "You sign as Lin, for:",
        "<q>I agree.</q>",
        "Sign: approve",
        "Freezes the figures.",
    ):
        assert part in html


# --- numbers and dates ------------------------------------------------------------------------

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("days", "since", "due"),
    [(0, "today", "today"), (1, "1 day", "1 day late"), (4, "4 days", "4 days late")],
)
def test_days_past_are_said_in_words(days: int, since: str, due: str) -> None:
    then = NOW - dt.timedelta(days=days)
    assert formats.days_since(then) == since
    assert formats.due_words(then) == due


@time_machine.travel(NOW, tick=False)
def test_dates_carry_the_year_only_when_it_is_another_one() -> None:
    assert formats.day(dt.date(2026, 11, 27)) == "27 Nov"
    assert formats.day(dt.date(2025, 11, 27)) == "27 Nov 2025"
    assert formats.due_words(dt.date(2026, 12, 1)) == "in 7 days"
    assert formats.day(None) == formats.moment(None) == formats.due_words(None) == "–"


@pytest.mark.parametrize("value", [None, "12", True, float("inf"), float("nan")])
def test_what_is_no_number_is_a_dash(value: object) -> None:
    assert formats.number(value) == formats.signed(value) == formats.percent(value) == "–"


def test_a_rounded_zero_has_no_sign() -> None:
    assert formats.number(-0.0001, 2) == "0.00"
    assert formats.signed(-0.0001, 2) == "0.00"


# --- documents --------------------------------------------------------------------------------


def test_the_readme_names_every_tag_and_filter() -> None:
    text = (settings.BASE_DIR / "templates" / "components" / "README.md").read_text()
    for library in (ui, fields, formats):
        for tag in [*library.register.tags, *library.register.filters]:
            assert re.search(rf"\b{tag}\b", text), tag


@pytest.mark.parametrize("page", ["400", "403", "404", "409", "500", "csrf"])
def test_an_error_page_needs_nothing_but_itself(page: str) -> None:
    html = engines["django"].get_template(f"{page}.html").render({})
    assert '<main id="main">' in html
    assert "<h1>" in html
