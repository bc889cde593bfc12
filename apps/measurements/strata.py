"""Strata: the combinations of factor values by which observations can be told apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from apps.common.errors import Refused
from apps.measurements.models import Characteristic, Stratum

FACTOR_LENGTH = 64
# More combinations than this are a column of numbers that was taken for a factor.
MOST_STRATA = 2_000
LOOKED_UP_AT_ONCE = 500

Combination = tuple[tuple[str, str], ...]


def combination(values: Mapping[str, str]) -> Combination:
    """Factor values in one order, without those left empty; fit to be a key of a dict."""
    return tuple(sorted((name, value) for name, value in values.items() if value))


def stratum_key(values: Combination) -> str:
    text = json.dumps(dict(values), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def strata_of(
    characteristic: Characteristic, combinations: Iterable[Combination]
) -> dict[Combination, int]:
    """The number of each combination, those not yet known made; within the caller's transaction.

    The caller holds the characteristic's row, so two writers do not make one stratum twice.
    """
    wanted = {stratum_key(values): values for values in combinations if values}
    numbers = _known(characteristic, list(wanted))
    missing = [key for key in wanted if key not in numbers]
    if missing:
        stored = Stratum.objects.filter(characteristic=characteristic).count()
        if stored + len(missing) > MOST_STRATA:
            raise Refused(
                _(
                    "These are more than %(most)s combinations of factor values. A factor names"
                    " groups such as a shift or a machine, not single values."
                )
                % {"most": MOST_STRATA}
            )
        Stratum.objects.bulk_create(
            Stratum(characteristic=characteristic, key=key, values=dict(wanted[key]))
            for key in missing
        )
        numbers |= _known(characteristic, missing)
    return {wanted[key]: number for key, number in numbers.items()}


def _known(characteristic: Characteristic, keys: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(keys), LOOKED_UP_AT_ONCE):
        rows = Stratum.objects.filter(
            characteristic=characteristic, key__in=keys[start : start + LOOKED_UP_AT_ONCE]
        )
        found.update(rows.values_list("key", "pk"))
    return found
