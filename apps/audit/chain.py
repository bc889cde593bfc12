"""How an entry is sealed: SHA-256 over its canonical JSON and the hash before it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64


def canonical(content: Any) -> bytes:
    """One byte string for one content: sorted keys, no spaces, UTF-8, no NaN."""
    return json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(content: Any) -> str:
    """The SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(canonical(content)).hexdigest()


def storable(content: Any) -> Any:
    """The same content with its numbers as every database gives them back.

    PostgreSQL keeps JSON numbers as decimals: 1e16 comes back as a whole number and -0.0 without
    its sign, and an entry sealed with the other form would seem to have been changed.
    """
    if isinstance(content, dict):
        return {str(key): storable(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [storable(value) for value in content]
    if isinstance(content, float):
        if content == 0:
            return 0.0
        return int(content) if abs(content) >= 1e16 and content.is_integer() else content
    return content


def seal(
    *,
    sequence: int,
    at: datetime,
    actor_id: int | None,
    actor_name: str,
    verb: str,
    target: tuple[str, int, str],
    subject: tuple[str, int],
    details: dict[str, Any],
    reason: str,
    previous_hash: str,
) -> str:
    """The hash of an entry. Every stored field takes part, so that any edit shows."""
    return digest(
        {
            "sequence": sequence,
            "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": [actor_id, actor_name],
            "verb": verb,
            "target": list(target),
            "subject": list(subject),
            "details": details,
            "reason": reason,
            "previous": previous_hash,
        }
    )
