"""The values of a chart as a table: on a page, and as a CSV file that no spreadsheet executes."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.charts.display import display_of
from apps.charts.models import ChartResult, ControlChart
from apps.charts.payload import point_label
from apps.charts.selectors import Columns, columns_between, listed_signals
from apps.charts.wording.findings import panel_heading
from apps.charts.wording.rules import rule_name

ROWS_AT_ONCE = 10_000
# Spreadsheets read a cell that begins with one of these as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def inert(text: str) -> str:
    """The text such that no spreadsheet takes it for a formula.

    >>> inert("=1+1"), inert("sample 3")
    ("'=1+1", 'sample 3')
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def rules_by_point(
    chart: ControlChart, result: ChartResult, first: int = 0, stop: int | None = None
) -> dict[int, list[str]]:
    """The rules that a point breaks, by position, from `first` to before `stop`."""
    stop = result.n_points if stop is None else min(stop, result.n_points)
    broken: dict[int, list[str]] = {}
    for signal in listed_signals(chart).filter(present=True, point__lt=stop, last__gte=first):
        for point in range(max(signal.point, first), min(signal.last + 1, stop)):
            broken.setdefault(point, []).append(rule_name(signal.rule))
    return broken


def table_rows(chart: ControlChart, columns: Columns) -> list[dict[str, Any]]:
    """Rows of the data table: texts in the unit that is shown."""
    display = display_of(chart)
    window = chart.characteristic.subgroup_window
    broken = rules_by_point(chart, chart.result, columns.first, columns.first + len(columns))
    excluded = set(columns.excluded)
    rows = []
    for place in range(len(columns)):
        point = columns.first + place
        rows.append(
            {
                "number": point + 1,
                "label": point_label(columns.time[place], columns.label[place], window),
                "size": columns.size[place],
                "panels": [
                    {
                        "value": display.text(panel.points[place]),
                        "lcl": display.text(panel.lcl[place]),
                        "center": display.text(panel.center[place]),
                        "ucl": display.text(panel.ucl[place]),
                    }
                    for panel in columns.panels
                ],
                "rules": broken.get(point, []),
                "excluded": point in excluded,
            }
        )
    return rows


def csv_lines(chart: ControlChart) -> Iterator[str]:
    """The whole table as CSV, a stretch at a time; numbers at full precision."""
    result = chart.result
    broken = rules_by_point(chart, result)
    yield "\ufeff"
    head: list[str] | None = None
    for first in range(0, result.n_points, ROWS_AT_ONCE):
        columns = columns_between(result, first, first + ROWS_AT_ONCE)
        if head is None:
            head = _head(chart, columns)
            yield _line(head)
        excluded = set(columns.excluded)
        for place in range(len(columns)):
            point = first + place
            yield _line(_row(columns, place, point, broken, point in excluded))


def _head(chart: ControlChart, columns: Columns) -> list[str]:
    head = [_("Point"), _("Time"), _("Subgroup"), _("Sample size"), _("Left out"), _("Run rules")]
    for panel in columns.panels:
        head += [inert(panel_heading(chart, panel.name)), "LCL", "CL", "UCL"]
    return head


def _row(
    columns: Columns, place: int, point: int, broken: dict[int, list[str]], excluded: bool
) -> list[Any]:
    row: list[Any] = [
        point + 1,
        _iso(columns.time[place]),
        inert(columns.label[place]),
        _number(columns.size[place]),
        _("yes") if excluded else "",
        ", ".join(broken.get(point, [])),
    ]
    for panel in columns.panels:
        row += [
            _number(column[place]) for column in (panel.points, panel.lcl, panel.center, panel.ucl)
        ]
    return row


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _iso(seconds: float | None) -> str:
    if seconds is None:
        return ""
    at = dt.datetime.fromtimestamp(seconds, timezone.get_current_timezone())
    return at.isoformat(timespec="seconds")


def _line(row: list[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(row)
    return buffer.getvalue()
