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
from django.utils.translation import gettext_lazy, ngettext

from apps.charts.selectors import PhaseFigure
from apps.common.templatetags.formats import day, number
from apps.projects.choices import DeliverableState
from apps.projects.evidence import Evidence
from apps.projects.links import Link
from apps.projects.models import ConditionTemplate, Stage
from apps.projects.targets import smart_gaps

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


# --- The work ---------------------------------------------------------------------------------


@kind("deliverables")
def deliverables_complete(evidence: Evidence, params: Params) -> Finding:
    """All required deliverables of the stage, or the one named by `key`."""
    key = params.get("key")
    asked = [
        one
        for one in evidence.deliverables
        if (one.template.key == key if key else one.template.required)
    ]
    open_ones = [one for one in asked if one.state != DeliverableState.COMPLETE]
    statement = (
        _("%(deliverable)s is complete") % {"deliverable": asked[0].template.label}
        if key and asked
        else _("The required deliverables are complete")
    )
    count = _("%(done)s of %(asked)s complete.") % {
        "done": len(asked) - len(open_ones), "asked": len(asked),
    }  # fmt: skip
    if not open_ones:
        return Finding(statement, MET, count)
    names = ", ".join(one.template.label for one in open_ones)
    reason = _("%(count)s Still open: %(names)s.") % {"count": count, "names": names}
    link = Link("projects:deliverable", (evidence.project.number, open_ones[0].pk))
    text = _("Work on %(deliverable)s") % {"deliverable": open_ones[0].template.label}
    return Finding(statement, NOT_MET, reason, link, text)


@kind("target_smart")
def target_is_smart(evidence: Evidence, params: Params) -> Finding:
    statement = _("The target is SMART")
    missing = smart_gaps(evidence.project, evidence.target)
    if not missing:
        target = evidence.target
        reason = _("%(before)s to %(after)s by %(due)s.") % {
            "before": evidence.figure(target.from_value),
            "after": evidence.figure(target.to_value),
            "due": day(target.due),
        }
        return Finding(statement, MET, reason)
    reason = _("Missing: %(missing)s.") % {"missing": "; ".join(missing)}
    return Finding(
        statement, NOT_MET, reason, Link("projects:target", (evidence.project.number,)),
        _("Set the target"),
    )  # fmt: skip


@kind("approvers_named")
def approvers_named(evidence: Evidence, params: Params) -> Finding:
    statement = _("Everyone who has to sign is named")
    if not evidence.seating.missing:
        people = [one.user.name for layer in evidence.seating.layers for one in layer.seats]
        return Finding(statement, MET, ", ".join(dict.fromkeys(people)))
    return Finding(
        statement, NOT_MET, " ".join(evidence.seating.missing),
        Link("projects:detail", (evidence.project.number,), anchor="people"), _("Name the people"),
    )  # fmt: skip


@kind("conditions_met")
def conditions_of_approvals_met(evidence: Evidence, params: Params) -> Finding:
    """Conditions that earlier approvals made for this gate."""
    statement = _("The conditions of earlier approvals are met")
    if not evidence.owed:
        return Finding(statement, MET, _("None is open."))
    first = evidence.owed[0]
    reason = ngettext(
        "%(count)s is open: %(text)s (%(name)s, due %(due)s).",
        "%(count)s are open, first: %(text)s (%(name)s, due %(due)s).",
        len(evidence.owed),
    ) % {
        "count": len(evidence.owed),
        "text": first.text,
        "name": first.owner,
        "due": day(first.due),
    }
    return Finding(
        statement, NOT_MET, reason,
        Link("projects:condition_settle", (evidence.project.number, first.pk)),
        _("Say how it was met"),
    )  # fmt: skip


@kind("actions_done")
def actions_done(evidence: Evidence, params: Params) -> Finding:
    """No action is late, or (`all`) every action is done."""
    every = bool(params.get("all"))
    statement = _("Every action is done") if every else _("No action is late")
    found = evidence.open_actions if every else evidence.late_actions
    if not found:
        return Finding(statement, MET, _("%(count)s open.") % {"count": len(evidence.open_actions)})
    first = found[0]
    reason = ngettext(
        "%(count)s is left: %(title)s (%(name)s).",
        "%(count)s are left, first: %(title)s (%(name)s).",
        len(found),
    ) % {"count": len(found), "title": first.title, "name": first.owner}
    return Finding(
        statement, NOT_MET, reason, Link("projects:actions", (evidence.project.number,)),
        _("Open the actions"),
    )  # fmt: skip


