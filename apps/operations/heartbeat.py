"""Signs of life: each part of the tree writes when it last lived, in its own row.

`beat` is written by the scheduler itself, `worker` by the worker's main process, and `tasks`
by a task on its whole way from the scheduler through the broker and the worker. So the health
page can tell which of them is silent.
"""

from __future__ import annotations

import logging

from django.db import connection
from django.utils import timezone

logger = logging.getLogger(__name__)

INTERVAL = 15.0
SQL = (
    "INSERT INTO operations_heartbeat (part, at) VALUES (%s, %s) "
    "ON CONFLICT (part) DO UPDATE SET at = excluded.at"
)


def sign(part: str) -> None:
    """Write the sign of life of `part`.

    Plain SQL, because the scheduler runs without the app registry and so without models.
    """
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(SQL, [part, now])


def sign_and_let_go(part: str) -> None:
    """`sign`, never raising, and without a connection left open (its process forks)."""
    try:
        sign(part)
    except Exception:
        logger.warning("The sign of life of %s was not written.", part, exc_info=True)
    finally:
        connection.close()
