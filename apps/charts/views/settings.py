"""How a chart is made: type, rules, estimator, phases, exclusions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from apps.charts import services
from apps.charts.choices import ChartKind, RuleSet
from apps.charts.display import display_of
from apps.charts.forms import FreezeForm, PhaseForm, PointForm, PointQuery, ReasonForm, SettingsForm
from apps.charts.models import ControlChart, Phase
from apps.charts.payload import point_label
from apps.charts.selectors import point_at, point_with
from apps.charts.views.acting import act, chart_to_settle, conflict_page, person_of
from apps.charts.wording.findings import moment
from apps.charts.wording.rules import FALSE_ALARMS, rule_in_words
from apps.common.errors import Conflict, Refused
from apps.stats import rule_set

FORM_METHODS = ["GET", "HEAD", "POST"]

KIND_HINTS = {
    ChartKind.I_MR.value: gettext_lazy("Single values and the range from one to the next"),
    ChartKind.XBAR_R.value: gettext_lazy("Means of small subgroups and their range"),
    ChartKind.XBAR_S.value: gettext_lazy("Means of subgroups and their standard deviation"),
    ChartKind.P.value: gettext_lazy("Share of defective units; samples may differ in size"),
    ChartKind.NP.value: gettext_lazy("Number of defective units in samples of one size"),
    ChartKind.C.value: gettext_lazy("Number of defects on units of one size"),
    ChartKind.U.value: gettext_lazy("Defects per unit; units may differ in size"),
    ChartKind.LANEY_P.value: gettext_lazy(
        "As p, for large samples whose shares vary more than chance would make them"
    ),
    ChartKind.LANEY_U.value: gettext_lazy(
        "As u, for large areas whose rates vary more than chance would make them"
    ),
    ChartKind.T.value: gettext_lazy("Time from one rare event to the next"),
    ChartKind.G.value: gettext_lazy("Units or whole days from one rare event to the next"),
    ChartKind.T2.value: gettext_lazy("Several variables judged together, with their correlation"),
}


@require_http_methods(FORM_METHODS)
def settings(request: HttpRequest, pk: int) -> HttpResponse:
    chart = chart_to_settle(request, pk)
    form = SettingsForm(
        request.POST or None,
        chart=chart,
        initial={
            "kind": chart.kind, "estimator": chart.estimator, "rules": chart.rules,
            "version": chart.version,
        },
    )  # fmt: skip
    back = reverse("charts:settings", args=[chart.pk])
    if request.method == "POST" and form.is_valid():
        try:
            services.change_settings(actor=person_of(request), chart=chart, **form.cleaned_data)
        except Conflict as conflict:
            return conflict_page(request, conflict, back=back, form=form)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The settings were saved. The chart is recomputed."))
            return redirect("charts:detail", chart.pk)
    context = {
        "chart": chart,
        "form": form,
        "rule_groups": _rule_groups(form, chart),
        "kind_hints": KIND_HINTS,
        "false_alarms": _false_alarms(chart),
        "phases": _phases(chart),
        "exclusions": _exclusions(chart),
    }
    return render(request, "charts/settings.html", context, status=422 if form.is_bound else 200)


def _rule_groups(form: SettingsForm, chart: ControlChart) -> list[dict[str, Any]]:
    """The rules by set, those of the sets in use unfolded."""
    chosen = set(form["rules"].value() or [])
    groups: list[dict[str, Any]] = []
    for name, label in RuleSet.choices:
        rules = [
            {
                "name": rule.name,
                "number": rule.number,
                "words": rule_in_words(rule),
                "chosen": rule.name in chosen,
                "false_alarms": FALSE_ALARMS.get((rule.key, rule.length)),
            }
            for rule in rule_set(name)
        ]
        groups.append(
            {"label": label, "rules": rules, "open": any(rule["chosen"] for rule in rules)}
        )
    known = {rule["name"] for group in groups for rule in group["rules"]}
    others = [
        {"name": name, "words": name, "chosen": name in chosen}
        for name in chart.rules
        if name not in known
    ]
    if others:
        groups.append({"label": _("Others"), "rules": others, "open": True})
    return groups


def _false_alarms(chart: ControlChart) -> float | None:
    """The share of stable processes of 100 points that these rules would call unstable."""
    result = getattr(chart, "result", None)
    return result.content.get("false_alarms") if result else None


def _phases(chart: ControlChart) -> list[dict[str, Any]]:
    """The phases as computed, each with the row that set it, and those that wait for data."""
    result = getattr(chart, "result", None)
    computed = result.content.get("phases", []) if result else []
    display = display_of(chart)
    stored = list(Phase.objects.filter(chart=chart).select_related("set_by"))
    rows, used = [], set()
    for number, found in enumerate(computed):
        row = next(
            (
                one
                for one in reversed(stored)
                if one.name == found["name"] and one.start_sequence <= found["sequence"]
            ),
            None,
        )
        if row is not None:
            used.add(row.pk)
        panel = found["panels"][0]
        rows.append(
            {
                "number": number,
                "row": row,
                "name": found["name"] or _("First phase"),
                "first": found["start"] + 1,
                "since": moment(found["since"]),
                "points": found["points"],
                "center": display.text(panel["center"]),
                "limits": display.limits(panel["lcl"], panel["ucl"]),
                "frozen": bool(row and row.frozen_limits),
            }
        )
    waiting = [one for one in stored if one.pk not in used]
    rows += [
        {"number": None, "row": one, "name": one.name, "first": None, "since": None, "points": 0}
        for one in waiting
    ]
    return rows


def _exclusions(chart: ControlChart) -> list[dict[str, Any]]:
    rows = []
    window = chart.characteristic.subgroup_window
    for exclusion in chart.exclusions.select_related("set_by").order_by("sequence"):
        point = point_with(chart, exclusion.sequence)
        rows.append(
            {
                "row": exclusion,
                "point": point.index + 1 if point else None,
                "label": point_label(point.time, point.label, window) if point else "",
            }
        )
    return rows


def asked_point(request: HttpRequest) -> dict[str, int]:
    """The point a link was opened for, as the form's first value."""
    if request.method == "POST":
        return {}
    point = PointQuery.read(request)["point"]
    return {"point": point} if point else {}


