"""The design tokens: one source, the style sheet agrees with it, and the contrasts hold."""

from __future__ import annotations

import json
import re

import pytest
from django.conf import settings

STATIC = settings.BASE_DIR / "static"
TOKENS = json.loads((STATIC / "tokens.json").read_text())
GROUNDS = ("bg", "surface", "raised", "sunken")
STATES = ("stable", "signal", "warning", "waiting", "done", "blocked")
THEMES = ("light", "dark")


def declared(theme: str) -> dict[str, str]:
    """The hexadecimal custom properties of one theme's block of tokens.css."""
    css = (STATIC / "css" / "tokens.css").read_text()
    block = re.search(rf'\[data-bs-theme="{theme}"\] \{{(.*?)\n\}}', css, re.S)
    assert block, f"tokens.css has no block for {theme}"
    return dict(re.findall(r"--([a-z-]+): (#[0-9A-Fa-f]{6});", block.group(1)))


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_the_style_sheet_repeats_the_token_file(theme: str) -> None:
    assert declared(theme) == TOKENS[theme]


def test_both_themes_name_the_same_tokens() -> None:
    assert TOKENS["light"].keys() == TOKENS["dark"].keys()


def test_contrast_is_computed_as_wcag_defines_it() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_can_be_read_on_every_ground(theme: str, ground: str) -> None:
    tokens = TOKENS[theme]
    assert contrast(tokens["text"], tokens[ground]) >= 12
    assert contrast(tokens["muted"], tokens[ground]) >= 5.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("state", STATES)
def test_a_state_can_be_read_and_seen(theme: str, state: str) -> None:
    tokens = TOKENS[theme]
    assert contrast(tokens[f"{state}-text"], tokens[f"{state}-soft"]) >= 4.5
    assert contrast(tokens[f"{state}-text"], tokens["surface"]) >= 4.5
    assert contrast(tokens[state], tokens["surface"]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_controls_and_links_stand_out(theme: str) -> None:
    tokens = TOKENS[theme]
    assert contrast(tokens["on-accent"], tokens["accent"]) >= 4.5
    assert contrast(tokens["accent-text"], tokens["accent-soft"]) >= 4.5
    assert contrast(tokens["edge"], tokens["surface"]) >= 3
    assert contrast(tokens["focus"], tokens["surface"]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_marks_of_the_chart_stand_out_from_the_band(theme: str) -> None:
    tokens = TOKENS[theme]
    for mark in ("chart-point", "chart-past", "chart-limit", "signal"):
        assert contrast(tokens[mark], tokens["chart-band"]) >= 3, mark
    assert contrast(tokens["chart-spec"], tokens["surface"]) >= 4.5


def test_style_sheets_use_only_tokens_that_exist() -> None:
    known = set(TOKENS["light"]) | set(
        re.findall(r"--([a-z0-9-]+):", (STATIC / "css" / "tokens.css").read_text())
    )
    for sheet in (STATIC / "css").glob("*.css"):
        css = sheet.read_text()
        own = set(re.findall(r"--([a-z0-9-]+):", css))
        used = set(re.findall(r"var\(--([a-z0-9-]+)\)", css))
        assert used <= known | own | {"state", "state-text", "state-soft"}, sheet.name


def test_colours_stand_in_the_token_file_only() -> None:
    for name in ("shell", "improve", "forms", "charts"):
        css = (STATIC / "css" / f"{name}.css").read_text()
        assert not re.findall(r"#[0-9A-Fa-f]{3,8}\b(?=[;\s])", css), name
