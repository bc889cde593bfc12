"""Saving a data sheet: all of it or nothing, and once however often it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts import policies
from apps.accounts.models import User
from apps.accounts.policies import Action
from apps.common.errors import Conflict, Refused
from apps.measurements.choices import DataType, Subgrouping
from apps.measurements.models import Characteristic, SheetEntry
from apps.measurements.services.observations import append_observations
from apps.measurements.sheets import MOST_ROWS, Problem, Sheet, Typed, digest_of, read_sheet


@dataclass(frozen=True, slots=True)
class Saved:
    """How many values are stored, and whether an earlier sending had stored them."""

    count: int
    again: bool


class CellsRefused(Refused):
    """Cells that cannot be stored; nothing was."""

    def __init__(self, problems: list[Problem]) -> None:
        n = len(problems)
        super().__init__(
            ngettext(
                "%(n)d cell cannot be read. Nothing was saved.",
                "%(n)d cells cannot be read. Nothing was saved.",
                n,
            )
            % {"n": n}
        )
        self.problems = problems


def save_sheet(
    *,
    actor: User,
    characteristic: Characteristic,
    token: str,
    typed: Sequence[Typed],
    decimal: str = ".",
) -> Saved:
    """Store what was typed. The same token with the same content again changes nothing."""
    policies.require(actor, Action.IMPORT_DATA, characteristic)
    if len(typed) > MOST_ROWS:
        raise Refused(
            _("A data sheet takes %(most)s rows. Import more of them as a file.")
            % {"most": MOST_ROWS}
        )
    digest = digest_of(typed, decimal)
    earlier = _saved_before(actor, characteristic, token, digest)
    if earlier is not None:
        return earlier
    sheet = read_sheet(characteristic, typed, decimal=decimal, now=timezone.now())
    if sheet.errors:
        raise CellsRefused(sheet.errors)
    if not len(sheet):
        raise Refused(_("Nothing is filled in. Type a value first."))
    try:
        with transaction.atomic():
            # First, so that of two sendings the second waits here and finds the token taken.
            SheetEntry.objects.create(
                characteristic=characteristic,
                token=token,
                digest=digest,
                count=len(sheet),
                saved_by=actor,
            )
            _append(actor, characteristic, sheet)
    except IntegrityError:
        found = _saved_before(actor, characteristic, token, digest)
        if found is None:
            raise
        return found
    return Saved(len(sheet), again=False)


def _saved_before(
    actor: User, characteristic: Characteristic, token: str, digest: str
) -> Saved | None:
    entry = SheetEntry.objects.filter(token=token).first()
    if entry is None:
        return None
    same = (entry.characteristic_id, entry.saved_by_id, entry.digest)
    if same != (characteristic.pk, actor.pk, digest):
        raise Conflict(
            _("This sheet was saved before, with other values. Nothing was saved a second time.")
        )
    return Saved(entry.count, again=True)


def _append(actor: User, characteristic: Characteristic, sheet: Sheet) -> None:
    several = characteristic.data_type == DataType.SEVERAL
    by_label = characteristic.subgrouping == Subgrouping.COLUMN
    with_size = any(size is not None for size in sheet.sizes)
    append_observations(
        actor=actor,
        characteristic=characteristic,
        values=sheet.values,
        sizes=sheet.sizes if with_size else None,
        subgroups=sheet.subgroups if by_label else None,
        observed_at=sheet.times,
        others=sheet.others if several else None,
        factors=sheet.factors if characteristic.factors else None,
    )
