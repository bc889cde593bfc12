"""From rows to a stored result: the published examples, and every way two runs can meet."""

from __future__ import annotations

import pytest

from apps.audit.models import Entry
from apps.charts import recompute as job
from apps.charts.choices import CauseState, ChartState
from apps.charts.models import ChartResult, ControlChart, PointBlock, Signal
from apps.charts.recompute import recompute
from apps.charts.selectors import columns_between
from apps.charts.selectors.points import blocks_between
from apps.charts.services import exclude_point, explain_signal, open_chart, start_phase
from apps.charts.sweep import sweep
from apps.measurements.models import Characteristic
from apps.measurements.services import append_observations, set_specification_limits
from tests.factories import Org, make_chart, piston_rings, published, steady

pytestmark = pytest.mark.django_db


def numbers(column: list[str]) -> list[float]:
    return [float(value) for value in column]


# --- published results ------------------------------------------------------------------------


def test_piston_rings_give_the_published_limits(org: Org) -> None:
    """As qcc 2.7 gives them: X̄ 73.98805 to 74.0143 around 74.00118, R up to 0.04813."""
    result = piston_rings(org.lead, org.desk, samples=25).result
    mean, spread = result.content["phases"][0]["panels"]
    assert (mean["lcl"], mean["center"], mean["ucl"]) == pytest.approx(
        (73.98805, 74.001176, 74.0143), abs=2e-5
    )
    assert (spread["center"], spread["ucl"]) == pytest.approx((0.02276, 0.04813), abs=1e-5)
    assert result.state == ChartState.STABLE
    assert result.n_points == 25
    assert result.n_observations == 125


def test_piston_rings_show_the_shift_of_the_last_samples(org: Org) -> None:
    """Samples 37 to 39 lie above the upper limit of the first 25 (Montgomery, phase II)."""
    chart = piston_rings(org.lead, org.desk)
    beyond = Signal.objects.get(chart=chart, rule="nelson:1", panel="mean")
    assert (beyond.first + 1, beyond.last + 1, beyond.side) == (37, 39, "above")
    assert chart.result.state == ChartState.SIGNAL


def test_orange_juice_gives_the_published_limits(org: Org) -> None:
    """Montgomery, example 7.1: 0.0524 to 0.4102 around 0.2313, samples 15 and 23 beyond."""
    columns = published("orangejuice")
    chart = make_chart(
        org.lead, org.desk, numbers(columns["D"])[:30], sizes=50.0, data_type="defectives"
    )
    panel = chart.result.content["phases"][0]["panels"][0]
    assert (panel["lcl"], panel["center"], panel["ucl"]) == pytest.approx(
        (0.0524, 0.2313, 0.4102), abs=5e-5
    )
    beyond = Signal.objects.filter(chart=chart, rule="nelson:1").values_list("point", flat=True)
    assert sorted(point + 1 for point in beyond) == [15, 23]


def test_circuit_boards_give_the_published_limits(org: Org) -> None:
    """Montgomery, example 7.3: 6.48 to 33.22 around 19.85, samples 6 and 20 beyond."""
    columns = published("circuit")
    chart = make_chart(org.lead, org.desk, numbers(columns["x"])[:26], data_type="defects")
    panel = chart.result.content["phases"][0]["panels"][0]
    assert (panel["lcl"], panel["center"], panel["ucl"]) == pytest.approx(
        (6.48, 19.85, 33.21), abs=6e-3
    )
    beyond = Signal.objects.filter(chart=chart, rule="nelson:1").values_list("point", flat=True)
    assert sorted(point + 1 for point in beyond) == [6, 20]


# --- what is stored ---------------------------------------------------------------------------


def test_points_are_read_back_across_blocks(org: Org) -> None:
    values = steady(4_500)
    chart = make_chart(org.lead, org.desk, values)
    assert PointBlock.objects.filter(result=chart.result).count() == 3
    columns = columns_between(chart.result, 1_990, 4_010)
    assert columns.panels[0].points == pytest.approx(values[1_990:4_010])
    assert columns.sequence[0] == 1_991


@pytest.mark.parametrize(
    ("first", "stop", "numbers"),
    [(0, 1, [0]), (0, 4_500, [0, 1, 2]), (1_999, 2_001, [0, 1]), (2_000, 4_000, [1]),
     (4_450, 4_500, [2])],
)  # fmt: skip
def test_a_page_reads_the_blocks_it_shows_and_no_other(
    org: Org, first: int, stop: int, numbers: list[int]
) -> None:
    chart = make_chart(org.lead, org.desk, steady(4_500))
    read = blocks_between(chart.result, first, stop)
    assert [block.number for block in read] == numbers


