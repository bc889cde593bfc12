"""What machines that watch us are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from apps.operations import health
from apps.operations.heartbeat import sign
from apps.operations.models import Backup, Heartbeat
from tests.processes import Broker


def sign_all() -> None:
    for part in health.SILENT_AFTER:
        sign(part)


def test_live_needs_no_login_and_no_database(client: Client) -> None:
    answer = client.get("/health/live")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_ready_names_what_is_red_without_a_broker(db: None, client: Client) -> None:
    sign_all()
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["red"] == ["broker"]


def test_ready_when_every_part_is_well(db: None, broker: Broker, client: Client) -> None:
    sign_all()
    answer = client.get("/health/ready")
    assert answer.status_code == 200, answer.json()
    assert answer.json()["parts"]["worker"]["age_seconds"] < 5


@pytest.mark.parametrize("part", ["worker", "beat", "tasks"])
def test_a_silent_part_is_red_and_no_other(
    db: None, broker: Broker, client: Client, part: str
) -> None:
    sign_all()
    Heartbeat.objects.filter(part=part).update(at=timezone.now() - timedelta(minutes=10))
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["red"] == [part]
    assert answer.json()["parts"][part]["age_seconds"] >= 600


def test_a_part_never_seen_is_red(db: None, broker: Broker, client: Client) -> None:
    assert client.get("/health/ready").json()["red"] == ["worker", "beat", "tasks"]


def test_a_frozen_broker_does_not_hold_up_the_answer(
    db: None, broker: Broker, client: Client
) -> None:
    sign_all()
    broker.freeze()
    try:
        # Its own time limit ends the wait; without one this would hang.
        answer = client.get("/health/ready")
    finally:
        broker.thaw()
    assert answer.json()["red"] == ["broker"]


@pytest.mark.parametrize(("waiting", "red"), [(119, []), (121, ["charts"])])
def test_a_chart_that_waits_too_long_is_red(
    db: None,
    broker: Broker,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    waiting: int,
    red: list[str],
) -> None:
    sign_all()
    monkeypatch.setattr(health, "oldest_waiting", lambda: timedelta(seconds=waiting))
    answer = client.get("/health/ready")
    assert answer.json()["red"] == red
    assert answer.json()["parts"]["charts"]["age_seconds"] == waiting


def test_a_database_that_fails_is_an_answer_not_an_error(
    db: None, broker: Broker, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise DatabaseError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(health.connection, "cursor", refuse)
        answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["red"] == ["database"]


def test_health_only_reads(client: Client) -> None:
    for path in ("/health/live", "/health/ready"):
        assert client.post(path).status_code == 405


def test_signing_twice_keeps_one_row(db: None) -> None:
    sign("worker")
    sign("worker")
    assert Heartbeat.objects.count() == 1


@pytest.mark.parametrize(
    ("age", "days", "warning"),
    [
        (None, 7, "No backup was ever made"),
        (None, 0, ""),
        (6.9, 7, ""),
        (7.1, 7, "older than 7 days"),
        (7.1, 0, ""),
    ],
)
def test_the_last_backup_is_told_and_an_old_one_warns_without_being_red(
    db: None, broker: Broker, client: Client, settings: Any, age: float | None, days: int,
    warning: str,
) -> None:  # fmt: skip
    sign_all()
    settings.BACKUP_WARN_DAYS = days
    if age is not None:
        at = timezone.now() - timedelta(days=age)
        for kind, moment in (("made", at), ("restored", timezone.now())):
            Backup.objects.create(
                kind=kind, at=moment, name="b.zip", sha256="", bytes=1, rows=1, seconds=1
            )
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    told = answer.json()["backup"]
    assert (told["last"] is None) == (age is None)
    assert warning in told["warning"]
    assert bool(warning) == bool(told["warning"])
