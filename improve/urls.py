"""Every URL of Improve: each app's own, under one word each."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from apps.portfolio.views import home

urlpatterns = [
    path("", home.home, name="home"),
    path("accounts/", include("allauth.urls")),
    path("settings/", include("apps.accounts.urls")),
    path("notifications/", include("apps.notifications.urls")),
    path("characteristics/", include("apps.measurements.urls")),
    path("charts/", include("apps.charts.urls")),
    path("projects/", include("apps.projects.urls.projects")),
    path("reviews/", include("apps.projects.urls.reviews")),
    path("portfolio/", include("apps.portfolio.urls")),
    path("health/", include("apps.operations.urls")),
    path("language/", login_not_required(set_language), name="set_language"),
    path("reference/", admin.site.urls),
]
