"""What one start owns: its data folder and its port. Standard library only."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from pathlib import Path

from apps.operations.errors import CannotStart


def take_folder(data_dir: Path, *, address: str) -> None:
    """Lock the data folder for this process; the lock goes when the process does.

    The descriptor that holds the lock stays open on purpose. It is inheritable, so that it
    outlives the `exec` from the preparing command into the supervisor; the parts do not get it.
    """
    path = data_dir / "run" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(descriptor, 500, 0).decode()
        os.close(descriptor)
        raise CannotStart(_owned_sentence(data_dir, owner)) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "address": address}).encode(), 0)
    os.set_inheritable(descriptor, True)


def _owned_sentence(data_dir: Path, owner: str) -> str:
    try:
        content = json.loads(owner)
        who = f" (process {content['pid']}, {content['address']})"
    except (ValueError, KeyError):
        who = ""
    return (
        f"Improve already runs on the data folder {data_dir}{who}. Stop it first, "
        "or give this start another folder: IMPROVE_DATA=…"
    )


def take_port(host: str, port: int) -> socket.socket:
    """Bind the web address now, so that a taken port is told before anything is done.

    The web server inherits the socket: a restart of it keeps the port, and visitors wait in the
    queue instead of being refused.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise CannotStart(
            f"Improve cannot listen on {host} port {port}: {_reason(error)}. "
            f"Choose another port: PORT={port + 1 if port < 65535 else 8000} make run"
        ) from None
    listener.set_inheritable(True)
    return listener


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return str(text)[:1].lower() + str(text)[1:]
