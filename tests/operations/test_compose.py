"""compose.yaml names commands that exist, and hands each part what it needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from apps.operations.models import Heartbeat
from tests.processes import Broker, database_url

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


@pytest.mark.django_db(transaction=True)
def test_the_scheduler_runs_by_itself_as_compose_starts_it(
    broker: Broker, eventually: Callable[..., Any]
) -> None:
    command = COMPOSE["services"]["beat"]["command"]
    handed = {
        "SECRET_KEY": "x" * 60,
        "DATABASE_URL": database_url(),
        "IMPROVE_DATA": str(settings.DATA_DIR),
    }
    running = subprocess.Popen(
        [sys.executable, *command[1:]],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], **handed},
    )
    try:
        eventually(Heartbeat.objects.filter(part="beat").exists, what="its sign of life")
    finally:
        running.terminate()
        assert running.wait(20) == 0


def test_the_health_check_is_answered_whatever_the_public_name(tmp_path: Path) -> None:
    test = COMPOSE["services"]["web"]["healthcheck"]["test"]
    asked = re.search(r"http://([^/]+)(/[^']+)'", test[-1])
    assert asked is not None
    code = (
        "from improve.wsgi import application\n"
        "from django.test import Client\n"
        f"print(Client().get('{asked.group(2)}', headers={{'Host': '{asked.group(1)}'}}).status_code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env={
            "PATH": os.environ["PATH"], "IMPROVE_DATA": str(tmp_path), "SECRET_KEY": "x" * 60,
            "ALLOWED_HOSTS": "improve.example.org",
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "200", done.stderr
