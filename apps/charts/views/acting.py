"""The frame of every act on a chart: a form, one service, and a page that says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.accounts import policies
from apps.accounts.models import User
from apps.accounts.policies import Action
from apps.charts.models import ControlChart, Signal
from apps.common.errors import Conflict, Refused


def person_of(request: HttpRequest) -> User:
    """The person signed in; the middleware lets nobody else get here."""
    if not isinstance(request.user, User):
        raise TypeError("these pages are for people who are signed in")
    return request.user


def chart_for(request: HttpRequest, pk: int) -> ControlChart:
    """The chart if the person may see it, with what its pages need."""
    charts = ControlChart.objects.select_related(
        "characteristic__team", "characteristic__owner", "result"
    ).defer("result__overview")
    found: ControlChart = policies.fetch(charts, request.user, pk=pk)
    return found


def chart_to_settle(request: HttpRequest, pk: int) -> ControlChart:
    """The chart if the person may change how it is made."""
    chart = chart_for(request, pk)
    policies.require(request.user, Action.SETTLE_CHART, chart.characteristic)
    return chart


def signal_to_explain(request: HttpRequest, pk: int) -> Signal:
    signals = Signal.objects.select_related("chart__characteristic__team")
    found: Signal = policies.fetch(signals, request.user, pk=pk)
    policies.require(request.user, Action.EXPLAIN_SIGNAL, found.chart.characteristic)
    return found


def act(
    request: HttpRequest,
    *,
    chart: ControlChart,
    form: forms.Form,
    service: Callable[[dict[str, Any]], object],
    page: dict[str, Any],
    done: str,
    back: str,
) -> HttpResponse:
    """Run the service on what was sent; show the form again with what was wrong.

    `page` holds heading, text and button of the page; `done` is said when it worked.
    """
    if request.method == "POST" and form.is_valid():
        try:
            service(form.cleaned_data)
        except Conflict as conflict:
            return conflict_page(request, conflict, back=back, form=form)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, done)
            return redirect(back)
    status = 422 if form.is_bound else 200
    context = {"chart": chart, "form": form, "back": back} | page
    return render(request, page.get("template", "charts/form.html"), context, status=status)


def conflict_page(
    request: HttpRequest, conflict: Conflict, *, back: str, form: forms.Form
) -> HttpResponse:
    typed = "\n".join(
        str(value)
        for name, value in form.cleaned_data.items()
        if isinstance(value, str) and name != "version"
    )
    context = {"message": str(conflict), "back_url": back, "typed": typed}
    return render(request, "409.html", context, status=409)
