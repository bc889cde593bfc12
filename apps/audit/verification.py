"""Prove that the trail is whole: every link recomputed, no gap, the head where it was left."""

from __future__ import annotations

from dataclasses import dataclass

from apps.audit.chain import GENESIS, seal
from apps.audit.models import CHAIN, ChainHead, Entry


@dataclass(frozen=True)
class Verdict:
    """`broken_at` is the sequence of the first entry that does not hold, else None."""

    entries: int
    head: str
    broken_at: int | None = None
    finding: str = ""

    @property
    def intact(self) -> bool:
        return self.broken_at is None


def verify() -> Verdict:
    """Recompute the chain from its first entry to its head."""
    expected_sequence, previous = 1, GENESIS
    for entry in Entry.objects.order_by("sequence").iterator(chunk_size=2000):
        finding = _finding(entry, expected_sequence, previous)
        if finding:
            return Verdict(expected_sequence - 1, previous, entry.sequence, finding)
        expected_sequence, previous = entry.sequence + 1, entry.hash
    count = expected_sequence - 1
    head = ChainHead.objects.filter(name=CHAIN).first()
    stored = (0, GENESIS) if head is None else (head.sequence, head.hash)
    if stored != (count, previous):
        return Verdict(count, previous, expected_sequence, "the newest entries are missing")
    return Verdict(count, previous)


def _finding(entry: Entry, expected_sequence: int, previous: str) -> str:
    if entry.sequence != expected_sequence:
        return "an entry is missing before this one"
    if entry.previous_hash != previous:
        return "it does not follow the entry before it"
    resealed = seal(
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
    return "" if resealed == entry.hash else "its content was changed after it was written"
