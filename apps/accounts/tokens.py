"""Recognising an API token and counting its use."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.conf import settings
from django.db.models import Case, F, Q, Value, When

from apps.accounts.models import ApiToken, ApiTokenQuerySet, User
from apps.accounts.policies import manages_people

# Marks a secret as ours, for people and for programs that look for leaked secrets.
MARK = "imp_"
LONGEST = 200
# So many days before it ends the person is told, and told again.
WARNED_DAYS = (14, 1)
ENDS_SOON = dt.timedelta(days=max(WARNED_DAYS))


class TokenRefused(Exception):
    """`reason`: unknown, revoked, expired or inactive."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def recognised(secret: str, *, now: dt.datetime) -> ApiToken:
    """The token of a secret, if its person may still act."""
    if not secret.startswith(MARK) or len(secret) > LONGEST:
        raise TokenRefused("unknown")
    token = ApiToken.objects.select_related("owner", "team").filter(digest=digest(secret)).first()
    if token is None:
        raise TokenRefused("unknown")
    ended = token.ended(now)
    if ended:
        raise TokenRefused(ended)
    if not token.owner.is_active:
        raise TokenRefused("inactive")
    return token


def count_use(token: ApiToken, *, now: dt.datetime) -> int:
    """Note one use; 0, or the seconds to wait when this minute's are used up.

    One statement in the database: it counts right for any number of web processes and needs no
    broker. A request that is refused for its rate is not counted, so waiting helps.
    """
    minute = int(now.timestamp()) // 60
    spent = Q(minute=minute, uses_in_minute__gte=settings.API_REQUESTS_PER_MINUTE)
    counted = (
        ApiToken.objects.filter(pk=token.pk)
        .exclude(spent)
        .update(
            uses_in_minute=Case(
                When(minute=minute, then=F("uses_in_minute") + 1), default=Value(1)
            ),
            minute=minute,
            last_used_at=now,
        )
    )
    return 0 if counted else 60 - int(now.timestamp()) % 60


def warning_due(token: ApiToken, now: dt.datetime) -> int | None:
    """Which warning a living token has come to; None before the first of them.

    A token that was made for less has not come to it: its person has just said how long.
    """
    passed = [
        days
        for days in WARNED_DAYS
        if token.created_at < token.expires_at - dt.timedelta(days=days) <= now
    ]
    return min(passed, default=None)


def seen_by(user: User) -> ApiTokenQuerySet:
    """The tokens a person may look at and revoke: their own; an administrator, everyone's."""
    if manages_people(user):
        return ApiToken.objects.all()
    return ApiToken.objects.visible_to(user)
