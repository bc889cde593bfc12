"""Every change marks exactly the charts it affects, in its own transaction."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from apps.charts.models import ControlChart
from apps.charts.recompute import recompute
from apps.charts.services import (
    change_settings,
    exclude_point,
    freeze_limits,
    include_point,
    open_chart,
    release_limits,
    remove_phase,
    start_phase,
)
from apps.measurements import importing, reading, services
from apps.measurements.models import Characteristic, Import
from tests.factories import Org, make_chart, steady

pytestmark = pytest.mark.django_db


class Given:
    """A characteristic with two charts, and another one that nothing may touch."""

    def __init__(self, org: Org) -> None:
        self.org, self.actor = org, org.lead
        rows = {"subgrouping": "fixed", "subgroup_size": 5, "lsl": 5.0, "usl": 15.0}
        self.chart = make_chart(org.lead, org.desk, steady(100), kind="xbar-r", **rows)
        self.sibling = open_chart(
            actor=org.lead, characteristic=self.chart.characteristic, kind="xbar-s"
        )
        self.other = make_chart(org.lead, org.desk, steady(30))
        self.import_ = self._imported()
        self.phase = start_phase(
            actor=org.lead, chart=self.chart, start_sequence=51, name="B", reason="Changed"
        )
        recompute(self.chart.pk)
        freeze_limits(actor=org.lead, chart=self.chart, number=0, reason="Agreed")
        self.exclusion = exclude_point(
            actor=org.lead, chart=self.chart, sequence=11, reason="Power cut"
        )
        for chart in ControlChart.objects.all():
            recompute(chart.pk)
        assert not ControlChart.objects.dirty().exists()

    @property
    def thing(self) -> Characteristic:
        return Characteristic.objects.get(pk=self.chart.characteristic_id)

    def present(self) -> ControlChart:
        return ControlChart.objects.get(pk=self.chart.pk)

    def _imported(self, n: int = 10) -> Import:
        content = "value\n" + "".join(f"{value}\n" for value in steady(n))
        file = SimpleUploadedFile("a.csv", content.encode())
        import_ = services.receive_import(actor=self.actor, characteristic=self.thing, file=file)
        reading.read(import_.pk)
        import_ = Import.objects.get(pk=import_.pk)
        services.confirm_import(
            actor=self.actor, import_=import_, version=import_.version, guesses_confirmed=True
        )
        importing.import_rows(import_.pk)
        return Import.objects.get(pk=import_.pk)


BOTH, ONE, NONE = "both charts of the characteristic", "this chart alone", "no chart"
CHANGES: dict[str, tuple[str, Callable[[Given], object]]] = {
    "append": (
        BOTH,
        lambda g: services.append_observations(
            actor=g.actor, characteristic=g.thing, values=[10.0]
        ),
    ),
    "correct": (
        BOTH,
        lambda g: services.correct_observation(
            actor=g.actor, characteristic=g.thing, sequence=1, before=10.0, value=11.0, reason="x"
        ),
    ),
    "reverse an import": (
        BOTH,
        lambda g: services.reverse_import(
            actor=g.actor, import_=g.import_, version=g.import_.version, reason="Wrong file"
        ),
    ),
    "specification limits": (
        BOTH,
        lambda g: services.set_specification_limits(
            actor=g.actor, characteristic=g.thing, lsl=4.0, target=None, usl=16.0, reason="x"
        ),
    ),
    "size of subgroups": (
        BOTH,
        lambda g: services.update_characteristic(
            actor=g.actor, characteristic=g.thing, version=g.thing.version, subgroup_size=4
        ),
    ),
    "name": (
        NONE,
        lambda g: services.update_characteristic(
            actor=g.actor, characteristic=g.thing, version=g.thing.version, name="Another"
        ),
    ),
    "rules": (
        ONE,
        lambda g: change_settings(
            actor=g.actor, chart=g.chart, version=g.present().version, kind="xbar-r",
            rules=["nelson:1"],
        ),
    ),
    "exclude": (
        ONE,
        lambda g: exclude_point(actor=g.actor, chart=g.chart, sequence=21, reason="x"),
    ),
    "include": (ONE, lambda g: include_point(actor=g.actor, exclusion=g.exclusion)),
    "phase": (
        ONE,
        lambda g: start_phase(
            actor=g.actor, chart=g.chart, start_sequence=76, name="C", reason="x"
        ),
    ),
    "border of a phase": (
        ONE,
        lambda g: remove_phase(actor=g.actor, phase=g.phase, reason="x"),
    ),
    "release limits": (
        ONE,
        lambda g: release_limits(
            actor=g.actor, phase=g.chart.phases.get(frozen_limits__isnull=False), reason="x"
        ),
    ),
    "freeze limits": (
        ONE,
        lambda g: freeze_limits(actor=g.actor, chart=g.chart, number=1, reason="x"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_marks_exactly_what_it_affects(org: Org, name: str) -> None:
    given = Given(org)
    affected, change = CHANGES[name]
    expected = {
        BOTH: {given.chart.pk, given.sibling.pk},
        ONE: {given.chart.pk},
        NONE: set(),
    }[affected]
    point = transaction.savepoint()
    change(given)
    assert set(ControlChart.objects.dirty().values_list("pk", flat=True)) == expected
    transaction.savepoint_rollback(point)
    # Taken back with the change itself: the mark was of the same transaction.
    assert not ControlChart.objects.dirty().exists()


def test_only_appending_behind_everything_leaves_the_shape(org: Org) -> None:
    """An import that counts only after later rows were added lies before them: not an append."""
    given = Given(org)
    thing = given.thing
    before = thing.reshaped_version
    services.append_observations(actor=org.lead, characteristic=thing, values=[10.0])
    assert given.thing.reshaped_version == before
    imported = given._imported(11)
    assert imported.state == "imported"
    assert given.thing.reshaped_version == before
    content = "value\n" + "".join(f"{value}\n" for value in steady(4))
    late = services.receive_import(
        actor=org.lead, characteristic=thing, file=SimpleUploadedFile("b.csv", content.encode())
    )
    reading.read(late.pk)
    late = Import.objects.get(pk=late.pk)
    services.confirm_import(
        actor=org.lead, import_=late, version=late.version, guesses_confirmed=True
    )
    write_all = importing._write_all

    def slowly(*arguments):  # type: ignore[no-untyped-def]  # any arguments
        """The places are handed out; somebody adds a value before the rows count."""
        services.append_observations(actor=org.lead, characteristic=thing, values=[9.0])
        return write_all(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "_write_all", slowly)
        importing.import_rows(late.pk)
    assert Import.objects.get(pk=late.pk).state == "imported"
    assert given.thing.reshaped_version == given.thing.data_version
