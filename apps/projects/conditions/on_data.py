"""Conditions on the data: each looks at the stored result of the project's chart."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.charts.selectors import PhaseFigure
from apps.common.templatetags.formats import number
from apps.projects.conditions.registry import MET, NOT_MET, UNKNOWN, Finding, Kind, Params, kind
from apps.projects.evidence import Evidence
from apps.projects.links import Link


def _chart_link(evidence: Evidence) -> Link:
    assert evidence.chart is not None
    return Link("charts:detail", (evidence.chart.pk,))


def _signals_link(evidence: Evidence) -> Link:
    assert evidence.chart is not None
    return Link("charts:detail", (evidence.chart.pk,), anchor="signals")


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
    if found.state == "stable":
        return Finding(statement, MET, str(found.sentence), link, text)
    return Finding(
        statement, NOT_MET, str(found.sentence), _signals_link(evidence), _("Assign a cause")
    )  # fmt: skip


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
    return Finding(
        statement, NOT_MET, reason, _signals_link(evidence), _("Assign a cause")
    )  # fmt: skip


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
