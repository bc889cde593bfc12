"""The sampling plan of a characteristic."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.policies import Action, require
from apps.common.errors import Conflict, Refused
from apps.measurements import services
from apps.measurements.newest import plan_of, sampling_of
from apps.measurements.sampling_forms import EndPlanForm, SamplingForm
from apps.measurements.views.fetching import (
    characteristic_for,
    conflict,
    person,
    posted,
    refused,
)


@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    characteristic = characteristic_for(request, pk)
    require(user, Action.EDIT_CHARACTERISTIC, characteristic)
    present = plan_of(characteristic)
    initial: dict[str, object] = {"version": characteristic.version}
    if present is not None:
        initial |= {"every": present.every, "unit": present.unit, "size": present.size}
    elif characteristic.subgroup_size:
        initial["size"] = characteristic.subgroup_size
    form = SamplingForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_sampling_plan(
                actor=user, characteristic=characteristic, **form.cleaned_data
            )
        except Conflict as error:
            return conflict(request, error, back=request.path)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The sampling plan is set."))
            return redirect("measurements:detail", pk)
    context = {
        "form": form,
        "end_form": EndPlanForm(initial={"version": characteristic.version}, auto_id="end_%s"),
        "characteristic": characteristic,
        "plan": present,
        "sampling": sampling_of(characteristic),
    }
    return render(request, "measurements/sampling.html", context)


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    characteristic = characteristic_for(request, pk)
    require(user, Action.EDIT_CHARACTERISTIC, characteristic)
    form = EndPlanForm(request.POST)
    if not form.is_valid():
        raise BadRequest("version")
    try:
        services.end_sampling_plan(actor=user, characteristic=characteristic, **form.cleaned_data)
    except Refused as error:
        return refused(request, error, back=request.path.replace("end/", ""))
    messages.success(request, _("The sampling plan is ended."))
    return redirect("measurements:detail", pk)
