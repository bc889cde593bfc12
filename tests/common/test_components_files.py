"""What the pages load: vendored files are what they say, icons exist, nothing is inline."""

from __future__ import annotations

import hashlib
import re
import warnings
from pathlib import Path

import pytest
from django.conf import settings
from fontTools.ttLib import TTFont
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from apps.audit import sentences as audit_sentences
from apps.common.templatetags import ui
from apps.notifications import sentences as notice_sentences

BASE = settings.BASE_DIR
STATIC = BASE / "static"
TEMPLATES = [*(BASE / "templates").rglob("*.html"), *(BASE / "apps").rglob("*.html")]
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
SYMBOLS = set(
    re.findall(r'<symbol id="([a-z0-9-]+)"', (STATIC / "icons" / "sprite.svg").read_text())
)


def name(path: Path) -> str:
    return str(path.relative_to(BASE))


def vendored() -> list[tuple[str, str]]:
    table = (STATIC / "vendor" / "VENDOR.md").read_text()
    return re.findall(r"\| `([\w./-]+)` \| `([0-9a-f]{64})` \|", table)


@pytest.mark.parametrize(("file", "digest"), vendored())
def test_a_vendored_file_is_the_one_that_was_listed(file: str, digest: str) -> None:
    assert hashlib.sha256((STATIC / file).read_bytes()).hexdigest() == digest


def test_every_vendored_file_is_listed() -> None:
    kinds = {".js", ".css", ".woff2"}
    there = {
        str(p.relative_to(STATIC)) for p in (STATIC / "vendor").rglob("*") if p.suffix in kinds
    }
    assert there <= {file for file, _ in vendored()}


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_a_template_holds_nothing_the_security_policy_forbids(template: Path) -> None:
    html = template.read_text()
    assert not re.search(r"\sstyle=", html)
    assert not re.search(r"\son[a-z]+=", html)
    assert not re.search(r"<style\b", html)
    assert not re.search(r"javascript:", html)
    assert not re.search(r"<script\b(?![^>]*\bsrc=)", html)
    assert "|safe" not in html


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_an_icon_that_is_named_is_in_the_sprite(template: Path) -> None:
    html = template.read_text()
    named = set(re.findall(r'{% icon "([a-z0-9-]+)"', html))
    named |= set(re.findall(r'\bicon="([a-z0-9-]+)"', html))
    assert named <= SYMBOLS


def test_the_icons_of_every_state_are_in_the_sprite() -> None:
    named = set(ui.STATE_ICONS.values())
    named |= {icon for _, icon in ui.CONDITION_LOOKS.values()}
    named |= {icon for _, icon in ui.STAGE_LOOKS.values()}
    assert named <= SYMBOLS


def test_the_icons_of_history_and_notices_are_in_the_sprite() -> None:
    known = [*audit_sentences._sentences.values(), *notice_sentences._sentences.values()]
    assert {sentence.icon for sentence in known} - {""} <= SYMBOLS


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_a_script_builds_no_code_from_text(script: Path) -> None:
    source = script.read_text()
    assert not re.search(
        r"\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write", source
    )
    assert '"use strict";' in source


@pytest.mark.parametrize("sheet", sorted((STATIC / "css").glob("*.css")), ids=name)
def test_what_a_style_sheet_refers_to_exists(sheet: Path) -> None:
    css = sheet.read_text()
    for target in re.findall(r'url\("([^"]+)"\)', css):
        assert (sheet.parent / target).exists(), target
    # An address in a custom property is resolved where the property is used, not here.
    assert not re.search(r"--[\w-]+:\s*url\(", css)


def test_static_files_named_in_templates_exist() -> None:
    for template in TEMPLATES:
        for target in re.findall(r'{% static "([^"]+)" %}', template.read_text()):
            assert (STATIC / target).exists(), f"{target} in {name(template)}"


FONTS = {"Noto Sans TC": "noto-sans-tc.ttf", "Noto Sans SC": "noto-sans-sc.ttf"}


@pytest.mark.parametrize(("family", "file"), FONTS.items())
def test_a_chinese_font_calls_itself_by_its_name(family: str, file: str) -> None:
    path = STATIC / "fonts" / file
    names = TTFont(path)["name"]
    assert [names.getDebugName(key) for key in (1, 2, 16, 17)] == [family, "Regular"] * 2
    assert path.stat().st_size < 12 * 1024 * 1024


@pytest.mark.parametrize(
    "text",
    [
        "縮短企業障礙客服首次回應時間，「連續9點低於中心線。」",
        "缩短企业故障客服首次响应时间：连续9点低于中心线。",
        "管制圖 控制图 X̄-R σ ≥ – 許美玲 王堃 陳珮瑄",
    ],
)
def test_a_drawing_has_every_character_of_both_chinese_scripts(text: str, tmp_path: Path) -> None:
    for file in FONTS.values():
        font_manager.fontManager.addfont(STATIC / "fonts" / file)
    figure = Figure(figsize=(6, 1))
    FigureCanvasAgg(figure)
    figure.text(0.02, 0.5, text, parse_math=False, family=["DejaVu Sans", *FONTS])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(tmp_path / "text.png")
