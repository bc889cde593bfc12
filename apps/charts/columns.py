"""Plotted points in columns: as arrays to work with, as JSON to be stored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps import stats

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
LINES = ("points", "center", "lcl", "ucl")


@dataclass(frozen=True, slots=True)
class Columns:
    """Points by column; `panels` holds points, center, lower and upper limit of each panel."""

    sequence: IntArray
    time: FloatArray
    labels: NDArray[Any] | None
    size: FloatArray
    excluded: BoolArray
    panels: dict[str, tuple[FloatArray, ...]]
    # The level of each factor, and the value of each variable (one column each).
    factors: tuple[IntArray, ...] = ()
    variables: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.sequence)

    @classmethod
    def of(
        cls,
        chart: stats.ControlChart,
        *,
        sequence: IntArray,
        time: FloatArray,
        labels: NDArray[Any] | None,
        excluded: BoolArray,
        factors: tuple[IntArray, ...] = (),
        variables: FloatArray | None = None,
    ) -> Columns:
        return cls(
            sequence,
            time,
            labels,
            chart.panels[0].sizes,
            excluded,
            {panel.name: tuple(getattr(panel, line) for line in LINES) for panel in chart.panels},
            factors,
            variables,
        )

    @property
    def level(self) -> FloatArray:
        """The points of the first panel."""
        return next(iter(self.panels.values()))[0]

    def part(self, rows: slice | IntArray | BoolArray) -> Columns:
        return Columns(
            self.sequence[rows],
            self.time[rows],
            None if self.labels is None else self.labels[rows],
            self.size[rows],
            self.excluded[rows],
            {name: tuple(line[rows] for line in lines) for name, lines in self.panels.items()},
            tuple(codes[rows] for codes in self.factors),
            None if self.variables is None else self.variables[rows],
        )

    def followed_by(self, other: Columns) -> Columns:
        """Points and those after them; of charts without factors and variables."""
        labels = None
        if self.labels is not None and other.labels is not None:
            labels = np.concatenate((self.labels, other.labels))
        return Columns(
            np.concatenate((self.sequence, other.sequence)),
            np.concatenate((self.time, other.time)),
            labels,
            np.concatenate((self.size, other.size)),
            np.concatenate((self.excluded, other.excluded)),
            {
                name: tuple(
                    np.concatenate(pair) for pair in zip(lines, other.panels[name], strict=True)
                )
                for name, lines in self.panels.items()
            },
        )

    def packed(self) -> dict[str, Any]:
        """As JSON: what is not finite is None, a line that is level one number."""
        return {
            "sequence": self.sequence.tolist(),
            "time": None if bool(np.isnan(self.time).all()) else numbers(self.time),
            "label": None if self.labels is None else [str(label) for label in self.labels],
            "size": line(self.size),
            "excluded": np.flatnonzero(self.excluded).tolist(),
            "panels": [
                {
                    "name": name,
                    "points": numbers(points),
                    "center": line(center),
                    "lcl": line(lcl),
                    "ucl": line(ucl),
                }
                for name, (points, center, lcl, ucl) in self.panels.items()
            ],
        } | self._told_apart()

    def _told_apart(self) -> dict[str, Any]:
        """Factor levels and variables of the points; nothing where there are none."""
        found: dict[str, Any] = {}
        if self.factors:
            found["factors"] = [codes.tolist() for codes in self.factors]
        if self.variables is not None:
            found["variables"] = [numbers(column) for column in self.variables.T]
        return found

    @classmethod
    def unpacked(cls, stored: dict[str, Any]) -> Columns:
        n = len(stored["sequence"])
        excluded = np.zeros(n, np.bool_)
        excluded[stored["excluded"]] = True
        labels = stored["label"]
        return cls(
            np.asarray(stored["sequence"], np.int64),
            _array(stored["time"], n),
            None if labels is None else np.asarray(labels, np.object_),
            _array(stored["size"], n),
            excluded,
            {
                panel["name"]: tuple(_array(panel[name], n) for name in LINES)
                for panel in stored["panels"]
            },
        )

    def digest(self) -> bytes:
        """SHA-256 over the points and lines; a missing number and a signed zero count as one."""
        found = hashlib.sha256()
        for name, lines in self.panels.items():
            found.update(name.encode())
            for each in lines:
                plain = np.where(np.isfinite(each), each, np.nan) + 0.0
                found.update(np.ascontiguousarray(plain, "<f8").tobytes())
        return found.digest()


def _array(stored: Any, n: int) -> FloatArray:
    if isinstance(stored, list):
        return np.asarray([np.nan if v is None else v for v in stored], np.float64)
    return np.full(n, np.nan if stored is None else stored, np.float64)


def number_or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def numbers(values: FloatArray) -> list[float | None]:
    """Floats for JSON; what is not finite becomes None."""
    finite = np.isfinite(values)
    if finite.all():
        found: list[float | None] = values.tolist()
        return found
    return [v if ok else None for v, ok in zip(values.tolist(), finite.tolist(), strict=True)]


def line(values: FloatArray) -> float | list[float | None] | None:
    """A line as one number where it is level, as a list where it steps."""
    if len(values) and (np.all(values == values[0]) or bool(np.isnan(values).all())):
        return number_or_none(values[0])
    return numbers(values)


def chained(before: bytes, block: Columns) -> bytes:
    """The digest of a chart grows by the block, so that appending needs only the last one."""
    return hashlib.sha256(before + block.digest()).digest()
