"""Characteristics, specification limits, observations and corrections."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils.translation import override

from apps.audit.selectors import history_of
from apps.audit.sentences import field_names, sentence_of
from apps.common.errors import Conflict, Refused
from apps.measurements import services
from apps.measurements.models import Characteristic, Correction, Observation
from apps.measurements.selectors import counted, snapshot, specification_in_force
from apps.measurements.signals import data_changed
from apps.measurements.sweep import bring_limits_into_effect
from tests.factories import Org

START = dt.datetime(2026, 11, 20, 8, tzinfo=dt.UTC)


@pytest.fixture
def thing(org: Org) -> Characteristic:
    return services.create_characteristic(
        actor=org.lead, team=org.desk, name="Waiting time", unit="min", usl=8.0
    )


def fresh(characteristic: Characteristic) -> Characteristic:
    return Characteristic.objects.get(pk=characteristic.pk)


# --- Characteristics --------------------------------------------------------------------------


def test_a_name_is_used_once_in_a_team(org: Org, thing: Characteristic) -> None:
    with pytest.raises(Refused, match="Choose another name"):
        services.create_characteristic(actor=org.lead, team=org.desk, name="Waiting time")
    services.create_characteristic(actor=org.administrator, team=org.network, name="Waiting time")


@pytest.mark.parametrize("persona", ["manager", "staff", "neighbour", "outsider"])
def test_who_may_not_create_at_the_desk(org: Org, persona: str) -> None:
    with pytest.raises(PermissionDenied):
        services.create_characteristic(actor=getattr(org, persona), team=org.desk, name="X")
    assert not Characteristic.objects.exists()


def test_fixed_subgroups_need_their_size(org: Org) -> None:
    with pytest.raises(Refused, match="2 to 100"):
        services.create_characteristic(
            actor=org.lead, team=org.desk, name="X", subgrouping="fixed", subgroup_size=1
        )


def test_a_change_of_subgroups_changes_the_data_version_and_a_name_does_not(
    org: Org, thing: Characteristic
) -> None:
    before = fresh(thing).data_version
    renamed = services.update_characteristic(
        actor=org.lead, characteristic=thing, version=1, name="Waiting"
    )
    assert fresh(thing).data_version == before
    services.update_characteristic(
        actor=org.lead, characteristic=thing, version=renamed.version,
        subgrouping="fixed", subgroup_size=4,
    )  # fmt: skip
    assert fresh(thing).data_version == before + 1


def test_the_second_of_two_editors_is_told(org: Org, thing: Characteristic) -> None:
    services.update_characteristic(actor=org.lead, characteristic=thing, version=1, name="A")
    with pytest.raises(Conflict):
        services.update_characteristic(actor=org.lead, characteristic=thing, version=1, name="B")
    assert fresh(thing).name == "A"


def test_the_kind_of_data_is_fixed_once_there_are_observations(
    org: Org, thing: Characteristic
) -> None:
    services.append_observations(actor=org.member, characteristic=thing, values=[1.0])
    with pytest.raises(Refused, match="fixed"):
        services.update_characteristic(
            actor=org.lead, characteristic=thing, version=1, data_type="defects"
        )


def test_what_is_archived_takes_no_more_observations(org: Org, thing: Characteristic) -> None:
    services.archive_characteristic(actor=org.lead, characteristic=thing, version=1, reason="Done")
    with pytest.raises(Refused, match="archived"):
        services.append_observations(actor=org.lead, characteristic=thing, values=[1.0])


# --- Specification limits ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lsl", "target", "usl"),
    [(5, None, 5), (6, None, 5), (1, 0.5, 5), (1, 6, 5), (None, None, np.inf)],
)
def test_limits_stand_in_order(org: Org, thing: Characteristic, lsl, target, usl) -> None:
    with pytest.raises(Refused):
        services.set_specification_limits(
            actor=org.lead, characteristic=thing, lsl=lsl, target=target, usl=usl, reason="x"
        )


def test_later_limits_need_a_reason_and_earlier_ones_stay_on_record(
    org: Org, thing: Characteristic
) -> None:
    with pytest.raises(Refused, match="reason"):
        services.set_specification_limits(
            actor=org.lead, characteristic=thing, lsl=None, target=None, usl=6
        )
    services.set_specification_limits(
        actor=org.lead, characteristic=thing, lsl=None, target=None, usl=6, reason="New contract"
    )
    found = specification_in_force(thing)
    assert found is not None
    assert found.usl == 6
    assert thing.specification_limits.count() == 2


def test_limits_of_a_later_day_take_effect_on_that_day(org: Org, thing: Characteristic) -> None:
    version = fresh(thing).data_version
    with time_machine.travel("2026-11-20T04:00:00+00:00"):
        services.set_specification_limits(
            actor=org.lead, characteristic=thing, lsl=None, target=None, usl=6,
            valid_from=dt.date(2099, 1, 1), reason="New contract",
        )  # fmt: skip
    assert fresh(thing).data_version == version
    bring_limits_into_effect()
    assert snapshot(thing.pk).usl == 8
    with time_machine.travel("2099-01-01T04:00:00+00:00"):
        bring_limits_into_effect()
        bring_limits_into_effect()
        assert fresh(thing).data_version == version + 1
        assert snapshot(thing.pk).usl == 6


# --- Observations -----------------------------------------------------------------------------


def test_observations_come_back_as_they_went_in(org: Org, thing: Characteristic) -> None:
    times = [START, None, START + dt.timedelta(microseconds=1)]
    values = [0.1, 1e-300, -123456789.123456789]
    services.append_observations(
        actor=org.member, characteristic=thing, values=values, observed_at=times
    )
    services.append_observations(actor=org.member, characteristic=thing, values=[4.0])

    found = snapshot(thing.pk)

    assert found.values.tolist() == [*values, 4.0]
    assert found.sequences.tolist() == [1, 2, 3, 4]
    assert found.observed_at[0] == START.timestamp()
    assert np.isnan(found.observed_at[[1, 3]]).all()
    assert (found.sizes, found.subgroups, found.usl) == (None, None, 8.0)
    assert [row.observed_at for row in counted(thing)] == [*times, None]
    assert found.data_version == fresh(thing).data_version


def test_counts_come_back_with_sizes_and_labels(org: Org) -> None:
    thing = services.create_characteristic(
        actor=org.lead, team=org.desk, name="P", data_type="defectives", subgrouping="column"
    )
    labels = ["a\\b", "with\ttab", "圖"]
    services.append_observations(
        actor=org.lead, characteristic=thing, values=[1, 2, 3], sizes=[50, 60, 70],
        subgroups=labels,
    )  # fmt: skip
    found = snapshot(thing.pk)
    assert found.sizes is not None
    assert found.subgroups is not None
    assert found.sizes.tolist() == [50, 60, 70]
    assert found.subgroups.tolist() == ["a\\b", "withtab", "圖"]


@pytest.mark.parametrize(
    ("data_type", "values", "sizes"),
    [
        ("variable", [1.0, float("nan")], None),
        ("variable", [float("inf")], None),
        ("defectives", [1], None),
        ("defectives", [51], [50]),
        ("defectives", [-1], [50]),
        ("defectives", [1.5], [50]),
        ("defectives", [1], [0]),
        ("defectives", [1], [49.5]),
        ("defects", [1], [0]),
        ("defects", [1], [float("nan")]),
        ("defects", [0.5], None),
    ],
)
def test_one_bad_value_refuses_them_all(org: Org, data_type, values, sizes) -> None:
    thing = services.create_characteristic(
        actor=org.lead, team=org.desk, name="X", data_type=data_type
    )
    with pytest.raises(Refused):
        services.append_observations(
            actor=org.lead, characteristic=thing, values=[*values, 1], sizes=sizes and [*sizes, 50]
        )
    assert not Observation.objects.exists()
    assert fresh(thing).data_version == 0


def test_a_time_without_a_zone_is_a_mistake_of_the_program(org: Org, thing: Characteristic) -> None:
    with pytest.raises(ValueError, match="time zone"):
        services.append_observations(
            actor=org.lead, characteristic=thing, values=[1.0],
            observed_at=[dt.datetime(2026, 11, 20)],
        )  # fmt: skip


@pytest.mark.parametrize("persona", ["manager", "staff", "neighbour", "outsider"])
def test_who_may_not_add_observations(org: Org, thing: Characteristic, persona: str) -> None:
    with pytest.raises(PermissionDenied):
        services.append_observations(
            actor=getattr(org, persona), characteristic=thing, values=[1.0]
        )


def test_every_change_raises_the_version_is_in_the_trail_and_sends_word(
    org: Org, thing: Characteristic, django_capture_on_commit_callbacks
) -> None:
    heard: list[int] = []

    def hear(*, characteristic_id: int, **_rest: object) -> None:
        heard.append(characteristic_id)

    data_changed.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            services.append_observations(actor=org.member, characteristic=thing, values=[1.0, 2.0])
    finally:
        data_changed.disconnect(hear)
    assert heard == [thing.pk]
    assert fresh(thing).data_version == 2
    verbs = list(history_of(thing).values_list("verb", flat=True))
    assert verbs == ["observations.appended", "specification.set", "characteristic.created"]
    assert "Mia Member</b> added 2 observations" in sentence_of(history_of(thing)[0])


def test_what_fails_leaves_nothing(org: Org, thing: Characteristic, monkeypatch) -> None:
    def fail(**_fields: object) -> None:
        raise RuntimeError("the trail is full")

    monkeypatch.setattr("apps.measurements.announcing.record", fail)
    with pytest.raises(RuntimeError):
        services.append_observations(actor=org.lead, characteristic=thing, values=[1.0])
    assert not Observation.objects.exists()
    assert (fresh(thing).data_version, fresh(thing).next_sequence) == (1, 1)


def test_a_snapshot_takes_few_queries_whatever_its_length(
    org: Org, thing: Characteristic, django_assert_max_num_queries
) -> None:
    services.append_observations(actor=org.lead, characteristic=thing, values=range(5_000))
    with django_assert_max_num_queries(8):
        assert len(snapshot(thing.pk).values) == 5_000


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_leaves_the_connection_as_it_found_it(org: Org, thing: Characteristic) -> None:
    """Outside a transaction it opens one of its own, and closes it again."""
    services.append_observations(actor=org.lead, characteristic=thing, values=[1.0])
    assert snapshot(thing.pk).values.tolist() == [1.0]
    assert not connection.in_atomic_block
    services.append_observations(actor=org.lead, characteristic=thing, values=[2.0])
    assert snapshot(thing.pk).values.tolist() == [1.0, 2.0]


# --- Corrections ------------------------------------------------------------------------------


def test_a_correction_keeps_what_stood_there(org: Org, thing: Characteristic) -> None:
    services.append_observations(actor=org.lead, characteristic=thing, values=[1.0, 22.0])
    services.correct_observation(
        actor=org.lead, characteristic=thing, sequence=2, before=22.0, value=2.2,
        reason="Decimal point lost",
    )  # fmt: skip
    assert snapshot(thing.pk).values.tolist() == [1.0, 2.2]
    kept = thing.corrections.get()
    assert (kept.value_before, kept.value_after, kept.corrected_by) == (22.0, 2.2, org.lead)
    assert fresh(thing).data_version == 3
    assert "corrected observation 2 from 22.0 to 2.2" in sentence_of(history_of(thing)[0])


def test_a_correction_of_what_changed_meanwhile_is_a_conflict(
    org: Org, thing: Characteristic
) -> None:
    services.append_observations(actor=org.lead, characteristic=thing, values=[1.0])
    for value, kind in ((2.0, None), (3.0, Conflict)):
        if kind is None:
            services.correct_observation(
                actor=org.lead, characteristic=thing, sequence=1, before=1.0, value=value,
                reason="Wrong",
            )  # fmt: skip
            continue
        with pytest.raises(kind):
            services.correct_observation(
                actor=org.lead, characteristic=thing, sequence=1, before=1.0, value=value,
                reason="Wrong",
            )  # fmt: skip
    assert snapshot(thing.pk).values.tolist() == [2.0]


def test_a_correction_needs_reason_right_and_a_valid_value(org: Org, thing: Characteristic) -> None:
    services.append_observations(actor=org.lead, characteristic=thing, values=[1.0])
    common = {"characteristic": thing, "sequence": 1, "before": 1.0}
    with pytest.raises(Refused, match="reason"):
        services.correct_observation(actor=org.lead, value=2.0, reason=" ", **common)
    with pytest.raises(Refused, match="finite"):
        services.correct_observation(actor=org.lead, value=np.inf, reason="x", **common)
    with pytest.raises(PermissionDenied):
        services.correct_observation(actor=org.member, value=2.0, reason="x", **common)


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_the_history_names_fields_as_the_form_does(
    org: Org, thing: Characteristic, language: str
) -> None:
    services.update_characteristic(
        actor=org.lead, characteristic=thing, version=thing.version,
        subgrouping="window", subgroup_window="day",
    )  # fmt: skip
    with override(language):
        sentence = sentence_of(history_of(thing)[0])
        for field in ("subgrouping", "subgroup_window"):
            assert field not in sentence
            assert str(Characteristic._meta.get_field(field).verbose_name) in sentence


def test_a_field_that_is_no_more_is_told_by_its_old_name() -> None:
    assert field_names(Characteristic, ["unit", "gone_field"]) == "gone field, unit"


BERLIN_MORNING = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)


def timed(org: Org, thing: Characteristic, *hours: float, **columns: Any) -> None:
    services.append_observations(
        actor=org.lead, characteristic=thing, values=[float(hour) for hour in hours],
        observed_at=[BERLIN_MORNING + dt.timedelta(hours=hour) for hour in hours], **columns,
    )  # fmt: skip


def move(org: Org, thing: Characteristic, sequence: int, hours: float, **more: Any) -> Correction:
    stored = counted(thing).get(sequence=sequence)
    moved = services.Moved(stored.observed_at, BERLIN_MORNING + dt.timedelta(hours=hours))
    wanted: dict[str, Any] = {"before": stored.value, "value": stored.value, "time": moved}
    return services.correct_observation(
        actor=org.lead, characteristic=thing, sequence=sequence, reason="Wrong clock",
        **(wanted | more),
    )  # fmt: skip


def test_a_time_is_corrected_like_a_value(org: Org, thing: Characteristic) -> None:
    timed(org, thing, 0, 1, 2)
    before = fresh(thing).data_version
    kept = move(org, thing, 3, 5)
    assert (kept.value_before, kept.value_after, kept.corrected_by) == (2.0, 2.0, org.lead)
    assert kept.time_changed
    assert kept.observed_us_after - kept.observed_us_before == 3 * 3_600_000_000
    now = fresh(thing)
    # Not an append: what rests on the order of times is computed anew, and the newest time kept.
    assert (now.data_version, now.reshaped_version) == (before + 1, before + 1)
    assert now.newest_us == kept.observed_us_after
    told = sentence_of(history_of(thing)[0])
    assert "from 2026-03-02 18:00+08:00 to 2026-03-02 21:00+08:00" in told
    move(org, thing, 2, 1.5, value=1.25)
    assert "from 1; 2026-03-02 17:00" in sentence_of(history_of(thing)[0])


def test_a_time_that_is_taken_needs_a_word_that_both_count(org: Org, thing: Characteristic) -> None:
    timed(org, thing, 0, 1)
    with pytest.raises(services.TimeTaken, match="Observation 1 has the same subgroup and time"):
        move(org, thing, 2, 0)
    assert not thing.corrections.exists()
    move(org, thing, 2, 0, both_count=True)
    assert len(set(snapshot(thing.pk).observed_at.tolist())) == 1


def test_another_subgroup_may_have_the_same_time(org: Org) -> None:
    thing = made(org, subgrouping="column")
    timed(org, thing, 0, 1, subgroups=["A", "B"])
    move(org, thing, 2, 0)


def test_a_time_is_not_taken_away_and_not_corrected_unseen(org: Org, thing: Characteristic) -> None:
    timed(org, thing, 0)
    stored = counted(thing).get().observed_at
    with pytest.raises(Refused, match="not taken away"):
        move(org, thing, 1, 0, time=services.Moved(stored, None))
    with pytest.raises(Conflict):
        move(org, thing, 1, 0, time=services.Moved(None, stored))
    with pytest.raises(Refused, match="stored already"):
        move(org, thing, 1, 0)


# --- What a characteristic is made of -----------------------------------------------------------


def made(org: Org, **fields: object) -> Characteristic:
    return services.create_characteristic(actor=org.lead, team=org.desk, name="X", **fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"subgrouping": "window"}, "how long a subgroup lasts"),
        ({"data_type": "several"}, "2 to 12 names"),
        ({"data_type": "several", "variables": ["Flow", "flow "]}, "the same"),
        ({"data_type": "several", "variables": ["Flow", "x" * 41]}, "40 characters"),
        ({"factors": [f"factor {i}" for i in range(9)]}, "0 to 8 names"),
        ({"time_zone": "Asia/Atlantis"}, "no time zone"),
        ({"data_type": "several", "variables": ["A", "B"], "usl": 4.0}, "one variable"),
    ],
)
def test_what_does_not_fit_together_is_refused(org: Org, fields: dict, said: str) -> None:
    with pytest.raises(Refused, match=said):
        made(org, **fields)
    assert not Characteristic.objects.exists()


def test_what_a_choice_does_not_call_for_is_emptied(org: Org) -> None:
    between = made(org, data_type="between", subgrouping="fixed", subgroup_size=5, variables=["A"])
    assert (between.subgrouping, between.subgroup_size, between.variables) == (
        "individuals",
        None,
        [],
    )
    changed = services.update_characteristic(
        actor=org.lead, characteristic=between, version=1, subgroup_window="day"
    )
    assert changed.subgroup_window == ""


def test_variables_are_renamed_but_not_added_once_there_are_data(org: Org) -> None:
    thing = made(org, data_type="several", variables=["A", "B"])
    services.append_observations(actor=org.lead, characteristic=thing, values=[1.0], others=[[2.0]])
    version = fresh(thing).data_version
    renamed = services.update_characteristic(
        actor=org.lead, characteristic=thing, version=1, variables=["Heat", "Flow"]
    )
    assert fresh(thing).data_version == version + 1
    with pytest.raises(Refused, match="2 variables already"):
        services.update_characteristic(
            actor=org.lead, characteristic=thing, version=renamed.version,
            variables=["Heat", "Flow", "More"],
        )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"subgrouping": "window", "subgroup_window": "week"},
        {"time_zone": "Europe/Berlin"},
        {"factors": ["branch"]},
    ],
)
def test_what_shapes_the_data_makes_its_charts_out_of_date(org: Org, change: dict) -> None:
    thing = made(org)
    before = fresh(thing).data_version
    services.update_characteristic(actor=org.lead, characteristic=thing, version=1, **change)
    assert fresh(thing).data_version == before + 1
    newest = history_of(thing)[0]
    assert newest.verb == "characteristic.edited"


def test_an_archived_characteristic_is_taken_into_use_again(
    org: Org, thing: Characteristic
) -> None:
    services.archive_characteristic(
        actor=org.lead, characteristic=thing, version=1, reason="Not measured any more"
    )
    with pytest.raises(Refused):
        services.append_observations(actor=org.member, characteristic=thing, values=[1.0])
    with pytest.raises(PermissionDenied):
        services.restore_characteristic(
            actor=org.staff, characteristic=thing, version=2, reason="Again"
        )
    services.restore_characteristic(
        actor=org.lead, characteristic=thing, version=2, reason="Measured again since May"
    )
    services.append_observations(actor=org.member, characteristic=thing, values=[1.0])
    told = [sentence_of(entry) for entry in history_of(thing)]
    assert any("into use again" in sentence for sentence in told)
    with pytest.raises(Refused, match="in use already"):
        services.restore_characteristic(
            actor=org.lead, characteristic=thing, version=3, reason="Twice"
        )
