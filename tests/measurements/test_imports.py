"""An import from upload to committed rows, and everything that may happen to it on the way."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.selectors import history_of
from apps.audit.verification import verify
from apps.common.errors import Conflict, Refused
from apps.files.models import StoredFile
from apps.measurements import files, importing, leases, reading, services, storage
from apps.measurements import sweep as sweeping
from apps.measurements.choices import ImportState
from apps.measurements.models import Characteristic, Import, Observation
from apps.measurements.report import report_of
from apps.measurements.selectors import snapshot
from apps.measurements.wording.guesses import reason_words
from tests.factories import Org, published

DATA = Path(__file__).parents[1] / "stats" / "data"
TEXT = "time,value\n2026-11-20 08:00,4.5\n2026-11-20 08:05,4.7\n2026-11-20 08:10,4.6\n"


@pytest.fixture
def thing(org: Org) -> Characteristic:
    return services.create_characteristic(actor=org.lead, team=org.desk, name="Wait", unit="min")


def upload(org: Org, thing: Characteristic, content: str | bytes = TEXT, **more: Any) -> Import:
    data = content.encode() if isinstance(content, str) else content
    return services.receive_import(
        actor=org.member, characteristic=thing, file=SimpleUploadedFile("a.csv", data), **more
    )


def previewed(org: Org, thing: Characteristic, content: str | bytes = TEXT, **more: Any) -> Import:
    import_ = upload(org, thing, content, **more)
    assert reading.read(import_.pk)
    return fresh(import_)


def confirmed(org: Org, thing: Characteristic, content: str | bytes = TEXT, **more: Any) -> Import:
    import_ = previewed(org, thing, content)
    choices = {"accept_refused": True, "guesses_confirmed": True, "again": True, **more}
    return services.confirm_import(
        actor=org.member, import_=import_, version=import_.version, **choices
    )


def imported(org: Org, thing: Characteristic, content: str | bytes = TEXT, **more: Any) -> Import:
    import_ = confirmed(org, thing, content, **more)
    assert importing.import_rows(import_.pk)
    return fresh(import_)


def fresh(import_: Import) -> Import:
    return Import.objects.get(pk=import_.pk)


def version_of(thing: Characteristic) -> int:
    return Characteristic.objects.get(pk=thing.pk).data_version


# --- The way through --------------------------------------------------------------------------


def test_a_file_becomes_observations_in_one_step(org: Org, thing: Characteristic) -> None:
    import_ = confirmed(org, thing)
    assert version_of(thing) == 0
    importing.import_rows(import_.pk)

    import_ = fresh(import_)
    assert (import_.state, import_.rows_imported) == (ImportState.IMPORTED, 3)
    assert snapshot(thing.pk).values.tolist() == [4.5, 4.7, 4.6]
    assert version_of(thing) == 1
    assert list(history_of(thing).values_list("verb", flat=True)[:3]) == [
        "import.imported", "import.confirmed", "import.received",
    ]  # fmt: skip
    assert history_of(thing)[0].actor_id == org.member.pk
    assert verify().intact


@pytest.mark.parametrize(
    ("name", "data_type", "value", "size", "label"),
    [
        ("pistonrings", "variable", "diameter", None, "sample"),
        ("orangejuice", "defectives", "D", "size", None),
        ("circuit", "defects", "x", "size", None),
    ],
)
def test_published_series_come_back_as_published(
    org: Org, name: str, data_type: str, value: str, size: str | None, label: str | None
) -> None:
    """The data files of the statistics tests, with their remark on top, as a person uploads them."""
    thing = services.create_characteristic(
        actor=org.lead, team=org.desk, name=name, data_type=data_type,
        subgrouping="column" if label else "individuals",
    )  # fmt: skip
    import_ = imported(org, thing, (DATA / f"{name}.csv").read_bytes())
    roles = {column["name"]: column["role"] for column in import_.report["columns"]}
    assert {role: key for key, role in roles.items() if role != "skip"} == {
        role: key
        for role, key in (("value", value), ("size", size), ("subgroup", label))
        if key is not None
    }
    columns, found = published(name), snapshot(thing.pk)
    assert found.values.tolist() == [float(text) for text in columns[value]]
    if size:
        assert found.sizes is not None
        assert found.sizes.tolist() == [float(text) for text in columns[size]]
    if label:
        assert found.subgroups is not None
        assert found.subgroups.tolist() == columns[label]


def test_a_wrong_file_stores_nothing_until_a_person_says_which_rows(
    org: Org, thing: Characteristic
) -> None:
    import_ = previewed(org, thing, f"{TEXT}2026-11-20 08:15,n/a\n")
    assert (import_.rows_ready, import_.rows_refused) == (3, 1)
    with pytest.raises(Refused, match="Some rows were refused"):
        services.confirm_import(actor=org.member, import_=import_, version=import_.version)
    assert not Observation.objects.exists()
    services.confirm_import(
        actor=org.member, import_=import_, version=import_.version, accept_refused=True
    )
    importing.import_rows(import_.pk)
    assert len(snapshot(thing.pk).values) == 3


def test_a_guess_has_to_be_confirmed(org: Org, thing: Characteristic) -> None:
    import_ = previewed(org, thing, "value;x\n1,234;a\n2,345;b\n")
    with pytest.raises(Refused, match="Confirm how the file was read"):
        services.confirm_import(actor=org.member, import_=import_, version=import_.version)


def test_the_same_file_again_is_recognised(org: Org, thing: Characteristic) -> None:
    imported(org, thing)
    second = previewed(org, thing)
    assert second.rows_known == 3
    with pytest.raises(Refused, match="imported before"):
        services.confirm_import(actor=org.member, import_=second, version=second.version)
    with pytest.raises(Refused, match="Every row is stored already"):
        services.confirm_import(
            actor=org.member,
            import_=second,
            version=second.version,
            again=True,
            doubles_stored="skip",
        )
    services.confirm_import(actor=org.member, import_=second, version=second.version, again=True)
    importing.import_rows(second.pk)
    assert len(snapshot(thing.pk).values) == 6


def test_rows_that_are_stored_already_can_be_left_out(org: Org, thing: Characteristic) -> None:
    imported(org, thing)
    longer = imported(org, thing, f"{TEXT}2026-11-20 08:15,5.1\n", doubles_stored="skip")
    assert longer.rows_known == 3
    assert longer.rows_imported == 1
    assert snapshot(thing.pk).values.tolist() == [4.5, 4.7, 4.6, 5.1]


def test_what_a_person_chooses_is_read_again(org: Org, thing: Characteristic) -> None:
    import_ = previewed(org, thing, "a,b\n1,10\n2,20\n")
    services.remap_import(
        actor=org.member, import_=import_, version=import_.version, reading={},
        mapping={"columns": {"0": "skip", "1": "value"}},
    )  # fmt: skip
    reading.read(import_.pk)
    import_ = fresh(import_)
    assert import_.state == ImportState.PREVIEW
    assert [row["value"] for row in import_.report["first"]] == [10, 20]


def test_a_choice_that_does_not_fit_leads_back_to_the_choice(
    org: Org, thing: Characteristic
) -> None:
    import_ = previewed(org, thing, "Größe\n1,5\n".encode("latin-1"))
    services.remap_import(
        actor=org.member, import_=import_, version=import_.version,
        reading={"encoding": "utf-8"}, mapping={},
    )  # fmt: skip
    reading.read(import_.pk)
    import_ = fresh(import_)
    assert import_.state == ImportState.PREVIEW
    assert import_.report["unfit"]["code"] == "undecodable"
    with pytest.raises(Refused, match="no row to import"):
        services.confirm_import(actor=org.member, import_=import_, version=import_.version)


def test_a_characteristic_that_changed_since_asks_for_another_reading(
    org: Org, thing: Characteristic
) -> None:
    import_ = previewed(org, thing)
    services.update_characteristic(
        actor=org.lead, characteristic=thing, version=1, data_type="defects"
    )
    with pytest.raises(Refused, match="Read the file again"):
        services.confirm_import(actor=org.member, import_=import_, version=import_.version)


def test_a_kept_profile_reads_the_next_file_of_its_kind(org: Org, thing: Characteristic) -> None:
    """What a person chose and confirmed once is not asked again, while the header is the same."""
    text = "when;a;b\n01/02/2026;1,234;7\n"
    import_ = previewed(org, thing, text)
    services.remap_import(
        actor=org.member, import_=import_, version=import_.version,
        reading={"decimal": ".", "thousands": ",", "date_order": "mdy", "format": "plain"},
        mapping={"columns": {"0": "time", "1": "value", "2": "skip"}},
    )  # fmt: skip
    reading.read(import_.pk)
    import_ = fresh(import_)
    services.confirm_import(
        actor=org.member, import_=import_, version=import_.version, profile_name="Dialler export"
    )

    second = previewed(org, thing, text.replace("1,234", "2,345"))
    assert (second.report["profile"], second.report["guesses"]) == ("Dialler export", [])
    assert [row["value"] for row in second.report["first"]] == [2345]
    assert second.report["columns"][1]["why"]["code"] == "profile"
    other = previewed(org, thing, text.replace("when", "then"))
    assert other.report["profile"] == ""
    services.forget_profile(actor=org.member, profile=thing.import_profiles.get())
    assert previewed(org, thing, text).report["profile"] == ""


def test_cancelling_removes_the_file_and_stores_nothing(
    org: Org, thing: Characteristic, django_capture_on_commit_callbacks
) -> None:
    import_ = previewed(org, thing)
    with django_capture_on_commit_callbacks(execute=True):
        services.cancel_import(actor=org.member, import_=import_, version=import_.version)
    assert fresh(import_).state == ImportState.CANCELLED
    assert not files.is_stored(import_.stored_as)
    assert not StoredFile.objects.exists()
    assert not files.path_of(import_.stored_as).exists()
    assert not list(files.folder().glob(f"{import_.report['rows_file']}*"))
    with pytest.raises(Conflict):
        services.confirm_import(actor=org.member, import_=import_, version=import_.version)
    assert not Observation.objects.exists()


def test_a_reversal_takes_all_rows_back_and_keeps_them_on_record(
    org: Org, thing: Characteristic
) -> None:
    first = imported(org, thing)
    services.append_observations(actor=org.member, characteristic=thing, values=[9.0])
    with pytest.raises(Refused, match="reason"):
        services.reverse_import(actor=org.lead, import_=first, version=first.version, reason=" ")
    with pytest.raises(PermissionDenied):
        services.reverse_import(actor=org.member, import_=first, version=first.version, reason="x")
    services.reverse_import(
        actor=org.lead, import_=first, version=first.version, reason="Wrong machine"
    )
    found = snapshot(thing.pk)
    assert (found.values.tolist(), found.sequences.tolist()) == ([9.0], [4])
    assert Observation.objects.count() == 4
    assert version_of(thing) == 3
    assert history_of(thing)[0].reason == "Wrong machine"
    with pytest.raises(Conflict):
        services.reverse_import(actor=org.lead, import_=first, version=first.version, reason="x")


@pytest.mark.parametrize("persona", ["manager", "staff", "neighbour", "outsider"])
def test_who_may_not_import(org: Org, thing: Characteristic, persona: str) -> None:
    actor = getattr(org, persona)
    with pytest.raises(PermissionDenied):
        services.receive_import(
            actor=actor, characteristic=thing, file=SimpleUploadedFile("a.csv", b"v\n1\n")
        )
    assert not StoredFile.objects.exists()
    import_ = previewed(org, thing)
    for act in (
        lambda: services.confirm_import(actor=actor, import_=import_, version=import_.version),
        lambda: services.cancel_import(actor=actor, import_=import_),
        lambda: services.remap_import(
            actor=actor, import_=import_, version=import_.version, reading={}, mapping={}
        ),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert fresh(import_).state == ImportState.PREVIEW


def test_a_file_beyond_the_limit_is_refused_while_it_comes_in(
    org: Org, thing: Characteristic, settings
) -> None:
    settings.IMPORT_MAX_BYTES = 1_000_000
    with pytest.raises(Refused, match="larger than"):
        upload(org, thing, b"1\n" * 600_000)
    assert not StoredFile.objects.exists()
    assert not Import.objects.exists()


# --- Twice, at once, and half-way -------------------------------------------------------------


def test_every_task_may_run_twice(org: Org, thing: Characteristic) -> None:
    import_ = upload(org, thing)
    assert [reading.read(import_.pk) for _again in range(2)] == [True, False]
    import_ = fresh(import_)
    services.confirm_import(actor=org.member, import_=import_, version=import_.version)
    assert [importing.import_rows(import_.pk) for _again in range(2)] == [True, False]
    assert sweeping.sweep() == 0
    assert (version_of(thing), len(snapshot(thing.pk).values)) == (1, 3)
    assert history_of(thing).filter(verb="import.imported").count() == 1


def test_two_people_who_confirm_at_once_start_one_import(org: Org, thing: Characteristic) -> None:
    import_ = previewed(org, thing)
    services.confirm_import(actor=org.member, import_=import_, version=import_.version)
    with pytest.raises(Conflict):
        services.confirm_import(actor=org.lead, import_=import_, version=import_.version)


@pytest.mark.django_db(transaction=True)
def test_racing_confirmations_give_one_import(org: Org, thing: Characteristic) -> None:
    import_ = previewed(org, thing)
    barrier, outcomes = threading.Barrier(6), []

    def confirm() -> None:
        barrier.wait()
        try:
            services.confirm_import(actor=org.member, import_=import_, version=import_.version)
            importing.import_rows(import_.pk)
            outcomes.append("won")
        except Conflict:
            outcomes.append("told")
        finally:
            connections.close_all()

    people = [threading.Thread(target=confirm) for _person in range(6)]
    for person in people:
        person.start()
    for person in people:
        person.join()

    assert sorted(outcomes) == ["told"] * 5 + ["won"]
    assert (fresh(import_).state, len(snapshot(thing.pk).values)) == (ImportState.IMPORTED, 3)


def test_rows_of_an_unfinished_import_do_not_count(
    org: Org, thing: Characteristic, monkeypatch
) -> None:
    """A worker that dies between two chunks leaves rows that nobody sees; another goes on."""
    monkeypatch.setitem(importing.CHUNK, connection.vendor, 10)
    values = [float(number) for number in range(35)]
    import_ = confirmed(org, thing, "value\n" + "".join(f"{value}\n" for value in values))
    written = storage.write_rows
    chunks = []

    def die_in_the_third(**rows: Any) -> None:
        chunks.append(rows)
        if len(chunks) == 3:
            raise KeyboardInterrupt
        written(**rows)

    monkeypatch.setattr(importing, "write_rows", die_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        importing.import_rows(import_.pk)
    assert Observation.objects.count() == 20
    assert len(snapshot(thing.pk).values) == 0
    assert version_of(thing) == 0

    monkeypatch.setattr(importing, "write_rows", written)
    assert importing.import_rows(import_.pk) is False, "the dead worker's lease still holds"
    assert sweeping.sweep() == 0
    Import.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    assert sweeping.sweep() == 1
    assert snapshot(thing.pk).values.tolist() == values
    assert version_of(thing) == 1


def test_observations_that_come_in_meanwhile_keep_their_place(
    org: Org, thing: Characteristic, monkeypatch
) -> None:
    import_ = confirmed(org, thing)
    original = importing._make_them_count

    def somebody_is_quicker(*arguments: Any) -> None:
        services.append_observations(actor=org.lead, characteristic=thing, values=[9.0])
        assert snapshot(thing.pk).values.tolist() == [9.0]
        original(*arguments)

    monkeypatch.setattr(importing, "_make_them_count", somebody_is_quicker)
    importing.import_rows(import_.pk)
    found = snapshot(thing.pk)
    assert (found.values.tolist(), found.sequences.tolist()) == ([4.5, 4.7, 4.6, 9.0], [1, 2, 3, 4])
    assert version_of(thing) == 2


def test_a_worker_that_was_thought_dead_writes_nothing(
    org: Org, thing: Characteristic, monkeypatch
) -> None:
    import_ = confirmed(org, thing)
    late = leases.take(import_.pk, leases.WRITABLE)
    assert late is not None
    Import.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    assert importing.import_rows(import_.pk)
    assert leases.hold(late, ImportState.IMPORTING) is False
    assert leases.locked_own(late, ImportState.IMPORTING) is None


def test_cancelled_while_it_is_written(org: Org, thing: Characteristic, monkeypatch) -> None:
    monkeypatch.setitem(importing.CHUNK, connection.vendor, 10)
    import_ = confirmed(org, thing, "value\n" + "1\n" * 35)
    written = storage.write_rows

    def cancel_after_the_first(**rows: Any) -> None:
        written(**rows)
        services.cancel_import(actor=org.member, import_=import_)

    monkeypatch.setattr(importing, "write_rows", cancel_after_the_first)
    assert importing.import_rows(import_.pk) is False
    assert Observation.objects.count() == 10
    assert len(snapshot(thing.pk).values) == 0
    sweeping.sweep()
    assert Observation.objects.count() == 0
    assert fresh(import_).state == ImportState.CANCELLED


def test_three_failures_end_it_with_the_reason(
    org: Org, thing: Characteristic, monkeypatch
) -> None:
    import_ = upload(org, thing)
    monkeypatch.setattr(reading, "_run_child", _fail)
    for _attempt in range(leases.ATTEMPTS):
        with pytest.raises(reading.ChildFailed):
            reading.read(import_.pk)
        Import.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    sweeping.sweep()
    import_ = fresh(import_)
    assert import_.state == ImportState.REFUSED
    assert import_.report["refused"]["code"] == "attempts"
    assert "disk on fire" in import_.failure


def _fail(import_: Import) -> dict[str, Any]:
    raise reading.ChildFailed("disk on fire")


def test_a_child_that_needs_too_much_memory_is_stopped(
    org: Org, thing: Characteristic, settings
) -> None:
    settings.IMPORT_MAX_MEMORY_BYTES = 150 << 20
    import_ = upload(org, thing, b"value\n" + b"1.5,x\n" * 4_000_000)
    reading.read(import_.pk)
    import_ = fresh(import_)
    assert import_.state == ImportState.REFUSED
    assert import_.report["refused"]["code"] in {"memory", "rows"}
    assert not Observation.objects.exists()


def test_a_child_that_takes_too_long_is_stopped(org: Org, thing: Characteristic, settings) -> None:
    settings.IMPORT_MAX_SECONDS = 1
    settings.IMPORT_MAX_ROWS = 10_000_000
    import_ = upload(org, thing, b"value,x\n" + b"1.5,x\n1.5,\n1.5,x,\n" * 2_000_000)
    reading.read(import_.pk)
    assert fresh(import_).report["refused"]["code"] == "time"


def test_one_bad_import_does_not_stop_the_sweep(
    org: Org, thing: Characteristic, monkeypatch
) -> None:
    bad, good = upload(org, thing), upload(org, thing)
    original = reading._run_child
    monkeypatch.setattr(
        reading, "_run_child", lambda one: _fail(one) if one.pk == bad.pk else original(one)
    )
    sweeping.sweep()
    assert fresh(good).state == ImportState.PREVIEW


def test_a_million_rows_cost_no_million_objects(org: Org, thing: Characteristic) -> None:
    """Half a chunk more or less: what is held is bounded by arrays, not by rows."""
    count = 30_000
    import_ = imported(org, thing, "value\n" + "".join(f"{n % 97}.5\n" for n in range(count)))
    assert import_.rows_imported == count
    np.testing.assert_array_equal(
        snapshot(thing.pk).values, np.array([n % 97 + 0.5 for n in range(count)])
    )


def test_after_the_end_a_report_tells_what_can_still_be_done(
    org: Org, thing: Characteristic, client_as: Callable[[User], Client]
) -> None:
    rows = "\n".join(f"2026-11-{day:02} 08:00,4.{day % 7}" for day in range(1, 21))
    import_ = imported(org, thing, f"time,wait\n{rows}\n2026-11-21 08:00,420\n")
    assert report_of(import_, show="all").lines[0].remedy.startswith("Look at the stored value")
    services.reverse_import(
        actor=org.lead, import_=import_, version=import_.version, reason="Wrong machine"
    )
    import_.refresh_from_db()
    assert report_of(import_, show="all").lines[0].remedy == ""
    shown = client_as(org.lead).get(f"/characteristics/imports/{import_.pk}/").content.decode()
    assert "Wrong machine" in shown


def test_reasons_count_in_words() -> None:
    assert reason_words("distinct", {"count": 1}) == "The same value in every row looked at"
    assert reason_words("distinct", {"count": 1200}) == "1,200 different values"
