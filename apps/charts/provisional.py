"""Values that are typed and not yet saved, judged by the limits in force.

Nothing is stored and nothing estimated: the newest points of the stored result are computed again
together with the typed ones, with the limits of the newest phase held fixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from numpy.typing import NDArray

from apps.charts.choices import SUBGROUP_KINDS, ChartKind
from apps.charts.computing import Computed, compute
from apps.charts.display import Display, display_of
from apps.charts.judging import ChartSetting, PhaseSetting, points_of
from apps.charts.models import ChartResult, ControlChart, Signal
from apps.charts.patterns import Pattern
from apps.charts.payload import limits_in_words, point_label, without_floor, words
from apps.charts.selectors import columns_between
from apps.charts.selectors.points import spread
from apps.charts.wording.findings import full_stop, panel_heading
from apps.charts.wording.rules import signal_sentence, verdict, verdict_in_words
from apps.measurements.choices import COUNTED_TYPES, DataType, Subgrouping
from apps.measurements.models import Characteristic
from apps.measurements.selectors import Snapshot, counted
from apps.measurements.sheets import Sheet
from apps.measurements.windows import window_labels

# So many stored points are shown before the typed ones; every run rule reaches back less far.
POINTS_BEFORE = 60
# More rows than this wait to be computed: the chart itself is asked for, not this glimpse of it.
MOST_ROWS = 5_000
EPOCH_US = 1_000_000
Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """Stored observations and, behind them, the typed ones; `typed` is the row of the sheet, or -1."""

    sequence: NDArray[np.int64]
    value: NDArray[np.float64]
    size: NDArray[np.float64]
    label: Array
    time: NDArray[np.float64]
    matrix: NDArray[np.float64] | None
    typed: NDArray[np.int64]

    def picked(self, order: NDArray[np.int64]) -> Rows:
        return Rows(
            sequence=self.sequence[order],
            value=self.value[order],
            size=self.size[order],
            label=self.label[order],
            time=self.time[order],
            matrix=None if self.matrix is None else self.matrix[order],
            typed=self.typed[order],
        )


def provisional(
    characteristic: Characteristic, chart: ControlChart | None, sheet: Sheet
) -> dict[str, Any]:
    """What the page draws and says: `chart` (as for control-chart.js), `signals`, `note`."""
    result: ChartResult | None = getattr(chart, "result", None)
    if chart is None or result is None or not result.n_points or not _frozen(result):
        return _unjudged(characteristic, sheet)
    first = max(result.content["phases"][-1]["start"], result.n_points - POINTS_BEFORE)
    shown = columns_between(result, first)
    rows = _rows(characteristic, sheet, since=min(shown.sequence))
    if len(rows.value) > MOST_ROWS:
        return {
            "chart": None,
            "signals": [],
            "note": _("Many new values wait to be computed. The chart shows them in a moment."),
        }
    setting = ChartSetting(
        version=chart.settings_version,
        kind=chart.kind,
        rules=tuple(chart.rules),
        estimator=chart.estimator,
        subgrouping=characteristic.subgrouping,
        subgroup_size=characteristic.subgroup_size,
        phases=(PhaseSetting(int(rows.sequence[0]), "", frozen=_frozen(result)),),
        excluded=tuple(shown.sequence[place - first] for place in shown.excluded),
    )
    data = _snapshot(characteristic, chart, rows, result)
    computed = compute(setting, data)
    if computed.problem is not None:
        return _unjudged(characteristic, sheet)
    starts = points_of(setting, data).starts
    return _judged(chart, result, rows, starts, computed)


def _frozen(result: ChartResult) -> dict[str, Any] | None:
    """The limits in force, if there are any."""
    phases = result.content.get("phases") or []
    frozen: dict[str, Any] | None = phases[-1].get("frozen") if phases else None
    if not frozen or frozen.get("center") is None or frozen.get("sigma") is None:
        return None
    return frozen


# --- What goes in -------------------------------------------------------------------------------


def _rows(characteristic: Characteristic, sheet: Sheet, *, since: int) -> Rows:
    """The stored rows from a place on, and the typed ones in the order of the chart."""
    fields = ("sequence", "value", "size", "subgroup", "observed_us", "others")
    found = counted(characteristic).filter(sequence__gte=since).values_list(*fields)
    stored: list[Any] = list(found[: MOST_ROWS + 1])
    next_place = max((row[0] for row in stored), default=since) + 1
    n = len(sheet)
    values = [row[1] for row in stored] + sheet.values
    rows = Rows(
        sequence=np.array(
            [row[0] for row in stored] + list(range(next_place, next_place + n)), np.int64
        ),
        value=np.array(values, np.float64),
        size=np.array([row[2] for row in stored] + sheet.sizes, np.float64),
        label=np.array([row[3] for row in stored] + sheet.subgroups, np.object_),
        time=np.array(
            [np.nan if row[4] is None else row[4] / EPOCH_US for row in stored]
            + [moment.timestamp() for moment in sheet.times],
            np.float64,
        ),
        matrix=_matrix(characteristic, values, [row[5] for row in stored], sheet),
        typed=np.array([-1] * len(stored) + sheet.rows, np.int64),
    )
    if characteristic.subgrouping == Subgrouping.WINDOW:
        timed = np.flatnonzero(np.isfinite(rows.time))
        rows = rows.picked(timed[np.argsort(rows.time[timed], kind="stable")])
    return rows


def _matrix(
    characteristic: Characteristic, values: list[float], packed: list[bytes | None], sheet: Sheet
) -> NDArray[np.float64] | None:
    if characteristic.data_type != DataType.SEVERAL:
        return None
    others = [np.frombuffer(row, "<f8") for row in packed if row is not None]
    others += [np.array(row, np.float64) for row in sheet.others]
    width = len(characteristic.variables) - 1
    if len(others) != len(values) or any(len(row) != width for row in others):
        return None
    return np.column_stack([np.array(values, np.float64), np.array(others).reshape(-1, width)])


def _snapshot(
    characteristic: Characteristic, chart: ControlChart, rows: Rows, result: ChartResult
) -> Snapshot:
    limits = result.content.get("specification") or {}
    subgroups = None
    if characteristic.subgrouping == Subgrouping.COLUMN:
        subgroups = rows.label
    elif characteristic.subgrouping == Subgrouping.WINDOW:
        subgroups = window_labels(
            rows.time.astype(np.int64), characteristic.subgroup_window, characteristic.zone
        )
    several = characteristic.data_type == DataType.SEVERAL
    return Snapshot(
        characteristic_id=characteristic.pk,
        data_version=characteristic.data_version,
        values=rows.value,
        sizes=rows.size if characteristic.data_type in COUNTED_TYPES else None,
        subgroups=subgroups,
        sequences=rows.sequence,
        observed_at=rows.time,
        lsl=limits.get("lsl"),
        target=limits.get("target"),
        usl=limits.get("usl"),
        rows=rows.matrix,
        variables=tuple(characteristic.variables) if several else (),
    )


# --- What comes out -------------------------------------------------------------------------------


def _judged(
    chart: ControlChart,
    result: ChartResult,
    rows: Rows,
    starts: NDArray[np.int64],
    computed: Computed,
) -> dict[str, Any]:
    stops = [*starts[1:].tolist(), len(rows.value)]
    typed_in = [
        sorted({int(row) for row in rows.typed[start:stop] if row >= 0})
        for start, stop in zip(starts.tolist(), stops, strict=True)
    ]
    unsaved = [point for point, numbers in enumerate(typed_in) if numbers]
    display = display_of(chart)
    told = [
        pattern
        for pattern in computed.patterns
        if any(typed_in[point] for point in range(pattern.point, pattern.last + 1))
    ]
    return {
        "chart": _drawing(chart, result, display, computed, unsaved),
        "signals": [_told(chart, pattern, typed_in) for pattern in told],
        "note": "" if told else _quiet(typed=bool(unsaved)),
    }


def _quiet(*, typed: bool) -> str:
    return _("No signal in what is typed.") if typed else _("Nothing is typed yet.")


def _told(chart: ControlChart, pattern: Pattern, typed_in: Sequence[list[int]]) -> dict[str, Any]:
    """A signal in a sentence, with the rows of the sheet that give it."""
    points = range(pattern.point, pattern.last + 1)
    rows = sorted(set(chain.from_iterable(typed_in[point] for point in points)))
    return {
        "rows": rows,
        "kind": "run" if pattern.is_run else "limit",
        "text": ngettext("Row %(rows)s: %(sentence)s", "Rows %(rows)s: %(sentence)s", len(rows))
        % {"rows": _places(rows), "sentence": _sentence(chart, pattern)},
    }


def _places(rows: Sequence[int]) -> str:
    """Numbers of rows as people write them: "1–4, 7"."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][-1] + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    return ", ".join(
        f"{run[0] + 1}–{run[-1] + 1}" if len(run) > 1 else str(run[0] + 1) for run in runs
    )