def test_data_without_a_chart_is_a_result_that_says_why(org: Org) -> None:
    chart = make_chart(org.lead, org.desk, [4.2])
    assert chart.result.state == ChartState.UNKNOWN
    assert chart.result.content["problem"]["code"] == "too_few_points"
    assert chart.failure == ""


def test_no_data_is_a_result_too(org: Org) -> None:
    chart = make_chart(org.lead, org.desk)
    assert chart.result.content["problem"]["code"] == "no_values"


def test_too_few_points_to_judge(org: Org) -> None:
    assert make_chart(org.lead, org.desk, steady(19)).result.state == ChartState.UNKNOWN
    assert make_chart(org.lead, org.desk, steady(20)).result.state == ChartState.STABLE


def test_specification_limits_are_part_of_the_data(org: Org) -> None:
    chart = make_chart(org.lead, org.desk, steady(40), usl=12.0)
    before = chart.result.content["capability"]["ppk"]["value"]
    set_specification_limits(
        actor=org.lead, characteristic=chart.characteristic, lsl=None, target=None, usl=14.0,
        reason="New contract",
    )  # fmt: skip
    assert recompute(chart.pk)
    after = ChartResult.objects.get(chart=chart).content["capability"]["ppk"]["value"]
    assert after == pytest.approx(before * 4 / 2, rel=0.05)


# --- running twice, late, at once -------------------------------------------------------------


def test_recomputing_unchanged_data_writes_nothing(org: Org) -> None:
    chart = make_chart(org.lead, org.desk, steady(30))
    stored = ChartResult.objects.get(chart=chart)
    entries = Entry.objects.count()
    assert recompute(chart.pk) is False
    assert ChartResult.objects.get(chart=chart).computed_at == stored.computed_at
    assert Entry.objects.count() == entries


