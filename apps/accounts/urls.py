"""A person's own settings."""

from __future__ import annotations

from django.urls import path

from apps.accounts.views import settings

app_name = "accounts"
urlpatterns = [
    path("", settings.profile, name="settings"),
    path("theme/", settings.set_theme, name="theme"),
]
