"""The page of a chart: the finding, the chart, its signals, capability and history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from apps.accounts import policies
from apps.accounts.policies import Action
from apps.audit.selectors import history_of
from apps.audit.sentences import icon_of, sentence_of
from apps.charts.choices import (
    SUBGROUP_KINDS,
    SUMMED_KINDS,
    CauseState,
    ChartKind,
    ChartState,
)
from apps.charts.forms import AssignForm, ExplainForm, StatusQuery, WindowQuery
from apps.charts.models import ControlChart, Signal
from apps.charts.payload import Window, payload
from apps.charts.selectors import freshness, listed_signals
from apps.charts.states import RECENT_POINTS
from apps.charts.uses import uses_of
from apps.charts.views.acting import chart_for, person_of
from apps.charts.views.capability import capability_card
from apps.charts.views.factors import level_tables, variable_rows
from apps.charts.views.wall import BADGE_COLOURS
from apps.charts.wording.findings import finding, moment, signal_story
from apps.charts.wording.rules import (
    rule_name,
    rules_in_words,
    signal_sentence,
    verdict,
    verdict_in_words,
)
from apps.charts.wording.statistics import sentence_of as statistics_sentence
from apps.common.query import QueryForm, page_of
from apps.common.templatetags.formats import day, number
from apps.measurements.choices import Subgrouping
from apps.measurements.newest import sampling_of

SIGNALS_SHOWN = 6
HISTORY_SHOWN = 6


@dataclass(frozen=True, slots=True)
class SignalView:
    """What the list beside the chart writes of a signal."""

    signal: Signal
    title: str
    meta: str
    story: str
    kind: str
    left_out: bool
    wanted: bool
    grown: bool
    assign: AssignForm | None = None
    explain: ExplainForm | None = None


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    chart = chart_for(request, pk)
    result = getattr(chart, "result", None)
    may_explain = policies.may(request.user, Action.EXPLAIN_SIGNAL, chart.characteristic)
    may_settle = policies.may(request.user, Action.SETTLE_CHART, chart.characteristic)
    signals = list(listed_signals(chart))
    shown = [_signal_view(signal, chart, may_explain) for signal in signals[:SIGNALS_SHOWN]]
    wanted = [s for s in signals if s.present and s.cause_state == CauseState.WANTED]
    recent = _recent(wanted, result.n_points if result else 0)
    problem = bool(result and result.content.get("problem"))
    fresh = freshness(chart)
    context = {
        "chart": chart,
        "result": result,
        "problem": problem,
        "freshness": fresh,
        "opened_waiting": fresh.is_waiting,
        "seen": versions(chart),
        "state": _state(chart),
        "facts": _facts(chart),
        "finding": finding(chart, result, recent) if result else "",
        "signals": shown,
        "more_signals": len(signals) - len(shown),
        "n_signals": len(signals),
        "n_wanted": len(wanted),
        "first_wanted": recent[0] if recent else None,
        "done_about": [s for s in signals if s.assigned_to_id or s.explained_at][:5],
        "capability": capability_card(chart) if result and not problem else None,
        "uses": uses_of(chart, person_of(request)),
        "level_tables": level_tables(chart) if result and not problem else [],
        "variables": variable_rows(chart) if result and not problem else [],
        "warnings": _warnings(chart),
        "may_explain": may_explain,
        "may_settle": may_settle,
        "may_import": policies.may(request.user, Action.IMPORT_DATA, chart.characteristic),
        "may_annotate": may_explain,
        "sampling": sampling_of(chart.characteristic),
    } | _history(chart)
    return render(request, "charts/detail.html", context)


def _recent(wanted: list[Signal], n_points: int) -> list[Signal]:
    return [signal for signal in wanted if signal.last >= n_points - RECENT_POINTS]


def _state(chart: ControlChart) -> dict[str, str]:
    """The badge of the head: the most urgent thing that can be said."""
    fresh = freshness(chart)
    if fresh.state == "failed":
        return {"state": "blocked", "text": _("Not computed")}
    result = getattr(chart, "result", None)
    if result is None:
        return {"state": "waiting", "text": _("Being computed")}
    if result.state == ChartState.SIGNAL:
        return {"state": "signal", "text": _("Signal, cause wanted")}
    sampling = sampling_of(chart.characteristic)
    if sampling is not None and sampling.is_overdue:
        return {"state": "warning", "text": str(ChartState.LATE.label)}
    state = ChartState(result.state)
    return {"state": BADGE_COLOURS[state], "text": str(state.label)}


def _facts(chart: ControlChart) -> dict[str, str]:
    result = getattr(chart, "result", None)
    phases = result.content.get("phases", []) if result else []
    newest = phases[-1] if phases else None
    facts = {
        "kind": chart.get_kind_display(),
        "size": _size(chart),
        "rules": rules_in_words(chart.rules),
        "limits": _("version %(n)d") % {"n": chart.settings_version},
        "limits_since": "",
        "data": "",
        "data_to": "",
    }
    if newest and newest["since"] is not None:
        facts["limits_since"] = _("since %(date)s") % {"date": day(moment(newest["since"]))}
    if result is not None and result.n_points:
        facts["data"] = _counted(chart, result.n_points)
        last = result.summary.get("time")
        if last is not None:
            facts["data_to"] = _("to %(date)s") % {"date": day(moment(last))}
    return facts


def _size(chart: ControlChart) -> str:
    characteristic = chart.characteristic
    grouped = chart.kind in SUBGROUP_KINDS or chart.kind == ChartKind.T2
    by_time = characteristic.subgrouping == Subgrouping.WINDOW and chart.kind in SUMMED_KINDS
    if characteristic.subgrouping == Subgrouping.COLUMN or not (grouped or by_time):
        return ""
    if characteristic.subgrouping == Subgrouping.INDIVIDUALS:
        return ""
    return characteristic.subgroups_in_words


def _counted(chart: ControlChart, n: int) -> str:
    if chart.kind in SUBGROUP_KINDS:
        return ngettext("%(count)s subgroup", "%(count)s subgroups", n) % {"count": number(n)}
    return ngettext("%(count)s point", "%(count)s points", n) % {"count": number(n)}


def _warnings(chart: ControlChart) -> list[str]:
    result = getattr(chart, "result", None)
    found = result.content.get("warnings", []) if result else []
    return [statistics_sentence(warning) for warning in found]


# --- Signals ----------------------------------------------------------------------------------


def _signal_view(signal: Signal, chart: ControlChart, may_explain: bool) -> SignalView:
    wanted = signal.present and signal.cause_state == CauseState.WANTED
    version = {"version": signal.version}
    prefix = f"s{signal.pk}"
    return SignalView(
        signal=signal,
        title=signal_sentence(signal),
        meta=_meta(signal, chart),
        story=signal_story(signal, chart),
        kind="run" if signal.details.get("run") else "limit",
        left_out=not signal.present,
        wanted=wanted,
        grown=signal.last_sequence > signal.details.get("explained_through", signal.last_sequence),
        assign=AssignForm(
            initial=version | {"person": signal.assigned_to_id, "due": signal.due},
            auto_id=f"{prefix}_%s",
        )
        if wanted and may_explain
        else None,
        explain=ExplainForm(initial=version, auto_id=f"{prefix}_%s")
        if wanted and may_explain
        else None,
    )


def _meta(signal: Signal, chart: ControlChart) -> str:
    parts = [rule_name(signal.rule), _span(signal)]
    parts.append(verdict_in_words(verdict(signal, chart.characteristic.direction)))
    return " · ".join(part for part in parts if part)


def _span(signal: Signal) -> str:
    """From when to when, or the numbers of the points."""
    if signal.started_at and signal.ended_at:
        first, last = day(signal.started_at), day(signal.ended_at)
        if first == last:
            return first
        return _("%(first)s to %(last)s") % {"first": first, "last": last}
    if signal.first == signal.last:
        return _("point %(n)d") % {"n": signal.last + 1}
    return _("points %(first)d to %(last)d") % {"first": signal.first + 1, "last": signal.last + 1}


@require_safe
def signals(request: HttpRequest, pk: int) -> HttpResponse:
    """Every signal of a chart, in pages."""
    chart = chart_for(request, pk)
    query = QueryForm.read(request)
    may_explain = policies.may(request.user, Action.EXPLAIN_SIGNAL, chart.characteristic)
    page = page_of(listed_signals(chart), query["page"], per_page=25)
    rows = [_signal_view(signal, chart, may_explain) for signal in page]
    context = {"chart": chart, "page": page, "signals": rows}
    return render(request, "charts/signals.html", context)


# --- Data, status, history ----------------------------------------------------------------------


@require_safe
def data(request: HttpRequest, pk: int) -> JsonResponse:
    """What the interactive chart draws."""
    query = WindowQuery.read(request)
    window = Window(start=query["from"], stop=query["to"], width=query["width"] or 1_000)
    response = JsonResponse(payload(chart_for(request, pk), window))
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
def status(request: HttpRequest, pk: int) -> HttpResponse:
    """How fresh the chart is.

    A page that was opened while the chart was recomputed loads again when it is done. A page
    that was opened before new data came in only says so: someone may be writing on it.
    """
    query = StatusQuery.read(request)
    chart = chart_for(request, pk)
    fresh, now = freshness(chart), versions(chart)
    if query["waiting"] and not fresh.is_waiting:
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    if fresh.is_current and now == query["seen"]:
        return HttpResponse(status=204)
    context = {
        "chart": chart,
        "freshness": fresh,
        "seen": query["seen"],
        "opened_waiting": query["waiting"],
        "newer": fresh.is_current and now != query["seen"],
    }
    return render(request, "charts/parts/status.html", context)


def versions(chart: ControlChart) -> str:
    """The pair of versions of the stored result, as the page was drawn from it."""
    result = getattr(chart, "result", None)
    return f"{result.data_version}.{result.settings_version}" if result else "0.0"


@require_safe
def history(request: HttpRequest, pk: int) -> HttpResponse:
    chart = chart_for(request, pk)
    query = QueryForm.read(request)
    page = page_of(history_of(chart.characteristic), query["page"], per_page=50)
    context = {"chart": chart, "page": page, "entries": _told(page)}
    return render(request, "charts/history.html", context)


def _history(chart: ControlChart) -> dict[str, Any]:
    entries = history_of(chart.characteristic)
    total = entries.count()
    return {"entries": _told(entries[:HISTORY_SHOWN]), "n_entries": total}


def _told(entries: Any) -> list[dict[str, Any]]:
    return [
        {"at": entry.at, "icon": icon_of(entry), "sentence": sentence_of(entry)}
        for entry in entries
    ]
