"""Every URL of Improve: each app's own, under one word each."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from apps.accounts.views.settings import set_language
from apps.portfolio import api
from apps.portfolio.views import home

urlpatterns = [
    path("", home.home, name="home"),
    path("accounts/", include("apps.accounts.sign_in_urls")),
    path("settings/tokens/", include("apps.measurements.token_urls")),
    path("settings/", include("apps.accounts.urls")),
    path("notifications/", include("apps.notifications.urls")),
    path("characteristics/", include("apps.measurements.urls")),
    path("charts/", include("apps.charts.urls")),
    path("projects/", include("apps.projects.urls.projects")),
    path("reviews/", include("apps.projects.urls.reviews")),
    path("portfolio/", include("apps.portfolio.urls.portfolio")),
    path("api/v1/", api.urls),
    path("help/", include("apps.portfolio.urls.help")),
    path("health/", include("apps.operations.urls")),
    path("language/", set_language, name="set_language"),
    path("reference/", admin.site.urls),
]
