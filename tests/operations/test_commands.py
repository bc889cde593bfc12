"""The commands beside `start`, and the secret that every server needs."""

from __future__ import annotations

import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from apps.operations import broker as broker_module
from apps.operations.secret import check_secret, require_secret
from tests.operations.trees import environment, start_once


def manage(data: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment(data, **changes),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_sweep_says_what_it_did(db: None) -> None:
    out = StringIO()
    call_command("sweep", stdout=out)
    assert out.getvalue().strip() == (
        "0 imports were taken up; 0 charts were out of date, 0 were recomputed."
    )


def test_a_command_that_serves_nobody_needs_no_secret(tmp_path: Path) -> None:
    (tmp_path / "values.csv").write_text("minutes\n5\n6\n7\n5\n6\n8\n7\n6\n")
    done = manage(
        tmp_path / "data", "analyze", str(tmp_path / "values.csv"), "--chart", "i-mr",
        "--json", SECRET_KEY="",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"chart"' in done.stdout


@pytest.mark.parametrize("command", [["migrate"], ["createsuperuser", "--noinput"]])
def test_a_command_that_prepares_a_server_needs_one(tmp_path: Path, command: list[str]) -> None:
    done = manage(tmp_path / "data", *command, SECRET_KEY="change-me")
    assert done.returncode != 0
    assert "SECRET_KEY is missing or is the sample value" in done.stderr


@pytest.mark.parametrize("entry", ["improve.wsgi", "improve.asgi"])
def test_no_server_begins_without_a_secret(tmp_path: Path, entry: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {entry}"],
        cwd=settings.BASE_DIR,
        env=environment(tmp_path / "data", SECRET_KEY=""),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "SECRET_KEY is missing or is the sample value" in done.stderr


def test_the_secret_of_the_example_is_its_own_and_stays(tmp_path: Path) -> None:
    code = "from improve import settings; print(settings.SECRET_KEY)"
    keys = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=settings.BASE_DIR,
            env=environment(tmp_path / folder, SECRET_KEY="", IMPROVE_DEMO="1"),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for folder in ("one", "one", "two")
    }
    assert len(keys) == 2
    assert (tmp_path / "one" / "secret-key").stat().st_mode & 0o077 == 0


def test_the_check_says_the_same(settings: object) -> None:
    settings.SECRET_KEY_GIVEN = False  # type: ignore[attr-defined]
    assert [found.id for found in check_secret()] == ["operations.E001"]
    with pytest.raises(ImproperlyConfigured):
        require_secret()


def test_demo_reset_is_refused_outside_demo_mode(tmp_path: Path) -> None:
    done = manage(tmp_path / "data", "demo_reset")
    assert done.returncode != 0
    assert "demo mode only" in done.stderr


def test_without_any_broker_the_start_names_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(broker_module, "_bundled", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert broker_module.find_binary() is None
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    assert broker_module.find_binary() == server


def test_a_setting_of_the_wrong_type_stops_the_start(tmp_path: Path) -> None:
    done = start_once(tmp_path / "data", WEB_WORKERS="many")
    assert done.returncode != 0
    assert "many" in done.stderr
