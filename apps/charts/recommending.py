"""Which chart suits a characteristic: by the kind of its data and how it is grouped."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from apps.charts.choices import ChartKind
from apps.measurements.choices import DataType, Subgrouping
from apps.measurements.models import Characteristic
from apps.measurements.selectors import counted

# Above this the range wastes most of what a subgroup tells of its spread.
LARGEST_RANGE_SUBGROUP = 8


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`reason` is a key of `wording.REASONS`."""

    kind: ChartKind
    reason: str


def kinds_for(characteristic: Characteristic) -> tuple[ChartKind, ...]:
    """The charts that can be made of such data."""
    if characteristic.data_type == DataType.DEFECTIVES:
        return (ChartKind.P, ChartKind.NP)
    if characteristic.data_type == DataType.DEFECTS:
        return (ChartKind.U, ChartKind.C)
    if characteristic.subgrouping == Subgrouping.INDIVIDUALS:
        return (ChartKind.I_MR,)
    return (ChartKind.XBAR_R, ChartKind.XBAR_S, ChartKind.I_MR)


def recommended(characteristic: Characteristic) -> Recommendation:
    if characteristic.data_type == DataType.DEFECTIVES:
        return Recommendation(ChartKind.P, "defectives")
    if characteristic.data_type == DataType.DEFECTS:
        if counted(characteristic).filter(size__isnull=False).exists():
            return Recommendation(ChartKind.U, "defects_by_size")
        return Recommendation(ChartKind.C, "defects")
    if characteristic.subgrouping == Subgrouping.INDIVIDUALS:
        return Recommendation(ChartKind.I_MR, "individuals")
    if _largest_subgroup(characteristic) > LARGEST_RANGE_SUBGROUP:
        return Recommendation(ChartKind.XBAR_S, "large_subgroups")
    return Recommendation(ChartKind.XBAR_R, "small_subgroups")


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
