"""Hints that are sent once the data is safe.

A hint (a queued task, a named signal) may be lost: the sweep finds the same work in the
database. So an error while sending one is logged and swallowed, never shown to the person.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import transaction

logger = logging.getLogger(__name__)


def after_commit(hint: Callable[[], object]) -> None:
    """Call `hint` after the running transaction commits; log and swallow its errors."""

    def call() -> None:
        try:
            hint()
        except Exception as error:
            logger.warning("A hint was not sent; the sweep will do the work: %s", error)

    transaction.on_commit(call)
