"""What people change about themselves."""

from apps.accounts.services.preferences import set_language, set_theme, update_profile
from apps.accounts.services.tokens import create_token, revoke_token

__all__ = ["create_token", "revoke_token", "set_language", "set_theme", "update_profile"]
