"""What an attacker with all rights on the database can do to the trail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from apps.audit.models import Entry
from apps.audit.services import record
from apps.audit.triggers import create_statements, drop_statements
from tests.factories import Org


@contextmanager
def trigger_disabled() -> Iterator[None]:
    """Take the append-only trigger away, as the owner of the tables could, and put it back."""
    _run(drop_statements(connection.vendor))
    yield
    _run(create_statements(connection.vendor))


def _run(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def write_trail(org: Org, count: int) -> None:
    """`count` entries by several people about several teams."""
    people = [org.administrator, org.lead, org.member, None]
    teams = [org.root, org.desk, org.network]
    with transaction.atomic():
        for number in range(count):
            record(
                actor=people[number % len(people)],
                verb="team.renamed",
                target=teams[number % len(teams)],
                subject=org.root,
                details={"from": f"名稱 {number}", "to": number, "parts": [number, None, 0.1]},
                reason=f"reason {number}",
            )


def copy_of(entry: Entry) -> dict[str, object]:
    """The stored row, column by column."""
    return {field.attname: getattr(entry, field.attname) for field in Entry._meta.concrete_fields}
