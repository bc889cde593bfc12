"""Making and revoking API tokens."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.choices import TokenReach
from apps.accounts.models import ApiToken, Team, User
from apps.accounts.tokens import MARK, digest, seen_by
from apps.audit.services import record
from apps.common.errors import Refused

LONGEST_DAYS = 365
MOST_LIVE_TOKENS = 50
PREFIX_LENGTH = len(MARK) + 6


def create_token(
    *,
    actor: User,
    name: str,
    may_write: bool,
    reach: str,
    days: int,
    team: Team | None = None,
    details: dict[str, Any] | None = None,
) -> tuple[ApiToken, str]:
    """A new token of one's own, and its secret: the only time that anybody sees it."""
    if not actor.is_active:
        raise PermissionDenied
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused(_("A token is valid for 1 to %(most)s days.") % {"most": LONGEST_DAYS})
    if (reach == TokenReach.TEAM) != (team is not None):
        raise Refused(_("Choose the team that the token reaches."))
    now = timezone.now()
    secret = MARK + secrets.token_urlsafe(32)
    with transaction.atomic():
        # Held until the commit, so that two requests at once do not pass the count together.
        User.objects.select_for_update().get(pk=actor.pk)
        if ApiToken.objects.filter(owner=actor).live(now).count() >= MOST_LIVE_TOKENS:
            raise Refused(
                _("You have %(most)s tokens in use. Revoke one that you no longer need.")
                % {"most": MOST_LIVE_TOKENS}
            )
        token = ApiToken.objects.create(
            owner=actor,
            name=name,
            prefix=secret[:PREFIX_LENGTH],
            digest=digest(secret),
            may_write=may_write,
            reach=reach,
            team=team,
            expires_at=now + dt.timedelta(days=days),
        )
        record(
            actor=actor,
            verb="token.created",
            target=token,
            subject=actor,
            details={
                "prefix": token.prefix,
                "may_write": may_write,
                "reach": reach,
                "team": str(team) if team else "",
                "until": token.expires_at.date().isoformat(),
                **(details or {}),
            },
        )
    return token, secret


def revoke_token(*, actor: User, token: ApiToken) -> None:
    """It opens nothing from now on. Revoking twice changes nothing more."""
    with transaction.atomic():
        present = ApiToken.objects.select_for_update().get(pk=token.pk)
        if not seen_by(actor).filter(pk=present.pk).exists():
            raise PermissionDenied
        if present.revoked_at is not None:
            return
        present.revoked_at, present.revoked_by = timezone.now(), actor
        present.save(update_fields=["revoked_at", "revoked_by", "updated_at"])
        record(
            actor=actor,
            verb="token.revoked",
            target=present,
            subject=present.owner,
            details={"prefix": present.prefix, "owner": present.owner.name},
        )
