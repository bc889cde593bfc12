"""Reference data for administrators: people, teams, roles. Every change stands in the trail."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.accounts.models import RoleAssignment, Team, User
from apps.accounts.policies import manages_people
from apps.audit.services import record

admin.site.site_header = _("Improve: reference data")
admin.site.site_title = "Improve"
admin.site.index_title = _("People, teams and roles")
# Signing in goes through our own page, so that its limits and the second step hold here too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# What allauth and Django offer to edit by hand and this house does not use.
for model in (Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)


class ReadOnlyAdmin(admin.ModelAdmin):
    """Administrators look governed records up here; changes go through the services."""

    actions = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        return manages_people(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return manages_people(request.user)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ForAdministrators:
    """Open to administrators of the whole organisation, and written into the trail."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return manages_people(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return manages_people(request.user)

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        _write(request, obj, "added", message)
        return super().log_addition(request, obj, message)  # type: ignore[misc]  # the mixin stands before ModelAdmin

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        _write(request, obj, "edited", message)
        return super().log_change(request, obj, message)  # type: ignore[misc]  # the mixin stands before ModelAdmin

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for one in queryset:
            _write(request, one, "deleted", "")
        return super().log_deletions(request, queryset)  # type: ignore[misc]  # the mixin stands before ModelAdmin


@transaction.atomic
def _write(request: HttpRequest, obj: models.Model, act: str, message: Any) -> None:
    noun = "person" if isinstance(obj, User) else str(obj._meta.model_name)
    person = request.user if isinstance(request.user, User) else None
    record(actor=person, verb=f"{noun}.{act}", target=obj, details={"changes": message})


class PersonCreationForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")
        field_classes: dict[str, type[forms.Field]] = {}

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("Someone has this address already."))
        return email


class RoleInline(ForAdministrators, admin.StackedInline):
    """Stacked: there each field has its label; in Django's table the header alone names them."""

    model = RoleAssignment
    extra = 0
    fields = (("team", "role"),)


@admin.register(User)
class PersonAdmin(ForAdministrators, UserAdmin):
    add_form = PersonCreationForm
    ordering = ("name",)
    list_display = ("name", "email", "home_team", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "assignments__role", "home_team")
    search_fields = ("name", "email")
    filter_horizontal = ()
    readonly_fields = ("last_login", "created_at")
    inlines = (RoleInline,)
    fieldsets = (
        (None, {"fields": ("email", "name", "password", "home_team")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "last_login", "created_at")}),
        (_("Preferences"), {"fields": ("language", "theme", "time_zone")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),
    )
    actions = ("remove_second_step",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """History names people: they are disabled, never deleted."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A person's former address must neither sign in nor get a link for a new password."""
        obj.email = obj.email.lower()
        super().save_model(request, obj, form, change)
        EmailAddress.objects.filter(user=obj).exclude(email=obj.email).delete()

    @admin.action(description=_("Remove the second step (phone lost)"))
    def remove_second_step(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        people = list(queryset.filter(authenticator__isnull=False).distinct())
        with transaction.atomic():
            Authenticator.objects.filter(user__in=people).delete()
            for person in people:
                _write(request, person, "second_step_removed", "")
        said = ngettext(
            "The second step of %(count)d person was removed.",
            "The second step of %(count)d people was removed.",
            len(people),
        )
        messages.success(request, said % {"count": len(people)})


@admin.register(Team)
class TeamAdmin(ForAdministrators, admin.ModelAdmin):
    list_display = ("name", "parent")
    search_fields = ("name",)
    list_select_related = ("parent",)
    actions = None


admin.site.disable_action("delete_selected")
