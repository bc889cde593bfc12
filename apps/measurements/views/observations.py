"""Correcting one observation."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.policies import Action, require
from apps.common.errors import Conflict, Refused
from apps.measurements import services
from apps.measurements.forms import CorrectionForm
from apps.measurements.selectors import changes_of, counted
from apps.measurements.views.fetching import characteristic_for, conflict, person, posted


@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, pk: int, sequence: int) -> HttpResponse:
    user = person(request)
    characteristic = characteristic_for(request, pk)
    require(user, Action.EDIT_CHARACTERISTIC, characteristic)
    stored = counted(characteristic).filter(sequence=sequence).first()
    if stored is None:
        raise Http404
    form = CorrectionForm(posted(request), characteristic=characteristic, stored=stored)
    if request.method == "POST" and form.is_valid():
        try:
            services.correct_observation(
                actor=user,
                characteristic=characteristic,
                sequence=sequence,
                **form.as_arguments(),
            )
        except Conflict as error:
            return conflict(request, error, back=request.path, typed=form.cleaned_data["reason"])
        except services.TimeTaken as error:
            form.offer_both(str(error))
        except Refused as error:
            form.add_error("value", str(error))
        else:
            messages.success(request, _("Corrected. The value before stays on record."))
            return redirect("measurements:detail", pk)
    context = {
        "form": form,
        "characteristic": characteristic,
        "stored": stored,
        "corrections": [
            {"correction": one, "changes": changes_of(one)}
            for one in characteristic.corrections.filter(sequence=sequence).select_related(
                "corrected_by", "characteristic"
            )
        ],
    }
    return render(request, "measurements/correct.html", context)
