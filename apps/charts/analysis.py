"""One analysis of a table from the shell: columns in, chart, capability and sigma level out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from apps import stats
from apps.charts.table_reading import Table, TableError, parse_number
from apps.stats.inputs import runs
from apps.stats.model import ChartType
from apps.stats.registry import chart_type

FloatArray = NDArray[np.float64]
AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks of a table; column names and numbers as given."""

    chart: str
    values: tuple[str, ...] = ()
    subgroup: str | None = None
    subgroup_size: int | None = None
    size: str | None = None
    center: float | None = None
    sigma: float | None = None
    estimator: str | None = None
    rules: str | None = None
    baseline: tuple[int | None, int | None] | None = None
    phase: str | None = None
    lsl: float | None = None
    usl: float | None = None
    target: float | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a request, read."""

    names: tuple[str, ...]
    values: FloatArray
    subgroups: NDArray[np.str_] | None
    sizes: FloatArray | None
    phases: NDArray[np.str_] | None


@dataclass(frozen=True, slots=True)
class Analysis:
    """The chart with what belongs to it."""

    chart: stats.ControlChart
    name: str
    capability: Any = None
    sigma_level: Any = None
    advice: Any = None
    notices: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the command."""
        chart: dict[str, Any] = self.chart.to_dict()
        notices = [{"code": "left_out", "params": {}, "text": text} for text in self.notices]
        return chart | {
            "capability": self.capability.to_dict() if self.capability else None,
            "sigma_level": self.sigma_level.to_dict() if self.sigma_level else None,
            "advice": self.advice.to_dict() if self.advice else None,
            "warnings": chart["warnings"] + notices,
        }


def analyze(table: Table, request: Request) -> Analysis:
    """Read the columns, choose the chart where asked, judge it, add capability and sigma level.

    Raises
    ------
    TableError
        If the table lacks what the chart needs.
    apps.stats.StatsError
        If the engine refuses the data.
    """
    columns = read_columns(table, request)
    advice = None
    kind = request.chart
    if kind == AUTO:
        advice = stats.advise(
            columns.values,
            sizes=columns.sizes,
            subgroups=columns.subgroups,
            subgroup_size=request.subgroup_size,
        )
        kind = advice.kind
    shape = chart_type(kind)
    judged = _chart(shape, columns, request)
    capability, sigma_level, left_out = figures(shape, judged, columns, request)
    return Analysis(judged, columns.names[0], capability, sigma_level, advice, left_out)


def read_columns(table: Table, request: Request) -> Columns:
    """The columns that the request names; values default to the numeric ones left over.

    Raises
    ------
    TableError
        If a column is missing, not numeric, or the choice is not clear.
    """
    used = {name for name in (request.subgroup, request.size, request.phase) if name}
    names = request.values or _value_columns(table, request, used)
    read = [table.numbers(name) for name in names]
    multivariate = request.chart != AUTO and chart_type(request.chart).data == "rows"
    if len(names) > 1 and not multivariate:
        raise TableError(_("A %(chart)s chart takes one value column.") % {"chart": request.chart})
    values = np.column_stack(read) if multivariate else read[0]
    return Columns(
        names=tuple(names),
        values=values,
        subgroups=table.text(request.subgroup) if request.subgroup else None,
        sizes=_sizes(table, request),
        phases=table.text(request.phase) if request.phase else None,
    )


def _value_columns(table: Table, request: Request, used: set[str]) -> tuple[str, ...]:
    if "value" in table.columns:
        return ("value",)
    left = tuple(name for name in table.columns if name not in used and table.is_numeric(name))
    if request.chart != AUTO and chart_type(request.chart).data == "rows" and len(left) > 1:
        return left
    if len(left) == 1:
        return left
    if not left:
        raise TableError(_("The file has no column of numbers to chart."))
    raise TableError(
        _("Say which column to chart with --value; the file has %(known)s.")
        % {"known": ", ".join(left)}
    )


