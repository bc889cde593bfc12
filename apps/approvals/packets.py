"""The packet of a round: content frozen at opening, and the proof that it is still the same."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.approvals.models import Round, Signature
from apps.audit.chain import digest

# From here on Python writes a float with an exponent, which a database may give back as an
# integer; such a number is stored as the integer it is.
LARGE = 1e16


def freeze(content: Any) -> Any:
    """The content in a form that every database gives back unchanged, so that its hash holds.

    >>> freeze({"n": 3, "mean": -0.0, "big": 1e22, "by": dt.date(2026, 11, 23), "seen": ("a",)})
    {'n': 3, 'mean': 0.0, 'big': 10000000000000000000000, 'by': '2026-11-23', 'seen': ['a']}
    >>> freeze(float("nan"))
    """
    match content:
        case bool() | None:
            return content
        case str():
            return str(content).replace("\x00", "")
        case int():
            return int(content)
        case float():
            return _number(float(content))
        case dt.datetime() | dt.date():
            return content.isoformat()
        case Mapping():
            return {str(key): freeze(value) for key, value in content.items()}
        case Sequence() | set() | frozenset():
            values = sorted(content) if isinstance(content, set | frozenset) else content
            return [freeze(value) for value in values]
        case _ if hasattr(content, "item"):
            return freeze(content.item())
    return str(content)


def _number(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    if abs(value) >= LARGE:
        return int(Decimal(repr(value)))
    return value if value else 0.0


@dataclass(frozen=True)
class PacketVerdict:
    """Whether a packet is what was decided on. `expected` was fixed at opening."""

    expected: str
    found: str
    signatures: int
    foreign_signatures: tuple[str, ...]

    @property
    def intact(self) -> bool:
        return self.expected == self.found and not self.foreign_signatures


def verify_packet(round_: Round) -> PacketVerdict:
    """Recompute the hash of the stored content and compare it with opening and signatures."""
    stored = Round.objects.get(pk=round_.pk)
    signatures = list(Signature.objects.filter(decision__round=stored).order_by("pk"))
    return PacketVerdict(
        expected=stored.content_hash,
        found=digest(stored.content),
        signatures=len(signatures),
        foreign_signatures=tuple(
            one.signer_name for one in signatures if one.content_hash != stored.content_hash
        ),
    )
