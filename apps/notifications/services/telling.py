"""Tell people of an event: rows in the transaction of the event, mail afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.common.after_commit import after_commit
from apps.notifications import sentences, tasks
from apps.notifications.models import Mail, Notification, Preference


@transaction.atomic
def notify(
    *, users: Iterable[User], key: str, kind: str, params: Mapping[str, Any], url: str
) -> list[Notification]:
    """Tell each person once; return the new notices.

    `key` names the event (e.g. `round:12:opened`): told again, nothing happens. `kind` must be
    registered in `sentences`; `url` is a path of this site. Runs in the caller's transaction, so
    that no one is told of what did not happen.
    """
    if url and (not url.startswith("/") or url.startswith("//")):
        raise ValueError("url must be a path of this site")
    values = sentences.stored(kind, params)
    people = {user.pk: user for user in users if user.is_active}
    told = Notification.objects.filter(user__in=people, key=key).values_list("user_id", flat=True)
    new = [pk for pk in people if pk not in set(told)]
    if not new:
        return []
    Notification.objects.bulk_create(
        [Notification(user_id=pk, key=key, kind=kind, params=values, url=url) for pk in new],
        ignore_conflicts=True,
    )
    # Read back: ignored conflicts leave no primary keys on the objects.
    notices = list(Notification.objects.filter(user__in=new, key=key))
    _owe_mail(notices, kind)
    return notices


def _owe_mail(notices: list[Notification], kind: str) -> None:
    topic = sentences.topic_of(kind)
    wanted = _who_wants_mail([notice.user_id for notice in notices], topic)
    owed = [Mail(notification=notice) for notice in notices if notice.user_id in wanted]
    if owed:
        Mail.objects.bulk_create(owed, ignore_conflicts=True)
        after_commit(tasks.send_mail.delay)


def _who_wants_mail(users: list[int], topic: str) -> set[int]:
    preferences = {one.user_id: one for one in Preference.objects.filter(user__in=users)}
    return {pk for pk in users if pk not in preferences or preferences[pk].wants_mail(topic)}
