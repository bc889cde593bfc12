"""What other apps read of a chart, and the way around the worker."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.template import Context, Template
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.charts.models import ChartResult, ControlChart, Signal
from apps.charts.recompute import recompute
from apps.charts.selectors import (
    capability_of,
    comparison_of,
    key_figure,
    newest_signals,
    packet_of,
    signals_waiting_for,
    stability,
)
from apps.charts.services import assign_signal, explain_signal, start_phase
from apps.charts.sweep import oldest_waiting
from apps.common.errors import Conflict, Refused
from apps.measurements.services import append_observations
from tests.factories import Org, make_chart, steady

pytestmark = pytest.mark.django_db


def read(chart: ControlChart) -> ControlChart:
    return ControlChart.objects.select_related("characteristic__team", "result").get(pk=chart.pk)


@pytest.fixture
def improved(org: Org) -> ControlChart:
    chart = make_chart(
        org.lead, org.desk, [*steady(30), *steady(30, level=6.0)], unit="min", direction="lower",
        usl=14.0,
    )  # fmt: skip
    start_phase(actor=org.lead, chart=chart, start_sequence=31, name="After", reason="Routing")
    recompute(chart.pk)
    return read(chart)


def test_the_key_figure_is_before_and_now_with_intervals(improved: ControlChart) -> None:
    figure = key_figure(improved)
    assert figure is not None
    assert figure.now is not None
    assert (figure.unit, figure.decimals, figure.direction) == ("min", 2, "lower")
    assert figure.before.value == pytest.approx(10.037, abs=0.01)
    assert figure.now.value == pytest.approx(6.037, abs=0.01)
    assert figure.now.lower is not None
    assert figure.now.upper is not None
    assert figure.now.lower < figure.now.value < figure.now.upper
    assert (figure.now.name, figure.now.n, figure.now.points) == ("After", 30, 30)


def test_one_phase_is_the_state_before(org: Org) -> None:
    figure = key_figure(make_chart(org.lead, org.desk, steady(30)))
    assert figure is not None
    assert figure.now is None


def test_shares_are_compared_in_percent(org: Org) -> None:
    chart = make_chart(
        org.lead, org.desk, [10.0, 12.0] * 15 + [4.0, 5.0] * 15, sizes=50.0, data_type="defectives"
    )
    start_phase(actor=org.lead, chart=chart, start_sequence=31, name="After", reason="Routing")
    recompute(chart.pk)
    figure, comparison = key_figure(read(chart)), comparison_of(read(chart))
    assert figure is not None
    assert comparison is not None
    assert (figure.unit, figure.before.value) == ("%", pytest.approx(22.0))
    assert comparison.difference == pytest.approx(-13.0)
    assert comparison.lower is not None
    assert comparison.upper is not None
    assert comparison.lower < -13.0 < comparison.upper < 0


def test_before_against_after(improved: ControlChart) -> None:
    comparison = comparison_of(improved)
    assert comparison is not None
    assert comparison.difference == pytest.approx(-4.0)
    assert comparison.p_value is not None
    assert comparison.p_value < 0.001


def test_stability_is_judged_on_current_results_only(org: Org) -> None:
    chart = make_chart(org.lead, org.desk, steady(30))
    assert stability(chart).state == "stable"
    append_observations(actor=org.lead, characteristic=chart.characteristic, values=[20.0])
    assert stability(read(chart)).state == "unknown"
    recompute(chart.pk)
    judged = stability(read(chart))
    assert (judged.state, judged.unexplained, judged.points) == ("unstable", 2, 25)
    for signal in Signal.objects.filter(chart=chart):
        explain_signal(actor=org.lead, signal=signal, cause="Power cut")
    assert stability(read(chart)).state == "stable"
    assert stability(make_chart(org.lead, org.desk, steady(10))).state == "unknown"
    assert stability(make_chart(org.lead, org.desk)).state == "unknown"


def test_capability_is_of_the_newest_phase(improved: ControlChart) -> None:
    found = capability_of(improved)
    assert found is not None
    assert found["n"] == 30
    assert found["usl"] == 14.0


def test_the_packet_changes_with_the_data_and_only_then(org: Org, improved: ControlChart) -> None:
    first = packet_of(improved)
    assert packet_of(read(improved)) == first
    append_observations(actor=org.lead, characteristic=improved.characteristic, values=[6.0])
    assert packet_of(read(improved))["current"] is False
    recompute(improved.pk)
    assert packet_of(read(improved))["points_digest"] != first["points_digest"]


def test_signals_reach_who_is_asked_and_who_may_see_them(org: Org) -> None:
    chart = make_chart(org.lead, org.desk, [*steady(30), 20.0], visibility="team")
    signal = Signal.objects.get(chart=chart, panel="individuals")
    assert signal in newest_signals(org.staff)
    assert newest_signals(org.neighbour) == []
    with pytest.raises(Refused):
        assign_signal(actor=org.lead, signal=signal, person=org.neighbour, due=None)
    assign_signal(actor=org.lead, signal=signal, person=org.member, due=None)
    assert list(signals_waiting_for(org.member)) == [signal]
    with pytest.raises(Conflict):
        explain_signal(actor=org.lead, signal=signal, cause="Late", version=1)
    explain_signal(actor=org.member, signal=signal, cause="Power cut")
    assert list(signals_waiting_for(org.member)) == []


def test_the_sweep_command_needs_no_worker(org: Org, capsys: pytest.CaptureFixture[str]) -> None:
    for _chart in range(2):
        make_chart(org.lead, org.desk, steady(30), computed=False)
    assert oldest_waiting() is not None
    call_command("sweep")
    assert "2 charts were out of date, 2 were recomputed." in capsys.readouterr().out
    assert ChartResult.objects.count() == 2
    assert oldest_waiting() is None


def test_the_tags_for_other_pages(org: Org) -> None:
    page = Template(
        "{% load charts %}{% control_chart chart height=200 compact=True %}{% spark result %}"
    )
    chart = make_chart(org.lead, org.desk, steady(30))
    text = page.render(Context({"chart": chart, "result": chart.result}))
    assert f'data-src="/charts/{chart.pk}/data/"' in text
    assert 'data-height="200" data-compact' in text
    assert 'class="spark"' in text
    empty = make_chart(org.lead, org.desk, computed=False)
    assert "for the first time" in page.render(Context({"chart": empty, "result": None}))


@pytest.mark.parametrize("model", ["controlchart", "signal"])
def test_the_reference_data_only_show_charts(
    org: Org, client_as: Callable[[User], Client], model: str
) -> None:
    User.objects.filter(pk=org.administrator.pk).update(is_superuser=True)
    chart = make_chart(org.lead, org.desk, [*steady(30), 20.0])
    record = chart if model == "controlchart" else Signal.objects.first()
    assert record is not None
    client = client_as(User.objects.get(pk=org.administrator.pk))
    assert client.get(reverse(f"admin:charts_{model}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:charts_{model}_add")).status_code == 403
    change = reverse(f"admin:charts_{model}_change", args=[record.pk])
    assert client.post(change, {}).status_code == 403
    assert client.post(reverse(f"admin:charts_{model}_delete", args=[record.pk])).status_code == 403