@kind("cycle_planned")
def cycle_is_planned(evidence: Evidence, params: Params) -> Finding:
    statement = _("What is tried, and what it will bring, is written down")
    cycle = evidence.cycle
    missing = []
    if cycle is None or not cycle.tried:
        missing.append(_("what is tried"))
    if cycle is None or cycle.predicted is None:
        missing.append(_("the value predicted"))
    if cycle is not None and not missing:
        reason = _("%(tried)s: %(predicted)s predicted.") % {
            "tried": cycle.tried, "predicted": evidence.figure(cycle.predicted),
        }  # fmt: skip
        return Finding(statement, MET, reason)
    return Finding(
        statement, NOT_MET, _("Missing: %(missing)s.") % {"missing": "; ".join(missing)},
        Link("projects:cycle_plan", (evidence.project.number,)), _("Write the prediction"),
    )  # fmt: skip


# --- The data ---------------------------------------------------------------------------------


def _chart_link(evidence: Evidence) -> Link:
    assert evidence.chart is not None
    return Link("charts:detail", (evidence.chart.pk,))


def _no_chart(evidence: Evidence, statement: str) -> Finding:
    return Finding(
        statement, UNKNOWN, _("The project has no chart yet."),
        Link("projects:target", (evidence.project.number,)), _("Choose a chart"),
    )  # fmt: skip


def _recomputing(evidence: Evidence, statement: str) -> Finding:
    return Finding(
        statement, UNKNOWN, _("The chart is being recomputed. Look again in a moment."),
        _chart_link(evidence), _("Open the chart"),
    )  # fmt: skip


def _on_chart(
    function: Callable[[Evidence, Params, str], Finding], say: Callable[[Params], str]
) -> Kind:
    """A kind that looks at the chart: without one, or with an old result, it cannot be judged."""

    def judge(evidence: Evidence, params: Params) -> Finding:
        statement = say(params)
        if evidence.chart is None:
            return _no_chart(evidence, statement)
        if evidence.recomputing:
            return _recomputing(evidence, statement)
        return function(evidence, params, statement)

    return judge


@kind("chart_exists")
def chart_exists(evidence: Evidence, params: Params) -> Finding:
    statement = _("A chart of the figure exists")
    if evidence.chart is None:
        return Finding(
            statement, NOT_MET, _("The project has no chart yet."),
            Link("projects:target", (evidence.project.number,)), _("Choose a chart"),
        )  # fmt: skip
    if evidence.points == 0 and not evidence.recomputing:
        return Finding(
            statement, NOT_MET, _("%(chart)s has no data yet.") % {"chart": evidence.chart},
            Link("measurements:import", (evidence.chart.characteristic_id,)), _("Import data"),
        )  # fmt: skip
    reason = _("%(chart)s, %(points)s points.") % {
        "chart": evidence.chart, "points": number(evidence.points),
    }  # fmt: skip
    return Finding(statement, MET, reason, _chart_link(evidence), _("Open the chart"))


def _chart_stable(evidence: Evidence, params: Params, statement: str) -> Finding:
    last = int(params.get("last", 25))
    least = int(params.get("at_least", last))
    found = evidence.stability(last)
    link, text = _chart_link(evidence), _("Open the chart")
    if found is None or found.state == "unknown" or found.points < least:
        points = 0 if found is None else found.points
        reason = _("Needs %(needed)s points, %(found)s received.") % {
            "needed": least, "found": number(points),
        }  # fmt: skip
        return Finding(statement, UNKNOWN, reason, link, text)
    state = MET if found.state == "stable" else NOT_MET
    return Finding(statement, state, str(found.sentence), link, text)


kind("chart_stable")(
    _on_chart(
        _chart_stable,
        lambda params: _("Stable for the last %(last)s points") % {"last": params.get("last", 25)},
    )
)


def _observations(evidence: Evidence, params: Params, statement: str) -> Finding:
    found, needed = evidence.observations, int(params["at_least"])
    if params.get("phase") == "now":
        figure = evidence.key_figure
        now = None if figure is None else figure.now
        found = 0 if now is None else int(now.n)
    reason = _("%(found)s of %(needed)s received.") % {
        "found": number(found), "needed": number(needed),
    }  # fmt: skip
    if found >= needed:
        return Finding(statement, MET, reason)
    assert evidence.chart is not None
    link = Link("measurements:import", (evidence.chart.characteristic_id,))
    return Finding(statement, NOT_MET, reason, link, _("Import data"))


def _say_observations(params: Params) -> str:
    words = {"needed": number(int(params["at_least"]))}
    if params.get("phase") == "now":
        return _("At least %(needed)s values since the change") % words
    return _("At least %(needed)s values") % words


kind("observations")(_on_chart(_observations, _say_observations))


