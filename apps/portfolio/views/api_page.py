"""The page that explains the API to people, with an example that runs."""

from __future__ import annotations

import json
import shlex

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.accounts.policies import fetch
from apps.common.query import QueryForm
from apps.measurements.api.examples import example_for
from apps.measurements.models import Characteristic
from apps.measurements.sweep import BATCHES_KEPT
from apps.portfolio.api_reference import kinds, operations, refusals


class ApiQuery(QueryForm):
    characteristic = forms.IntegerField(min_value=1, max_value=2**53, required=False)


EXAMPLE = {"value": 4.2, "time": "2026-11-23T08:05:00+08:00"}


@require_safe
def api_page(request: HttpRequest) -> HttpResponse:
    """For any characteristic, or for the one that is asked for: its address, items that fit it."""
    number = ApiQuery.read(request)["characteristic"]
    chosen, items = None, [EXAMPLE]
    if number is not None:
        records = Characteristic.objects.select_related("team")
        chosen = fetch(records, request.user, pk=number)
        items = example_for(chosen)["observations"][:1]
    context = {
        "chosen": chosen,
        "number": chosen.pk if chosen else 1,
        # A list of texts and numbers is written alike in JSON and in Python.
        "items": json.dumps(items, ensure_ascii=False),
        "quoted_body": shlex.quote(json.dumps({"observations": items}, ensure_ascii=False)),
        "body": json.dumps({"observations": items}, ensure_ascii=False),
        "address": request.build_absolute_uri(reverse("api:root")).rstrip("/"),
        "operations": operations(),
        "kinds": kinds(),
        "refusals": refusals(),
        "openapi_url": reverse("api:document"),
        "limits": {
            "items_text": f"{settings.API_MAX_ITEMS:,}",
            "bytes_text": f"{settings.API_MAX_BYTES:,}",
            "requests_text": f"{settings.API_REQUESTS_PER_MINUTE:,}",
            "days": BATCHES_KEPT.days,
        },
    }
    return render(request, "portfolio/api.html", context)
