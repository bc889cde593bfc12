"""What people do in a round of approval."""

from apps.approvals.services.conditions import settle_condition, waive_condition
from apps.approvals.services.deciding import decide
from apps.approvals.services.delegating import delegate
from apps.approvals.services.rounds import open_round, withdraw
from apps.approvals.services.signing import MEANINGS, Proof, prove_identity

__all__ = [
    "MEANINGS",
    "Proof",
    "decide",
    "delegate",
    "open_round",
    "prove_identity",
    "settle_condition",
    "waive_condition",
    "withdraw",
]
