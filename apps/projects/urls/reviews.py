"""URLs of reviews: the gates that wait for a decision."""

from __future__ import annotations

from django.urls import path

from apps.projects.views import reviews

app_name = "reviews"
urlpatterns = [
    path("", reviews.review_list, name="list"),
    path("<int:pk>/", reviews.review, name="detail"),
    path("<int:pk>/decide/", reviews.decide, name="decide"),
    path("<int:pk>/delegate/", reviews.delegate, name="delegate"),
    path("<int:pk>/packet/", reviews.packet, name="packet"),
]
