"""The chain: each entry is sealed with the hash of the one before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import DatabaseError, transaction

from apps.audit.chain import GENESIS, canonical, digest, seal
from apps.audit.models import ChainHead, Entry
from apps.audit.services import record
from apps.audit.verification import verify
from tests.audit.tampering import write_trail
from tests.factories import Org, make_team

FIELDS = {
    "sequence": 1,
    "at": datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
    "actor_id": 7,
    "actor_name": "Ada",
    "verb": "team.renamed",
    "target": ("accounts.team", 3, "Desk"),
    "subject": ("accounts.team", 1),
    "details": {"a": 1},
    "reason": "because",
    "previous_hash": GENESIS,
}
OTHER_VALUES = {
    "sequence": 2,
    "at": FIELDS["at"] + timedelta(microseconds=1),
    "actor_id": None,
    "actor_name": "Eve",
    "verb": "team.removed",
    "target": ("accounts.team", 3, "Desks"),
    "subject": ("accounts.team", 2),
    "details": {"a": 2},
    "reason": "",
    "previous_hash": "1" * 64,
}


def test_canonical_form_is_one_for_one_content() -> None:
    assert canonical({"b": 1, "a": "中"}) == '{"a":"中","b":1}'.encode()
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_a_number_that_json_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": float("nan")})


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_every_field_takes_part_in_the_hash(field: str) -> None:
    assert seal(**FIELDS) != seal(**(FIELDS | {field: OTHER_VALUES[field]}))


def test_the_same_moment_in_another_zone_has_the_same_hash() -> None:
    elsewhere = FIELDS["at"].astimezone(timezone(timedelta(hours=8)))
    assert seal(**FIELDS) == seal(**(FIELDS | {"at": elsewhere}))


def test_entries_follow_each_other_and_the_head_follows_them(org: Org) -> None:
    write_trail(org, 5)
    entries = list(Entry.objects.order_by("sequence"))
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5]
    assert [e.previous_hash for e in entries] == [GENESIS, *(e.hash for e in entries[:-1])]
    head = ChainHead.objects.get()
    assert (head.sequence, head.hash) == (5, entries[-1].hash)
    assert verify().intact


def test_an_empty_trail_is_whole(db: None) -> None:
    assert verify().intact


@pytest.mark.django_db(transaction=True)
def test_a_record_without_a_transaction_is_a_mistake_in_the_code() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        record(actor=None, verb="team.renamed", target=make_team())


def test_a_change_that_is_rolled_back_leaves_no_entry(org: Org) -> None:
    write_trail(org, 2)
    with transaction.atomic():
        write_trail(org, 1)
        transaction.set_rollback(True)
    write_trail(org, 1)
    assert Entry.objects.count() == 3
    assert verify().intact


def test_the_machine_is_nobody(org: Org) -> None:
    with transaction.atomic():
        entry = record(actor=None, verb="team.renamed", target=org.desk)
    assert (entry.actor_id, entry.actor_name) == (None, "")
    assert (entry.subject_type, entry.subject_id) == ("accounts.team", org.desk.pk)


@pytest.mark.parametrize("action", ["update", "delete"])
def test_the_database_refuses_to_change_an_entry(org: Org, action: str) -> None:
    write_trail(org, 2)
    entries = Entry.objects.filter(sequence=1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        entries.update(reason="x") if action == "update" else entries.delete()
    assert verify().intact
