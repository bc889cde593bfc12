"""One round at a time: lock it, look at it again, and only then change it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.approvals.choices import RoundState
from apps.approvals.models import Round
from apps.common.errors import Conflict


def decided_first() -> Conflict:
    return Conflict(_("Someone else decided first. Nothing was changed."))


def lock_open(round_: Round) -> Round:
    """The round as it stands in the database, locked; a conflict when it is no longer open.

    Must run inside a transaction. On SQLite the transaction itself holds the write lock.
    """
    locked = Round.objects.select_for_update(of=("self",)).get(pk=round_.pk)
    if locked.state != RoundState.OPEN:
        raise decided_first()
    return locked
