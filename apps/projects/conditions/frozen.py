"""Verdicts as a packet keeps them: worded in every language, so that each reader signs what they read.

The hash of the packet covers all wordings. A packet from before has the one of who asked the gate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import get_language, override

from apps.projects.conditions.registry import Verdict, evaluate
from apps.projects.models import Stage


@dataclass(frozen=True)
class Wording:
    """A frozen verdict in the reader's language, and as it read for who asked the gate."""

    statement: str
    reason: str
    original: Mapping[str, str] | None
    """Statement, reason and language of the original, where it differs."""


def freeze_verdicts(stage: Stage, verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """The verdicts in plain values, with what they say in each language."""
    asked_in = get_language() or settings.LANGUAGE_CODE
    said: dict[str, dict[int, Verdict]] = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            said[code] = {one.template.pk: one for one in evaluate(stage)}
    return [
        {
            "key": verdict.template.key,
            "kind": verdict.template.kind,
            "params": verdict.template.params,
            "blocking": verdict.blocking,
            "state": str(verdict.state),
            "language": asked_in,
            "statement": verdict.statement,
            "reason": verdict.reason,
            "wordings": {
                code: {
                    "statement": by_template[verdict.template.pk].statement,
                    "reason": by_template[verdict.template.pk].reason,
                }
                for code, by_template in said.items()
            },
        }
        for verdict in verdicts
    ]


def wording_of(condition: Mapping[str, Any]) -> Wording:
    """What a frozen verdict says to who reads it now."""
    original = {name: condition[name] for name in ("statement", "reason")}
    here = condition.get("wordings", {}).get(get_language() or "", original)
    differs = here != original
    return Wording(
        statement=here["statement"],
        reason=here["reason"],
        original=original | {"language": condition.get("language", "")} if differs else None,
    )
