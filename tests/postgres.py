"""Find a PostgreSQL for the tests, or start one of our own in a temporary folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg

SUPERUSER = "postgres"


class PostgresNotFound(Exception):
    """Why there is none."""


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A DATABASE_URL whose user may create databases.

    The one that was named; else one of our own, which syncs nothing to disk and so is several
    times as fast; else one that answers on the local socket.
    """
    named = "PGHOST" in os.environ or os.environ.get("DATABASE_URL", "").startswith("postgres")
    programs = None if named else _programs()
    if programs is None:
        url = _reachable()
        if not url:
            raise PostgresNotFound("none answers and no initdb is on this machine")
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        server = OwnServer(programs, Path(folder))
        server.start()
        try:
            yield server.url
        finally:
            server.stop()


def socket_url(user: str, password: str, host: str, port: str, name: str) -> str:
    """The URL of a database as DATABASE_URL takes it; `host` may be a socket's folder."""
    credentials = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    if host.startswith("/"):
        return f"postgres://{credentials}@:{port}/{host}/{name}"
    return f"postgres://{credentials}@{host}:{port}/{name}"


def _reachable() -> str:
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith(("postgres://", "postgresql://")):
        return given
    place = {
        "user": os.environ.get("PGUSER", SUPERUSER),
        "password": os.environ.get("PGPASSWORD", ""),
        "host": os.environ.get("PGHOST", "/var/run/postgresql"),
        "port": os.environ.get("PGPORT", "5432"),
    }
    return socket_url(**place, name="postgres") if _may_create_databases(place) else ""


def _may_create_databases(place: dict[str, str]) -> bool:
    try:
        with psycopg.connect(**place, dbname="postgres", connect_timeout=3) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error:
        return False
    return bool(row and row[0])


def _programs() -> Path | None:
    """The folder of initdb and pg_ctl: on PATH, or where Debian keeps them."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").exists()), None)


class OwnServer:
    """A server on a socket in `folder`, gone with it; nothing is synced to disk."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder = programs, folder
        # PostgreSQL refuses to run as root.
        self._user = (
            ("postgres" if _exists("postgres") else "nobody") if os.geteuid() == 0 else None
        )

    @property
    def url(self) -> str:
        return socket_url(SUPERUSER, "", str(self._folder), "5432", "postgres")

    def start(self) -> None:
        if self._user:
            shutil.chown(self._folder, self._user)
        data = str(self._folder / "data")
        self._run(
            "initdb", "--pgdata", data, "--username", SUPERUSER, "--auth", "trust",
            "--encoding", "UTF8", "--no-locale", "--no-sync",
        )  # fmt: skip
        options = (
            f"-c listen_addresses='' -c unix_socket_directories={self._folder} "
            "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=60"
        )
        log = str(self._folder / "log")
        self._run("pg_ctl", "--pgdata", data, "--wait", "--log", log, "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "--pgdata", str(self._folder / "data"), "--mode", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        done = subprocess.run(
            command,
            user=self._user,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            raise PostgresNotFound(f"{program} failed: {done.stderr.decode().strip()}")


def _exists(user: str) -> bool:
    done = subprocess.run(["id", user], capture_output=True, check=False)
    return done.returncode == 0
