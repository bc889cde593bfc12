"""The JSON of the interactive chart (contract: the comment on top of static/js/control-chart.js)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.charts.choices import FROM_ZERO_KINDS, SUBGROUP_KINDS, ChartKind
from apps.charts.decimation import POINTS_SHOWN, decimated
from apps.charts.display import Display, display_of
from apps.charts.models import Annotation, ChartResult, ControlChart, Signal
from apps.charts.selectors import Columns, columns_between, listed_signals
from apps.charts.selectors.points import PanelColumns, spread
from apps.charts.wording.findings import full_stop, moment, panel_heading, window_in_words
from apps.charts.wording.rules import signal_sentence, verdict, verdict_in_words
from apps.common.templatetags.formats import day
from apps.common.templatetags.formats import moment as moment_text


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the chart that is asked for, in x values, and how many pixels it gets."""

    start: float | None = None
    stop: float | None = None
    width: int = 1_000


@dataclass(slots=True)
class Sent:
    """Columns as they are sent, and which point of the chart each entry is."""

    index: list[int]
    columns: Columns
    decimated: bool = False

    def position(self, point: int) -> int:
        """Where a point stands in the columns; the next one sent where it is not."""
        return min(bisect_left(self.index, point), len(self.index) - 1)

    def holds(self, point: int) -> bool:
        return bool(self.index) and self.index[0] <= point <= self.index[-1]


def payload(chart: ControlChart, window: Window | None = None) -> dict[str, Any]:
    """Everything the page draws; no points where the result holds no chart."""
    result: ChartResult | None = getattr(chart, "result", None)
    display = display_of(chart)
    head: dict[str, Any] = {
        "title": chart.characteristic.name,
        "unit": display.unit,
        "decimals": display.decimals,
        "direction": chart.characteristic.direction,
        "words": words(),
    }
    if result is None or not result.n_points:
        return head | {"x": {"kind": "order", "values": [], "labels": []}, "panels": []}
    sent = _sent(result, window or Window())
    return (
        head
        | {
            "x": _x(chart, result, sent),
            "panels": [_panel(chart, panel, display) for panel in sent.columns.panels],
            "phases": _phases(chart, result, sent, display),
            "signals": _signals(chart, sent),
            "excluded": [
                sent.position(point) for point in sent.columns.excluded if sent.holds(point)
            ],
            "notes": _notes(chart, sent),
            "decimated": sent.decimated,
        }
        | _told_apart(chart, result, sent.columns)
        | _lines_of_the_customer(chart, result, display)
    )


# --- Which points -----------------------------------------------------------------------------


