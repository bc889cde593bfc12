"""What the documents say is compared with what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]
# Read by the start command rather than by the settings.
BY_START = {"HOST", "PORT"}


def test_the_example_environment_names_every_setting_and_no_other() -> None:
    settings = (ROOT / "improve" / "settings.py").read_text()
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', settings))
    example = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, flags=re.MULTILINE))
    assert named == read | BY_START


def test_the_sample_secret_of_the_example_is_one_that_is_refused() -> None:
    example = (ROOT / ".env.example").read_text()
    settings = (ROOT / "improve" / "settings.py").read_text()
    sample = re.search(r"^SECRET_KEY=(.*)$", example, flags=re.MULTILINE)
    refused = re.search(r"SAMPLE_SECRETS = \{(.*)\}", settings)
    assert sample is not None
    assert refused is not None
    assert f'"{sample.group(1)}"' in refused.group(1)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_to_a_file(name: str) -> None:
    targets = re.findall(r"\[[^\]]*\]\(([^)#]+)\)", (ROOT / name).read_text())
    inside = [target for target in targets if "://" not in target]
    assert [target for target in inside if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_and_target_exists(name: str) -> None:
    text = (ROOT / name).read_text()
    commands = set(re.findall(r"manage\.py ([a-z_]+)", text))
    assert commands <= set(get_commands())
    targets = set(re.findall(r"`(?:PORT=\d+ )?make ([a-z-]+)`", text))
    assert targets <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
