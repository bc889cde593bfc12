"""What a person wants by mail."""

from __future__ import annotations

from collections.abc import Iterable

from apps.accounts.models import User
from apps.notifications.models import Preference


def set_preference(*, user: User, by_mail: bool, muted_kinds: Iterable[str]) -> Preference:
    preference, _created = Preference.objects.update_or_create(
        user=user, defaults={"by_mail": by_mail, "muted_kinds": sorted(set(muted_kinds))}
    )
    return preference
