"""Carrying a result on gives what computing all of it gives, row by row through the database.

Two characteristics live through the same history of appending, importing and reversing, correcting,
excluding, phases and limits. One chart may be carried on, the other is always computed from every
observation. With blocks of 40 points a few hundred observations meet every border there is.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from apps.charts import (
    carried,
    computing,
    continuing,
    decimation,
    figures,
    judging,
    patterns,
    storage,
)
from apps.charts import recompute as job
from apps.charts.models import ChartResult, Continuation, ControlChart, PointBlock, Signal
from apps.charts.recompute import recompute
from apps.charts.services import (
    change_settings,
    exclude_point,
    explain_signal,
    freeze_limits,
    release_limits,
    start_phase,
)
from apps.measurements import importing, reading, services
from apps.measurements.models import Import
from apps.measurements.reader.read import read_file
from apps.measurements.selectors import counted
from tests.factories import Org, make_chart

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
KINDS: dict[str, dict[str, Any]] = {
    "i-mr": {},
    "xbar-r": {"subgrouping": "fixed", "subgroup_size": 4},
    "xbar-s": {"subgrouping": "fixed", "subgroup_size": 12},
    "xbar-r by label": {"subgrouping": "column"},
    "p": {"data_type": "defectives"},
    "np": {"data_type": "defectives"},
    "c": {"data_type": "defects"},
    "u": {"data_type": "defects"},
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Borders close together, so that a short series crosses all of them."""
    for module in (computing, continuing, job, judging):
        monkeypatch.setattr(module, "POINTS_IN_BLOCK", 40)
    for module in (computing, continuing, patterns):
        monkeypatch.setattr(module, "MOST_PATTERNS", 12)
    for module in (figures, continuing):
        monkeypatch.setattr(module, "EXACT_UP_TO", 150)
    monkeypatch.setattr(figures, "ROUND_DIGITS", 2)
    for module in (computing, continuing):
        monkeypatch.setattr(module, "POINTS_SHOWN", 60)
    monkeypatch.setattr(
        computing, "stretch_width", lambda n: decimation.stretch_width(n, stretches=15)
    )
    monkeypatch.setattr(carried, "CARRIED_FROM", 50)
    monkeypatch.setattr(decimation, "AT_A_TIME", 32)
    monkeypatch.setattr(storage, "HELD_BYTES", 3_000)
    # Files are read here and not in a child each: dozens of them, and a child takes half a second.
    monkeypatch.setattr(reading, "_run_child", _read_here)


def _read_here(import_: Import) -> dict[str, Any]:
    job_ = reading.job_for(import_, reading.files.path_of(reading._prefix(import_)))
    report = read_file(job_, lambda done, total: None)
    return {"report": json.loads(json.dumps(report))}


