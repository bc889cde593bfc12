"""The API on a real server: the README's lines as they stand, many at once, lost answers."""

from __future__ import annotations

import html
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from apps.audit.models import Entry
from apps.measurements.models import Characteristic, Observation, ReceivedBatch
from tests.factories import Org, make_org
from tests.measurements.api_client import Program, program

pytestmark = pytest.mark.django_db(transaction=True)

README = (Path(__file__).parents[2] / "README.md").read_text()
ADDRESS = "http://127.0.0.1:8000/api/v1"


def snippet(language: str, mark: str) -> str:
    """The block of the README in one language that contains `mark`."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    found = [block for block in blocks if mark in block]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def org(transactional_db: None) -> Org:
    return make_org()


@pytest.fixture
def one(org: Org) -> Characteristic:
    return Characteristic.objects.create(
        team=org.desk, owner=org.member, name="Waiting time", data_type="variable"
    )


@pytest.fixture
def sender(org: Org) -> Program:
    return program(org.member)


def post(
    url: str, sender: Program, one: Characteristic, items: Any, *, key: str
) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(
        f"{url}/api/v1/characteristics/{one.pk}/observations",
        data=json.dumps({"observations": items}).encode(),
        headers=sender.headers(**{"Content-Type": "application/json", "Idempotency-Key": key}),
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


# --- the README ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "language", "mark"),
    [("curl", "sh", "Idempotency-Key"), ("python", "python", "Idempotency-Key")],
)
def test_the_readme_shows_what_the_page_shows(
    org: Org, client_as: Callable[..., Client], name: str, language: str, mark: str
) -> None:
    page = client_as(org.staff).get("/help/api/").content.decode()
    shown = html.unescape(page.split(f'id="{name}"')[1].split(">", 1)[1].split("</pre>")[0])
    there = shown.replace("http://testserver/api/v1", ADDRESS)
    assert snippet(language, mark).strip() == there.strip()


def test_the_curl_line_of_the_readme(
    live_server: Any, sender: Program, one: Characteristic
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine")
    line = snippet("sh", "Idempotency-Key").replace(ADDRESS, f"{live_server.url}/api/v1")
    line = line.replace("/characteristics/1/", f"/characteristics/{one.pk}/")
    environment = {"PATH": os.environ["PATH"], "IMPROVE_TOKEN": sender.secret}
    answers = [
        json.loads(
            subprocess.run(
                ["sh", "-c", line], capture_output=True, check=True, env=environment, timeout=120
            ).stdout
        )
        for _ in range(2)
    ]
    assert answers[0]["received"] == 1
    assert answers[1] == answers[0]
    assert [row.value for row in Observation.objects.all()] == [4.2]


class Lossy(threading.Thread):
    """Between a program and the server: takes a request on, but loses the first answers."""

    def __init__(self, target: str, losses: int) -> None:
        super().__init__(daemon=True)
        place = urlsplit(target)
        self.target, self.losses, self.passed = (place.hostname, place.port), losses, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                client, _address = self.listener.accept()
            except OSError:
                return
            with client, socket.create_connection(self.target) as server:
                server.sendall(self._request(client))
                answer = server.recv(65536)
                if self.passed >= self.losses:
                    client.sendall(answer)
                    while more := server.recv(65536):
                        client.sendall(more)
                self.passed += 1

    def _request(self, client: socket.socket) -> bytes:
        taken = b""
        while b"\r\n\r\n" not in taken:
            taken += client.recv(65536)
        head, _, body = taken.partition(b"\r\n\r\n")
        length = int(re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)[1])  # type: ignore[index]  # each answer has a length
        while len(body) < length:
            body += client.recv(65536)
        return head + b"\r\n\r\n" + body


@contextmanager
def lossy(target: str, losses: int) -> Iterator[Lossy]:
    between = Lossy(target, losses)
    between.start()
    yield between
    between.listener.close()
    between.join(5)


def test_the_snippet_of_the_readme_survives_lost_answers(
    live_server: Any, sender: Program, one: Characteristic, tmp_path: Path
) -> None:
    script = tmp_path / "send.py"
    text = snippet("python", "Idempotency-Key").replace("print(send(1,", f"print(send({one.pk},")
    script.write_text(text.replace("wait = 2**attempt", "wait = 0.1"))
    with lossy(live_server.url, losses=3) as between:
        done = subprocess.run(
            [sys.executable, str(script)],
            capture_output=True,
            text=True,
            timeout=120,
            env={"IMPROVE_TOKEN": sender.secret, "IMPROVE_API": f"{between.url}/api/v1"},
        )
        assert between.passed == 4
    assert done.returncode == 0, done.stderr
    assert "'received': 1" in done.stdout
    assert [row.value for row in Observation.objects.all()] == [4.2]


def test_the_snippet_of_the_readme_says_what_is_wrong(
    live_server: Any, sender: Program, one: Characteristic, tmp_path: Path
) -> None:
    script = tmp_path / "send.py"
    text = snippet("python", "Idempotency-Key").replace('"value": 4.2', '"value": "4,2"')
    script.write_text(text.replace("print(send(1,", f"print(send({one.pk},"))
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        env={"IMPROVE_TOKEN": sender.secret, "IMPROVE_API": f"{live_server.url}/api/v1"},
    )
    assert done.returncode == 1
    assert "not_a_number" in done.stderr


# --- many at once -------------------------------------------------------------------------------


def test_fifty_times_the_same_batch_at_once_is_stored_once(
    live_server: Any, sender: Program, one: Characteristic
) -> None:
    gate = threading.Barrier(50)

    def send(_number: int) -> tuple[int, dict[str, Any]]:
        gate.wait()
        while True:
            try:
                return post(live_server.url, sender, one, [{"value": 1}, {"value": 2}], key="same")
            except OSError:
                continue  # the test's server has a short queue; a program tries again as well

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(send, range(50)))
    assert Counter(status for status, _answer in answers) == {201: 50}
    assert len({json.dumps(answer, sort_keys=True) for _status, answer in answers}) == 1
    assert [row.value for row in Observation.objects.order_by("sequence")] == [1.0, 2.0]
    assert ReceivedBatch.objects.count() == 1
    assert Entry.objects.filter(verb="observations.received").count() == 1


def test_different_batches_at_once_are_all_stored_each_in_a_row(
    live_server: Any, sender: Program, one: Characteristic
) -> None:
    def send(number: int) -> tuple[int, dict[str, Any]]:
        items = [{"value": number}] * 10
        return post(live_server.url, sender, one, items, key=f"batch {number}")

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(send, range(20)))
    assert {status for status, _answer in answers} == {201}
    values = [row.value for row in Observation.objects.order_by("sequence")]
    assert len(values) == 200
    for number, (_status, answer) in enumerate(answers):
        assert values[answer["first"] - 1 : answer["last"]] == [number] * 10
    one.refresh_from_db()
    assert one.data_version == 20


# --- connections --------------------------------------------------------------------------------


def test_a_body_far_too_large_is_answered_before_it_is_parsed(
    live_server: Any, sender: Program, one: Characteristic
) -> None:
    status, problem = post(live_server.url, sender, one, [{"value": 1.5}] * 700_000, key="big")
    assert (status, problem["code"]) == (413, "too_large")


def test_a_body_in_chunks_or_cut_short_stores_nothing(
    live_server: Any, sender: Program, one: Characteristic
) -> None:
    place, path = urlsplit(live_server.url), f"/api/v1/characteristics/{one.pk}/observations"
    headers = sender.headers(**{"Content-Type": "application/json", "Idempotency-Key": "k"})
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    body = b'{"observations":[{"value":1}]}'
    connection.request("POST", path, iter([body]), headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)["code"]) == (411, "length_missing")
    connection.close()
    for cut in range(1, len(body), 7):
        with socket.create_connection((place.hostname, place.port)) as line:
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            line.sendall(
                f"POST {path} HTTP/1.1\r\nHost: {place.netloc}\r\n{head}"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body[:cut]
            )
            line.shutdown(socket.SHUT_WR)
            line.settimeout(30)
            while line.recv(65536):
                pass
    assert not Observation.objects.exists()
    assert not ReceivedBatch.objects.exists()
