"""How every page of measurements gets its record, and what it does with a refusal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.policies import fetch
from apps.common.errors import Conflict, Refused
from apps.measurements.models import Characteristic, Import


def person(request: HttpRequest) -> User:
    """The person signed in; the middleware has turned everyone else away."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("a page for signed-in people was reached by someone else")
    return user


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent with a POST, even if it is nothing; None lets a form start empty."""
    return request.POST if request.method == "POST" else None


def characteristic_for(request: HttpRequest, pk: int) -> Characteristic:
    records = Characteristic.objects.select_related("team", "owner")
    found: Characteristic = fetch(records, person(request), pk=pk)
    return found


def import_for(request: HttpRequest, pk: int) -> Import:
    records = Import.objects.select_related(
        "characteristic__team", "characteristic__owner", "uploaded_by", "confirmed_by"
    )
    found: Import = fetch(records, person(request), pk=pk)
    return found


def chart_url(characteristic: Characteristic) -> str:
    """The chart of a characteristic; charts live above, so they are known by name only."""
    return reverse("charts:for_characteristic", args=[characteristic.pk])


def refused(request: HttpRequest, error: Refused, back: str) -> HttpResponse:
    """Say why nothing was changed: on the page the person came from, or as a conflict."""
    if isinstance(error, Conflict):
        return conflict(request, error, back=back)
    messages.error(request, str(error))
    return redirect(back)


def conflict(request: HttpRequest, error: Conflict, *, back: str, typed: Any = "") -> HttpResponse:
    context = {"message": str(error), "back_url": back, "typed": typed}
    return render(request, "409.html", context, status=409)
