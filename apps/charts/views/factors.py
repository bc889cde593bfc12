"""The cards that tell values apart: by a factor such as the branch, or by variable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.charts.choices import COUNT_KINDS, ChartKind
from apps.charts.display import display_of
from apps.charts.models import ControlChart
from apps.charts.wording.findings import SIGNIFICANT, levels_sentence
from apps.common.templatetags.formats import number


@dataclass(frozen=True, slots=True)
class LevelTable:
    """One factor: its levels in rows, and what they say together."""

    title: str
    columns: tuple[str, ...]
    rows: list[list[tuple[str, str]]]
    sentence: str
    differ: bool


def level_tables(chart: ControlChart) -> list[LevelTable]:
    """One table for each factor of which values are known, of the newest phase."""
    return [_table(chart, factor) for factor in chart.result.content.get("factors", [])]


def _table(chart: ControlChart, factor: dict[str, Any]) -> LevelTable:
    display = display_of(chart)
    levels = factor["levels"]
    heading, cells = _figures(chart)
    columns = (factor["name"], _("Values"), *heading)
    return LevelTable(
        title=_("By %(factor)s") % {"factor": factor["name"]},
        columns=columns,
        rows=[
            list(zip(columns, (each["name"], number(each["n"]), *cells(each)), strict=True))
            for each in levels
        ],
        sentence=levels_sentence(factor, display),
        differ=factor["p_value"] is not None and factor["p_value"] < SIGNIFICANT,
    )


def _figures(chart: ControlChart) -> tuple[tuple[str, ...], Any]:
    """What is told of a level beside how many values it has, by the kind of chart."""
    display = display_of(chart)
    if chart.kind == ChartKind.T2:
        return (), lambda each: []
    if chart.kind in COUNT_KINDS:
        level = _("Level, %(unit)s") % {"unit": display.unit} if display.unit else _("Level")
        return (level,), lambda each: [display.text(each["value"])]
    return (_("Mean"), _("Standard deviation")), lambda each: [
        display.text(each["value"]), display.text(each["sd"]),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class VariableRow:
    name: str
    mean: str
    sd: str


def variable_rows(chart: ControlChart) -> list[VariableRow]:
    """Mean and standard deviation of each variable, as the newest limits use them."""
    content = chart.result.content
    extra = content["phases"][-1]["frozen"]["extra"] if content.get("phases") else {}
    names, decimals = content.get("variables", []), chart.characteristic.decimals
    if not names or "mean" not in extra:
        return []
    return [
        VariableRow(
            name,
            number(extra["mean"][place], decimals),
            number(extra["covariance"][place][place] ** 0.5, decimals + 1),
        )
        for place, name in enumerate(names)
    ]
