"""What must be true before the parts start: tables, static files, the example organisation."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.accounts.choices import Role
from apps.accounts.models import RoleAssignment, User

Say = Callable[[str], None]


def prepare(say: Say) -> None:
    """Bring the data folder up to date. Does nothing, quickly, when it already is."""
    for folder in ("run", "logs", "files", "mail"):
        (settings.DATA_DIR / folder).mkdir(parents=True, exist_ok=True)
    _migrate(say)
    if not settings.WHITENOISE_USE_FINDERS:
        _collect_static(say)
    if settings.DEMO and not User.objects.exists():
        with _step(say, "Example organisation created"):
            call_command("demo", verbosity=0)


@contextmanager
def _step(say: Say, done: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(f"✓ {done} ({time.monotonic() - began:.1f} s)")


def _migrate(say: Say) -> None:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        say("✓ Database is up to date")
        return
    with _step(say, f"Database brought up to date, {len(plan)} migrations"):
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)


def _collect_static(say: Say) -> None:
    """Collect and compress static files when any of them changed."""
    stamp = settings.STATIC_ROOT / ".collected"
    fingerprint = _static_fingerprint()
    if stamp.exists() and stamp.read_text() == fingerprint:
        say("✓ Static files are up to date")
        return
    with _step(say, "Static files collected"):
        call_command("collectstatic", verbosity=0, interactive=False)
        stamp.write_text(fingerprint)


def _static_fingerprint() -> str:
    found = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(None):
            state = Path(storage.path(name)).stat()
            found.update(f"{name} {state.st_size} {state.st_mtime_ns}\n".encode())
    return found.hexdigest()


def example_accounts() -> list[str]:
    """One line for each role: who holds it in the example organisation, and the password."""
    if not settings.DEMO:
        return []
    lines = []
    for role in Role:
        holder = RoleAssignment.objects.filter(role=role).order_by("pk").first()
        if holder is not None:
            lines.append(f"  {role.value.replace('_', ' '):<14} {holder.user.email}")
    if not lines:
        return []
    return [
        "Sign in as one of these example people:",
        *lines,
        f"  password for all: {settings.DEMO_PASSWORD}",
        "",
    ]
