"""Search over what a person may see."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.accounts.views.settings import person
from apps.portfolio.forms import SearchQuery
from apps.portfolio.selectors import find


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    words = SearchQuery.read(request)["q"].strip()
    groups = find(person(request), words) if words else []
    context = {"words": words, "groups": groups, "found": sum(group.total for group in groups)}
    return render(request, "portfolio/search.html", context)
