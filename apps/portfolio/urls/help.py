"""Help and glossary."""

from __future__ import annotations

from django.urls import path

from apps.portfolio.views import api_page, glossary

app_name = "help"
urlpatterns = [
    path("", glossary.glossary, name="glossary"),
    path("charts/", glossary.reading_charts, name="charts"),
    path("api/", api_page.api_page, name="api"),
]
