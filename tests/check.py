"""`make check`: every check that says yes or no, each by name; all run, any failure fails."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "IMPROVE_DEMO": "0",
    "DEBUG": "0",
    "SECRET_KEY": "a-key-for-the-deploy-check-only-0123456789-abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "improve.example.org",
    "DATABASE_URL": "",
}
MANAGE = [sys.executable, "manage.py"]
CHECKS: dict[str, list[str]] = {
    "ruff": [str(BIN / "ruff"), "check", "."],
    "format": [str(BIN / "ruff"), "format", "--check", "."],
    "types": [str(BIN / "mypy"), "apps", "improve"],
    "templates": [str(BIN / "djlint"), "templates", "--lint", "--check", "--quiet"],
    "levels and layers": [str(BIN / "lint-imports")],
    "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run"],
    "deploy": [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"],
    "catalogues": [sys.executable, "-m", "tests.catalogues"],
}


def run(name: str, command: list[str], environment: dict[str, str]) -> bool:
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    verdict = "ok" if done.returncode == 0 else "FAILED"
    print(f"{name:<20} {verdict:<7} {time.monotonic() - began:5.1f} s", flush=True)
    if done.returncode:
        print((done.stdout + done.stderr).strip() or f"exit code {done.returncode}", flush=True)
    return done.returncode == 0


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="improve-check-") as data:
        environment = os.environ | PRODUCTION | {"IMPROVE_DATA": data}
        wanted = sys.argv[1:] or list(CHECKS)
        failed = [name for name in wanted if not run(name, CHECKS[name], environment)]
    print(f"Failed: {', '.join(failed)}" if failed else "All checks passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
