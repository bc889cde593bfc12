"""Stored values that an import replaces: each becomes a correction, and can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from apps.accounts.models import User
from apps.measurements.choices import COUNTED_TYPES
from apps.measurements.duplicates import Plan
from apps.measurements.models import Correction, Import, Observation

AT_ONCE = 500
Content = tuple[float, float | None, bytes | None]


def contents_of(import_: Import, arrays: dict[str, NDArray[Any]], plan: Plan) -> dict[int, Content]:
    """What the file says in the place of stored observations, by their places."""
    counts = import_.characteristic.data_type in COUNTED_TYPES
    places = plan.replacing
    return {
        sequence: (value, size if counts else None, further.tobytes() or None)
        for sequence, value, size, further in zip(
            plan.replaced.tolist(),
            arrays["values"][places].tolist(),
            arrays["sizes"][places].tolist(),
            arrays["others"][places].astype("<f8"),
            strict=True,
        )
    }


def replace_values(import_: Import, contents: dict[int, Content]) -> int:
    """Put the file's values in the place of the stored ones; how many were other values.

    Inside the transaction that makes the import count.
    """
    reason = _("Replaced by the import of %(file)s") % {"file": import_.file_name}
    return _correct(import_, contents, reason=reason[:300], actor=import_.confirmed_by)


def restore_values(import_: Import, *, actor: User, reason: str) -> int:
    """Bring back what an import had replaced, where nobody has corrected it since."""
    made = Correction.objects.filter(source=import_).order_by("pk")
    latest = _latest_corrections(import_, [correction.sequence for correction in made])
    wanted: dict[int, Content] = {
        correction.sequence: (
            correction.value_before, correction.size_before, _bytes(correction.others_before),
        )
        for correction in made
        if latest[correction.sequence] == correction.pk
    }  # fmt: skip
    return _correct(import_, wanted, reason=reason, actor=actor)


def _latest_corrections(import_: Import, sequences: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for start in range(0, len(sequences), AT_ONCE):
        rows = Correction.objects.filter(
            characteristic=import_.characteristic_id,
            sequence__in=sequences[start : start + AT_ONCE],
        )
        found.update(rows.order_by("pk").values_list("sequence", "pk"))
    return found


def _correct(
    import_: Import, wanted: dict[int, Content], *, reason: str, actor: User | None
) -> int:
    """Write new contents over stored ones; every change is a correction."""
    if not wanted:
        return 0
    if actor is None:
        raise ValueError("a correction has an author")
    sequences = sorted(wanted)
    corrected = 0
    for start in range(0, len(sequences), AT_ONCE):
        stored = Observation.objects.filter(
            characteristic=import_.characteristic_id,
            sequence__in=sequences[start : start + AT_ONCE],
        ).values_list("sequence", "value", "size", "others")
        changed = [
            (sequence, (value, size, _bytes(others)), wanted[sequence])
            for sequence, value, size, others in stored
            if (value, size, _bytes(others)) != wanted[sequence]
        ]
        _write(import_, changed)
        Correction.objects.bulk_create(
            Correction(
                characteristic_id=import_.characteristic_id,
                sequence=sequence,
                value_before=before[0],
                value_after=after[0],
                size_before=before[1],
                size_after=after[1],
                others_before=before[2],
                others_after=after[2],
                source=import_,
                reason=reason,
                corrected_by=actor,
            )
            for sequence, before, after in changed
        )
        corrected += len(changed)
    return corrected


def _write(import_: Import, changed: Sequence[tuple[int, Content, Content]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {Observation._meta.db_table} SET value = %s, size = %s, others = %s"  # noqa: S608  names of our own tables, no input
            " WHERE characteristic_id = %s AND sequence = %s",
            [(*after, import_.characteristic_id, sequence) for sequence, _before, after in changed],
        )


def _bytes(packed: Any) -> bytes | None:
    return None if packed is None else bytes(packed)