def _sizes(table: Table, request: Request) -> FloatArray | None:
    """The sizes of a column, or one number for all points."""
    if not request.size:
        return None
    common = None if request.size in table.columns else parse_number(request.size)
    return table.numbers(request.size) if common is None else np.full(len(table), common)


def _chart(shape: ChartType, columns: Columns, request: Request) -> stats.ControlChart:
    with_parts = shape.data == "parts"
    subgroups, size = columns.subgroups, request.subgroup_size
    if subgroups is not None and columns.phases is not None and not with_parts:
        subgroups = np.array(
            [f"{a}\x1f{b}" for a, b in zip(columns.phases, subgroups, strict=True)]
        )
    return stats.chart(
        shape.kind,
        columns.values,
        sizes=columns.sizes,
        subgroups=None if with_parts else subgroups,
        subgroup_size=size,
        parts=subgroups if with_parts else None,
        center=request.center,
        sigma=request.sigma,
        estimator=request.estimator,
        rules=request.rules,
        phases=_phases(columns.phases, None if with_parts else subgroups, size),
        baseline=request.baseline,
        **request.choices,
    )


def _phases(
    phases: NDArray[np.str_] | None, subgroups: NDArray[np.str_] | None, size: int | None
) -> tuple[stats.Phase, ...]:
    """A phase wherever the label of the first observation of a point changes."""
    if phases is None:
        return ()
    of_points = phases
    if subgroups is not None:
        of_points = phases[runs(subgroups)]
    elif size is not None and size > 0:
        of_points = phases[::size]
    return tuple(stats.Phase(int(start), str(of_points[start])) for start in runs(of_points))


def figures(
    shape: ChartType, judged: stats.ControlChart, columns: Columns, request: Request
) -> tuple[Any, Any, tuple[str, ...]]:
    """Capability and sigma level of the last phase, and why either is left out."""
    capability = sigma_level = None
    left_out: list[str] = []
    limited = (request.lsl, request.usl) != (None, None)
    if limited and shape.data in ("individuals", "observations", "subgroups"):
        try:
            capability = _capability(judged, columns, request)
        except (stats.NotEnoughData, stats.DegenerateData) as refusal:
            left_out.append(str(refusal))
    try:
        if shape.data == "counts":
            sigma_level = _sigma_of_counts(judged, columns)
        elif capability is not None:
            sigma_level = _sigma_of_values(judged, columns, request)
    except stats.StatsError as refusal:
        left_out.append(str(refusal))
    return capability, sigma_level, tuple(left_out)


def _last_phase(judged: stats.ControlChart, columns: Columns) -> FloatArray:
    start = judged.subgroup_starts[judged.phases[-1].start]
    return columns.values[start:]


def _capability(judged: stats.ControlChart, columns: Columns, request: Request) -> Any:
    phase = judged.phases[-1]
    stable = not any(signal.point >= phase.start for signal in judged.signals)
    return stats.capability(
        _last_phase(judged, columns),
        lsl=request.lsl,
        usl=request.usl,
        target=request.target,
        sigma_within=phase.sigma if np.isfinite(phase.sigma) and phase.sigma > 0 else None,
        df_within=phase.df if np.isfinite(phase.df) else None,
        stable=stable,
    )


def _sigma_of_values(judged: stats.ControlChart, columns: Columns, request: Request) -> Any:
    values = _last_phase(judged, columns)
    values = values[~np.isnan(values)]
    low = -np.inf if request.lsl is None else request.lsl
    high = np.inf if request.usl is None else request.usl
    outside = int(np.count_nonzero((values < low) | (values > high)))
    return stats.sigma_level(outside, len(values))


def _sigma_of_counts(judged: stats.ControlChart, columns: Columns) -> Any:
    start = judged.phases[-1].start
    counts = columns.values[start:]
    present = ~np.isnan(counts)
    sizes = np.ones(len(counts)) if columns.sizes is None else columns.sizes[start:]
    units = float(np.nansum(sizes[present]))
    if not units.is_integer():
        return None
    return stats.sigma_level(int(np.sum(counts[present])), int(units))
