"""Observations that arrive a few at a time: by hand, by a program, from the example data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from apps.accounts import policies
from apps.accounts.models import User
from apps.accounts.policies import Action
from apps.common.errors import Refused
from apps.measurements.announcing import announce
from apps.measurements.choices import DataType
from apps.measurements.models import Characteristic, Import, reserve_places
from apps.measurements.storage import Rows, write_rows
from apps.measurements.strata import FACTOR_LENGTH, Combination, combination, strata_of

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
LABEL_LENGTH = 64


def append_observations(
    *,
    actor: User,
    characteristic: Characteristic,
    values: Sequence[float],
    sizes: Sequence[float | None] | float | None = None,
    subgroups: Sequence[str] | None = None,
    observed_at: Sequence[dt.datetime | None] | None = None,
    others: Sequence[Sequence[float]] | None = None,
    factors: Sequence[Mapping[str, str]] | None = None,
    source: Import | None = None,
    verb: str = "observations.appended",
    details: Mapping[str, Any] | None = None,
) -> int:
    """Add observations behind the present ones; all or nothing. How many were added.

    `sizes` may be one number that holds for every row. `others` holds the second and later
    variables of each row, where several are measured together; `factors` the factor values by
    name. `verb` and `details` are how the history tells of it.
    """
    rows = _checked_rows(characteristic, values, sizes, subgroups, observed_at, others)
    strata = _combinations(characteristic, factors, len(rows))
    if not len(rows):
        return 0
    with transaction.atomic():
        present = Characteristic.objects.select_for_update().get(pk=characteristic.pk)
        policies.require(actor, Action.IMPORT_DATA, present)
        if present.archived_at is not None:
            raise Refused(_("This characteristic is archived. It takes no more observations."))
        if strata is not None:
            numbers = strata_of(present, dict.fromkeys(strata))
            rows = replace(rows, strata=[numbers.get(values) for values in strata])
        first = reserve_places(present, len(rows))
        write_rows(
            characteristic_id=present.pk,
            first=first,
            rows=rows,
            source_id=source.pk if source else None,
        )
        announce(
            actor=actor,
            verb=verb,
            characteristic=present,
            appended=(first, first + len(rows) - 1),
            details={
                **(details or {}),
                "count": len(rows),
                "first": first,
                "last": first + len(rows) - 1,
            },
        )
    characteristic.refresh_from_db(fields=["data_version", "changed_at", "next_sequence"])
    return len(rows)


def microseconds(moment: dt.datetime) -> int:
    """A moment as it is stored; it must know its time zone."""
    if moment.tzinfo is None:
        raise ValueError("a time of observation needs a time zone")
    return (moment - EPOCH) // MICROSECOND


def _checked_rows(
    characteristic: Characteristic,
    values: Sequence[float],
    sizes: Sequence[float | None] | float | None,
    subgroups: Sequence[str] | None,
    observed_at: Sequence[dt.datetime | None] | None,
    others: Sequence[Sequence[float]] | None,
) -> Rows:
    numbers = np.asarray(values, dtype=np.float64)
    counts = None if sizes is None else np.broadcast_to(np.asarray(sizes, float), numbers.shape)
    for column in (subgroups, observed_at, others):
        if column is not None and len(column) != len(numbers):
            raise Refused(_("Every observation needs one entry in each column."))
    check_numbers(characteristic.data_type, numbers, counts)
    packed = _packed(characteristic, others, len(numbers))
    labels = None if subgroups is None else [_label(text) for text in subgroups]
    times = None
    if observed_at is not None:
        times = [None if moment is None else microseconds(moment) for moment in observed_at]
    return Rows(
        values=numbers.tolist(),
        sizes=None if counts is None else counts.tolist(),
        subgroups=labels,
        observed_us=times,
        others=packed,
    )


def _packed(
    characteristic: Characteristic, others: Sequence[Sequence[float]] | None, count: int
) -> list[bytes] | None:
    """The second and later variables of each row, as they are stored."""
    further = len(characteristic.variables) - 1
    if characteristic.data_type != DataType.SEVERAL:
        if others is not None:
            raise Refused(_("Only one variable is measured here."))
        return None
    if others is None or any(len(row) != further for row in others):
        raise Refused(_("Every observation needs a value of each variable."))
    table = np.asarray(others, dtype="<f8").reshape(count, further)
    _refuse_first(
        ~np.isfinite(table).all(axis=1), _("Observation %(place)s has a value that is not finite.")
    )
    return [row.tobytes() for row in table]


def _combinations(
    characteristic: Characteristic, factors: Sequence[Mapping[str, str]] | None, count: int
) -> list[Combination] | None:
    if factors is None:
        return None
    if len(factors) != count:
        raise Refused(_("Every observation needs one entry in each column."))
    known = set(characteristic.factors)
    for values in factors:
        for name, value in values.items():
            if name not in known:
                raise Refused(
                    _("“%(name)s” is not a factor of this characteristic.") % {"name": name[:40]}
                )
            if len(value) > FACTOR_LENGTH or not value.isprintable():
                raise Refused(
                    _(
                        "A value of the factor %(name)s is not a text of at most %(most)s characters."
                    )
                    % {"name": name, "most": FACTOR_LENGTH}
                )
    return [combination({name: value.strip() for name, value in row.items()}) for row in factors]


def check_numbers(
    data_type: str, values: NDArray[np.float64], sizes: NDArray[np.float64] | None
) -> None:
    _refuse_first(~np.isfinite(values), _("Value %(place)s is not a finite number."))
    if data_type in {DataType.VARIABLE, DataType.SEVERAL}:
        return
    if data_type == DataType.BETWEEN:
        _refuse_first(
            values < 0, _("Value %(place)s is time or units between events: it must be 0 or more.")
        )
        return
    whole = (values >= 0) & (values == np.floor(values))
    _refuse_first(~whole, _("Value %(place)s is a count: it must be a whole number from 0 up."))
    if sizes is None:
        if data_type == DataType.DEFECTIVES:
            raise Refused(_("Defective units need the size of their sample."))
        return
    _refuse_first(
        ~(np.isfinite(sizes) & (sizes > 0)), _("Size %(place)s must be a number above 0.")
    )
    if data_type == DataType.DEFECTIVES:
        _refuse_first(
            sizes != np.floor(sizes), _("Size %(place)s is a number of units: it must be whole.")
        )
        _refuse_first(
            values > sizes, _("Value %(place)s is larger than the sample it was counted in.")
        )


def _refuse_first(wrong: NDArray[np.bool_], sentence: str) -> None:
    if wrong.any():
        raise Refused(sentence % {"place": int(np.argmax(wrong)) + 1})


def _label(text: str) -> str:
    label = "".join(sign for sign in str(text) if sign.isprintable()).strip()
    if len(label) > LABEL_LENGTH:
        raise Refused(
            _("The subgroup “%(label)s…” is longer than %(most)s characters.")
            % {"label": label[:20], "most": LABEL_LENGTH}
        )
    return label
