"""Settings that every part must have alike, told through the database.

Two workers with different time zones would read the same file differently; so whoever prepares
the database writes these down, and a worker that was not told otherwise takes them from there.
"""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from apps.operations.models import SharedSetting

SHARED = (
    "TIME_ZONE",
    "LANGUAGE_CODE",
    "SITE_URL",
    "DEFAULT_FROM_EMAIL",
    "IMPORT_MAX_BYTES",
    "IMPORT_MAX_UNPACKED_BYTES",
    "IMPORT_MAX_ROWS",
    "IMPORT_MAX_COLUMNS",
    "IMPORT_MAX_CELL",
    "IMPORT_MAX_MEMORY_BYTES",
    "IMPORT_MAX_SECONDS",
    "ATTACHMENT_MAX_BYTES",
)
"""Names of environment variables and of the settings they make. None is a secret."""


def share_settings() -> None:
    """Write down what this process was told, for those that are told nothing."""
    told = {name: str(getattr(settings, name)) for name in SHARED}
    if dict(SharedSetting.objects.values_list("name", "value")) == told:
        return
    with transaction.atomic():
        SharedSetting.objects.all().delete()
        SharedSetting.objects.bulk_create(
            SharedSetting(name=name, value=value) for name, value in told.items()
        )


def shared_settings() -> dict[str, str]:
    """What was written down, by name of the environment variable."""
    return dict(SharedSetting.objects.filter(name__in=SHARED).values_list("name", "value"))
