"""The plotted points of a stored result, by the block."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet, Subquery

from apps.charts.models import ChartResult, ControlChart, PointBlock

Numbers = list[float | None]


@dataclass(frozen=True, slots=True)
class Point:
    """A point as the result names it: 0-based position, first observation, time, label."""

    index: int
    sequence: int
    time: float | None
    label: str


@dataclass(slots=True)
class PanelColumns:
    name: str
    points: Numbers = field(default_factory=list)
    center: Numbers = field(default_factory=list)
    lcl: Numbers = field(default_factory=list)
    ucl: Numbers = field(default_factory=list)


@dataclass(slots=True)
class Columns:
    """Points `first` … `first + len(sequence)` in columns."""

    first: int
    sequence: list[int] = field(default_factory=list)
    time: Numbers = field(default_factory=list)
    label: list[str] = field(default_factory=list)
    size: Numbers = field(default_factory=list)
    excluded: list[int] = field(default_factory=list)
    panels: list[PanelColumns] = field(default_factory=list)
    # A column for each factor (codes of its levels) and for each variable.
    factors: list[list[int]] = field(default_factory=list)
    variables: list[Numbers] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.sequence)


def spread(line: Any, count: int) -> Numbers:
    """A stored line as a list: it is stored as one number where it is level."""
    return list(line) if isinstance(line, list) else [line] * count


def columns_between(result: ChartResult, first: int = 0, stop: int | None = None) -> Columns:
    """The points first … stop - 1, from the blocks that hold them."""
    stop = result.n_points if stop is None else min(stop, result.n_points)
    first = max(0, min(first, stop))
    found = Columns(first=first)
    for block in blocks_between(result, first, stop).iterator(chunk_size=20):
        begin, count = block.first, block.content["count"]
        part = slice(max(first - begin, 0), min(stop - begin, count))
        _append(found, block.content, begin, count, part)
    return found


def blocks_between(result: ChartResult, first: int, stop: int) -> QuerySet[PointBlock]:
    """The blocks that hold the points first … stop - 1, and no other."""
    blocks = PointBlock.objects.filter(result=result).order_by("number")
    holding_first = blocks.filter(first__lte=first).order_by("-number").values("number")[:1]
    return blocks.filter(number__gte=Subquery(holding_first), first__lt=stop)


def _append(found: Columns, content: dict[str, Any], begin: int, count: int, part: slice) -> None:
    found.sequence += content["sequence"][part]
    found.time += spread(content["time"], count)[part]
    found.label += (content["label"] or [""] * count)[part]
    found.size += spread(content["size"], count)[part]
    found.excluded += [
        begin + place for place in content["excluded"] if part.start <= place < part.stop
    ]
    _append_columns(found.factors, content.get("factors", []), part)
    _append_columns(found.variables, content.get("variables", []), part)
    if not found.panels:
        found.panels = [PanelColumns(panel["name"]) for panel in content["panels"]]
    for columns, panel in zip(found.panels, content["panels"], strict=True):
        columns.points += panel["points"][part]
        columns.center += spread(panel["center"], count)[part]
        columns.lcl += spread(panel["lcl"], count)[part]
        columns.ucl += spread(panel["ucl"], count)[part]


def _append_columns(found: list[Any], stored: list[list[Any]], part: slice) -> None:
    if not found:
        found += [[] for _column in stored]
    for column, values in zip(found, stored, strict=True):
        column += values[part]


def point_at(chart: ControlChart, index: int) -> Point | None:
    """The point at a position."""
    block = (
        PointBlock.objects.filter(result__chart=chart, first__lte=index).order_by("-first").first()
    )
    if block is None or index - block.first >= block.content["count"]:
        return None
    return _point(block, index - block.first)


def point_with(chart: ControlChart, sequence: int) -> Point | None:
    """The point that holds an observation, found without reading every block."""
    result = ChartResult.objects.filter(chart=chart).only("pk").first()
    if result is None:
        return None
    block = _block_with(result, sequence)
    if block is None:
        return None
    starts: list[int] = block.content["sequence"]
    place = bisect_right(starts, sequence) - 1
    if place < 0:
        return None
    return _point(block, place)


def _point(block: PointBlock, place: int) -> Point:
    times, labels = block.content["time"], block.content["label"]
    return Point(
        index=block.first + place,
        sequence=block.content["sequence"][place],
        time=spread(times, block.content["count"])[place],
        label=labels[place] if labels else "",
    )


def _block_with(result: ChartResult, sequence: int) -> PointBlock | None:
    """The last block that begins at or before an observation, by halving."""
    low, high = 0, result.blocks.count() - 1
    found = None
    while low <= high:
        middle = (low + high) // 2
        block = result.blocks.get(number=middle)
        if block.content["sequence"][0] <= sequence:
            found, low = block, middle + 1
        else:
            high = middle - 1
    return found
