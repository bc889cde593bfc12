"""Who a program acts for: the bearer token of a request."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from apps.accounts.models import ApiToken
from apps.accounts.tokens import TokenRefused, count_use, recognised
from apps.common.problems import Problem


class TokenAuth(HttpBearer):
    """`Authorization: Bearer imp_…`; a session counts for nothing here, so no CSRF can."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        now = timezone.now()
        try:
            known = recognised(token.strip(), now=now)
        except TokenRefused as refusal:
            raise unauthorised(refusal.reason) from None
        wait = count_use(known, now=now)
        if wait:
            raise Problem(
                429,
                "too_many_requests",
                _("This token has used up its requests of this minute."),
                _(
                    "At most %(most)s requests a minute. Wait %(wait)s seconds; send more"
                    " observations in one batch."
                )
                % {"most": settings.API_REQUESTS_PER_MINUTE, "wait": wait},
                headers={"Retry-After": str(wait)},
            )
        return known


def unauthorised(reason: str) -> Problem:
    details = {
        "missing": _("Send the header “Authorization: Bearer” followed by the token."),
        "unknown": _("This token is not known. Check that it was copied as a whole."),
        "revoked": _("This token was revoked. Make a new one in your settings."),
        "expired": _("This token has expired. Make a new one in your settings."),
        "inactive": _("The person of this token is no longer active."),
    }
    challenge = "Bearer" if reason == "missing" else 'Bearer error="invalid_token"'
    return Problem(
        401,
        f"token_{reason}",
        _("The request bears no valid token."),
        details[reason],
        headers={"WWW-Authenticate": challenge},
    )


def token_of(request: HttpRequest) -> ApiToken:
    """The token of a request that passed `TokenAuth`."""
    # The framework sets `auth` on the request; Django's type does not know it.
    return cast(ApiToken, request.auth)  # type: ignore[attr-defined]  # set by the check of the token
