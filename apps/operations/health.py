"""Is the whole tree alive? Read for machines that watch us; never slow, never an error.

A part is red when it is silent, and the oldest chart that waits to be recomputed is red when it
waits longer than `settings.STALE_SECONDS`: the watcher is watched by what it should achieve.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from apps.charts.sweep import oldest_waiting
from apps.operations.models import Backup, Heartbeat

BROKER_TIMEOUT = 0.8
SILENT_AFTER = {"worker": 60.0, "beat": 60.0, "tasks": 180.0}
"""Seconds; `tasks` may wait behind one task that uses its whole time limit (150 s)."""


@dataclass(frozen=True)
class Finding:
    """One part: whether it is well, the age of its last sign (seconds), and what is wrong."""

    ok: bool
    age_seconds: float | None = None
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value not in (None, "")}


@dataclass(frozen=True)
class LastBackup:
    """When the newest backup was made; `warning` says why that is not well. Never red: people
    work on undisturbed, so nothing that watches this page should take the server away."""

    at: datetime | None
    warning: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "last": None if self.at is None else self.at.isoformat(timespec="seconds"),
            "warning": self.warning,
        }


@dataclass(frozen=True)
class Report:
    parts: dict[str, Finding] = field(default_factory=dict)
    backup: LastBackup | None = None

    @property
    def ok(self) -> bool:
        return all(finding.ok for finding in self.parts.values())

    @property
    def red(self) -> list[str]:
        return [name for name, finding in self.parts.items() if not finding.ok]

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "red": self.red,
            "parts": {name: finding.as_json() for name, finding in self.parts.items()},
            **({"backup": self.backup.as_json()} if self.backup else {}),
        }


def report() -> Report:
    """Every part, judged now."""
    now = timezone.now()
    parts = {"database": _database(), "broker": broker(settings.CELERY_BROKER_URL)}
    if parts["database"].ok:
        parts |= _signs(now)
        parts["charts"] = _oldest_waiting()
        return Report(parts, last_backup(now))
    return Report(parts)


def last_backup(now: datetime) -> LastBackup:
    """The newest backup this database knows of, judged by `settings.BACKUP_WARN_DAYS`."""
    made = Backup.objects.filter(kind=Backup.Kind.MADE).order_by("-at").first()
    days = settings.BACKUP_WARN_DAYS
    if days and made is None:
        return LastBackup(None, "No backup was ever made: python manage.py backup")
    if days and made and now - made.at > timedelta(days=days):
        return LastBackup(made.at, f"The last backup is older than {days} days.")
    return LastBackup(made.at if made else None)


def _database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return Finding(ok=False, problem="does not answer")
    return Finding(ok=True)


def broker(url: str) -> Finding:
    """One PING with a short time limit and no second attempt."""
    client = Redis.from_url(
        url.replace("redis+socket://", "unix://"),
        socket_timeout=BROKER_TIMEOUT,
        socket_connect_timeout=BROKER_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        client.ping()
    except (RedisError, OSError):
        return Finding(ok=False, problem="does not answer")
    finally:
        client.close()
    return Finding(ok=True)


def _signs(now: datetime) -> dict[str, Finding]:
    seen = dict(Heartbeat.objects.values_list("part", "at"))
    return {part: _sign(seen.get(part), now, limit) for part, limit in SILENT_AFTER.items()}


def _sign(at: datetime | None, now: datetime, limit: float) -> Finding:
    if at is None:
        return Finding(ok=False, problem="has not been seen yet")
    age = round(max(0.0, (now - at).total_seconds()), 1)
    if age > limit:
        return Finding(ok=False, age_seconds=age, problem="is silent")
    return Finding(ok=True, age_seconds=age)


def _oldest_waiting() -> Finding:
    """How long the longest-waiting chart waits to be recomputed."""
    waiting = oldest_waiting()
    if waiting is None:
        return Finding(ok=True, age_seconds=0.0)
    age = round(max(0.0, waiting.total_seconds()), 1)
    if age > settings.STALE_SECONDS:
        return Finding(ok=False, age_seconds=age, problem="wait too long to be recomputed")
    return Finding(ok=True, age_seconds=age)
