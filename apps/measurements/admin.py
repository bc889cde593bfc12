"""The reference data shows measurements; it changes none. Every change has its own service."""

from __future__ import annotations

from django.contrib import admin

from apps.accounts.admin import ReadOnlyAdmin
from apps.measurements.models import (
    Characteristic,
    Correction,
    Import,
    ImportProfile,
    SpecificationLimits,
)


@admin.register(Characteristic)
class CharacteristicAdmin(ReadOnlyAdmin):
    list_display = ("name", "team", "data_type", "data_version", "archived_at")
    search_fields = ("name", "code")


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    list_display = ("file_name", "characteristic", "state", "uploaded_by", "created_at")
    # What the machine keeps beside it (lease, place of the file, report as codes) is for no person.
    fields = (
        "file_name", "characteristic", "state", "uploaded_by", "confirmed_by", "committed_at",
        "attempts", "failure",
    )  # fmt: skip
    search_fields = ("file_name", "sha256")


@admin.register(SpecificationLimits)
class SpecificationLimitsAdmin(ReadOnlyAdmin):
    list_display = ("characteristic", "valid_from", "lsl", "target", "usl")


@admin.register(Correction)
class CorrectionAdmin(ReadOnlyAdmin):
    list_display = ("characteristic", "sequence", "value_before", "value_after", "corrected_at")
    exclude = ("observed_us_before", "observed_us_after")


@admin.register(ImportProfile)
class ImportProfileAdmin(ReadOnlyAdmin):
    list_display = ("name", "characteristic", "saved_by", "saved_at")
