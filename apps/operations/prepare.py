"""What must be true before the parts start: tables, static files, the example organisation."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.accounts.examples import example_accounts
from apps.accounts.models import User
from apps.operations.sharing import share_settings

Say = Callable[[str], None]


def prepare(say: Say) -> None:
    """Bring the data folder up to date. Does nothing, quickly, when it already is."""
    for folder in ("run", "logs", "scratch", "mail", "static"):
        (settings.DATA_DIR / folder).mkdir(parents=True, exist_ok=True)
    prepare_database(say)
    if not settings.WHITENOISE_USE_FINDERS:
        _collect_static(say)
    if settings.DEMO and not User.objects.exists():
        with _step(say, "Example organisation created"), _hints_unheard():
            call_command("demo", verbosity=0)


def prepare_database(say: Say) -> None:
    """Tables, methodologies and the settings that every part must have alike."""
    _migrate(say)
    call_command("sync_methodologies", verbosity=0)
    share_settings()


@contextmanager
def _step(say: Say, done: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(f"✓ {done} ({time.monotonic() - began:.1f} s)")


@contextmanager
def _hints_unheard() -> Iterator[None]:
    """No broker runs yet, so every hint fails, as it may: the first sweep does that work."""
    logger = logging.getLogger("apps")
    before = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(before)


def _migrate(say: Say) -> None:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        say("✓ Database is up to date")
        return
    with _step(say, f"Database brought up to date, {len(plan)} migrations"):
        call_command("migrate", verbosity=0, interactive=False)


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


def accounts_to_try() -> list[str]:
    """One line for each role of the example organisation; nothing outside demo mode."""
    examples = example_accounts()
    if not examples:
        return []
    width = max(len(str(example.role)) for example in examples)
    return [
        f"Sign in as one of these, password {examples[0].password}",
        *(f"  {example.role!s:<{width}}  {example.email}" for example in examples),
        "",
    ]
