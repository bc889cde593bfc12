"""URLs of the app."""

from __future__ import annotations

from django.urls import path

from apps.measurements.views import characteristics, imports, observations, sampling, sheet

app_name = "measurements"
urlpatterns = [
    path("new/", characteristics.create, name="create"),
    path("<int:pk>/", characteristics.detail, name="detail"),
    path("<int:pk>/edit/", characteristics.edit, name="edit"),
    path("<int:pk>/factors/rename/", characteristics.rename_factor, name="rename_factor"),
    path("<int:pk>/limits/", characteristics.limits, name="limits"),
    path("<int:pk>/archive/", characteristics.archive, name="archive"),
    path("<int:pk>/restore/", characteristics.restore, name="restore"),
    path("<int:pk>/sampling/", sampling.plan, name="sampling"),
    path("<int:pk>/sampling/end/", sampling.end, name="sampling_end"),
    path("<int:pk>/sheet/", sheet.sheet, name="sheet"),
    path("<int:pk>/observations/<int:sequence>/", observations.correct, name="correct"),
    path("<int:pk>/import/", imports.upload, name="import"),
    path("<int:pk>/profiles/<int:profile>/forget/", imports.forget, name="profile_forget"),
    path("imports/<int:pk>/", imports.detail, name="import_detail"),
    path("imports/<int:pk>/progress/", imports.progress, name="import_progress"),
    path("imports/<int:pk>/read/", imports.remap, name="import_remap"),
    path("imports/<int:pk>/confirm/", imports.confirm, name="import_confirm"),
    path("imports/<int:pk>/cancel/", imports.cancel, name="import_cancel"),
    path("imports/<int:pk>/reverse/", imports.reverse_, name="import_reverse"),
    path("imports/<int:pk>/refused/", imports.refused_rows, name="import_refused"),
]
