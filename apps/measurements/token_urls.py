"""API tokens, among a person's settings."""

from __future__ import annotations

from django.urls import path

from apps.measurements.views import tokens

app_name = "tokens"
urlpatterns = [
    path("", tokens.own, name="list"),
    path("everyone/", tokens.everyones, name="everyone"),
    path("new/", tokens.create, name="create"),
    path("<int:pk>/revoke/", tokens.revoke, name="revoke"),
]
