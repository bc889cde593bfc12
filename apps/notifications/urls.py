"""What a person was told, and what they want by mail."""

from __future__ import annotations

from django.urls import path

from apps.notifications.views import notices, preferences

app_name = "notifications"
urlpatterns = [
    path("", notices.notices, name="list"),
    path("<int:pk>/open/", notices.open_notice, name="open"),
    path("<int:pk>/read/", notices.mark_read, name="read"),
    path("read/", notices.mark_all_read, name="read_all"),
    path("preferences/", preferences.preferences, name="preferences"),
]