def _sentence(chart: ControlChart, pattern: Pattern) -> str:
    signal = Signal(
        chart=chart,
        panel=pattern.panel,
        rule=pattern.rule,
        side=pattern.side,
        first=pattern.first,
        point=pattern.point,
        last=pattern.last,
        details=pattern.details,
    )
    found = verdict_in_words(verdict(signal, chart.characteristic.direction))
    sentence = signal_sentence(signal)
    return full_stop(f"{sentence}, {found}" if found else sentence)


def _drawing(
    chart: ControlChart,
    result: ChartResult,
    display: Display,
    computed: Computed,
    unsaved: list[int],
) -> dict[str, Any]:
    blocks = [_columns(block) for block in computed.blocks]
    whole = {
        key: list(chain.from_iterable(block[key] for block in blocks)) for key in ("time", "label")
    }
    panels = [
        without_floor(
            chart,
            {
                "name": panel["name"],
                "title": panel_heading(chart, panel["name"]),
                **{
                    key: [
                        display.shown(value)
                        for block in blocks
                        for value in block["panels"][place][key]
                    ]
                    for key in ("points", "center", "lcl", "ucl")
                },
            },
        )
        for place, panel in enumerate(computed.blocks[0]["panels"])
    ]
    names = [panel["name"] for panel in panels]
    drawn: dict[str, Any] = _head(chart.characteristic, display) | {
        "x": _axis(whole["time"], whole["label"]),
        "panels": panels,
        "phases": [_phase(chart, computed, names, display)],
        "signals": [
            _mark(chart, pattern, names.index(pattern.panel))
            for pattern in computed.patterns
            if pattern.panel in names
        ],
        "excluded": [
            place + block_first
            for block_first, block in _numbered(computed)
            for place in block["excluded"]
        ],
        "notes": [],
        "unsaved": unsaved,
    }
    specification = result.content.get("specification") or {}
    if chart.kind in SUBGROUP_KINDS | {ChartKind.I_MR}:
        drawn["target"] = display.shown(specification.get("target"))
    if chart.kind == ChartKind.I_MR:
        drawn["spec"] = {side: display.shown(specification.get(side)) for side in ("lsl", "usl")}
    return drawn


