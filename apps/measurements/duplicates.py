"""Which rows of a file meet observations that are stored already: same subgroup, time, factors.

Rows and observations are paired one to one, equal values first, so that a subgroup of which three
values are stored and five come again has two new ones. What is skipped is a row that found a
partner; what is replaced is a stored value whose partner says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.measurements.choices import Doubles, Subgrouping
from apps.measurements.models import Characteristic, Stratum
from apps.measurements.selectors import NO_TIME, stored_between
from apps.measurements.strata import combination, stratum_key

Arrays = dict[str, NDArray[Any]]
# More values than this are not replaced one by one: an import is reversed as a whole.
REPLACE_MOST = 10_000
# What a reading notes of doubles within the file (as `reader.marks`).
EARLIER, LATER = 1, 2


@dataclass(frozen=True)
class Known:
    """Rows of a file (by place in its arrays) with the stored observations that they meet."""

    same: NDArray[np.int64]
    differing: NDArray[np.int64]
    # The places of the observations, beside `same` and `differing`.
    same_stored: NDArray[np.int64]
    differing_stored: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.same) + len(self.differing)


@dataclass(frozen=True)
class Plan:
    """What is to be written: rows that are added, and stored observations that are replaced."""

    added: NDArray[np.int64]
    replacing: NDArray[np.int64]
    replaced: NDArray[np.int64]
    # Every stored observation the plan relies on: none may cease to count before it is done.
    relied_on: NDArray[np.int64]


def plan_of(
    characteristic: Characteristic, arrays: Arrays, strata: list[dict[str, str]],
    *, in_file: str, stored: str,
) -> Plan:  # fmt: skip
    """What becomes of each row, as a person chose."""
    kept = np.arange(len(arrays["values"]))
    if in_file != Doubles.ADD:
        mark = EARLIER if in_file == Doubles.SKIP else LATER
        kept = np.flatnonzero((arrays["doubles"] & mark) == 0)
    none = np.empty(0, dtype=np.int64)
    if stored == Doubles.ADD:
        return Plan(kept, none, none, none)
    found = known_rows(characteristic, _taken(arrays, kept), strata)
    left = np.ones(len(kept), dtype=bool)
    left[found.same] = left[found.differing] = False
    relied_on = np.concatenate([found.same_stored, found.differing_stored])
    if stored == Doubles.SKIP:
        return Plan(kept[left], none, none, relied_on)
    return Plan(kept[left], kept[found.differing], found.differing_stored, relied_on)


def _taken(arrays: Arrays, places: NDArray[np.int64]) -> Arrays:
    """Some of the rows; without a copy when they are all of them."""
    if len(places) == len(arrays["values"]):
        return arrays
    return {name: column if name == "labels" else column[places] for name, column in arrays.items()}


def known_rows(
    characteristic: Characteristic, arrays: Arrays, strata: list[dict[str, str]]
) -> Known:
    """The rows that are stored already, paired with what is stored."""
    none = np.empty(0, dtype=np.int64)
    timed = np.flatnonzero(arrays["times"] != NO_TIME)
    if not len(timed):
        return Known(none, none, none, none)
    times = arrays["times"][timed]
    stored = stored_between(characteristic, int(times.min()), int(times.max()))
    stored = stored[np.isin(stored["observed_us"], times)]
    timed = timed[np.isin(times, stored["observed_us"])]
    if not len(timed):
        return Known(none, none, none, none)
    rows = _taken(arrays, timed)
    keys = _numbered(
        np.concatenate([rows["times"], stored["observed_us"]]),
        np.concatenate(_strata(characteristic, rows, strata, stored["stratum"])),
        np.concatenate(_labels(characteristic, rows, stored["subgroup"])),
    )
    count = len(timed)
    exact = _numbered(
        keys,
        np.concatenate([rows["values"], stored["value"]]).view(np.int64),
        np.concatenate([np.nan_to_num(rows["sizes"], nan=-1.0), stored["size"]]).view(np.int64),
        np.concatenate(_further(rows, stored["others"])),
    )
    same, same_stored = _paired(exact[:count], exact[count:])
    rest = np.setdiff1d(np.arange(count), same, assume_unique=True)
    rest_stored = np.setdiff1d(np.arange(len(stored)), same_stored, assume_unique=True)
    found, found_stored = _paired(keys[:count][rest], keys[count:][rest_stored])
    places = stored["sequence"]
    return Known(
        same=timed[same],
        differing=timed[rest[found]],
        same_stored=places[same_stored],
        differing_stored=places[rest_stored[found_stored]],
    )


def _numbered(*columns: NDArray[Any]) -> NDArray[np.int64]:
    """One number for each combination of the columns' values."""
    found: NDArray[np.int64] = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        _values, numbers = np.unique(column, return_inverse=True)
        _pairs, found = np.unique(found * (int(numbers.max()) + 1) + numbers, return_inverse=True)
    return found


def _paired(
    rows: NDArray[np.int64], stored: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of equal numbers in both, the first with the first, the second with the second."""
    most = len(rows) + len(stored) + 1
    _common, left, right = np.intersect1d(
        rows * most + _ranks(rows), stored * most + _ranks(stored),
        assume_unique=True, return_indices=True,
    )  # fmt: skip
    return left, right


def _ranks(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many equal numbers stand before each."""
    order = np.argsort(numbers, kind="stable")
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = numbers[order[1:]] != numbers[order[:-1]]
    starts = np.flatnonzero(begins)
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order)) - starts[np.cumsum(begins) - 1]
    return ranks


def _strata(
    characteristic: Characteristic, rows: Arrays, strata: list[dict[str, str]],
    stored: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """The strata of both by their numbers in the database; one of its own where not yet known."""
    numbers = dict(Stratum.objects.filter(characteristic=characteristic).values_list("key", "pk"))
    by_code = [
        numbers.get(stratum_key(combination(values)), -2 - code) if values else 0
        for code, values in enumerate(strata)
    ]
    return np.array(by_code or [0], dtype=np.int64)[rows["strata"]], stored


def _labels(
    characteristic: Characteristic, rows: Arrays, stored: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The labels of both as numbers, where subgroups go by them."""
    if characteristic.subgrouping != Subgrouping.COLUMN:
        return np.zeros(len(rows["codes"]), np.int64), np.zeros(len(stored), np.int64)
    codes = {label: code for code, label in enumerate(rows["labels"].tolist())}
    found = np.fromiter((codes.get(label, -1) for label in stored), dtype=np.int64)
    return rows["codes"].astype(np.int64), found


def _further(
    rows: Arrays, stored: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The second and later variables of both as numbers."""
    others = rows["others"]
    if not others.shape[1]:
        return np.zeros(len(others), np.int64), np.zeros(len(stored), np.int64)
    packed = [row.tobytes() for row in np.ascontiguousarray(others, dtype="<f8")]
    codes: dict[bytes, int] = {}
    own = [codes.setdefault(row, len(codes)) for row in packed]
    found = [codes.get(bytes(row or b""), -1) for row in stored]
    return np.array(own, dtype=np.int64), np.array(found, dtype=np.int64)
