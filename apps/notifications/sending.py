"""Work off the mails that are owed.

A sender claims a mail by compare-and-set before it sends, so two senders never send the same
one. A sender killed between sending and writing so down leaves a claim that runs out; the mail
then goes again, under the same Message-ID, which mail programs show once.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from apps.notifications.models import Mail, MailState
from apps.notifications.sentences import plain_sentence_of, sentence_of

logger = logging.getLogger(__name__)

ATTEMPTS = 3
CLAIM = timedelta(minutes=10)
PAUSE_AFTER_FAILURE = timedelta(minutes=2)
# Mails in one run: well inside the task's time limit; the next run goes on.
BATCH = 100


def send_owed() -> int:
    """Send what is owed and due; return how many were sent. May run twice at once."""
    due = Mail.objects.filter(_due(timezone.now())).order_by("pk")[:BATCH]
    owed = due.select_related("notification__user")
    return sum(_send_one(mail) for mail in owed)


def _due(now: datetime) -> Q:
    return Q(state=MailState.OWED) & (Q(not_before__isnull=True) | Q(not_before__lte=now))


def _send_one(mail: Mail) -> bool:
    if not _claim(mail):
        return False
    if mail.attempts >= ATTEMPTS:
        _settle(mail, MailState.FAILED, failure=mail.failure or "The sender stopped each time.")
        return False
    try:
        compose(mail).send()
    except Exception as error:
        logger.warning("Mail %s was not sent.", mail.pk, exc_info=True)
        _after_failure(mail, f"{type(error).__name__}: {error}"[:2000])
        return False
    _settle(mail, MailState.SENT)
    return True


def _claim(mail: Mail) -> bool:
    """Count the attempt before it is made, if nobody else did since the mail was read."""
    now = timezone.now()
    claimed = Mail.objects.filter(_due(now), pk=mail.pk, attempts=mail.attempts).update(
        attempts=F("attempts") + 1, not_before=now + CLAIM
    )
    return claimed == 1


def _after_failure(mail: Mail, failure: str) -> None:
    if mail.attempts + 1 >= ATTEMPTS:
        _settle(mail, MailState.FAILED, failure=failure)
    else:
        Mail.objects.filter(pk=mail.pk).update(
            failure=failure, not_before=timezone.now() + PAUSE_AFTER_FAILURE
        )


def _settle(mail: Mail, state: MailState, *, failure: str = "") -> None:
    sent_at = timezone.now() if state == MailState.SENT else None
    Mail.objects.filter(pk=mail.pk, state=MailState.OWED).update(
        state=state, sent_at=sent_at, failure=failure, not_before=None
    )


def compose(mail: Mail) -> EmailMultiAlternatives:
    """The mail in its reader's language and time zone, as plain text and as simple HTML."""
    notification = mail.notification
    user = notification.user
    language = user.language or settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(_zone(user.time_zone)):
        sentence = plain_sentence_of(notification)
        site = settings.SITE_URL.rstrip("/")
        context = {
            "sentence": sentence,
            "sentence_html": sentence_of(notification),
            "notification": notification,
            "link": f"{site}{notification.url}" if notification.url else "",
            "preferences": site + reverse("notifications:preferences"),
            "language": language,
        }
        message = EmailMultiAlternatives(
            subject=f"Improve: {sentence}"[:200],
            body=render_to_string("notifications/mail.txt", context),
            to=[user.email],
            headers={"Message-ID": f"<notice-{notification.pk}.{mail.pk}@{_host()}>"},
        )
        html = render_to_string("notifications/mail.html", context)
        message.attach_alternative(html, "text/html")
    return message


def _host() -> str:
    return urlsplit(settings.SITE_URL).hostname or "localhost"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.TIME_ZONE)
