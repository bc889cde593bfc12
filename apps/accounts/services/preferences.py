"""A person's own name, language, theme and time zone."""

from __future__ import annotations

from apps.accounts.models import User


def update_profile(*, user: User, name: str, language: str, theme: str, time_zone: str) -> None:
    user.name, user.language, user.theme, user.time_zone = name, language, theme, time_zone
    user.save(update_fields=["name", "language", "theme", "time_zone", "updated_at"])


def set_language(*, user: User, language: str) -> None:
    user.language = language
    user.save(update_fields=["language", "updated_at"])


def set_theme(*, user: User, theme: str) -> None:
    user.theme = theme
    user.save(update_fields=["theme", "updated_at"])
