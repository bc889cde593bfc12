"""The values of a chart as a table: on a page, and as a CSV file that no spreadsheet executes."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator
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
    for first in range(0, result.n_points, ROWS_AT_ONCE):
        columns = columns_between(result, first, first + ROWS_AT_ONCE)
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        if first == 0:
            writer.writerow(_head(chart, columns))
        # The writer gives a number in full, and nothing where there is none.
        writer.writerows(_rows(columns, broken))
        yield buffer.getvalue()


def _head(chart: ControlChart, columns: Columns) -> list[str]:
    head = [_("Point"), _("Time"), _("Subgroup"), _("Sample size"), _("Left out"), _("Run rules")]
    for panel in columns.panels:
        head += [inert(panel_heading(chart, panel.name)), "LCL", "CL", "UCL"]
    return head


def _rows(columns: Columns, broken: dict[int, list[str]]) -> Iterable[tuple[object, ...]]:
    points = range(columns.first, columns.first + len(columns))
    zone, excluded = timezone.get_current_timezone(), set(columns.excluded)
    return zip(
        (point + 1 for point in points),
        (_iso(seconds, zone) for seconds in columns.time),
        map(inert, columns.label),
        columns.size,
        (_("yes") if point in excluded else "" for point in points),
        (", ".join(broken.get(point, ())) for point in points),
        *(
            column
            for panel in columns.panels
            for column in (panel.points, panel.lcl, panel.center, panel.ucl)
        ),
        strict=True,
    )


def _iso(seconds: float | None, zone: dt.tzinfo) -> str:
    if seconds is None:
        return ""
    return dt.datetime.fromtimestamp(seconds, zone).isoformat(timespec="seconds")
