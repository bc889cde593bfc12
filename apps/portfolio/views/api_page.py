"""The page that explains the API to people, with an example that runs."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.measurements.sweep import BATCHES_KEPT
from apps.portfolio.api_reference import REFUSALS, kinds, operations


@require_safe
def api_page(request: HttpRequest) -> HttpResponse:
    context = {
        "address": request.build_absolute_uri(reverse("api:root")).rstrip("/"),
        "operations": operations(),
        "kinds": kinds(),
        "refusals": REFUSALS,
        "openapi_url": reverse("api:document"),
        "limits": {
            "items_text": f"{settings.API_MAX_ITEMS:,}",
            "bytes_text": f"{settings.API_MAX_BYTES:,}",
            "requests_text": f"{settings.API_REQUESTS_PER_MINUTE:,}",
            "days": BATCHES_KEPT.days,
        },
    }
    return render(request, "portfolio/api.html", context)