def _numbered(computed: Computed) -> list[tuple[int, dict[str, Any]]]:
    firsts = np.cumsum([0, *(block["count"] for block in computed.blocks)]).tolist()
    return list(zip(firsts, computed.blocks, strict=False))


def _columns(block: dict[str, Any]) -> dict[str, Any]:
    n = block["count"]
    return {
        "time": spread(block["time"], n),
        "label": block["label"] or [""] * n,
        "panels": [
            {"points": panel["points"]}
            | {key: spread(panel[key], n) for key in ("center", "lcl", "ucl")}
            for panel in block["panels"]
        ],
    }


def _head(characteristic: Characteristic, display: Display | None) -> dict[str, Any]:
    return {
        "title": characteristic.name,
        "unit": display.unit if display else characteristic.unit,
        "decimals": display.decimals if display else characteristic.decimals,
        "direction": characteristic.direction,
        "words": words() | {"legend_unsaved": _("not saved"), "unsaved": _("Not saved")},
    }


def _axis(times: Sequence[float | None], labels: Sequence[str]) -> dict[str, Any]:
    """By number: typed values are seconds apart from each other and days from the rest."""
    return {
        "kind": "order",
        "values": list(range(1, len(times) + 1)),
        "labels": [point_label(time, label) for time, label in zip(times, labels, strict=True)],
    }


def _phase(
    chart: ControlChart, computed: Computed, names: list[str], display: Display
) -> dict[str, Any]:
    phase = computed.content["phases"][-1]
    return {
        "name": "",
        "start": 0,
        "end": computed.n_points - 1,
        "current": True,
        "limits": [
            limits_in_words(chart, names.index(panel["name"]), panel, display)
            for panel in phase["panels"]
            if panel["name"] in names
        ],
    }


def _mark(chart: ControlChart, pattern: Pattern, panel: int) -> dict[str, Any]:
    return {
        "id": None,
        "panel": panel,
        "rule": pattern.rule,
        "number": pattern.rule.partition(":")[2],
        "kind": "run" if pattern.is_run else "limit",
        "point": pattern.point,
        "first": pattern.first if pattern.is_run else pattern.point,
        "last": pattern.last if pattern.is_run else pattern.point,
        "sentence": _sentence(chart, pattern),
        "cause": "",
    }


def _unjudged(characteristic: Characteristic, sheet: Sheet) -> dict[str, Any]:
    """The values in a row, without limits: there are none yet."""
    newest = counted(characteristic).order_by("-sequence").values_list("value", flat=True)
    stored = list(newest[:POINTS_BEFORE])[::-1]
    points = [*stored, *sheet.values]
    drawn = _head(characteristic, None) | {
        "x": _axis([None] * len(points), [""] * len(points)),
        "panels": [
            {
                "name": "individuals",
                "title": characteristic.unit or characteristic.name,
                "points": points,
                **{key: [None] * len(points) for key in ("center", "lcl", "ucl")},
            }
        ],
        "phases": [],
        "signals": [],
        "excluded": [],
        "notes": [],
        "unsaved": list(range(len(stored), len(points))),
    }
    return {
        "chart": drawn if points else None,
        "signals": [],
        "note": _("There are no limits yet. 20 values or more show if the process is stable."),
    }
