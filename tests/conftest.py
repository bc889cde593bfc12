"""What every test may ask for: personas, clients, a real broker, a real worker, a browser.

Tests run without broker and worker unless they ask for them: publishing then fails at once, is
swallowed as in production, and the test calls the job itself. Tasks never run eagerly.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from apps.accounts.models import User
from apps.audit.triggers import create_statements, drop_statements
from apps.operations.broker import find_binary
from tests.factories import PASSWORD, Org, make_org
from tests.processes import Broker, Worker

__all__ = ["PASSWORD"]

REQUIRED = set(filter(None, os.environ.get("IMPROVE_REQUIRE", "").split(",")))
"""What must be there, so that its absence fails instead of skipping: browser, postgres."""


def missing(what: str, sentence: str) -> None:
    """Skip the test, or fail it where `what` is required."""
    if what in REQUIRED:
        pytest.fail(sentence)
    pytest.skip(sentence)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first, each in its own order: none is left for one process at the end."""
    places: dict[Path, int] = {}
    for item in items:
        places[item.path] = min(_place(item), places.get(item.path, 2))
    items.sort(key=lambda item: places[item.path])


def _place(item: pytest.Item) -> int:
    if any(map(item.get_closest_marker, ("slow", "browser"))):
        return 0
    # What starts real parts, waits for them, or fills whole databases.
    real = {"broker", "worker", "tmp_path"} & set(getattr(item, "fixturenames", ()))
    return 1 if real else 2


# --- database -------------------------------------------------------------------------------


@pytest.fixture(autouse=True, scope="session")
def _flush_passes_the_append_only_trigger() -> Iterator[None]:
    """Let the flush after a transactional test empty the audit trail, which refuses DELETE."""
    operations = type(connection.ops)
    original = operations.sql_flush

    def sql_flush(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        statements = original(self, style, tables, **options)
        if not statements or self.connection.vendor != "sqlite":
            return statements
        return [*drop_statements("sqlite"), *statements, *create_statements("sqlite")]

    operations.sql_flush = sql_flush
    yield
    operations.sql_flush = original


@pytest.fixture(autouse=True)
def _postgres_only(request: pytest.FixtureRequest) -> None:
    marked = request.node.get_closest_marker("postgres")
    if marked is not None and connection.vendor != "postgresql":
        pytest.skip("runs on PostgreSQL only")


# --- people ---------------------------------------------------------------------------------


@pytest.fixture
def org(db: None) -> Org:
    """The small organisation whose personas every permission test uses."""
    return make_org()


@pytest.fixture
def client_as() -> Callable[[User], Client]:
    """A client with the person signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


# --- broker and worker ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    """A real broker on the socket the settings name."""
    binary = find_binary()
    if binary is None:
        pytest.fail("no broker: the requirements bring one, or install redis-server")
    running = Broker(binary, Path(settings.BROKER_SOCKET))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def worker(transactional_db: None, broker: Broker) -> Iterator[Worker]:
    """A real Celery worker on the test's database, ready for work."""
    broker.empty()
    running = Worker()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Wait until something is true; the failure names what was waited for."""

    def wait(condition: Callable[[], Any], *, within: float = 20.0, what: str = "") -> Any:
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            found = condition()
            if found:
                return found
            time.sleep(0.05)
        pytest.fail(f"not within {within:g} s: {what or condition}")

    return wait


# --- browser --------------------------------------------------------------------------------


def find_browser() -> str:
    """BROWSER_PATH, else a Chromium on PATH; empty when there is none."""
    given = os.environ.get("BROWSER_PATH", "")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = [path for path in map(shutil.which, names) if path]
    return given or (found[0] if found else "")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium (playwright's Browser)."""
    path = find_browser()
    if not path:
        missing("browser", "no Chromium: set BROWSER_PATH or install chromium")
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread; Django would refuse the database to it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=quiet)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
