"""What the control charts give back: frozen plain numbers and arrays."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from apps.stats.messages import NOTICES

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

SIDES = ("", "above", "below")


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning that travels with a result: a stable code and its figures.

    Examples
    --------
    >>> str(Notice("constant_values"))
    'All values are equal.'
    """

    code: str
    params: Mapping[str, float | int | str] = field(default_factory=dict)

    def __str__(self) -> str:
        return NOTICES.get(self.code, self.code).format(**self.params)

    def to_dict(self) -> dict[str, Any]:
        """Code, figures and English sentence."""
        return {"code": self.code, "params": dict(self.params), "text": str(self)}


@dataclass(frozen=True, slots=True)
class FrozenLimits:
    """Everything needed to judge later points by the limits of earlier ones.

    `center` is the level of the process and `sigma` the standard deviation of one unit within
    subgroups (for counts: the standard deviation of a sample of size 1, Laney's factor included).
    `extra` holds what only some charts need, as plain numbers, lists and strings.

    Examples
    --------
    >>> from apps.stats import chart
    >>> earlier = chart("c", [4, 6, 5, 5]).phases[0].frozen
    >>> chart("c", [4, 14], phases=[Phase(0, frozen=earlier)]).signals[0].point
    1
    """

    center: float
    sigma: float
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of points with limits of its own, from `start` up to the next phase.

    `baseline` is the half-open range of points that set the limits (default: the whole phase);
    `frozen` gives the limits instead.

    Examples
    --------
    >>> from apps.stats import chart
    >>> judged = chart("i-mr", [1, 2, 1, 2, 8, 9, 8, 9], phases=[Phase(0), Phase(4, "new")])
    >>> [(phase.name, phase.center) for phase in judged.phases]
    [('', 1.5), ('new', 8.5)]
    """

    start: int
    name: str = ""
    baseline: tuple[int, int] | None = None
    frozen: FrozenLimits | None = None


@dataclass(frozen=True, slots=True)
class PhaseSummary:
    """The limits of one phase: level, within sigma of one unit, its degrees of freedom.

    `center` is in the unit of the plot; a t chart keeps `sigma`, and all of `frozen`, on the scale
    of the powers on which it is judged.

    Examples
    --------
    >>> from apps.stats import chart
    >>> chart("c", [4, 6, 5, 5]).phases[0].center
    5.0
    """

    start: int
    stop: int
    name: str
    center: float
    sigma: float
    df: float
    n_used: int
    frozen: FrozenLimits


@dataclass(frozen=True, slots=True)
class Panel:
    """One plotted series with its lines; all arrays have one entry per point, NaN: undefined.

    Examples
    --------
    >>> from apps.stats import chart
    >>> panel = chart("c", [4, 6, 5, 5]).panels[0]
    >>> panel.name, float(panel.center[0])
    ('count', 5.0)
    """

    name: str
    points: FloatArray
    center: FloatArray
    lcl: FloatArray
    ucl: FloatArray
    sigma: FloatArray
    sizes: FloatArray

    def to_dict(self) -> dict[str, Any]:
        """Lists for JSON, with null where a number is undefined."""
        names = ("points", "center", "lcl", "ucl", "sigma")
        return {"name": self.name} | {name: as_list(getattr(self, name)) for name in names}


class Signal(NamedTuple):
    """One rule broken at one point: `point` completes the pattern that spans first..last.

    A tuple rather than a dataclass: a long series has tens of thousands of them.

    Examples
    --------
    >>> from apps.stats import chart
    >>> chart("c", [4, 6, 5, 5, 20], rules="nelson:1").signals[0].side
    'above'
    """

    panel: str
    rule: str
    point: int
    first: int
    last: int
    side: str


@dataclass(frozen=True, slots=True)
class SignalTable(Sequence[Signal]):
    """All signals in columns; reads as a sequence of `Signal`.

    Columns keep a million-point analysis from making an object per signal that nobody reads.
    """

    panels: tuple[str, ...]
    rules: tuple[str, ...]
    panel: IntArray
    rule: IntArray
    point: IntArray
    first: IntArray
    side: IntArray

    def __len__(self) -> int:
        return len(self.point)

    @overload
    def __getitem__(self, index: int) -> Signal: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Signal, ...]: ...

    def __getitem__(self, index: int | slice) -> Signal | tuple[Signal, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        point = int(self.point[index])
        return Signal(
            panel=self.panels[int(self.panel[index])],
            rule=self.rules[int(self.rule[index])],
            point=point,
            first=int(self.first[index]),
            last=point,
            side=SIDES[int(self.side[index])],
        )

    def __iter__(self) -> Iterator[Signal]:
        points = self.point.tolist()
        columns = (
            [self.panels[panel] for panel in self.panel.tolist()],
            [self.rules[rule] for rule in self.rule.tolist()],
            points,
            self.first.tolist(),
            points,
            [SIDES[side] for side in self.side.tolist()],
        )
        return map(Signal._make, zip(*columns, strict=True))


@dataclass(frozen=True)
class ControlChart:
    """A judged control chart.

    Attributes
    ----------
    panels
        The plotted series, the one of the level first.
    signal_table
        Every rule broken, in columns; `signals` gives the same as a tuple of `Signal`.
    phases
        The limits of each phase, ready to be frozen.
    subgroup_starts
        Position in the values of the first observation of each point.
    settings
        Every choice that changes a number (constants, gaps, weights), for the record.

    Examples
    --------
    >>> from apps.stats import chart
    >>> [panel.name for panel in chart("i-mr", [1, 2, 1, 2]).panels]
    ['individuals', 'moving_range']
    """

    kind: str
    n_points: int
    panels: tuple[Panel, ...]
    signal_table: SignalTable
    phases: tuple[PhaseSummary, ...]
    estimator: str
    rules: tuple[str, ...]
    excluded: BoolArray
    subgroup_starts: IntArray
    warnings: tuple[Notice, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """Every rule broken at every point, by panel, rule and point."""
        return tuple(self.signal_table)

    def panel(self, name: str) -> Panel:
        """The panel of that name.

        Raises
        ------
        KeyError
            If the chart has no such panel.
        """
        for panel in self.panels:
            if panel.name == name:
                return panel
        raise KeyError(name)

    @cached_property
    def rule_flags(self) -> dict[str, NDArray[np.uint64]]:
        """Per panel, the set of broken rules of each point: bit i stands for `rules[i]`."""
        table = self.signal_table
        bits = np.left_shift(np.uint64(1), table.rule.astype(np.uint64))
        flags = {}
        for number, name in enumerate(table.panels):
            rows = table.panel == number
            mask = np.zeros(self.n_points, np.uint64)
            np.bitwise_or.at(mask, table.point[rows], bits[rows])
            flags[name] = mask
        return flags

    def rules_broken(self, point: int) -> frozenset[tuple[str, str]]:
        """The (panel, rule) pairs broken at one point."""
        rows = np.flatnonzero(self.signal_table.point == point)
        return frozenset((s.panel, s.rule) for s in (self.signal_table[int(r)] for r in rows))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: lists as long as the points, positions from 0, null for undefined."""
        return {
            "chart": self.kind,
            "n_points": self.n_points,
            "panels": [panel.to_dict() for panel in self.panels],
            "signals": _grouped(self.signal_table),
            "phases": [_phase_dict(phase) for phase in self.phases],
            "estimator": self.estimator,
            "rules": list(self.rules),
            "excluded": np.flatnonzero(self.excluded).tolist(),
            "settings": dict(self.settings),
            "details": _plain(self.details),
            "warnings": [notice.to_dict() for notice in self.warnings],
        }


def as_list(values: FloatArray) -> list[float | None]:
    """Floats for JSON; what is not finite becomes None."""
    if values.strides == (0,):  # one number for all points
        return [_number(float(values[0]))] * len(values) if len(values) else []
    finite = np.isfinite(values)
    listed: list[float | None] = values.tolist()
    for position in np.flatnonzero(~finite).tolist():
        listed[position] = None
    return listed


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _phase_dict(phase: PhaseSummary) -> dict[str, Any]:
    return {
        "start": phase.start,
        "stop": phase.stop,
        "name": phase.name,
        "center": _number(phase.center),
        "sigma": _number(phase.sigma),
        "df": _number(phase.df),
        "n_used": phase.n_used,
    }


def _grouped(table: SignalTable) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for signal in table:
        key = (signal.panel, signal.rule)
        group = groups.setdefault(
            key, {"panel": key[0], "rule": key[1], "points": [], "spans": [], "sides": []}
        )
        group["points"].append(signal.point)
        group["spans"].append([signal.first, signal.last])
        group["sides"].append(signal.side)
    return list(groups.values())