def _signals_explained(evidence: Evidence, params: Params, statement: str) -> Finding:
    found = evidence.signals_without_cause(int(params.get("last", 25)))
    if not found:
        return Finding(
            statement, MET, _("No signal waits for a cause."), _chart_link(evidence),
            _("Open the chart"),
        )  # fmt: skip
    reason = ngettext(
        "%(count)s signal has no cause yet, at point %(point)s.",
        "%(count)s signals have no cause yet, the first at point %(point)s.",
        len(found),
    ) % {"count": len(found), "point": found[0].point + 1}
    assert evidence.chart is not None
    link = Link("charts:detail", (evidence.chart.pk,), anchor=f"signal-{found[0].pk}")
    return Finding(statement, NOT_MET, reason, link, _("Assign a cause"))


kind("signals_explained")(
    _on_chart(
        _signals_explained,
        lambda params: (
            _("Every signal of the last %(last)s points has a cause")
            % {"last": params.get("last", 25)}
        ),
    )
)


def _capability(evidence: Evidence, params: Params, statement: str) -> Finding:
    needed = float(params["lower_bound"])
    assert evidence.chart is not None
    index = (evidence.capability or {}).get("ppk") or {}
    value, lower = index.get("value"), index.get("lower")
    if value is None or lower is None:
        return Finding(
            statement, UNKNOWN,
            _("Without specification limits and enough values there is no Ppk."),
            Link("measurements:limits", (evidence.chart.characteristic_id,)),
            _("Set specification limits"),
        )  # fmt: skip
    reason = _("Ppk %(value)s, lower bound %(lower)s from %(n)s values.") % {
        "value": number(value, 2), "lower": number(lower, 2), "n": number(evidence.observations),
    }  # fmt: skip
    state = MET if lower >= needed else NOT_MET
    return Finding(statement, state, reason, _chart_link(evidence), _("Open the chart"))


kind("capability")(
    _on_chart(
        _capability,
        lambda params: (
            _("Lower bound of Ppk ≥ %(needed)s")
            % {"needed": number(float(params["lower_bound"]), 2)}
        ),
    )
)


def _one_phase(evidence: Evidence, statement: str) -> Finding:
    return Finding(
        statement, UNKNOWN,
        _("The chart has one phase only. Start a phase where the change came in."),
        _chart_link(evidence), _("Start a phase"),
    )  # fmt: skip


def _differs(evidence: Evidence, params: Params, statement: str) -> Finding:
    found = evidence.comparison
    if found is None:
        return _one_phase(evidence, statement)
    below = float(params.get("p_below", 0.05))
    if found.p_value is None:
        return Finding(
            statement, UNKNOWN, _("Too few values in one of the phases to compare them."),
            _chart_link(evidence), _("Open the chart"),
        )  # fmt: skip
    p_value = "< 0.001" if found.p_value < 0.001 else f"= {number(found.p_value, 3)}"
    reason = _(
        "%(before)s → %(after)s, difference %(difference)s (95 %% interval %(lower)s to "
        "%(upper)s), p %(p)s."
    ) % {
        "before": evidence.figure(found.before.value),
        "after": evidence.figure(found.after.value),
        "difference": evidence.figure(found.difference),
        "lower": evidence.figure(found.lower),
        "upper": evidence.figure(found.upper),
        "p": p_value,
    }
    state = MET if found.p_value < below else NOT_MET
    return Finding(statement, state, reason, _chart_link(evidence), _("Open the chart"))


kind("differs")(
    _on_chart(
        _differs,
        lambda params: (
            _("After differs from before (p < %(p)s)")
            % {"p": number(float(params.get("p_below", 0.05)), 2)}
        ),
    )
)


def _reaches_target(evidence: Evidence, params: Params, statement: str) -> Finding:
    figure, target = evidence.key_figure, evidence.target
    if target.to_value is None:
        return Finding(
            statement, UNKNOWN, _("No target is set."),
            Link("projects:target", (evidence.project.number,)), _("Set the target"),
        )  # fmt: skip
    now = None if figure is None else figure.now
    if now is None or now.value is None:
        return _one_phase(evidence, statement)
    reason = _("%(now)s now, %(target)s wanted.") % {
        "now": evidence.figure(now.value), "target": evidence.figure(target.to_value),
    }  # fmt: skip
    state = MET if _reached(now, target.from_value, target.to_value) else NOT_MET
    return Finding(statement, state, reason, _chart_link(evidence), _("Open the chart"))


def _reached(now: PhaseFigure, start: float | None, goal: float) -> bool:
    """Whether the value lies at or beyond the goal, seen from the start."""
    if now.value is None:
        return False
    if start is not None and start != goal:
        return now.value <= goal if goal < start else now.value >= goal
    return now.lower is not None and now.upper is not None and now.lower <= goal <= now.upper


kind("target_reached")(
    _on_chart(_reaches_target, lambda params: _("The result reaches the target"))
)
