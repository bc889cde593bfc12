"""`make run` on an empty folder: the example organisation, ready to be signed in to."""

from __future__ import annotations

import re
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar

import pytest

from apps.accounts.choices import Role
from tests.operations.trees import RunningTree

pytestmark = pytest.mark.slow
MOST_MEMORY = 450 * 1024 * 1024


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTree]:
    data = tmp_path_factory.mktemp("example") / "data"
    running = RunningTree(data, IMPROVE_DEMO="1", SECRET_KEY="")
    try:
        running.says("All parts run", within=300)
        yield running
    finally:
        running.destroy()


def test_it_says_what_it_did_and_nothing_alarming(tree: RunningTree) -> None:
    assert "Example organisation created" in tree.output
    assert "Traceback" not in tree.output
    assert "WARNING" not in tree.output


def test_it_prints_an_account_for_each_role(tree: RunningTree) -> None:
    for role in Role:
        assert re.search(rf"^  {role.label} +\S+@\S+$", tree.output, flags=re.MULTILINE), role


def test_the_printed_account_signs_in(tree: RunningTree) -> None:
    password = re.search(r"these, password (\S+)", tree.output)
    address = re.search(r"^  Manager +(\S+)$", tree.output, flags=re.MULTILINE)
    assert password is not None
    assert address is not None
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = f"http://127.0.0.1:{tree.port}/accounts/login/"
    form = browser.open(page, timeout=60).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token is not None
    fields = {
        "csrfmiddlewaretoken": token.group(1),
        "login": address.group(1),
        "password": password.group(1),
    }
    answer = browser.open(page, urllib.parse.urlencode(fields).encode(), timeout=60)
    assert answer.status == 200
    assert answer.geturl() == f"http://127.0.0.1:{tree.port}/"


def test_every_chart_is_computed_soon(tree: RunningTree) -> None:
    deadline = time.monotonic() + 90
    while tree.is_well()["parts"]["charts"]["age_seconds"]:
        assert time.monotonic() < deadline, tree.ready()
        time.sleep(0.3)


@pytest.mark.skipif(sys.platform != "linux", reason="PSS is told by Linux only")
def test_the_idle_tree_is_modest_after_its_work(tree: RunningTree) -> None:
    total = sum(process.memory_full_info().pss for process in tree.processes())
    assert total <= MOST_MEMORY, f"{total / 2**20:.0f} MB"
