"""The example organisation: the told percentages, the waiting gate, the second cycle; the same again."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from apps.accounts.models import Team
from apps.approvals.models import Round
from apps.approvals.packets import verify_packet
from apps.audit.verification import verify
from apps.charts.choices import ChartKind, ChartState
from apps.charts.models import ChartResult, ControlChart
from apps.charts.selectors import key_figure
from apps.portfolio.demo.making import make_example
from apps.portfolio.demo.measured import charted, stories
from apps.portfolio.demo.organisation import Organisation
from apps.projects.choices import ProjectState
from apps.projects.models import Project
from apps.projects.selectors import reviews_waiting_for

TODAY = dt.date(2026, 11, 23)


@pytest.fixture
def example(db: None) -> Organisation:
    return make_example(timezone.localdate(), lambda step: None)


def reduction(chart: ControlChart) -> float:
    """How much lower the newest phase is than the first."""
    figure = key_figure(
        ControlChart.objects.select_related("characteristic", "result").get(pk=chart.pk)
    )
    assert figure is not None
    before, now = figure.phases[0].value, figure.phases[-1].value
    assert before is not None
    assert now is not None
    return 1 - now / before


def test_the_series_are_the_same_every_time() -> None:
    for make in (stories, charted):
        assert [item.series for item in make(TODAY)] == [item.series for item in make(TODAY)]


def test_the_example_tells_its_story(example: Organisation) -> None:
    dmaic = Project.objects.get(state=ProjectState.SUSTAINING)
    results = [dmaic.target.chart, *(item.chart for item in dmaic.secondary_targets.order_by("pk"))]
    assert [round(reduction(chart), 2) for chart in results] == [0.25, 0.35, 0.50]
    goals = [(dmaic.target.from_value, dmaic.target.to_value)]
    goals += dmaic.secondary_targets.order_by("pk").values_list("from_value", "to_value")
    assert [round(1 - to / start, 2) for start, to in goals] == [0.2, 0.3, 0.4]

    pdca = Project.objects.get(methodology__key="pdca", state=ProjectState.ACTIVE)
    assert pdca.cycle == 2
    waiting = reviews_waiting_for(example["manager"])
    assert {one.subject_label.split()[0] for one in waiting} >= {pdca.code}

    assert set(ControlChart.objects.values_list("kind", flat=True)) == set(ChartKind.values)
    assert not ControlChart.objects.dirty().exists()
    states = set(ChartResult.objects.values_list("state", flat=True))
    assert states >= {ChartState.SIGNAL, ChartState.STABLE}
    assert Team.objects.exclude(parent=None).count() == 3

    assert verify().intact
    assert all(verify_packet(round_).intact for round_ in Round.objects.all())
