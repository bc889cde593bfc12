"""Appending what is more than one number: several variables, factors, times between events."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from apps.common.errors import Refused
from apps.measurements.models import Characteristic, Observation, Stratum
from apps.measurements.services import append_observations
from apps.measurements.strata import MOST_STRATA
from tests.factories import Org

pytestmark = pytest.mark.django_db


def make(org: Org, **fields: Any) -> Characteristic:
    fields = {"data_type": "variable", "name": "Length", **fields}
    return Characteristic.objects.create(team=org.desk, owner=org.member, **fields)


def test_several_variables_are_packed_behind_the_first(org: Org) -> None:
    one = make(org, data_type="several", variables=["length", "width", "depth"])
    append_observations(
        actor=org.member, characteristic=one, values=[1.0, 2.0], others=[[3.0, 4.0], [5.0, 6.5]]
    )
    stored = Observation.objects.filter(characteristic=one).order_by("sequence")
    assert [(row.value, struct.unpack("<2d", row.others)) for row in stored] == [
        (1.0, (3.0, 4.0)),
        (2.0, (5.0, 6.5)),
    ]


@pytest.mark.parametrize("others", [None, [[1.0]], [[1.0, float("nan")]]])
def test_a_variable_that_is_missing_stores_nothing(org: Org, others: Any) -> None:
    one = make(org, data_type="several", variables=["length", "width", "depth"])
    with pytest.raises(Refused):
        append_observations(actor=org.member, characteristic=one, values=[1.0], others=others)
    assert not Observation.objects.exists()


def test_a_second_variable_where_one_is_measured_is_refused(org: Org) -> None:
    with pytest.raises(Refused):
        append_observations(
            actor=org.member, characteristic=make(org), values=[1.0], others=[[2.0]]
        )


def test_time_between_events_need_not_be_whole_but_never_negative(org: Org) -> None:
    one = make(org, data_type="between")
    append_observations(actor=org.member, characteristic=one, values=[0.0, 12.25])
    with pytest.raises(Refused, match="Value 2"):
        append_observations(actor=org.member, characteristic=one, values=[1.0, -0.5])


def test_each_combination_of_factors_is_one_stratum(org: Org) -> None:
    one = make(org, factors=["operator", "shift"])
    rows = [
        {"operator": "林", "shift": "night"},
        {"shift": "night", "operator": "林"},
        {"operator": "Lin", "shift": ""},
        {},
    ]
    append_observations(actor=org.member, characteristic=one, values=[1, 2, 3, 4], factors=rows)
    append_observations(actor=org.member, characteristic=one, values=[5], factors=[rows[0]])
    strata = Observation.objects.filter(characteristic=one).values_list("stratum_id", flat=True)
    first, second, third, fourth, fifth = strata.order_by("sequence")
    assert first == second == fifth != third
    assert fourth is None
    assert [stratum.values for stratum in Stratum.objects.order_by("pk")] == [
        {"operator": "林", "shift": "night"},
        {"operator": "Lin"},
    ]


@pytest.mark.parametrize(
    "row",
    [{"machine": "A"}, {"operator": "x" * 65}, {"operator": "a\x00b"}, {"operator": "\ud800"}],
)
def test_a_factor_that_is_none_is_refused(org: Org, row: dict[str, str]) -> None:
    one = make(org, factors=["operator"])
    with pytest.raises(Refused):
        append_observations(actor=org.member, characteristic=one, values=[1.0], factors=[row])
    assert not Observation.objects.exists()


def test_a_number_taken_for_a_factor_is_noticed(org: Org) -> None:
    one = make(org, factors=["operator"])
    rows = [{"operator": str(number)} for number in range(MOST_STRATA + 1)]
    with pytest.raises(Refused, match="combinations"):
        append_observations(
            actor=org.member, characteristic=one, values=[1.0] * len(rows), factors=rows
        )
    assert not Observation.objects.exists()
    assert not Stratum.objects.exists()