def test_an_older_computation_never_overwrites_a_newer(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart = make_chart(org.lead, org.desk, steady(30), computed=False)
    compute, arrived = job.compute, []

    def slow(setting, data):  # type: ignore[no-untyped-def]
        computed = compute(setting, data)
        if not arrived:
            arrived.append(True)
            append_observations(
                actor=org.lead, characteristic=chart.characteristic, values=[10.1, 9.9]
            )
            recompute(chart.pk)
        return computed

    monkeypatch.setattr(job, "compute", slow)
    recompute(chart.pk)
    result = ChartResult.objects.get(chart=chart)
    assert result.n_points == 32
    assert result.data_version == Characteristic.objects.get().data_version


def test_what_arrives_while_computing_is_computed_before_the_job_ends(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart = make_chart(org.lead, org.desk, steady(30), computed=False)
    compute, arrivals = job.compute, [1, 2, 3]

    def busy(setting, data):  # type: ignore[no-untyped-def]
        if arrivals:
            arrivals.pop()
            append_observations(actor=org.lead, characteristic=chart.characteristic, values=[10.0])
        return compute(setting, data)

    monkeypatch.setattr(job, "compute", busy)
    assert recompute(chart.pk)
    assert ChartResult.objects.get(chart=chart).n_points == 33
    assert not ControlChart.objects.dirty().exists()


# --- poisoned charts --------------------------------------------------------------------------


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Make the computation of one chart fail."""
    compute, poisoned = job.compute, set()

    def failing(setting, data):  # type: ignore[no-untyped-def]
        if data.characteristic_id in poisoned:
            raise ZeroDivisionError("a point at infinity")
        return compute(setting, data)

    monkeypatch.setattr(job, "compute", failing)
    return lambda chart: poisoned.add(chart.characteristic_id)


def test_a_poisoned_chart_stops_after_three_attempts_and_no_other_chart(org: Org, poison) -> None:  # type: ignore[no-untyped-def]
    bad = make_chart(org.lead, org.desk, steady(30), computed=False)
    good = make_chart(org.lead, org.desk, steady(30), computed=False)
    poison(bad)
    assert sweep(recompute) == 2
    bad.refresh_from_db()
    assert bad.attempts == 3
    assert "a point at infinity" in bad.failure
    assert ChartResult.objects.filter(chart=good).exists()
    assert sweep(recompute) == 0


def test_new_data_gives_a_failed_chart_new_attempts(
    org: Org, poison, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    bad = make_chart(org.lead, org.desk, steady(30), computed=False)
    poison(bad)
    recompute(bad.pk)
    monkeypatch.undo()
    append_observations(actor=org.lead, characteristic=bad.characteristic, values=[10.0])
    assert sweep(recompute) == 1
    bad.refresh_from_db()
    assert (bad.attempts, bad.failure) == (0, "")
    assert bad.result.n_points == 31


def test_a_chart_whose_attempts_were_killed_is_tried_again_after_a_pause(org: Org) -> None:
    chart = make_chart(org.lead, org.desk, steady(30), computed=False)
    characteristic = Characteristic.objects.get(pk=chart.characteristic_id)
    key = f"{characteristic.data_version}.{chart.settings_version}"
    for _attempt in range(3):
        assert job._attempt(chart.pk, key)
    assert sweep(recompute) == 0
    long_ago = ControlChart.objects.get(pk=chart.pk).attempted_at - 2 * job.PAUSE_AFTER_KILLS
    ControlChart.objects.filter(pk=chart.pk).update(attempted_at=long_ago)
    assert sweep(recompute) == 1
    assert ChartResult.objects.filter(chart=chart).exists()


# --- signals keep what people found out ---------------------------------------------------------


def test_a_growing_run_stays_one_signal_and_keeps_its_cause(org: Org) -> None:
    chart = make_chart(org.lead, org.desk, steady(30), computed=False)
    start_phase(
        actor=org.lead, chart=chart, start_sequence=1, name="Baseline", reason="Thirty days",
        baseline_from=0, baseline_to=30,
    )  # fmt: skip
    append_observations(actor=org.lead, characteristic=chart.characteristic, values=[10.9] * 9)
    recompute(chart.pk)
    signal = Signal.objects.get(chart=chart, rule="nelson:2", panel="individuals")
    explain_signal(actor=org.lead, signal=signal, cause="New supplier", version=signal.version)
    append_observations(actor=org.lead, characteristic=chart.characteristic, values=[10.9] * 3)
    recompute(chart.pk)
    grown = Signal.objects.get(chart=chart, rule="nelson:2", panel="individuals")
    assert grown.pk == signal.pk
    assert (grown.first, grown.point, grown.last) == (signal.first, signal.point, signal.last + 3)
    assert (grown.cause_state, grown.cause) == (CauseState.FOUND, "New supplier")
    assert grown.first_seen == signal.first_seen


def test_a_signal_that_is_gone_keeps_its_row(org: Org) -> None:
    chart = make_chart(org.lead, org.desk, [*steady(30), 20.0])
    signal = Signal.objects.get(chart=chart, rule="nelson:1", panel="individuals")
    explain_signal(actor=org.lead, signal=signal, cause="Power cut", version=signal.version)
    exclude_point(actor=org.lead, chart=chart, sequence=31, reason="Power cut")
    recompute(chart.pk)
    kept = Signal.objects.get(pk=signal.pk)
    assert (kept.present, kept.cause) == (False, "Power cut")
    result = ChartResult.objects.get(chart=chart)
    assert result.state == ChartState.STABLE
    assert result.content["excluded"] == [31]


def test_naming_the_cause_settles_the_state_without_a_recompute(org: Org) -> None:
    chart = make_chart(org.lead, org.desk, [*steady(30), 20.0])
    assert chart.result.state == ChartState.SIGNAL
    for signal in Signal.objects.filter(chart=chart):
        explain_signal(actor=org.lead, signal=signal, cause="Power cut", version=signal.version)
    assert ChartResult.objects.get(chart=chart).state == ChartState.STABLE


def test_signals_of_long_ago_do_not_make_the_state(org: Org) -> None:
    chart = make_chart(org.lead, org.desk, [*steady(5), 20.0, *steady(40)])
    assert Signal.objects.filter(chart=chart, rule="nelson:1").exists()
    assert chart.result.state == ChartState.STABLE


def test_recommended_chart_follows_the_data(org: Org) -> None:
    assert make_chart(org.lead, org.desk, [1.0]).kind == "i-mr"
    assert (
        make_chart(org.lead, org.desk, [1.0], subgrouping="fixed", subgroup_size=5).kind == "xbar-r"
    )
    assert (
        make_chart(org.lead, org.desk, [1.0], subgrouping="fixed", subgroup_size=12).kind
        == "xbar-s"
    )
    assert make_chart(org.lead, org.desk, [1.0], sizes=[50.0], data_type="defectives").kind == "p"
    assert make_chart(org.lead, org.desk, [1.0], data_type="defects").kind == "c"
    assert make_chart(org.lead, org.desk, [1.0], sizes=[5.0], data_type="defects").kind == "u"


def test_a_second_chart_of_the_same_kind_is_refused(org: Org) -> None:
    from apps.common.errors import Refused

    chart = make_chart(org.lead, org.desk, steady(30))
    with pytest.raises(Refused):
        open_chart(actor=org.lead, characteristic=chart.characteristic)
