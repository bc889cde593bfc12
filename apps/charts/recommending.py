"""Which chart suits a characteristic: by the kind of its data and how it is grouped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from django.db.models import Count

from apps import stats
from apps.charts.choices import ChartKind
from apps.measurements.choices import DataType, Subgrouping
from apps.measurements.models import Characteristic
from apps.measurements.selectors import counted
from apps.stats.registry import chart_type

# Above this the range wastes most of what a subgroup tells of its spread.
LARGEST_RANGE_SUBGROUP = 8
# So many of the newest values tell whether times or units are counted.
LOOKED_AT = 2_000


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`reason` is a key of `wording.REASONS`."""

    kind: ChartKind
    reason: str


def kinds_for(characteristic: Characteristic) -> tuple[ChartKind, ...]:
    """The charts that can be made of such data."""
    if characteristic.data_type == DataType.DEFECTIVES:
        return (ChartKind.P, ChartKind.NP, ChartKind.LANEY_P)
    if characteristic.data_type == DataType.DEFECTS:
        return (ChartKind.U, ChartKind.C, ChartKind.LANEY_U)
    if characteristic.data_type == DataType.BETWEEN:
        return (ChartKind.T, ChartKind.G)
    if characteristic.data_type == DataType.SEVERAL:
        return (ChartKind.T2,)
    if characteristic.subgrouping == Subgrouping.INDIVIDUALS:
        return (ChartKind.I_MR,)
    return (ChartKind.XBAR_R, ChartKind.XBAR_S, ChartKind.I_MR)


def estimators_for(characteristic: Characteristic, kind: str) -> tuple[str, ...]:
    """How sigma can be estimated on such a chart of such data."""
    shape = chart_type(kind)
    grouped = characteristic.subgrouping != Subgrouping.INDIVIDUALS
    return shape.grouped_estimators if grouped and shape.grouped_estimators else shape.estimators


def recommended(characteristic: Characteristic) -> Recommendation:
    if characteristic.data_type == DataType.DEFECTIVES:
        if _vary_more_than_chance(characteristic):
            return Recommendation(ChartKind.LANEY_P, "shares_vary")
        return Recommendation(ChartKind.P, "defectives")
    if characteristic.data_type == DataType.DEFECTS:
        if counted(characteristic).filter(size__isnull=False).exists():
            if _vary_more_than_chance(characteristic):
                return Recommendation(ChartKind.LANEY_U, "rates_vary")
            return Recommendation(ChartKind.U, "defects_by_size")
        return Recommendation(ChartKind.C, "defects")
    if characteristic.data_type == DataType.BETWEEN:
        if _whole_numbers(characteristic):
            return Recommendation(ChartKind.G, "units_between")
        return Recommendation(ChartKind.T, "time_between")
    if characteristic.data_type == DataType.SEVERAL:
        return Recommendation(ChartKind.T2, "several")
    if characteristic.subgrouping == Subgrouping.INDIVIDUALS:
        return Recommendation(ChartKind.I_MR, "individuals")
    if characteristic.subgrouping == Subgrouping.WINDOW:
        return Recommendation(ChartKind.XBAR_S, "by_time")
    if _largest_subgroup(characteristic) > LARGEST_RANGE_SUBGROUP:
        return Recommendation(ChartKind.XBAR_S, "large_subgroups")
    return Recommendation(ChartKind.XBAR_R, "small_subgroups")


def _vary_more_than_chance(characteristic: Characteristic) -> bool:
    """Whether the newest counts scatter more than their sizes explain, as the advisor judges."""
    newest = counted(characteristic).order_by("-sequence").values_list("value", "size")
    rows = [(value, size) for value, size in newest[:LOOKED_AT][::-1] if size]
    if not rows:
        return False
    data: Literal["defectives", "defects"] = (
        "defectives" if characteristic.data_type == DataType.DEFECTIVES else "defects"
    )
    values, sizes = zip(*rows, strict=True)
    try:
        return bool(stats.advise(values, data=data, sizes=sizes).kind.startswith("laney"))
    except stats.StatsError:
        return False


def _whole_numbers(characteristic: Characteristic) -> bool:
    """Whether the newest values are counts: whole units, as a g chart takes them."""
    newest = counted(characteristic).order_by("-sequence").values_list("value", flat=True)
    values = np.fromiter(newest[:LOOKED_AT], np.float64)
    return bool(len(values)) and bool((values == np.floor(values)).all())


def _largest_subgroup(characteristic: Characteristic) -> int:
    if characteristic.subgrouping == Subgrouping.FIXED:
        return characteristic.subgroup_size or 0
    largest = (
        counted(characteristic)
        .order_by()
        .values("subgroup")
        .annotate(n=Count("pk"))
        .order_by("-n")
        .values_list("n", flat=True)
        .first()
    )
    return largest or 0
