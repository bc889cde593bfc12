"""Uploads whose connection is cut on the way, through the web server that ships."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.files.models import StoredFile
from apps.measurements import services
from apps.measurements.models import Import, Observation
from tests.factories import Org
from tests.processes import Web

pytestmark = pytest.mark.django_db(transaction=True)

CUTS = 20
ROWS = 60_000
BOUNDARY = "improve-test-boundary"


@dataclass(frozen=True)
class Request:
    """An upload as a browser sends it, byte for byte; the body begins at `body`."""

    bytes: bytes
    body: int


@pytest.fixture
def web(transactional_db: None) -> Iterator[Web]:
    running = Web()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def request_of_upload(
    org: Org, web: Web, client_as: Callable[[User], Client]
) -> Callable[[], Request]:
    characteristic = services.create_characteristic(
        actor=org.lead, team=org.desk, name="Wait", unit="min"
    )
    path = reverse("measurements:import", args=[characteristic.pk])
    client = client_as(org.lead)
    client.get(path)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    token = cookies[settings.CSRF_COOKIE_NAME]

    def made() -> Request:
        lines = "".join(f"2026-11-20 08:00,{number % 97}.5\n" for number in range(ROWS))
        body = (
            _field("csrfmiddlewaretoken", token)
            + _file("calls.csv", "time,value\n" + lines)
            + _field("complete", "whole")
            + f"--{BOUNDARY}--\r\n"
        ).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {web.host}\r\nConnection: close\r\n"
            f"Cookie: {'; '.join(f'{name}={value}' for name, value in cookies.items())}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        return Request(head + body, len(head))

    return made


def _field(name: str, value: str) -> str:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


def _file(name: str, content: str) -> str:
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: text/csv\r\n\r\n{content}\r\n"
    )


def send(web: Web, content: bytes, *, reset: bool = False) -> bytes:
    """Send what there is and hang up, in order or with a reset; the status line, if any."""
    with socket.create_connection((web.address, web.port), timeout=30) as connection:
        connection.sendall(content)
        if reset:
            linger_none = b"\x01\x00\x00\x00\x00\x00\x00\x00"
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_none)
            return b""
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(4096)
    return answer.split(b"\r\n", 1)[0]


def kept() -> tuple[int, int, int, list[str]]:
    return (
        Import.objects.count(),
        Observation.objects.count(),
        Entry.objects.filter(verb="import.received").count(),
        sorted(StoredFile.objects.values_list("name", flat=True)),
    )


def test_a_connection_cut_anywhere_stores_nothing(
    web: Web, request_of_upload: Callable[[], Request]
) -> None:
    request = request_of_upload()
    before = kept()
    chance = random.Random(20261123)
    last = len(request.bytes) - 1
    offsets = [
        *(chance.randint(request.body, last) for _ in range(CUTS - 4)),
        request.body, last, last - len(BOUNDARY), last - 100,
    ]  # fmt: skip
    for number, offset in enumerate(offsets):
        status = send(web, request.bytes[:offset], reset=number % 2 == 1)
        assert b" 302 " not in status, f"cut at {offset} of {last}"
        assert b" 50" not in status, f"cut at {offset} of {last}"
    # The same bytes sent whole are taken, so the cuts above were what refused the others. It also
    # waits behind them: the server has one process.
    assert b" 302 " in send(web, request.bytes)
    imports, observations, entries, stored = kept()
    assert (imports, observations, entries) == (before[0] + 1, before[1], before[2] + 1)
    assert [name for name in stored if name not in before[3]] == [
        f"imports/{Import.objects.get().stored_as}"
    ]
