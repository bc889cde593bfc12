"""Rows that are there already: added, skipped, or put in the place of what is stored."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from apps.common.errors import Refused
from apps.measurements import importing, services, storage
from apps.measurements.models import Correction
from apps.measurements.selectors import counted, snapshot
from tests.factories import Org
from tests.measurements.kinds import confirm, fresh, imported, make, previewed, shaped

pytestmark = pytest.mark.django_db

TWICE = "time,value\n2026-11-20 08:00,1\n2026-11-20 08:05,2\n2026-11-20 08:00,3\n"


@pytest.mark.parametrize(
    ("choice", "values"), [("add", [1, 3, 2]), ("skip", [1, 2]), ("replace", [3, 2])]
)
def test_doubles_within_the_file(org: Org, choice: str, values: list[float]) -> None:
    thing = make(org, "Wait")
    import_ = imported(org, thing, TWICE, doubles_in_file=choice)
    assert import_.report["rows"]["doubles"] == 1
    assert import_.report["findings"][0]["code"] == "time_repeated"
    assert snapshot(thing.pk).values.tolist() == values


STORED = "time,value\n2026-11-20 08:00,1\n2026-11-20 08:05,2\n"
LATER = "time,value\n2026-11-20 08:00,1\n2026-11-20 08:05,7\n2026-11-20 08:10,3\n"


@pytest.mark.parametrize(
    ("choice", "values", "corrected"),
    [("add", [1, 2, 1, 7, 3], 0), ("skip", [1, 2, 3], 0), ("replace", [1, 7, 3], 1)],
)
def test_doubles_of_what_is_stored(
    org: Org, choice: str, values: list[float], corrected: int
) -> None:
    thing = make(org, "Wait")
    imported(org, thing, STORED)
    import_ = imported(org, thing, LATER, doubles_stored=choice)
    assert (import_.rows_known, import_.rows_differing) == (2, 1)
    assert snapshot(thing.pk).values.tolist() == values
    assert (import_.rows_replaced, Correction.objects.count()) == (corrected, corrected)
    for correction in Correction.objects.all():
        assert (correction.value_before, correction.value_after) == (2, 7)
        assert correction.corrected_by_id == org.member.pk
        assert "a.csv" in correction.reason


def test_a_reversal_brings_back_what_was_replaced_unless_it_was_corrected_since(org: Org) -> None:
    thing = make(org, "Wait")
    imported(org, thing, STORED)
    import_ = imported(org, thing, LATER.replace("08:00,1", "08:00,6"), doubles_stored="replace")
    assert snapshot(thing.pk).values.tolist() == [6, 7, 3]
    services.correct_observation(
        actor=org.lead, characteristic=thing, sequence=2, before=7, value=8, reason="Typed wrong"
    )
    services.reverse_import(
        actor=org.lead, import_=import_, version=import_.version, reason="Wrong"
    )
    assert snapshot(thing.pk).values.tolist() == [1, 8]


def test_nothing_is_replaced_before_all_of_it_counts(org: Org, monkeypatch) -> None:
    thing = make(org, "Wait")
    imported(org, thing, STORED)
    import_ = confirm(org, previewed(org, thing, LATER), doubles_stored="replace")

    def die(**_told: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "announce", die)
    with pytest.raises(KeyboardInterrupt):
        importing.import_rows(import_.pk)
    assert snapshot(thing.pk).values.tolist() == [1, 2]
    assert not Correction.objects.exists()


def test_what_a_skipped_row_relied_on_may_not_vanish_meanwhile(org: Org, monkeypatch) -> None:
    thing = make(org, "Wait")
    earlier = imported(org, thing, STORED)
    import_ = confirm(org, previewed(org, thing, LATER), doubles_stored="skip")
    written = storage.write_rows

    def reversed_meanwhile(**rows: Any) -> None:
        services.reverse_import(
            actor=org.lead, import_=earlier, version=earlier.version, reason="Wrong"
        )
        written(**rows)

    monkeypatch.setattr(importing, "write_rows", reversed_meanwhile)
    importing.import_rows(import_.pk)
    ended = fresh(import_)
    assert (ended.state, ended.report["refused"]["code"]) == ("refused", "stored_changed")
    assert len(snapshot(thing.pk).values) == 0


def test_a_row_is_not_skipped_for_a_value_whose_time_was_corrected_meanwhile(
    org: Org, monkeypatch
) -> None:
    thing = make(org, "Wait")
    imported(org, thing, STORED)
    import_ = confirm(org, previewed(org, thing, LATER), doubles_stored="skip")
    written = storage.write_rows

    def corrected_meanwhile(**rows: Any) -> None:
        stored = counted(thing).get(sequence=1)
        services.correct_observation(
            actor=org.lead, characteristic=thing, sequence=1, before=stored.value,
            value=stored.value, reason="Wrong day",
            time=services.Moved(stored.observed_at, stored.observed_at - dt.timedelta(days=1)),
        )  # fmt: skip
        written(**rows)

    monkeypatch.setattr(importing, "write_rows", corrected_meanwhile)
    importing.import_rows(import_.pk)
    ended = fresh(import_)
    assert (ended.state, ended.report["refused"]["code"]) == ("refused", "stored_changed")


def test_subgroups_and_factors_tell_rows_of_one_time_apart(org: Org) -> None:
    thing = shaped(make(org, "Wait", subgrouping="column"), factors=["machine"])
    text = "time,value,sample,machine\n" + "".join(
        f"2026-11-20 08:00,{value},{sample},{machine}\n"
        for sample in ("A", "B") for machine in ("x", "y") for value in (1, 2, 3)
    )  # fmt: skip
    first = imported(org, thing, text)
    assert (first.rows_known, first.report["rows"]["doubles"]) == (0, 0)
    again = previewed(org, thing, f"{text}2026-11-20 08:00,4,B,y\n")
    assert (again.rows_known, again.rows_differing) == (12, 0)
    importing.import_rows(confirm(org, again, doubles_stored="skip").pk)
    assert len(snapshot(thing.pk).values) == 13


def test_more_values_than_can_be_replaced_one_by_one_are_named(org: Org, monkeypatch) -> None:
    monkeypatch.setattr("apps.measurements.services.imports.REPLACE_MOST", 1)
    thing = make(org, "Wait")
    imported(org, thing, STORED)
    import_ = previewed(org, thing, LATER.replace("08:00,1", "08:00,6"))
    with pytest.raises(Refused, match="More than 1 stored values would be replaced"):
        confirm(org, import_, doubles_stored="replace")
