"""compose.yaml names commands that exist, and hands each part what it needs."""

from __future__ import annotations

import re
from typing import Any

import yaml
from django.conf import settings
from django.core.management import get_commands

COMPOSE: dict[str, Any] = yaml.safe_load((settings.BASE_DIR / "compose.yaml").read_text())
DOCKERFILE = (settings.BASE_DIR / "Dockerfile").read_text()


def test_each_part_is_a_service_of_its_own() -> None:
    assert {"db", "broker", "prepare", "web", "worker", "beat"} <= set(COMPOSE["services"])


def test_every_command_exists() -> None:
    ours = [
        s["command"]
        for s in COMPOSE["services"].values()
        if s.get("image") == "improve" and "command" in s
    ]
    assert len(ours) >= 4
    for command in ours:
        if command[1] == "manage.py":
            assert command[2] in get_commands(), command
        else:
            module = command[command.index("-m") + 1]
            assert (settings.BASE_DIR / (module.replace(".", "/") + ".py")).exists()


def test_every_part_has_both_addresses_and_waits_for_the_tables() -> None:
    for name in ("web", "worker", "beat", "backup"):
        service = COMPOSE["services"][name]
        assert {"DATABASE_URL", "REDIS_URL"} <= set(service["environment"]), name
        waits = service["depends_on"]
        assert waits["prepare"]["condition"] == "service_completed_successfully", name
        assert waits["broker"]["condition"] == "service_healthy", name


def test_only_the_web_is_reachable_and_only_from_this_machine() -> None:
    ports = {name: s["ports"] for name, s in COMPOSE["services"].items() if "ports" in s}
    assert ports == {"web": ["127.0.0.1:8000:8000"]}


def test_the_image_runs_as_nobody_in_particular_and_holds_no_secret() -> None:
    assert re.search(r"^USER improve$", DOCKERFILE, re.MULTILINE)
    assert "SECRET_KEY" not in DOCKERFILE
    ignored = (settings.BASE_DIR / ".dockerignore").read_text().split()
    assert ".env" in ignored