def sequence_of(chart: ControlChart, number: int) -> int:
    """The first observation of the point with that number, counted from 1."""
    point = point_at(chart, number - 1)
    if point is None:
        raise Refused(_("There is no point %(n)d.") % {"n": number})
    return point.sequence


@require_http_methods(FORM_METHODS)
def phase_start(request: HttpRequest, pk: int) -> HttpResponse:
    chart = chart_to_settle(request, pk)
    initial = {"version": chart.version} | asked_point(request)
    form = PhaseForm(request.POST or None, initial=initial)

    def start(sent: dict[str, Any]) -> None:
        services.start_phase(
            actor=person_of(request),
            chart=chart,
            start_sequence=sequence_of(chart, sent["point"]),
            name=sent["name"],
            reason=sent["reason"],
            baseline_to=sent["baseline"],
            version=sent["version"],
        )

    page = {
        "heading": _("Start a phase"),
        "text": _(
            "From this point on the chart gets limits of its own. Do so after a lasting change whose "
            "cause you know."
        ),
        "button": _("Start the phase"),
    }
    return act(
        request, chart=chart, form=form, service=start, page=page,
        done=_("The phase was started. The chart is recomputed."),
        back=reverse("charts:detail", args=[chart.pk]),
    )  # fmt: skip


@require_http_methods(FORM_METHODS)
def phase_remove(request: HttpRequest, pk: int, phase_pk: int) -> HttpResponse:
    chart = chart_to_settle(request, pk)
    phase = get_object_or_404(chart.phases, pk=phase_pk)
    form = ReasonForm(request.POST or None, initial={"version": chart.version})
    page = {
        "heading": _("Remove the phase %(name)s") % {"name": phase.name},
        "text": _("Its points go back to the phase before, and its limits are gone."),
        "button": _("Remove the phase"),
    }
    return act(
        request, chart=chart, form=form, page=page,
        service=lambda sent: services.remove_phase(actor=person_of(request), phase=phase, **sent),
        done=_("The phase was removed. The chart is recomputed."),
        back=reverse("charts:settings", args=[chart.pk]),
    )  # fmt: skip


