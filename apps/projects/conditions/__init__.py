"""What a gate asks for, judged on the attached data."""

from apps.projects.conditions import on_data, on_work
from apps.projects.conditions.frozen import Wording, freeze_verdicts, wording_of
from apps.projects.conditions.registry import (
    KINDS,
    Finding,
    Verdict,
    VerdictState,
    evaluate,
    params_problem,
    unmet_blocking,
)

__all__ = [
    "KINDS",
    "Finding",
    "Verdict",
    "VerdictState",
    "Wording",
    "evaluate",
    "freeze_verdicts",
    "on_data",
    "on_work",
    "params_problem",
    "unmet_blocking",
    "wording_of",
]
