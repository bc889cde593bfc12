"""Batches of observations that programs send: stored once, however often they are sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import ApiToken
from apps.common.errors import Conflict, Refused
from apps.measurements.models import Characteristic, ReceivedBatch
from apps.measurements.reader.times import AHEAD
from apps.measurements.services.observations import append_observations
from apps.measurements.token_reach import may_append, reached_by


class KeyUsed(Refused):
    """The same key was sent with other observations."""


@dataclass(frozen=True)
class Columns:
    """The observations of a batch by column, as `append_observations` takes them."""

    values: Sequence[float]
    sizes: Sequence[float] | None = None
    subgroups: Sequence[str] | None = None
    observed_at: Sequence[dt.datetime | None] | None = None
    others: Sequence[Sequence[float]] | None = None
    factors: Sequence[Mapping[str, str]] | None = None


def earlier_answer(*, token: ApiToken, key: str, fingerprint: str) -> dict[str, Any] | None:
    """What was answered when this batch came first; None when it is new."""
    stored = ReceivedBatch.objects.filter(token=token, key=key).first()
    if stored is None:
        return None
    if stored.fingerprint != fingerprint:
        raise KeyUsed(
            _(
                "This Idempotency-Key was used for other observations. Send each batch under a key"
                " of its own, and the same batch under the same key."
            )
        )
    return dict(stored.answer)


def receive_batch(
    *,
    token: ApiToken,
    characteristic: Characteristic,
    key: str,
    fingerprint: str,
    columns: Columns,
) -> tuple[dict[str, Any], bool]:
    """Store a batch with its key in one transaction; the answer, and whether it is an earlier one.

    Of several requests with one key at once the first writes the key, the others wait for its
    commit at the unique key and then give its answer.
    """
    with transaction.atomic():
        if not (may_append(token, characteristic) and _reaches(token, characteristic)):
            raise PermissionDenied
        try:
            with transaction.atomic():
                batch = ReceivedBatch.objects.create(
                    token=token,
                    key=key,
                    characteristic=characteristic,
                    fingerprint=fingerprint,
                    count=len(columns.values),
                )
        except IntegrityError:
            earlier = earlier_answer(token=token, key=key, fingerprint=fingerprint)
            if earlier is None:
                raise
            return earlier, True
        present = Characteristic.objects.select_for_update().get(pk=characteristic.pk)
        if present.archived_at is not None:
            raise Conflict(_("This characteristic is archived. It takes no more observations."))
        if _shape(present) != _shape(characteristic):
            raise Conflict(
                _("The characteristic was changed while the batch was read. Send it again.")
            )
        count = append_observations(
            actor=token.owner,
            characteristic=present,
            values=columns.values,
            sizes=columns.sizes,
            subgroups=columns.subgroups,
            observed_at=columns.observed_at,
            others=columns.others,
            factors=columns.factors,
            verb="observations.received",
            details={"token": token.name, "prefix": token.prefix, "batch": batch.pk},
        )
        batch.answer = {
            "batch": batch.pk,
            "received": count,
            "first": present.next_sequence - count,
            "last": present.next_sequence - 1,
            "data_version": present.data_version,
            "warnings": _warnings(columns),
        }
        batch.save(update_fields=["answer"])
    return batch.answer, False


def _warnings(columns: Columns) -> list[dict[str, Any]]:
    """Times that lie ahead are stored: they may be planned, or a slip of the year."""
    limit = timezone.now() + AHEAD
    ahead = [
        place for place, moment in enumerate(columns.observed_at or []) if moment and moment > limit
    ]
    if not ahead:
        return []
    detail = ngettext(
        "%(count)s observation is dated ahead. It was stored as it stands.",
        "%(count)s observations are dated ahead. They were stored as they stand.",
        len(ahead),
    )
    count = {"count": len(ahead)}
    return [{"code": "time_ahead", "detail": detail % count, **count, "index": ahead[0]}]


def _reaches(token: ApiToken, characteristic: Characteristic) -> bool:
    return reached_by(token).filter(pk=characteristic.pk).exists()


def _shape(characteristic: Characteristic) -> tuple[Any, ...]:
    """What the observations of a batch were checked against."""
    return (
        characteristic.data_type, characteristic.subgrouping,
        characteristic.variables, characteristic.factors,
    )  # fmt: skip
