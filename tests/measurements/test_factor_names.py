"""A factor gets another name: what was observed under the old one stays with it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.audit.selectors import history_of
from apps.audit.sentences import sentence_of
from apps.charts.recompute import recompute
from apps.charts.services import open_chart
from apps.common.errors import Conflict, Refused
from apps.measurements import importing, reading, services
from apps.measurements.models import Characteristic, Import, ImportProfile, Stratum
from apps.measurements.selectors import snapshot
from tests.factories import Org

TEXT = "time,value,Shift\n" + "".join(
    f"2026-11-20 08:{minute:02},{minute},{'day' if minute % 2 else 'night'}\n"
    for minute in range(20)
)


@pytest.fixture
def thing(org: Org) -> Characteristic:
    return services.create_characteristic(
        actor=org.lead, team=org.desk, name="Wait", factors=["Shift", "machine"]
    )


def append(org: Org, thing: Characteristic, **factors: str) -> None:
    services.append_observations(
        actor=org.member, characteristic=thing, values=[1.0], factors=[factors]
    )


def rename(org: Org, thing: Characteristic, factor: str, name: str) -> None:
    thing.refresh_from_db()
    services.rename_factor(
        actor=org.lead, characteristic=thing, version=thing.version, factor=factor, name=name
    )
    thing.refresh_from_db()


def read_in(org: Org, thing: Characteristic, **choices: Any) -> Import:
    """A file that is read and confirmed; its rows are not yet written."""
    made = services.receive_import(
        actor=org.member, characteristic=thing, file=SimpleUploadedFile("a.csv", TEXT.encode())
    )
    reading.read(made.pk)
    made.refresh_from_db()
    return services.confirm_import(
        actor=org.member, import_=made, version=made.version, guesses_confirmed=True, **choices
    )


def levels(thing: Characteristic) -> list[dict[str, str]]:
    found = snapshot(thing.pk)
    assert found.strata is not None
    return [found.combinations[code] if code >= 0 else {} for code in found.strata]


def test_observations_keep_their_values_under_the_new_name(org: Org, thing: Characteristic) -> None:
    append(org, thing, Shift="day", machine="x")
    append(org, thing, machine="y")
    before = thing.data_version
    rename(org, thing, "Shift", "  Working   shift ")
    assert thing.factors == ["Working shift", "machine"]
    assert levels(thing) == [{"Working shift": "day", "machine": "x"}, {"machine": "y"}]
    assert thing.data_version > before
    assert thing.reshaped_version == thing.data_version
    assert "renamed the factor Shift to Working shift" in sentence_of(history_of(thing)[0])
    # What comes next finds the combination that is known.
    append(org, thing, **{"Working shift": "day", "machine": "x"})
    assert Stratum.objects.count() == 2


def test_a_chart_tells_the_points_apart_by_the_new_name(org: Org, thing: Characteristic) -> None:
    importing.import_rows(read_in(org, thing).pk)
    chart = open_chart(actor=org.lead, characteristic=thing)
    recompute(chart.pk)
    rename(org, thing, "Shift", "Crew")
    recompute(chart.pk)
    chart.refresh_from_db()
    [factor] = chart.result.content["factors"]
    assert (factor["name"], {one["name"] for one in factor["levels"]}) == ("Crew", {"day", "night"})


def test_a_kept_way_of_reading_goes_on_with_the_new_name(org: Org, thing: Characteristic) -> None:
    importing.import_rows(read_in(org, thing, profile_name="Line 2").pk)
    rename(org, thing, "Shift", "Crew")
    assert "factor.Crew" in ImportProfile.objects.get().mapping["columns"].values()
    importing.import_rows(read_in(org, thing, again=True).pk)
    assert levels(thing)[:20] == levels(thing)[20:]


def test_an_import_on_its_way_ends_rather_than_lose_the_factor(
    org: Org, thing: Characteristic
) -> None:
    import_ = read_in(org, thing)
    rename(org, thing, "Shift", "Crew")
    importing.import_rows(import_.pk)
    import_.refresh_from_db()
    assert (import_.state, import_.report["refused"]["code"]) == ("refused", "stored_changed")
    assert not len(snapshot(thing.pk).values)


@pytest.mark.parametrize(
    ("factor", "name", "why"),
    [
        ("Shift", "Shift", "has already"),
        ("Shift", "MACHINE", "are the same"),
        ("Shift", " ", "1 to 40"),
        ("Shift", "x" * 41, "1 to 40"),
        ("shift", "Crew", "is not a factor"),
        ("Shift", "operator", "earlier factor"),
    ],
)
def test_names_that_are_refused(
    org: Org, thing: Characteristic, factor: str, name: str, why: str
) -> None:
    services.update_characteristic(
        actor=org.lead, characteristic=thing, version=thing.version, factors=["operator", "Shift"]
    )
    thing.refresh_from_db()
    append(org, thing, operator="Lin")
    thing.refresh_from_db()
    services.update_characteristic(
        actor=org.lead, characteristic=thing, version=thing.version, factors=["Shift", "machine"]
    )
    with pytest.raises(Refused, match=why):
        rename(org, thing, factor, name)
    thing.refresh_from_db()
    assert thing.factors == ["Shift", "machine"]


def test_renaming_on_its_page(org: Org, thing: Characteristic, client_as: Any) -> None:
    append(org, thing, Shift="day")
    client = client_as(org.lead)
    url = reverse("measurements:rename_factor", args=[thing.pk])
    assert url in client.get(reverse("measurements:edit", args=[thing.pk])).content.decode()
    version = client.get(url).context["form"]["version"].value()
    sent = {"version": version, "factor": "Shift", "name": "machine"}
    assert "Tell them apart" in client.post(url, sent).content.decode()
    done = client.post(url, sent | {"name": "Crew"}, follow=True).content.decode()
    assert "The observations keep their values" in done
    assert client.post(url, sent | {"factor": "machine", "name": "Oven"}).status_code == 409
    with pytest.raises(Conflict):
        services.rename_factor(
            actor=org.lead, characteristic=thing, version=version, factor="Crew", name="Team"
        )
