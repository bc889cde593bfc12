"""What a gate asks for, judged on the attached data: one function for each kind of condition.

A kind is named by `ConditionTemplate.kind`; its function takes the evidence of the stage and the
template's params, and says whether it holds, with the number found and where it is mended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.common.templatetags.formats import day
from apps.projects.evidence import Evidence
from apps.projects.links import Link
from apps.projects.models import ConditionTemplate, Stage

Params = Mapping[str, Any]


class VerdictState(TextChoices):
    MET = "met", gettext_lazy("Met")
    NOT_MET = "not_met", gettext_lazy("Not met")
    CANNOT_BE_JUDGED = "cannot_be_judged", gettext_lazy("Cannot be judged")
    WAIVED = "waived", gettext_lazy("Waived")


@dataclass(frozen=True)
class Finding:
    """What a kind says: its statement, whether it holds, why, and where to go."""

    statement: str
    state: VerdictState
    reason: str = ""
    link: Link | None = None
    link_text: str = ""


@dataclass(frozen=True)
class Verdict:
    """A finding on one condition of a gate, after waivers."""

    template: ConditionTemplate
    state: VerdictState
    statement: str
    reason: str
    link: Link | None
    link_text: str
    blocking: bool

    @property
    def link_url(self) -> str:
        return self.link.url if self.link else ""

    @property
    def is_advisory(self) -> bool:
        return not self.blocking

    @property
    def holds_up(self) -> bool:
        """Whether it keeps the gate from being asked."""
        return self.blocking and self.state not in {VerdictState.MET, VerdictState.WAIVED}


Kind = Callable[[Evidence, Params], Finding]
KINDS: dict[str, Kind] = {}
MET, NOT_MET, UNKNOWN = VerdictState.MET, VerdictState.NOT_MET, VerdictState.CANNOT_BE_JUDGED


def kind(name: str) -> Callable[[Kind], Kind]:
    def register(function: Kind) -> Kind:
        KINDS[name] = function
        return function

    return register


# What each kind may be told, and of which type; a name with "!" is needed.
PARAMS: dict[str, dict[str, type]] = {
    "deliverables": {"key": str},
    "actions_done": {"all": bool},
    "chart_stable": {"last": int, "at_least": int},
    "observations": {"at_least!": int, "phase": str},
    "signals_explained": {"last": int},
    "capability": {"lower_bound!": float},
    "differs": {"p_below": float},
}


def params_problem(name: str, params: Any) -> str:
    """What is wrong with the params of a kind, in words; empty when nothing is."""
    if not isinstance(params, dict):
        return _("Params are written as {…}.")
    known = {key.rstrip("!"): kind_of for key, kind_of in PARAMS.get(name, {}).items()}
    for key, value in params.items():
        if key not in known:
            return _("“%(key)s” is not a param of this kind.") % {"key": key}
        wanted = (int, float) if known[key] is float else known[key]
        if not isinstance(value, wanted) or (isinstance(value, bool) and known[key] is not bool):
            return _("“%(key)s” is of the wrong type.") % {"key": key}
    for key in PARAMS.get(name, {}):
        if key.endswith("!") and key.rstrip("!") not in params:
            return _("“%(key)s” is needed.") % {"key": key.rstrip("!")}
    return ""


def evaluate(stage: Stage) -> list[Verdict]:
    """Every condition of a stage as it stands now, in the order of its methodology."""
    evidence = Evidence(stage)
    templates = stage.template.conditions.order_by("order")
    return [_judge(evidence, template) for template in templates]


def unmet_blocking(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.holds_up]


def _judge(evidence: Evidence, template: ConditionTemplate) -> Verdict:
    finding = KINDS[template.kind](evidence, template.params)
    state, reason = finding.state, finding.reason
    waiver = evidence.waivers.get(template.pk)
    if waiver is not None and state != MET:
        state = VerdictState.WAIVED
        reason = _("%(found)s Waived by %(name)s, %(day)s: “%(reason)s”") % {
            "found": finding.reason,
            "name": waiver.waived_by,
            "day": day(waiver.waived_at),
            "reason": waiver.reason,
        }
    return Verdict(
        template, state, finding.statement, reason, finding.link, finding.link_text,
        template.blocking,
    )  # fmt: skip