class Carrying:
    """Keeps the twin from being carried on, and counts how often the other one was."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.twin: int | None = None
        self.times = 0
        self._carry_on = job.carry_on_stored
        monkeypatch.setattr(job, "carry_on_stored", self.carry_on)

    def carry_on(self, chart: ControlChart) -> bool:
        if chart.pk == self.twin:
            return False
        done = self._carry_on(chart)
        self.times += done
        return done


@pytest.fixture
def carrying(monkeypatch: pytest.MonkeyPatch) -> Carrying:
    # An error of this path would be hidden by the other one, which follows it.
    monkeypatch.setattr(job.logger, "exception", _fail)
    return Carrying(monkeypatch)


def _fail(*args: object) -> None:
    raise AssertionError(args) from None


class Pair:
    """Two charts with one history, and a random source for what comes next."""

    def __init__(self, org: Org, name: str, carrying: Carrying, seed: int) -> None:
        self.org, self.carrying, self.random = org, carrying, random.Random(seed)
        self.kind = name.split()[0]
        self.counts = self.kind in {"p", "np", "c", "u"}
        self.labelled = "label" in name
        shape = {"kind": self.kind, "computed": False, **KINDS[name]}
        if not self.counts:
            shape |= {"lsl": 6.0, "target": 10.0, "usl": 14.0}
        self.charts = [make_chart(org.lead, org.desk, **shape) for _ in range(2)]
        carrying.twin = self.charts[1].pk
        self.imported: list[list[Import]] = []
        self.made = self.labels = 0
        self.level = 10.0

    def each(self, act: Callable[[ControlChart], object]) -> None:
        for number, chart in enumerate(self.charts):
            self.charts[number] = ControlChart.objects.select_related("characteristic").get(
                pk=chart.pk
            )
            act(self.charts[number])

    def append(self, n: int) -> None:
        rows = self._rows(n)
        self.each(
            lambda chart: services.append_observations(
                actor=self.org.lead, characteristic=chart.characteristic, **rows
            )
        )

    def _rows(self, n: int) -> dict[str, Any]:
        if self.random.random() < 0.15:
            self.level = 10.0 + self.random.choice([-1.5, 0.0, 0.0, 1.5])
        if self.counts:
            values = [float(self.random.randrange(2, 11)) for _ in range(n)]
        else:
            values = [round(self.random.gauss(self.level, 1.0), 2) for _ in range(n)]
        if self.random.random() < 0.2:
            values[-1] = 17.0
        rows: dict[str, Any] = {"values": values}
        if self.kind in {"p", "u"}:
            rows["sizes"] = [float(self.random.choice([50, 60, 80])) for _ in range(n)]
        if self.kind == "np":
            rows["sizes"] = 60.0
        if self.labelled:
            rows["subgroups"] = self._labels(n)
        moments = [START + dt.timedelta(minutes=self.made + i) for i in range(n)]
        rows["observed_at"] = [None if self.random.random() < 0.1 else at for at in moments]
        self.made += n
        return rows

    def import_(self, n: int, *, meanwhile: int = 0, replacing: int = 0) -> None:
        """A file of `n` rows, and of some that replace what is stored.

        `meanwhile` rows are appended while it is written: they have later places, count first and are charted.
        """
        rows = self._rows(n)
        rows["observed_at"] = [
            at or START + dt.timedelta(minutes=self.made) for at in rows["observed_at"]
        ]
        rows["sizes"] = np.broadcast_to(rows.get("sizes", 50.0), n).tolist()
        stored = [row for row in counted(self.charts[0].characteristic) if row.observed_us]
        for row in self.random.sample(stored, min(replacing, len(stored))):
            rows["values"].append(row.value + 1.0)
            rows["sizes"].append(row.size or 50.0)
            rows["observed_at"].append(row.observed_at)
            if self.labelled:
                rows["subgroups"].append(row.subgroup)
        between = self._rows(meanwhile) if meanwhile else None
        made: list[Import] = []
        self.each(lambda chart: made.append(self._import_one(chart, rows, between)))
        self.imported.append(made)

    def _import_one(
        self, chart: ControlChart, rows: dict[str, Any], between: dict[str, Any] | None
    ) -> Import:
        characteristic, actor = chart.characteristic, self.org.lead
        columns = {"observed_at": "time", "values": "value", "sizes": "size"}
        if not self.counts:
            columns["sizes"] = "skip"
        if self.labelled:
            columns["subgroups"] = "subgroup"
        lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(
            *(rows[name] for name in columns), strict=True))]  # fmt: skip
        mapping = {"columns": {str(place): role for place, role in enumerate(columns.values())}}
        file = SimpleUploadedFile("a.csv", "\n".join([*lines, ""]).encode())
        found = services.receive_import(
            actor=actor, characteristic=characteristic, file=file, mapping=mapping,
            reading={"decimal": ".", "format": "plain", "order": "file"},
        )  # fmt: skip
        assert reading.read(found.pk)
        found.refresh_from_db()
        assert (found.rows_refused, found.rows_ready) == (0, len(rows["values"])), found.report
        services.confirm_import(
            actor=actor, import_=found, version=found.version, again=True, guesses_confirmed=True,
            doubles_stored="replace" if len(rows["values"]) > 1 else "add",
        )  # fmt: skip
        with pytest.MonkeyPatch.context() as patch:
            if between is not None:
                count = importing._make_them_count

                def late(*given: Any) -> None:
                    services.append_observations(
                        actor=actor, characteristic=characteristic, **between
                    )
                    recompute(chart.pk)
                    count(*given)

                patch.setattr(importing, "_make_them_count", late)
            assert importing.import_rows(found.pk)
        found.refresh_from_db()
        assert found.state == "imported", found.report.get("refused")
        return found

    def import_late(self) -> None:
        self.import_(self.random.choice([3, 20]), meanwhile=self.random.choice([1, 5, 90]))

    def import_replacing(self) -> None:
        self.import_(self.random.choice([1, 5]), replacing=4)

    def reverse(self) -> None:
        if not self.imported:
            return
        for import_ in self.imported.pop(self.random.randrange(len(self.imported))):
            services.reverse_import(
                actor=self.org.lead, import_=import_, version=import_.version, reason="Wrong file"
            )

    def move(self) -> None:
        """Another time for a value; by the clock, a subgroup or an interval may change."""
        place, shift = self._place(), dt.timedelta(seconds=self.random.randrange(1, 3600))

        def one(chart: ControlChart) -> None:
            stored = counted(chart.characteristic).get(sequence=place)
            before = stored.observed_at
            services.correct_observation(
                actor=self.org.lead, characteristic=chart.characteristic, sequence=place,
                before=stored.value, value=stored.value, reason="Wrong clock", both_count=True,
                time=services.Moved(before, (before or START) - shift),
            )  # fmt: skip

        self.each(one)

    def _labels(self, n: int) -> list[str]:
        found = []
        for _ in range(n):
            self.labels += self.random.random() < 0.4
            repeated = self.labels > 90 and self.random.random() < 0.01
            found.append("1" if repeated else str(self.labels + 1))
        return found

    def correct(self) -> None:
        place = self._place()

        def one(chart: ControlChart) -> None:
            stored = counted(chart.characteristic).get(sequence=place)
            services.correct_observation(
                actor=self.org.lead, characteristic=chart.characteristic, sequence=place,
                before=stored.value, value=stored.value + 1.0, reason="Typed wrongly",
                **({"size": 90.0} if stored.size else {}),
            )  # fmt: skip

        self.each(one)

    def _place(self) -> int:
        first = self.charts[0].characteristic
        places = list(counted(first).values_list("sequence", flat=True))
        return self.random.choice(places)

    def exclude(self) -> None:
        columns = ChartResult.objects.get(chart=self.charts[0])
        block = self.random.choice(list(columns.blocks.all()))
        place = self.random.choice(block.content["sequence"])
        taken = self.charts[0].exclusions.filter(sequence=place).exists()
        if not taken:
            self.each(
                lambda chart: exclude_point(
                    actor=self.org.lead, chart=chart, sequence=place, reason="A power cut"
                )
            )

    def phase(self) -> None:
        place = self._place()
        if self.charts[0].phases.filter(start_sequence=place).exists():
            return
        whole = self.random.random() < 0.5
        self.each(
            lambda chart: start_phase(
                actor=self.org.lead,
                chart=chart,
                start_sequence=place,
                name=f"From {place}",
                reason="Changed",
                **({} if whole else {"baseline_from": 0, "baseline_to": 25}),
            )
        )

    def freeze(self) -> None:
        content = ChartResult.objects.get(chart=self.charts[0]).content
        number = len(content["phases"]) - 1
        limits = content["phases"][number]["frozen"]
        if limits["center"] is not None and limits["sigma"]:
            self.each(
                lambda chart: freeze_limits(
                    actor=self.org.lead, chart=chart, number=number, reason="Agreed"
                )
            )

    def release(self) -> None:
        def one(chart: ControlChart) -> None:
            frozen = chart.phases.filter(frozen_limits__isnull=False).last()
            if frozen is not None:
                release_limits(actor=self.org.lead, phase=frozen, reason="Found wrong")

        self.each(one)

    def limits(self) -> None:
        usl = 13.0 + self.random.random()
        self.each(
            lambda chart: services.set_specification_limits(
                actor=self.org.lead,
                characteristic=chart.characteristic,
                lsl=None,
                target=None,
                usl=usl,
                reason="New contract",
            )
        )

    def explain(self) -> None:
        def one(chart: ControlChart) -> None:
            signal = Signal.objects.filter(chart=chart, present=True).order_by("-last").first()
            if signal is not None:
                explain_signal(actor=self.org.lead, signal=signal, cause="Known")

        self.each(one)

    def rules(self) -> None:
        rules = self.random.sample(["nelson:1", "nelson:2", "nelson:3", "nelson:5", "nelson:6"], 3)
        self.each(
            lambda chart: change_settings(
                actor=self.org.lead,
                chart=chart,
                version=chart.version,
                kind=chart.kind,
                rules=rules,
            )
        )

    def settle(self) -> None:
        self.each(lambda chart: recompute(chart.pk))
        assert not ControlChart.objects.dirty().exists()
        one, other = (stored_of(chart) for chart in self.charts)
        assert one == other, list(differences(one, other))[:10]


def stored_of(chart: ControlChart) -> dict[str, Any]:
    """Every stored row of a chart, without keys and times of writing."""
    result = ChartResult.objects.get(chart=chart)
    return {
        "result": {
            name: getattr(result, name)
            for name in (
                "state", "n_points", "n_observations", "summary", "content", "overview",
                "points_digest",
            )
        },
        "blocks": list(
            PointBlock.objects.filter(result=result).values_list("number", "first", "content")
        ),
        "signals": sorted(
            Signal.objects.filter(chart=chart).values_list(
                "panel", "rule", "side", "first", "point", "last", "sequence", "last_sequence",
                "started_at", "ended_at", "details", "present", "cause_state", "cause",
            ),
            key=str,
        ),
        "carried": Continuation.objects.filter(result=result).values_list("content").first(),
    }  # fmt: skip


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from differences(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, list | tuple) and len(one) == len(other):
        for place, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{path}[{place}]")
    elif one != other:
        yield f"{path}: {one} != {other}"


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.usefixtures("small")
def test_any_history_gives_the_same_rows(org: Org, carrying: Carrying, name: str) -> None:
    """Each database has a history of its own."""
    pair = Pair(org, name, carrying, seed=len(connection.vendor))
    pair.append(140)
    pair.settle()
    pair.freeze()
    pair.settle()
    others = [pair.correct, pair.exclude, pair.phase, pair.limits, pair.explain, pair.rules,
              pair.release, pair.reverse, pair.reverse, pair.move, pair.import_late,
              pair.import_replacing]  # fmt: skip
    for step in range(27):
        add = pair.import_ if step % 4 == 3 else pair.append
        add(pair.random.choice([1, 1, 2, 3, 7, 30]))
        if pair.random.random() < 0.2:
            pair.append(2)
        pair.settle()
        if step % 9 == 8:
            pair.random.choice(others)()
            pair.settle()
            pair.freeze()
            pair.settle()
    assert carrying.times >= 5


@pytest.mark.parametrize("name", ["i-mr", "xbar-r", "u"])
@pytest.mark.usefixtures("small")
def test_figures_that_settle_anew_need_no_whole_chart(
    org: Org, carrying: Carrying, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """From 150 observations on they rest on a round number: every tenth one begins the next."""
    pair = Pair(org, name, carrying, seed=5)
    pair.append(320)
    pair.settle()
    pair.freeze()
    pair.settle()
    computed: list[int] = []
    whole = job.compute

    def counting(*args: Any) -> Any:
        computed.append(1)
        return whole(*args)

    monkeypatch.setattr(job, "compute", counting)
    for round_ in range(1, 5):
        pair.append(25)
        pair.settle()
        assert carrying.times == round_
        assert len(computed) == round_, "the twin alone is computed whole"


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", ["i-mr", "xbar-r", "u"])
@pytest.mark.usefixtures("small")
def test_imports_and_their_reversal_give_the_same_rows(
    org: Org, carrying: Carrying, name: str, seed: int
) -> None:
    """Rows that come in before others, replace others, and are taken back, between the rest."""
    pair = Pair(org, name, carrying, seed=100 * len(connection.vendor) + seed)
    pair.append(120)
    pair.settle()
    pair.freeze()
    pair.settle()
    acts = [pair.import_late, pair.import_replacing, pair.reverse, pair.reverse, pair.exclude,
            pair.phase, pair.correct]  # fmt: skip
    # So many meanwhile that what is carried on begins behind the rows of the file.
    pair.import_(20, meanwhile=200)
    pair.settle()
    for _step in range(9):
        pair.import_(pair.random.choice([1, 4, 45]))
        if pair.random.random() < 0.5:
            pair.settle()
        pair.random.choice(acts)()
        pair.settle()
        pair.freeze()
        pair.settle()
        pair.append(pair.random.choice([1, 6]))
        pair.settle()
    while pair.imported:
        pair.reverse()
    pair.settle()
    assert carrying.times
