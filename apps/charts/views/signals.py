"""What a person does about a signal, and notes on points."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts import policies
from apps.accounts.policies import Action
from apps.charts import services
from apps.charts.forms import AssignForm, ExplainForm, NoteForm
from apps.charts.models import Signal
from apps.charts.views.acting import act, chart_for, person_of, signal_to_explain
from apps.charts.views.settings import FORM_METHODS, asked_point, sequence_of
from apps.charts.wording.findings import full_stop
from apps.charts.wording.rules import signal_sentence


def _back(signal: Signal) -> str:
    return f"{reverse('charts:detail', args=[signal.chart_id])}#signal-{signal.pk}"


@require_http_methods(FORM_METHODS)
def signal_assign(request: HttpRequest, pk: int) -> HttpResponse:
    signal = signal_to_explain(request, pk)
    initial = {"version": signal.version, "person": signal.assigned_to_id, "due": signal.due}
    form = AssignForm(request.POST or None, initial=initial)
    page = {
        "heading": _("Assign the cause"),
        "text": full_stop(signal_sentence(signal)),
        "button": _("Assign"),
    }
    return act(
        request, chart=signal.chart, form=form, page=page,
        service=lambda sent: services.assign_signal(
            actor=person_of(request), signal=signal, **sent
        ),
        done=_("The signal was assigned."), back=_back(signal),
    )  # fmt: skip


@require_http_methods(FORM_METHODS)
def signal_explain(request: HttpRequest, pk: int) -> HttpResponse:
    signal = signal_to_explain(request, pk)
    initial = {"version": signal.version, "cause": signal.cause}
    form = ExplainForm(request.POST or None, initial=initial)
    page = {
        "heading": _("Explain the signal"),
        "text": full_stop(signal_sentence(signal)),
        "button": _("Save the cause"),
    }
    return act(
        request, chart=signal.chart, form=form, page=page,
        service=lambda sent: services.explain_signal(
            actor=person_of(request), signal=signal, **sent
        ),
        done=_("The cause was saved."), back=_back(signal),
    )  # fmt: skip


@require_http_methods(FORM_METHODS)
def point_annotate(request: HttpRequest, pk: int) -> HttpResponse:
    chart = chart_for(request, pk)
    policies.require(request.user, Action.EXPLAIN_SIGNAL, chart.characteristic)
    form = NoteForm(request.POST or None, initial=asked_point(request))

    def annotate(sent: dict[str, Any]) -> None:
        services.annotate_point(
            actor=person_of(request),
            chart=chart,
            sequence=sequence_of(chart, sent["point"]),
            text=sent["text"],
        )

    page = {
        "heading": _("Add a note"),
        "text": _("It shows on the chart with a letter."),
        "button": _("Add the note"),
    }
    return act(
        request, chart=chart, form=form, service=annotate, page=page,
        done=_("The note was added."), back=reverse("charts:detail", args=[chart.pk]),
    )  # fmt: skip
