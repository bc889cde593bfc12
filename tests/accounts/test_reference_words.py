"""The reference data shows no field under the name that it has in the code."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.test import RequestFactory
from django.utils.functional import Promise

from tests.factories import Org

pytestmark = pytest.mark.django_db


def _raw(model: type[Model], names: set[str]) -> list[str]:
    found = []
    for name in sorted(names):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        if not isinstance(field.verbose_name, Promise):
            found.append(f"{model.__name__}.{name}")
    return found


def test_every_field_that_is_shown_has_a_word_of_the_catalogue(
    org: Org, rf: RequestFactory
) -> None:
    request = rf.get("/reference/")
    request.user = org.administrator
    raw = []
    for model, shown in admin.site._registry.items():
        fields = flatten_fieldsets(shown.get_fieldsets(request))
        raw += _raw(model, {str(name) for name in (*shown.list_display, *fields)})
        for inline in shown.get_inline_instances(request):
            raw += _raw(inline.model, set(flatten_fieldsets(inline.get_fieldsets(request))))
    assert raw == []
