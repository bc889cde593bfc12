"""Help: the words of the field, and how to read a control chart."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from apps.portfolio.forms import SearchQuery
from apps.portfolio.glossary import by_category, search_terms


@require_safe
def glossary(request: HttpRequest) -> HttpResponse:
    words = SearchQuery.read(request)["q"].strip()
    terms = search_terms(words)
    context = {
        "words": words,
        "groups": by_category(terms),
        "found": len(terms),
        "language": get_language(),
    }
    return render(request, "portfolio/glossary.html", context)


@require_safe
def reading_charts(request: HttpRequest) -> HttpResponse:
    return render(request, "portfolio/reading_charts.html")
