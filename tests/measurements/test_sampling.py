"""The sampling plan: when values are due, and the newest observation that is kept for it."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Max

from apps.audit.selectors import history_of
from apps.common.errors import Conflict, Refused
from apps.measurements import importing, reading, services
from apps.measurements.models import Characteristic, Import
from apps.measurements.newest import count_what_has_come, newest_at, overdue, sampling_of
from apps.measurements.reader.times import AHEAD, EPOCH, MICROSECOND
from apps.measurements.sampling import Plan
from apps.measurements.selectors import counted
from apps.measurements.sweep import sweep
from tests.factories import Org

TAIPEI = ZoneInfo("Asia/Taipei")
BERLIN = ZoneInfo("Europe/Berlin")
NOON = dt.datetime(2026, 11, 18, 12, tzinfo=TAIPEI)


def at(text: str, zone: ZoneInfo = TAIPEI) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """The times below have come, whenever the tests run: what lies ahead does not count."""
    with time_machine.travel(NOON + dt.timedelta(days=5)):
        yield


# --- The calendar -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "unit", "newest", "overdue"),
    [
        (1, "hour", "2026-11-18 10:40", "2026-11-18 12:00"),
        (4, "hour", "2026-11-18 10:40", "2026-11-18 15:00"),
        (1, "day", "2026-11-18 09:00", "2026-11-20 00:00"),
        (3, "day", "2026-11-18 00:00", "2026-11-22 00:00"),
        (1, "week", "2026-11-18 09:00", "2026-11-30 00:00"),
        (1, "week", "2026-11-22 23:59", "2026-11-30 00:00"),
        (1, "month", "2026-11-18 09:00", "2027-01-01 00:00"),
        (2, "month", "2026-12-31 09:00", "2027-03-01 00:00"),
    ],
)
def test_overdue_once_the_period_in_which_values_were_due_has_gone_by(
    every: int, unit: str, newest: str, overdue: str
) -> None:
    assert Plan(every, unit, 1, TAIPEI).overdue_from(at(newest)) == at(overdue)


@pytest.mark.parametrize(
    ("newest", "overdue"),
    [
        # Clocks go forward on 29 March 2026 and back on 25 October 2026: days of 23 and 25 hours.
        ("2026-03-28 12:00", "2026-03-30 00:00"),
        ("2026-03-29 12:00", "2026-03-31 00:00"),
        ("2026-10-24 12:00", "2026-10-26 00:00"),
        ("2026-10-25 23:30", "2026-10-27 00:00"),
    ],
)
def test_days_end_at_local_midnight_when_clocks_change(newest: str, overdue: str) -> None:
    assert Plan(1, "day", 1, BERLIN).overdue_from(at(newest, BERLIN)) == at(overdue, BERLIN)


def test_the_hour_that_the_clock_shows_twice_is_two_hours() -> None:
    first = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)  # 02:30 summer time
    plan = Plan(1, "hour", 1, BERLIN)
    assert plan.overdue_from(first) == dt.datetime(2026, 10, 25, 2, tzinfo=dt.UTC)
    second = first + dt.timedelta(hours=1)  # 02:30 again
    assert plan.overdue_from(second) == dt.datetime(2026, 10, 25, 3, tzinfo=dt.UTC)


# --- What is kept -----------------------------------------------------------------------------


@pytest.fixture
def thing(org: Org) -> Characteristic:
    return services.create_characteristic(
        actor=org.member, team=org.desk, name="Wait", unit="min", owner=org.member
    )


def fresh(thing: Characteristic) -> Characteristic:
    return Characteristic.objects.get(pk=thing.pk)


def plan(org: Org, thing: Characteristic, **wanted: Any) -> Characteristic:
    wanted = {"every": 1, "unit": "day", "size": 1} | wanted
    return services.set_sampling_plan(
        actor=org.lead, characteristic=thing, version=fresh(thing).version, **wanted
    )


def append(org: Org, thing: Characteristic, *moments: dt.datetime | None) -> None:
    services.append_observations(
        actor=org.member,
        characteristic=thing,
        values=[1.0] * len(moments),
        observed_at=list(moments),
    )


def bring_in(
    org: Org, thing: Characteristic, *moments: dt.datetime, value: int = 1, **choices: str
) -> Import:
    rows = [f"{moment:%Y-%m-%d %H:%M},{value + place}" for place, moment in enumerate(moments)]
    file = SimpleUploadedFile("a.csv", "\n".join(["time,value", *rows, ""]).encode())
    import_ = services.receive_import(actor=org.member, characteristic=thing, file=file)
    reading.read(import_.pk)
    import_.refresh_from_db()
    services.confirm_import(
        actor=org.member,
        import_=import_,
        version=import_.version,
        accept_refused=True,
        guesses_confirmed=True,
        again=True,
        **choices,
    )
    importing.import_rows(import_.pk)
    return Import.objects.get(pk=import_.pk)


def assert_kept(thing: Characteristic) -> None:
    """What is kept is what the counted rows say."""
    now = fresh(thing)
    rows = counted(now).order_by()
    newest = rows.aggregate(newest=Max("observed_us"))["newest"]
    assert now.newest_us == newest
    expected = Plan(now.sampling_every, now.sampling_unit, now.sampling_size, TAIPEI)
    if newest is None:
        assert now.newest_count == 0
        return
    moment = newest_at(now)
    assert moment is not None
    start = (expected.period_start(moment) - EPOCH) // MICROSECOND
    assert now.newest_count == rows.filter(observed_us__gte=start).count()
    assert now.overdue_from == expected.overdue_from(max(moment, now.sampling_since))


@pytest.mark.parametrize("seed", range(4))
def test_the_newest_observation_is_kept_on_every_way(
    org: Org, thing: Characteristic, seed: int
) -> None:
    dice = random.Random(seed)
    with time_machine.travel(NOON - dt.timedelta(days=40), tick=False):
        plan(org, thing, unit=dice.choice(["hour", "day", "week", "month"]), size=3)
    taken: list[Import] = []
    for _step in range(25):
        moments = [
            NOON - dt.timedelta(minutes=dice.randrange(60 * 24 * 30))
            for _value in range(dice.randrange(1, 6))
        ]
        act = dice.choice(["append", "append", "untimed", "import", "reverse", "correct", "plan"])
        if act == "append":
            append(org, thing, *moments)
        elif act == "untimed":
            append(org, thing, None)
        elif act == "import":
            taken.append(bring_in(org, thing, *moments))
        elif act == "reverse" and taken:
            one = taken.pop(dice.randrange(len(taken)))
            services.reverse_import(actor=org.lead, import_=one, version=one.version, reason="x")
        elif act == "correct" and (row := counted(thing).last()):
            services.correct_observation(
                actor=org.lead,
                characteristic=thing,
                sequence=row.sequence,
                before=row.value,
                value=row.value + 1,
                reason="typed wrongly",
            )
        elif act == "plan":
            plan(org, thing, unit=dice.choice(["hour", "day", "week"]), size=dice.randrange(1, 9))
        assert_kept(thing)


def test_rows_of_an_import_that_is_not_in_force_do_not_count(
    org: Org, thing: Characteristic
) -> None:
    plan(org, thing)
    append(org, thing, NOON)
    later = bring_in(org, thing, NOON + dt.timedelta(hours=2))
    assert newest_at(fresh(thing)) == NOON + dt.timedelta(hours=2)
    services.reverse_import(actor=org.lead, import_=later, version=later.version, reason="wrong")
    assert newest_at(fresh(thing)) == NOON


def test_values_without_a_time_count_from_when_they_came_in(
    org: Org, thing: Characteristic
) -> None:
    with time_machine.travel(NOON, tick=False):
        plan(org, thing)
    with time_machine.travel(NOON + dt.timedelta(days=5), tick=False):
        append(org, thing, None)
    assert fresh(thing).overdue_from == at("2026-11-25 00:00")


def test_values_that_replace_stored_ones_came_in_too(org: Org, thing: Characteristic) -> None:
    append(org, thing, NOON, NOON + dt.timedelta(hours=1))
    later = NOON + dt.timedelta(days=9)
    with time_machine.travel(later, tick=False):
        bring_in(org, thing, NOON + dt.timedelta(hours=1), value=7, doubles_stored="replace")
    assert [row.value for row in counted(thing)] == [1, 7]
    assert fresh(thing).arrived_at == later


def test_a_year_typed_wrongly_does_not_silence_the_plan(org: Org, thing: Characteristic) -> None:
    with time_machine.travel(NOON, tick=False):
        plan(org, thing)
        append(org, thing, NOON, NOON.replace(year=2062))
    now = fresh(thing)
    assert newest_at(now) == NOON
    assert now.overdue_from == at("2026-11-20 00:00")
    assert list(overdue(at("2026-11-20 00:01"))) == [thing]
    # The page says so, too.
    found = sampling_of(now, now=at("2026-11-20 00:01"))
    assert found is not None
    assert found.is_overdue


@pytest.mark.parametrize("behind", [0, 1])
def test_an_observation_dated_ahead_counts_when_its_time_has_come(
    org: Org, thing: Characteristic, behind: int
) -> None:
    tomorrow = NOON + dt.timedelta(days=1)
    with time_machine.travel(NOON, tick=False):
        plan(org, thing)
        append(org, thing, NOON, tomorrow, tomorrow + dt.timedelta(days=30))
    # As far as clocks may differ, it has come.
    with time_machine.travel(tomorrow - AHEAD - MICROSECOND, tick=False):
        count_what_has_come()
        assert newest_at(fresh(thing)) == NOON
    with time_machine.travel(tomorrow - AHEAD, tick=False):
        if behind:
            append(org, thing, NOON)
        else:
            assert [count_what_has_come(), count_what_has_come()] == [1, 0]
        assert newest_at(fresh(thing)) == tomorrow
        assert fresh(thing).overdue_from == at("2026-11-21 00:00")
        assert fresh(thing).newest_count == 1


def test_the_sweep_counts_what_has_come(org: Org, thing: Characteristic) -> None:
    with time_machine.travel(NOON, tick=False):
        plan(org, thing)
        append(org, thing, NOON + dt.timedelta(days=1))
    with time_machine.travel(NOON + dt.timedelta(days=1), tick=False):
        sweep()
        assert newest_at(fresh(thing)) == NOON + dt.timedelta(days=1)


# --- The standing -----------------------------------------------------------------------------


def test_a_characteristic_without_a_plan_says_nothing(org: Org, thing: Characteristic) -> None:
    append(org, thing, NOON - dt.timedelta(days=400))
    assert sampling_of(fresh(thing)) is None


def test_overdue_until_data_come(org: Org, thing: Characteristic) -> None:
    with time_machine.travel(NOON, tick=False):
        plan(org, thing)
        append(org, thing, NOON)
    now = sampling_of(fresh(thing), now=at("2026-11-19 23:59"))
    assert now is not None
    assert now.state == "kept"
    late = sampling_of(fresh(thing), now=at("2026-11-20 00:00"))
    assert late is not None
    assert (late.state, late.overdue_from) == ("overdue", at("2026-11-20 00:00"))
    append(org, thing, at("2026-11-20 08:00"))
    calm = sampling_of(fresh(thing), now=at("2026-11-20 08:01"))
    assert calm is not None
    assert calm.state == "kept"


def test_fewer_values_than_planned_are_told_once_their_day_is_over(
    org: Org, thing: Characteristic
) -> None:
    with time_machine.travel(NOON, tick=False):
        plan(org, thing, size=3)
        append(org, thing, NOON, NOON)
    same_day = sampling_of(fresh(thing), now=at("2026-11-18 23:59"))
    next_day = sampling_of(fresh(thing), now=at("2026-11-19 00:00"))
    assert same_day is not None
    assert next_day is not None
    assert (same_day.state, next_day.state, next_day.found) == ("kept", "short", 2)
    append(org, thing, NOON)
    whole = sampling_of(fresh(thing), now=at("2026-11-19 00:00"))
    assert whole is not None
    assert whole.state == "kept"


def test_a_plan_runs_from_when_it_is_made(org: Org, thing: Characteristic) -> None:
    append(org, thing, NOON - dt.timedelta(days=100))
    with time_machine.travel(NOON, tick=False):
        plan(org, thing)
        assert fresh(thing).overdue_from == at("2026-11-20 00:00")
    with time_machine.travel(NOON + dt.timedelta(days=9), tick=False):
        plan(org, thing, size=5)
        found = sampling_of(fresh(thing))
        assert found is not None
        assert found.is_overdue, "another number of values does not excuse what is overdue"


def test_who_may_plan_and_what_the_history_says(org: Org, thing: Characteristic) -> None:
    for stranger in (org.staff, org.neighbour):
        with pytest.raises(PermissionDenied):
            services.set_sampling_plan(
                actor=stranger, characteristic=thing, version=0, every=1, unit="day", size=1
            )
    planned = plan(org, thing, every=2, unit="week", size=5)
    with pytest.raises(Conflict):
        services.end_sampling_plan(
            actor=org.lead, characteristic=thing, version=planned.version - 1
        )
    services.end_sampling_plan(actor=org.lead, characteristic=thing, version=planned.version)
    assert sampling_of(fresh(thing)) is None
    assert fresh(thing).overdue_from is None
    verbs = [entry.verb for entry in history_of(thing)]
    assert verbs[:2] == ["sampling.ended", "sampling.planned"]
    with pytest.raises(Refused, match="no sampling plan"):
        services.end_sampling_plan(
            actor=org.lead, characteristic=thing, version=fresh(thing).version
        )


@pytest.mark.parametrize(
    ("every", "unit", "size"), [(0, "day", 1), (1, "year", 1), (1, "day", 0), (1001, "day", 1)]
)
def test_plans_that_are_none(
    org: Org, thing: Characteristic, every: int, unit: str, size: int
) -> None:
    with pytest.raises(Refused):
        plan(org, thing, every=every, unit=unit, size=size)


# --- The pages --------------------------------------------------------------------------------


def test_a_plan_is_set_and_ended_on_its_page(
    org: Org, thing: Characteristic, client_as: Any
) -> None:
    client = client_as(org.lead)
    url = f"/characteristics/{thing.pk}/sampling/"
    assert "How often values are expected" in client.get(url).content.decode()
    version = fresh(thing).version
    sent = {"version": version, "size": 5, "every": 2, "unit": "week"}
    page = client.post(url, sent, follow=True).content.decode()
    assert "5 values every 2 weeks" in page
    assert "Next values due by" in page
    assert client.post(url, sent).status_code == 409
    assert client.post(url, sent | {"every": 0}).status_code == 200
    page = client.post(f"{url}end/", {"version": fresh(thing).version}, follow=True)
    assert "5 values every" not in page.content.decode().split("<h2")[1]
    assert sampling_of(fresh(thing)) is None


def test_the_page_says_what_is_overdue_and_where_to_type_it(
    org: Org, thing: Characteristic, client_as: Any
) -> None:
    with time_machine.travel(NOON, tick=False):
        plan(org, thing)
    with time_machine.travel(NOON + dt.timedelta(days=4), tick=False):
        page = client_as(org.member).get(f"/characteristics/{thing.pk}/").content.decode()
        assert "Data overdue since 20 Nov. Planned: 1 value every day." in page
        assert f"/characteristics/{thing.pk}/sheet/" in page
        assert (
            "Data overdue"
            in client_as(org.staff).get(f"/characteristics/{thing.pk}/").content.decode()
        )


# --- Values on the page ---------------------------------------------------------------------------


def test_values_are_found_by_number_day_subgroup_and_correction(
    org: Org, thing: Characteristic, client_as: Any
) -> None:
    services.append_observations(
        actor=org.member,
        characteristic=thing,
        values=[11.25, 12.25, 13.25],
        observed_at=[NOON - dt.timedelta(days=2), NOON - dt.timedelta(days=1), NOON],
        subgroups=["early", "late", "late"],
    )
    services.correct_observation(
        actor=org.lead, characteristic=thing, sequence=2, before=12.25, value=12.5, reason="typo"
    )
    client = client_as(org.lead)

    def found(query: str) -> list[str]:
        page = client.get(f"/characteristics/{thing.pk}/?{query}").content.decode()
        return [
            value
            for value in ("11.25", "12.50", "13.25")
            if value in page.split("<tbody")[-1].split("</tbody")[0]
        ]

    assert found("") == ["11.25", "12.50", "13.25"]
    assert found("q=3") == ["13.25"]
    assert found("q=2026-11-16") == ["11.25"]
    assert found("q=LATE") == ["12.50", "13.25"]
    assert found("shown=corrected") == ["12.50"]
    assert (
        "No value matches" in client.get(f"/characteristics/{thing.pk}/?q=nothing").content.decode()
    )
    for bad in ("shown=x", "page=abc", "q=%00"):
        assert client.get(f"/characteristics/{thing.pk}/?{bad}").status_code == 400
    for harmless in ("9" * 60, "9999-12-31", "0001-01-01"):
        assert client.get(f"/characteristics/{thing.pk}/?q={harmless}").status_code == 200
