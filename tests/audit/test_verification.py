"""Whatever is done to the trail behind our back shows."""

from __future__ import annotations

import random
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from apps.audit.chain import GENESIS, seal
from apps.audit.models import ChainHead, Entry
from apps.audit.verification import verify
from tests.audit.tampering import copy_of, trigger_disabled, write_trail
from tests.factories import Org

ENTRIES = 40
EDITS = 300


def edited(field: str, value: Any, random_: random.Random) -> Any:
    """Another value of the same kind."""
    if field == "at":
        return value + timedelta(microseconds=random_.randint(1, 10**9))
    if field == "details":
        return value | {"to": value["to"] + random_.randint(1, 9)}
    if field in {"hash", "previous_hash"}:
        return "".join(random_.sample(value[:32], 32)) + value[32:][::-1]
    if isinstance(value, int) or value is None:
        return (value or 0) + random_.randint(1, 9)
    position = random_.randint(0, len(value))
    return value[:position] + random_.choice("xyz§中 ") + value[position:]


def seal_of(entry: Entry) -> str:
    """The hash the entry's present content asks for."""
    return seal(
        sequence=entry.sequence,
        at=entry.at,
        actor_id=entry.actor_id,
        actor_name=entry.actor_name,
        verb=entry.verb,
        target=(entry.target_type, entry.target_id, entry.target_label),
        subject=(entry.subject_type, entry.subject_id),
        details=entry.details,
        reason=entry.reason,
        previous_hash=entry.previous_hash,
    )


def tamper(random_: random.Random) -> str:
    """One random edit, removal, insertion or swap; what was done, in words."""
    kind = random_.choices(["edit", "remove", "insert", "swap"], [6, 2, 1, 1])[0]
    sequence = random_.randint(1, ENTRIES)
    row = Entry.objects.filter(sequence=sequence)
    if kind == "edit":
        fields = sorted(set(copy_of(row.get())) - {"sequence"})
        field = random_.choice(fields)
        row.update(**{field: edited(field, getattr(row.get(), field), random_)})
        return f"edit {field} of {sequence}"
    if kind == "remove":
        row.delete()
        return f"remove {sequence}"
    if kind == "insert":
        forged = copy_of(row.get()) | {"sequence": ENTRIES + 1, "reason": "forged"}
        forged["previous_hash"] = Entry.objects.get(sequence=ENTRIES).hash
        forged["hash"] = "f" * 64
        Entry.objects.create(**forged)
        return f"insert a copy of {sequence} at the end"
    other = sequence % ENTRIES + 1
    first, second = row.get(), Entry.objects.get(sequence=other)
    row.update(reason=second.reason, details=second.details)
    Entry.objects.filter(sequence=other).update(reason=first.reason, details=first.details)
    return f"swap {sequence} and {other}"


@pytest.mark.django_db(transaction=True)
def test_every_random_edit_is_found(org: Org) -> None:
    write_trail(org, ENTRIES)
    random_ = random.Random(20261123)
    missed = []
    with trigger_disabled():
        for _number in range(EDITS):
            with transaction.atomic():
                done = tamper(random_)
                if verify().intact:
                    missed.append(done)
                transaction.set_rollback(True)
    assert missed == []
    assert verify().intact


@pytest.fixture
def trail(org: Org) -> Org:
    write_trail(org, 10)
    return org


def test_an_edited_row_is_named(trail: Org) -> None:
    with trigger_disabled():
        Entry.objects.filter(sequence=4).update(reason="nothing to see")
    verdict = verify()
    assert (verdict.broken_at, verdict.finding) == (
        4,
        "its content was changed after it was written",
    )


def test_an_edited_row_with_a_new_seal_breaks_the_next_one(trail: Org) -> None:
    entry = Entry.objects.get(sequence=4)
    entry.reason = "nothing to see"
    with trigger_disabled():
        Entry.objects.filter(sequence=4).update(reason=entry.reason, hash=seal_of(entry))
    assert verify().broken_at == 5


def test_a_removed_row_is_noticed_at_the_one_after_it(trail: Org) -> None:
    with trigger_disabled():
        Entry.objects.filter(sequence=4).delete()
    verdict = verify()
    assert (verdict.broken_at, verdict.finding) == (5, "an entry is missing before this one")


def test_a_removed_newest_row_is_noticed(trail: Org) -> None:
    with trigger_disabled():
        Entry.objects.filter(sequence=10).delete()
    assert verify().finding == "the newest entries are missing"


def test_an_emptied_trail_is_noticed(trail: Org) -> None:
    with trigger_disabled():
        Entry.objects.all().delete()
    assert not verify().intact


def test_an_inserted_row_is_noticed(trail: Org) -> None:
    newest = Entry.objects.get(sequence=10)
    forged = copy_of(newest) | {"sequence": 11, "previous_hash": newest.hash, "hash": "f" * 64}
    Entry.objects.create(**forged)
    assert verify().broken_at == 11


# --- the command ----------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_the_command_says_whole_with_its_head(trail: Org) -> None:
    code, out, _err = run()
    assert code == 0
    assert out.strip() == f"Whole: 10 entries, head {ChainHead.objects.get().hash}"


def test_the_command_says_where_it_broke(trail: Org) -> None:
    with trigger_disabled():
        Entry.objects.filter(sequence=7).update(actor_name="Eve")
    code, _out, err = run()
    assert code == 1
    assert err.startswith("Broken at entry 7:")


def test_a_head_printed_earlier_proves_that_the_trail_was_not_rewritten(trail: Org) -> None:
    printed = ChainHead.objects.get().hash
    assert run("--head", printed)[0] == 0
    with trigger_disabled():  # rewrite the whole trail, every seal and the head renewed
        previous = GENESIS
        for entry in Entry.objects.order_by("sequence"):
            entry.actor_id, entry.actor_name, entry.previous_hash = None, "", previous
            previous = seal_of(entry)
            Entry.objects.filter(sequence=entry.sequence).update(
                actor_id=None, actor_name="", previous_hash=entry.previous_hash, hash=previous
            )
        ChainHead.objects.update(hash=previous)
    assert run()[0] == 0
    code, _out, err = run("--head", printed)
    assert code == 1
    assert "does not contain the head" in err
