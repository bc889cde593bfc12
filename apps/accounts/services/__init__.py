"""What people change about themselves."""

from apps.accounts.services.preferences import set_language, set_theme, update_profile

__all__ = ["set_language", "set_theme", "update_profile"]
