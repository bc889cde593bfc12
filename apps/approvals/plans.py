"""What a caller hands over to open a round or to decide in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from apps.accounts.models import User
from apps.approvals.choices import LayerRule


@dataclass(frozen=True)
class SeatPlan:
    user: User
    capacity: str
    mandatory: bool = True


@dataclass(frozen=True)
class LayerPlan:
    """Seats that are asked at the same time. `quorum` counts for the quorum rule only."""

    rule: LayerRule
    seats: Sequence[SeatPlan]
    quorum: int = 1


@dataclass(frozen=True)
class ConditionPlan:
    """What an approval with conditions asks for. `blocks` names the later gate it blocks."""

    text: str
    owner: User
    due: dt.date
    blocks: str
