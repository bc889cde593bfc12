"""Reading in pieces gives what is stored, whatever the columns and wherever a piece ends."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from apps.measurements import arrays, services
from apps.measurements.models import Observation
from apps.measurements.selectors import snapshot
from tests.factories import Org

pytestmark = pytest.mark.django_db
START = dt.datetime(1969, 12, 31, 23, 59, tzinfo=dt.UTC)
KINDS: dict[str, dict[str, Any]] = {
    "numbers": {},
    "labels": {"subgrouping": "column"},
    "counts": {"data_type": "defectives"},
    "several": {"data_type": "several", "variables": ["a", "b", "c"]},
}


@pytest.mark.parametrize("piece", [1, 3, 7, 8, 100])
@pytest.mark.parametrize("kind", KINDS)
def test_any_piece_gives_the_stored_rows(
    org: Org, monkeypatch: pytest.MonkeyPatch, kind: str, piece: int
) -> None:
    monkeypatch.setattr(arrays, "PIECE", piece)
    thing = services.create_characteristic(
        actor=org.lead, team=org.desk, name="X", factors=["shift"], **KINDS[kind]
    )
    rows: dict[str, Any] = {
        "labels": {"values": [0.1, -2.5, 3e300, 4.0] * 2, "subgroups": list("aabbccdd")},
        "counts": {"values": [1.0, 2.0] * 4, "sizes": [50.0, 60.0, 50.0, 7.0] * 2},
        "several": {
            "values": [float(i) for i in range(8)],
            "others": [[i / 3, -float(i)] for i in range(8)],
        },
    }.get(kind, {"values": [0.1, -2.5, 3e300, 5e-324] * 2})
    times = [START + dt.timedelta(seconds=40 * i) if i % 3 else None for i in range(8)]
    services.append_observations(
        actor=org.lead, characteristic=thing, observed_at=times,
        factors=[{"shift": "early"}] * 8, **rows,
    )  # fmt: skip
    found, stored = snapshot(thing.pk), list(Observation.objects.order_by("sequence"))
    assert found.sequences.tolist() == [row.sequence for row in stored] == list(range(1, 9))
    assert found.values.tolist() == [row.value for row in stored]
    expected = [np.nan if at is None else at.timestamp() for at in times]
    np.testing.assert_array_equal(found.observed_at, expected)
    assert found.strata is not None
    assert found.strata.tolist() == [0] * 8
    if kind == "labels":
        assert found.subgroups is not None
        assert found.subgroups.tolist() == list("aabbccdd")
    if kind == "counts":
        assert found.sizes is not None
        assert found.sizes.tolist() == rows["sizes"]
    if kind == "several":
        assert found.rows is not None
        assert found.rows.tolist() == [[i, i / 3, -i] for i in range(8)]
    assert snapshot(thing.pk, first=3, before=6).sequences.tolist() == [3, 4, 5]


def test_nothing_stored_is_empty_columns(org: Org) -> None:
    thing = services.create_characteristic(actor=org.lead, team=org.desk, name="X")
    found = snapshot(thing.pk)
    assert [len(found.values), len(found.sequences), len(found.observed_at)] == [0, 0, 0]
    assert found.values.dtype == np.float64
