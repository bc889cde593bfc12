"""No server runs on a missing or sample secret; commands that need no secret run without one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

SENTENCE = (
    "SECRET_KEY is missing or is the sample value. Set it to a long random string, for instance "
    "the output of: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'. "
    "To try Improve with example data instead, set IMPROVE_DEMO=1."
)


def require_secret() -> None:
    """Refuse to serve; called where a server begins (start, wsgi, asgi)."""
    if not settings.SECRET_KEY_GIVEN:
        raise ImproperlyConfigured(SENTENCE)


def check_secret(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """The same as a system check, so that migrate, runserver and their like refuse as well."""
    return [] if settings.SECRET_KEY_GIVEN else [Error(SENTENCE, id="operations.E001")]