def _sent(result: ChartResult, window: Window) -> Sent:
    whole = window.start is None and window.stop is None
    if result.overview is None:
        columns = columns_between(result)
        return Sent(list(range(len(columns))), columns)
    overview = _from_overview(result)
    if whole:
        return overview
    first, stop = _places(overview, window, result.n_points)
    columns = columns_between(result, first, stop)
    index = list(range(columns.first, columns.first + len(columns)))
    if len(index) <= POINTS_SHOWN:
        return Sent(index, columns)
    values = np.array(columns.panels[0].points, np.float64)
    stretches = max(min(window.width, POINTS_SHOWN // 4), 50)
    keep = [point - columns.first for point in columns.excluded]
    return _picked(Sent(index, columns), decimated(values, stretches, keep).tolist())


def _from_overview(result: ChartResult) -> Sent:
    stored: dict[str, Any] = result.overview or {}
    index: list[int] = stored["index"]
    n = len(index)
    columns = Columns(
        first=0,
        sequence=stored["sequence"],
        time=spread(stored["time"], n),
        label=stored["label"] or [""] * n,
        size=spread(stored["size"], n),
        excluded=[index[place] for place in stored["excluded"]],
        factors=stored.get("factors", []),
        variables=stored.get("variables", []),
        panels=[
            PanelColumns(
                panel["name"],
                panel["points"],
                *(spread(panel[name], n) for name in ("center", "lcl", "ucl")),
            )
            for panel in stored["panels"]
        ],
    )
    return Sent(index, columns, decimated=True)


def _places(overview: Sent, window: Window, n_points: int) -> tuple[int, int]:
    """First point and end of the window; by the overview, so a little wider than asked."""
    times = overview.columns.time
    axis: Sequence[float] = [i + 1 for i in overview.index]
    if by_time(times):
        axis = [time for time in times if time is not None]
    first, stop = 0, n_points
    if window.start is not None:
        first = overview.index[max(bisect_right(axis, window.start) - 1, 0)]
    if window.stop is not None:
        place = bisect_left(axis, window.stop)
        stop = overview.index[place] + 1 if place < len(axis) else n_points
    return first, max(stop, first + 1)


def _picked(sent: Sent, places: list[int]) -> Sent:
    columns = sent.columns
    picked = Columns(
        first=columns.first,
        sequence=[columns.sequence[i] for i in places],
        time=[columns.time[i] for i in places],
        label=[columns.label[i] for i in places],
        size=[columns.size[i] for i in places],
        excluded=columns.excluded,
        factors=[[codes[i] for i in places] for codes in columns.factors],
        variables=[[values[i] for i in places] for values in columns.variables],
        panels=[
            PanelColumns(
                panel.name,
                *(
                    [getattr(panel, name)[i] for i in places]
                    for name in ("points", "center", "lcl", "ucl")
                ),
            )
            for panel in columns.panels
        ],
    )
    return Sent([sent.index[i] for i in places], picked, decimated=True)


# --- Columns in the unit that is shown ----------------------------------------------------------


def by_time(times: Sequence[float | None]) -> bool:
    """Whether the points can stand on an axis of time: all dated, in order, not all at once."""
    known = [time for time in times if time is not None]
    return (
        len(known) == len(times) > 1
        and known[0] < known[-1]
        and all(a <= b for a, b in pairwise(known))
    )


def _x(chart: ControlChart, result: ChartResult, sent: Sent) -> dict[str, Any]:
    columns = sent.columns
    window = chart.characteristic.subgroup_window
    labels = [
        point_label(time, label, window)
        for time, label in zip(columns.time, columns.label, strict=True)
    ]
    if by_time(columns.time):
        x: dict[str, Any] = {"kind": "time", "values": columns.time}
        x["tz"] = timezone.get_current_timezone_name()
    else:
        x = {"kind": "order", "values": [point + 1 for point in sent.index]}
    x["labels"] = labels
    if result.overview is not None:
        times = _from_overview(result).columns.time
        x["range"] = [times[0], times[-1]] if by_time(times) else [1, result.n_points]
    return x


def point_label(time: float | None, label: str, window: str = "") -> str:
    """When and which: "19 Nov · 12"; the hour only where the data know it.

    Where subgroups go by time, the label names the `window` itself.
    """
    if window and label:
        return window_in_words(label, window)
    at = moment(time)
    if at is None:
        return label
    local = timezone.localtime(at)
    text = day(at) if (local.hour, local.minute) == (0, 0) else moment_text(at)
    return f"{text} · {label}" if label else text


# What cannot lie below 0 has no lower limit there.
NO_LOWER_AT_ZERO = frozenset({"moving_range", "range"})


def from_zero(chart: ControlChart) -> frozenset[str]:
    """The panels of this chart for which the same holds."""
    return frozenset({"time", "count", "t2"}) if chart.kind in FROM_ZERO_KINDS else frozenset()


def _panel(chart: ControlChart, panel: PanelColumns, display: Display) -> dict[str, Any]:
    columns = {
        name: [display.shown(value) for value in getattr(panel, name)]
        for name in ("points", "center", "lcl", "ucl")
    }
    drawn = {"name": panel.name, "title": panel_heading(chart, panel.name)} | columns
    return without_floor(chart, drawn)


def without_floor(chart: ControlChart, panel: dict[str, Any]) -> dict[str, Any]:
    """A drawn panel without a lower limit where that limit is only the 0 below which nothing lies."""
    if panel["name"] in NO_LOWER_AT_ZERO | from_zero(chart) and not any(panel["lcl"]):
        panel["lcl"] = [None] * len(panel["points"])
    return panel


def _told_apart(chart: ControlChart, result: ChartResult, columns: Columns) -> dict[str, Any]:
    """Factors with the level of each point, and variables with their values."""
    decimals = chart.characteristic.decimals
    factors, names = result.content.get("factors", []), result.content.get("variables", [])
    return {
        "factors": [
            {
                "name": factor["name"],
                "levels": [level["name"] for level in factor["levels"]],
                "further": factor["further"],
                "codes": codes,
            }
            for factor, codes in zip(factors, columns.factors, strict=False)
        ],
        "variables": [
            {"name": name, "decimals": decimals, "values": values}
            for name, values in zip(names, columns.variables, strict=False)
        ],
    }


def _phases(
    chart: ControlChart, result: ChartResult, sent: Sent, display: Display
) -> list[dict[str, Any]]:
    phases = result.content["phases"]
    found = []
    for number, phase in enumerate(phases):
        if phase["stop"] <= sent.index[0] or phase["start"] > sent.index[-1]:
            continue
        end = bisect_right(sent.index, phase["stop"] - 1) - 1
        start = sent.position(phase["start"])
        if end < start:
            continue
        found.append(
            {
                "name": phase["name"] if len(phases) > 1 else "",
                "start": start,
                "end": end,
                "current": number == len(phases) - 1,
                "limits": [
                    limits_in_words(chart, place, panel, display)
                    for place, panel in enumerate(phase["panels"])
                ],
            }
        )
    return found


def limits_in_words(
    chart: ControlChart, place: int, panel: dict[str, Any], display: Display
) -> dict[str, Any]:
    """The limits of a panel in one phase, as they are written beside it."""
    named = {"ucl": "UCL", "center": "CL", "lcl": "LCL"}
    texts = {
        key: f"{name} {display.text(panel[key])}"
        for key, name in named.items()
        if panel[key] is not None
    }
    if panel["name"] in NO_LOWER_AT_ZERO | from_zero(chart) and panel["lcl"] == 0:
        texts.pop("lcl", None)
    return {"panel": place} | texts


def _signals(chart: ControlChart, sent: Sent) -> list[dict[str, Any]]:
    names = [panel.name for panel in sent.columns.panels]
    found = []
    for signal in listed_signals(chart):
        if signal.panel not in names or not sent.holds(signal.point):
            continue
        run = bool(signal.details.get("run"))
        points = [signal.point] if run else list(range(signal.first, signal.last + 1))
        for point in points:
            if not sent.holds(point):
                continue
            found.append(
                {
                    "id": signal.pk,
                    "panel": names.index(signal.panel),
                    "rule": signal.rule,
                    "number": signal.rule.partition(":")[2],
                    "kind": "run" if run else "limit",
                    "point": sent.position(point),
                    "first": sent.position(signal.first if run else point),
                    "last": sent.position(signal.last if run else point),
                    "sentence": _sentence(signal, chart),
                    "cause": signal.cause,
                }
            )
    return found


def _sentence(signal: Signal, chart: ControlChart) -> str:
    found = verdict_in_words(verdict(signal, chart.characteristic.direction))
    sentence = signal_sentence(signal)
    return full_stop(f"{sentence}, {found}" if found else sentence)


def _notes(chart: ControlChart, sent: Sent) -> list[dict[str, Any]]:
    notes = Annotation.objects.filter(chart=chart)
    found = []
    for number, note in enumerate(notes):
        place = bisect_right(sent.columns.sequence, note.sequence) - 1
        if place >= 0 and sent.columns.sequence[place] <= note.sequence:
            found.append({"point": place, "letter": letter(number), "text": note.text})
    return found


def letter(number: int) -> str:
    """A, B … Z, AA: the sign of a note on the chart."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def _lines_of_the_customer(
    chart: ControlChart, result: ChartResult, display: Display
) -> dict[str, Any]:
    """Target, and specification limits where points are single values."""
    specification = result.content.get("specification") or {}
    lines: dict[str, Any] = {}
    if chart.kind in SUBGROUP_KINDS | {ChartKind.I_MR}:
        lines["target"] = display.shown(specification.get("target"))
    if chart.kind == ChartKind.I_MR:
        lines["spec"] = {
            "lsl": display.shown(specification.get("lsl")),
            "usl": display.shown(specification.get("usl")),
        }
    return lines


def words() -> dict[str, str]:
    """The words the script writes on the chart."""
    return {
        "chart": _("Control chart"),
        "keys": _("Arrow keys move between points, plus and minus zoom."),
        "loading": _("Loading the chart."),
        "failed": _("The chart could not be loaded. Reload the page to try again."),
        "empty": _("No points yet."),
        "reset": _("Show all"),
        "point_of": _("Point {n} of {total}"),
        "limits": _("limits {lcl} to {ucl}"),
        "center": _("center line {value}"),
        "excluded": _("Left out of the limits"),
        "cause": _("Cause: {cause}"),
        "no_cause": _("No cause yet"),
        "note": _("Note"),
        "target": _("target {value}"),
        "legend_run_end": _("completes a run rule"),
        "legend_run": _("part of the run"),
        "legend_limit": _("beyond a limit"),
        "legend_limit_excluded": _("beyond a limit; hollow: left out of the limits"),
        "legend_excluded": _("left out of the limits"),
        "legend_note": _("note"),
        "legend_target": _("target"),
        "legend_spec": _("specification limit"),
        "legend_decimated": _("lowest and highest values; zoom in for each point"),
        "by": _("Tell points apart by"),
        "by_nothing": _("nothing"),
        "level_further": _("{n} others"),
        "level_mixed": _("several of them"),
        "level_none": _("not given"),
        "level_shown": _("Show {level}"),
    }
