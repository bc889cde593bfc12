"""Signing: the password again in the same request, and a meaning from a fixed list."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.approvals.choices import Outcome
from apps.audit.models import Entry
from apps.audit.services import record
from apps.common.errors import Refused

MEANINGS = {
    Outcome.APPROVE: gettext_lazy("I have reviewed this evidence and approve it."),
    Outcome.APPROVE_WITH_CONDITIONS: gettext_lazy(
        "I have reviewed this evidence and approve it with the conditions above."
    ),
    Outcome.SEND_BACK: gettext_lazy("I have reviewed this evidence and send it back."),
    Outcome.DECLINE: gettext_lazy("I have reviewed this evidence and decline it."),
}
REFUSED_SIGNATURE = "signature.refused"
ATTEMPTS = 5
WITHIN = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Proof:
    """That a person gave their password just now, for this record. Made by `prove_identity`."""

    user_id: int
    subject: tuple[str, int]


def prove_identity(*, actor: User, password: str, subject: models.Model) -> Proof:
    """Check the signer's password, before any row is locked: hashing takes a while.

    A wrong password is an entry of the trail; after a few of them signing pauses.
    """
    recent = Entry.objects.filter(
        verb=REFUSED_SIGNATURE, actor_id=actor.pk, at__gt=timezone.now() - WITHIN
    )
    if recent.count() >= ATTEMPTS:
        raise Refused(_("Too many wrong passwords. Wait ten minutes, then sign again."))
    if not actor.has_usable_password():
        raise Refused(_("Your account has no password. Set one in your settings, then sign."))
    if not (actor.is_active and actor.check_password(password)):
        with transaction.atomic():
            record(actor=actor, verb=REFUSED_SIGNATURE, target=subject)
        raise Refused(_("The password is not right. Nothing was signed."))
    return Proof(user_id=actor.pk, subject=(subject._meta.label_lower, subject.pk))
