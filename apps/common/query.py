"""What a page may ask in its query string: a form with an allow-list, and pages of a list.

Anything else (a NUL byte, an unknown ordering, page=abc) is answered with 400, never with 500.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.core.paginator import Page, Paginator
from django.http import HttpRequest

MAX_PAGE = 100_000


class QueryForm(forms.Form):
    """Base of a page's query form; `page` is understood by each of them."""

    page = forms.IntegerField(min_value=1, max_value=MAX_PAGE, required=False)

    @classmethod
    def read(cls, request: HttpRequest) -> dict[str, Any]:
        """The values of the query string, cleaned; raises `BadRequest` where one is not allowed."""
        form = cls(request.GET)
        if not form.is_valid():
            raise BadRequest("; ".join(sorted(form.errors)))
        return form.cleaned_data


def page_of(rows: Any, number: int | None, *, per_page: int = 25) -> Page[Any]:
    """One page of a list; a page beyond the end is the last one."""
    return Paginator(rows, per_page).get_page(number or 1)
