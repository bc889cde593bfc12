"""Adding and changing what is measured, and its page of data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.policies import Action, may, require
from apps.audit.selectors import history_of
from apps.audit.sentences import icon_of, sentence_of
from apps.common.errors import Conflict, Refused
from apps.measurements import services
from apps.measurements.choices import COUNTED_TYPES
from apps.measurements.forms import (
    CharacteristicForm,
    FactorForm,
    LimitsForm,
    NewCharacteristicForm,
    PageForm,
    ReasonForm,
    zone_suggestions,
)
from apps.measurements.models import Characteristic
from apps.measurements.newest import plan_of, sampling_of
from apps.measurements.selectors import counted, looked_for, specification_in_force
from apps.measurements.views.fetching import (
    characteristic_for,
    chart_url,
    conflict,
    person,
    posted,
    refused,
)

ROWS_ON_PAGE = 50
HISTORY = 20


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    user = person(request)
    require(user, Action.CREATE_CHARACTERISTIC)
    form = NewCharacteristicForm(posted(request), user=user)
    if request.method == "POST" and form.is_valid():
        wanted = {name: value for name, value in form.cleaned_data.items() if name != "version"}
        try:
            made = services.create_characteristic(actor=user, **wanted)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, _("%(name)s is added. Import its data next.") % {"name": made.name}
            )
            return redirect("measurements:import", made.pk)
    context = {"form": form, "zones": zone_suggestions()} | hints()
    return render(request, "measurements/create.html", context)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    characteristic = characteristic_for(request, pk)
    require(user, Action.EDIT_CHARACTERISTIC, characteristic)
    form = CharacteristicForm(
        posted(request),
        instance=Characteristic.objects.get(pk=pk),
        user=user,
        initial={"version": characteristic.version},
    )
    if request.method == "POST" and form.is_valid():
        changes = {name: value for name, value in form.cleaned_data.items() if name != "version"}
        try:
            services.update_characteristic(
                actor=user,
                characteristic=characteristic,
                version=form.cleaned_data["version"] or 0,
                **changes,
            )
        except Conflict as error:
            typed = "\n".join(str(value) for value in changes.values() if isinstance(value, str))
            return conflict(request, error, back=request.path, typed=typed)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("measurements:detail", pk)
    context = {
        "form": form,
        "characteristic": characteristic,
        "zones": zone_suggestions(),
        "fixed_kind": characteristic.next_sequence > 1,
    } | hints()
    return render(request, "measurements/edit.html", context)


@require_http_methods(["GET", "POST"])
def rename_factor(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    characteristic = characteristic_for(request, pk)
    require(user, Action.EDIT_CHARACTERISTIC, characteristic)
    form = FactorForm(posted(request), characteristic=characteristic)
    if request.method == "POST" and form.is_valid():
        try:
            services.rename_factor(actor=user, characteristic=characteristic, **form.cleaned_data)
        except Conflict as error:
            return conflict(request, error, back=request.path, typed=form.cleaned_data["name"])
        except Refused as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("Renamed. The observations keep their values."))
            return redirect("measurements:detail", pk)
    context = {"form": form, "characteristic": characteristic}
    return render(request, "measurements/rename_factor.html", context)


def hints() -> dict[str, dict[str, str]]:
    """A second line for each kind of data and of subgroups, in the reader's language."""
    return {
        "type_hints": {
            "variable": _("A number with a unit: minutes, millimetres, degrees."),
            "defectives": _("So many of so many units did not pass."),
            "defects": _("So many faults on a unit, an area, a period."),
            "between": _("For what seldom happens: days between falls, cases between errors."),
            "several": _("Variables that hang together: temperature, pressure and flow."),
        },
        "subgroup_hints": {
            "individuals": _("Each value is a point."),
            "fixed": _("Five in a row, four in a row."),
            "column": _("A column says which values belong together: batch, sample, day."),
            "window": _(
                "Each hour, day, week or month is one point, in the time zone of the data."
            ),
        },
    }


