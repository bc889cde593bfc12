"""Ask our own web server for a page. Standard library only, and only what is needed of it."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """`status` is 0 when nobody answered in time."""

    status: int
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        try:
            content = json.loads(self.body)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}


def get(address: str, path: str, *, host: str, timeout: float = 2.0) -> Answer:
    """GET a path from `address` (`http://host:port`), naming `host` in the Host header."""
    name, _, port = address.removeprefix("http://").rpartition(":")
    request = f"GET {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((name.strip("[]"), int(port)), timeout=timeout) as client:
            client.settimeout(timeout)
            client.sendall(request.encode())
            head, _, body = _read_all(client).partition(b"\r\n\r\n")
        return Answer(int(head.split(b" ", 2)[1]), body)
    except (OSError, ValueError, IndexError):
        return Answer(0)


def _read_all(client: socket.socket) -> bytes:
    chunks = []
    while chunk := client.recv(65536):
        chunks.append(chunk)
    return b"".join(chunks)