@require_http_methods(FORM_METHODS)
def limits_freeze(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    chart = chart_to_settle(request, pk)
    form = FreezeForm(request.POST or None, initial={"version": chart.version, "number": number})
    page = {
        "heading": _("Freeze the limits"),
        "text": _("New points are then judged by today's limits, and no longer move them."),
        "button": _("Freeze the limits"),
    }
    return act(
        request, chart=chart, form=form, page=page,
        service=lambda sent: services.freeze_limits(actor=person_of(request), chart=chart, **sent),
        done=_("The limits are frozen. The chart is recomputed."),
        back=reverse("charts:settings", args=[chart.pk]),
    )  # fmt: skip


@require_http_methods(FORM_METHODS)
def limits_release(request: HttpRequest, pk: int, phase_pk: int) -> HttpResponse:
    chart = chart_to_settle(request, pk)
    phase = get_object_or_404(chart.phases, pk=phase_pk)
    form = ReasonForm(request.POST or None, initial={"version": chart.version})
    page = {
        "heading": _("Release the limits of %(name)s") % {"name": phase.name},
        "text": _("The limits are computed from the points of the phase again."),
        "button": _("Release the limits"),
    }
    return act(
        request, chart=chart, form=form, page=page,
        service=lambda sent: services.release_limits(actor=person_of(request), phase=phase, **sent),
        done=_("The limits are released. The chart is recomputed."),
        back=reverse("charts:settings", args=[chart.pk]),
    )  # fmt: skip


@require_http_methods(FORM_METHODS)
def point_exclude(request: HttpRequest, pk: int) -> HttpResponse:
    chart = chart_to_settle(request, pk)
    initial = {"version": chart.version} | asked_point(request)
    form = PointForm(request.POST or None, initial=initial)

    def exclude(sent: dict[str, Any]) -> None:
        services.exclude_point(
            actor=person_of(request),
            chart=chart,
            sequence=sequence_of(chart, sent["point"]),
            reason=sent["reason"],
            version=sent["version"],
        )

    page = {
        "heading": _("Leave a point out of the limits"),
        "text": _("It stays on the chart. Do so only when you know its cause."),
        "button": _("Leave the point out"),
    }
    return act(
        request, chart=chart, form=form, service=exclude, page=page,
        done=_("The point is left out. The chart is recomputed."),
        back=reverse("charts:detail", args=[chart.pk]),
    )  # fmt: skip


@require_http_methods(FORM_METHODS)
def point_include(request: HttpRequest, pk: int, exclusion_pk: int) -> HttpResponse:
    chart = chart_to_settle(request, pk)
    exclusion = get_object_or_404(chart.exclusions, pk=exclusion_pk)
    form = ReasonForm(request.POST or None, initial={"version": chart.version})
    page = {
        "heading": _("Take the point into the limits again"),
        "text": _("It was left out for this reason: %(reason)s") % {"reason": exclusion.reason},
        "button": _("Take the point in"),
    }
    return act(
        request, chart=chart, form=form, page=page,
        service=lambda sent: services.include_point(
            actor=person_of(request), exclusion=exclusion, **sent
        ),
        done=_("The point counts again. The chart is recomputed."),
        back=reverse("charts:settings", args=[chart.pk]),
    )  # fmt: skip
