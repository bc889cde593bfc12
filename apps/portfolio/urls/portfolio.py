"""Search: what reads across the apps."""

from __future__ import annotations

from django.urls import path

from apps.portfolio.views import search

app_name = "portfolio"
urlpatterns = [path("search/", search.search, name="search")]
