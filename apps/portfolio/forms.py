"""What search and glossary may be asked."""

from __future__ import annotations

from django import forms

from apps.common.query import QueryForm


class SearchQuery(QueryForm):
    q = forms.CharField(max_length=100, required=False)
