"""URLs of control charts and their signals."""

from __future__ import annotations

from django.urls import path

from apps.charts.views import detail, downloads, provisional, settings, signals, wall

app_name = "charts"
urlpatterns = [
    path("", wall.wall, name="wall"),
    path("for/<int:pk>/", wall.for_characteristic, name="for_characteristic"),
    path("for/<int:pk>/provisional/", provisional.provisional, name="provisional"),
    path("<int:pk>/", detail.detail, name="detail"),
    path("<int:pk>/data/", detail.data, name="data"),
    path("<int:pk>/status/", detail.status, name="status"),
    path("<int:pk>/signals/", detail.signals, name="signals"),
    path("<int:pk>/history/", detail.history, name="history"),
    path("<int:pk>/table/", downloads.table, name="table"),
    path("<int:pk>/chart.png", downloads.png, name="png"),
    path("<int:pk>/chart.svg", downloads.svg, name="svg"),
    path("<int:pk>/values.csv", downloads.values, name="csv"),
    path("<int:pk>/settings/", settings.settings, name="settings"),
    path("<int:pk>/phases/start/", settings.phase_start, name="phase_start"),
    path("<int:pk>/phases/<int:phase_pk>/remove/", settings.phase_remove, name="phase_remove"),
    path("<int:pk>/phases/<int:phase_pk>/release/", settings.limits_release, name="limits_release"),
    path("<int:pk>/phases/<int:number>/freeze/", settings.limits_freeze, name="limits_freeze"),
    path("<int:pk>/points/exclude/", settings.point_exclude, name="point_exclude"),
    path(
        "<int:pk>/points/<int:exclusion_pk>/include/",
        settings.point_include,
        name="point_include",
    ),
    path("<int:pk>/points/annotate/", signals.point_annotate, name="point_annotate"),
    path("signals/<int:pk>/assign/", signals.signal_assign, name="signal_assign"),
    path("signals/<int:pk>/explain/", signals.signal_explain, name="signal_explain"),
]
