"""Telling a person that one of their API tokens will end: two weeks before, and on the last day.

Found from the day on which it ends, so nothing can be missed: whoever was not told at the moment
is told by the next sweep. A notice that nobody has read is settled once the token has ended.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import ApiToken
from apps.accounts.tokens import ENDS_SOON, warning_due
from apps.notifications.models import Notification
from apps.notifications.services import notify, settle

KIND = "token.expires"


def tell_of_expiring(now: dt.datetime | None = None) -> int:
    """Tell who has not been told; settle what no longer holds. How many people were told."""
    moment = now or timezone.now()
    ending = ApiToken.objects.live(moment).filter(
        expires_at__lte=moment + ENDS_SOON, owner__is_active=True
    )
    due = {_event(token, days): token for token in ending if (days := warning_due(token, moment))}
    told = set(Notification.objects.filter(kind=KIND, key__in=due).values_list("key", flat=True))
    count = sum(_tell(token.pk, moment) for key, token in due.items() if key not in told)
    settle(kind=KIND, holding=due.keys())
    return count


def _event(token: ApiToken, days: int) -> str:
    return f"token:{token.pk}:expires:{days}"


def _tell(token_id: int, now: dt.datetime) -> int:
    with transaction.atomic():
        # It may be revoked at this moment: looked at again while no one else can change it.
        present = ApiToken.objects.live(now).select_for_update(of=("self",)).filter(pk=token_id)
        token = present.select_related("owner").first()
        days = None if token is None else warning_due(token, now)
        if token is None or days is None:
            return 0
        notices = notify(
            users=[token.owner],
            key=_event(token, days),
            kind=KIND,
            params={"target": str(token), "date": timezone.localdate(token.expires_at)},
            url=reverse("tokens:list"),
        )
    return len(notices)
