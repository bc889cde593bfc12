"""Characteristics of each kind and imports into them, by the services alone."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from apps.measurements import importing, reading, services
from apps.measurements.models import Characteristic, Import
from tests.factories import Org


def make(org: Org, name: str, **more: Any) -> Characteristic:
    return services.create_characteristic(actor=org.lead, team=org.desk, name=name, **more)


def shaped(characteristic: Characteristic, **fields: Any) -> Characteristic:
    """With settings that this test needs, whatever form may offer them."""
    Characteristic.objects.filter(pk=characteristic.pk).update(**fields)
    characteristic.refresh_from_db()
    return characteristic


def fresh(import_: Import) -> Import:
    return Import.objects.get(pk=import_.pk)


def previewed(org: Org, thing: Characteristic, text: str, **more: Any) -> Import:
    made = services.receive_import(
        actor=org.member, characteristic=thing,
        file=SimpleUploadedFile("a.csv", text.encode()), **more,
    )  # fmt: skip
    assert reading.read(made.pk)
    return fresh(made)


def confirm(org: Org, import_: Import, **more: Any) -> Import:
    choices = {"accept_refused": True, "guesses_confirmed": True, "again": True, **more}
    return services.confirm_import(
        actor=org.member, import_=import_, version=import_.version, **choices
    )


def imported(org: Org, thing: Characteristic, text: str, **more: Any) -> Import:
    import_ = confirm(org, previewed(org, thing, text), **more)
    assert importing.import_rows(import_.pk)
    return fresh(import_)


def columns(**roles: str) -> dict[str, Any]:
    return {"columns": {index.removeprefix("c"): role for index, role in roles.items()}}
