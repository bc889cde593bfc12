"""Control charts in the reference data: to be looked at, never changed past the services."""

from __future__ import annotations

from django.contrib import admin

from apps.accounts.admin import ReadOnlyAdmin
from apps.charts.models import ControlChart, Signal


@admin.register(ControlChart)
class ControlChartAdmin(ReadOnlyAdmin):
    list_display = ["characteristic", "kind", "settings_version", "attempts", "failure"]
    list_filter = ["kind"]
    search_fields = ["characteristic__name"]
    list_select_related = ["characteristic"]


@admin.register(Signal)
class SignalAdmin(ReadOnlyAdmin):
    list_display = ["chart", "rule", "point", "present", "cause_state", "assigned_to", "due"]
    list_filter = ["present", "cause_state", "rule"]
    list_select_related = ["chart__characteristic", "assigned_to"]
