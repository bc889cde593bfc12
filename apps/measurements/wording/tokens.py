"""What the list of API tokens says of one that ends soon."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import ApiToken
from apps.accounts.tokens import ENDS_SOON


def ends_soon(token: ApiToken, now: dt.datetime) -> str:
    """“Expires in 5 days”, by the calendar; empty while that is far off, or once it has ended."""
    if token.ended(now) or token.expires_at - now > ENDS_SOON:
        return ""
    days = (timezone.localdate(token.expires_at) - timezone.localdate(now)).days
    if days == 0:
        return _("Expires today")
    return ngettext("Expires in %(days)s day", "Expires in %(days)s days", days) % {"days": days}
