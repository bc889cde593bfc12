"""Reference data of projects: methodologies may be edited until a project uses them.

Projects and their parts are shown and never changed here: every change has its own service.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin import ForAdministrators, ReadOnlyAdmin
from apps.projects.conditions import KINDS, params_problem
from apps.projects.models import (
    ConditionTemplate,
    Cycle,
    Deliverable,
    DeliverableTemplate,
    Methodology,
    Project,
    ProjectAction,
    SeatTemplate,
    Stage,
    StageTemplate,
    Waiver,
)


def methodology_of(obj: Any) -> Methodology | None:
    if isinstance(obj, Methodology):
        return obj
    return obj.methodology if isinstance(obj, StageTemplate) else None


class UntilUsed(ForAdministrators):
    """Open to administrators, until a project uses the version: then it stays as it is."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request) and not self._is_used(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and not self._is_used(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and not self._is_used(obj)

    @staticmethod
    def _is_used(obj: Any) -> bool:
        methodology = methodology_of(obj)
        return methodology is not None and methodology.projects.exists()


class ConditionTemplateForm(forms.ModelForm):
    kind = forms.ChoiceField(
        label=_("Kind"), choices=lambda: [(name, name) for name in sorted(KINDS)]
    )

    class Meta:
        model = ConditionTemplate
        fields = ("order", "key", "kind", "params", "blocking")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        problem = params_problem(cleaned.get("kind", ""), cleaned.get("params") or {})
        if problem:
            raise ValidationError({"params": problem})
        return cleaned


class StageInline(UntilUsed, admin.StackedInline):
    model = StageTemplate
    extra = 0
    fields = (("order", "key", "name"), "asks", ("has_gate", "days"))
    show_change_link = True


class DeliverableInline(UntilUsed, admin.StackedInline):
    model = DeliverableTemplate
    extra = 0


class ConditionInline(UntilUsed, admin.StackedInline):
    model = ConditionTemplate
    form = ConditionTemplateForm
    extra = 0


class SeatInline(UntilUsed, admin.StackedInline):
    model = SeatTemplate
    extra = 0


@admin.register(Methodology)
class MethodologyAdmin(UntilUsed, admin.ModelAdmin):
    list_display = ("name", "key", "version", "shape", "in_use")
    list_filter = ("in_use",)
    inlines = (StageInline,)
    actions = ("offer", "stop_offering")

    @admin.action(description=_("Offer for new initiatives"), permissions=["view"])
    def offer(self, request: HttpRequest, queryset: Any) -> None:
        self._set_offered(request, queryset, offered=True)

    @admin.action(description=_("No longer offer"), permissions=["view"])
    def stop_offering(self, request: HttpRequest, queryset: Any) -> None:
        self._set_offered(request, queryset, offered=False)

    def _set_offered(self, request: HttpRequest, queryset: Any, *, offered: bool) -> None:
        for methodology in queryset:
            methodology.in_use = offered
            methodology.save(update_fields=["in_use"])
            self.log_change(request, methodology, [{"changed": {"fields": ["in_use"]}}])


@admin.register(StageTemplate)
class StageTemplateAdmin(UntilUsed, admin.ModelAdmin):
    list_display = ("name", "methodology", "order", "has_gate")
    list_filter = ("methodology",)
    inlines = (DeliverableInline, ConditionInline, SeatInline)


@admin.register(Project)
class ProjectAdmin(ReadOnlyAdmin):
    list_display = ("code", "title", "team", "methodology", "owner", "sponsor", "state")
    list_filter = ("state", "methodology")
    search_fields = ("title", "number")


@admin.register(Stage)
class StageAdmin(ReadOnlyAdmin):
    list_display = ("project", "template", "cycle", "state", "started_at", "ended_at")
    list_filter = ("state",)


@admin.register(Deliverable)
class DeliverableAdmin(ReadOnlyAdmin):
    list_display = ("template", "stage", "state", "edited_by", "updated_at")
    list_filter = ("state",)


@admin.register(ProjectAction)
class ProjectActionAdmin(ReadOnlyAdmin):
    list_display = ("title", "project", "owner", "due", "state")
    list_filter = ("state",)


@admin.register(Cycle)
class CycleAdmin(ReadOnlyAdmin):
    list_display = ("project", "number", "tried", "predicted", "decision")


@admin.register(Waiver)
class WaiverAdmin(ReadOnlyAdmin):
    list_display = ("stage", "condition", "reason", "waived_by", "waived_at")