@require_http_methods(["GET", "POST"])
def limits(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    characteristic = characteristic_for(request, pk)
    require(user, Action.EDIT_CHARACTERISTIC, characteristic)
    present = specification_in_force(characteristic)
    initial = {"lsl": present.lsl, "target": present.target, "usl": present.usl} if present else {}
    form = LimitsForm(
        posted(request),
        initial=initial,
        changing=characteristic.specification_limits.exists(),
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.set_specification_limits(
                actor=user, characteristic=characteristic, **form.cleaned_data
            )
        except Refused as error:
            form.add_error("reason" if not form.cleaned_data["reason"] else None, str(error))
        else:
            messages.success(request, _("The specification limits are set."))
            return redirect("measurements:detail", pk)
    context = {
        "form": form,
        "characteristic": characteristic,
        "history": characteristic.specification_limits.select_related("set_by"),
        "present": present,
    }
    return render(request, "measurements/limits.html", context)


@require_http_methods(["GET", "POST"])
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    words = {
        "heading": _("Archive the characteristic"),
        "text": _("It takes no more observations. Its data, charts and history stay readable."),
        "button": _("Archive"),
        "tone": "danger",
    }
    done = _("Archived. Its data and charts stay readable.")
    return _with_reason(request, pk, services.archive_characteristic, words, done)


@require_http_methods(["GET", "POST"])
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    words = {
        "heading": _("Take the characteristic into use again"),
        "text": _(
            "It stands in the lists again and takes observations."
            " Its data, charts and history are as they were."
        ),
        "button": _("Take into use"),
        "tone": "primary",
    }
    done = _("It is in use again and takes observations.")
    return _with_reason(request, pk, services.restore_characteristic, words, done)


def _with_reason(
    request: HttpRequest,
    pk: int,
    service: Callable[..., object],
    words: dict[str, str],
    done: str,
) -> HttpResponse:
    """Take a characteristic out of use or into it, for a reason."""
    user = person(request)
    characteristic = characteristic_for(request, pk)
    require(user, Action.EDIT_CHARACTERISTIC, characteristic)
    form = ReasonForm(posted(request), initial={"version": characteristic.version})
    if request.method == "POST" and form.is_valid():
        try:
            service(actor=user, characteristic=characteristic, **form.cleaned_data)
        except Refused as error:
            return refused(request, error, request.path)
        messages.success(request, done)
        return redirect("measurements:detail", pk)
    context = {"form": form, "characteristic": characteristic} | words
    return render(request, "measurements/act.html", context)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the data of a characteristic came from, what it is, and who changed it."""
    user = person(request)
    characteristic = characteristic_for(request, pk)
    query = PageForm(request.GET)
    if not query.is_valid():
        raise BadRequest("page")
    filtered = bool(query.cleaned_data["q"] or query.cleaned_data["shown"])
    rows = looked_for(
        characteristic, query.cleaned_data["q"], query.cleaned_data["shown"]
    ).order_by("-sequence")
    if characteristic.factors:
        rows = rows.select_related("stratum")
    page = Paginator(rows, ROWS_ON_PAGE).get_page(query.cleaned_data["page"] or 1)
    context: dict[str, Any] = {
        "characteristic": characteristic,
        "limits": specification_in_force(characteristic),
        "specifications": characteristic.specification_limits.select_related("set_by"),
        "with_size": characteristic.data_type in COUNTED_TYPES,
        "chart_url": chart_url(characteristic),
        "page_obj": page,
        "filtered": filtered,
        "total": counted(characteristic).count() if filtered else page.paginator.count,
        "shown_options": [("corrected", _("Corrected values"))],
        "plan": plan_of(characteristic),
        "sampling": sampling_of(characteristic),
        "imports": characteristic.imports.select_related("uploaded_by")[:ROWS_ON_PAGE],
        "corrected": set(
            characteristic.corrections.filter(
                sequence__in=[row.sequence for row in page]
            ).values_list("sequence", flat=True)
        ),
        "history": [
            (entry, sentence_of(entry), icon_of(entry))
            for entry in history_of(characteristic)[:HISTORY]
        ],
        "may_edit": may(user, Action.EDIT_CHARACTERISTIC, characteristic),
        "may_import": may(user, Action.IMPORT_DATA, characteristic)
        and characteristic.archived_at is None,
    }
    return render(request, "measurements/detail.html", context)
