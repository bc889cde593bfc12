"""One way to make input for every chart type, for tests that hold for all of them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from apps.stats.registry import CHART_TYPES

KINDS = tuple(CHART_TYPES)
MEASURED = ("i-mr", "xbar-r", "xbar-s", "i-mr-rs", "ma", "ewma", "cusum", "run")
GROUPED = ("xbar-r", "xbar-s", "i-mr-rs")
COUNTED = ("p", "np", "c", "u", "laney-p", "laney-u", "g")
ROWS = ("t2", "mewma")
NELSON = tuple(f"nelson:{number}" for number in range(1, 9))


@dataclass
class Case:
    """Values and what belongs to them, by observation or by point."""

    kind: str
    values: np.ndarray
    by_point: dict[str, np.ndarray] = field(default_factory=dict)
    by_observation: dict[str, np.ndarray] = field(default_factory=dict)
    point_of: np.ndarray | None = None

    @property
    def n_points(self) -> int:
        return len(self.values) if self.point_of is None else int(self.point_of[-1]) + 1

    def part(self, first: int, stop: int) -> "Case":
        """The points from first up to stop as a case of their own."""
        if self.point_of is None:
            rows = slice(first, stop)
            point_of = None
        else:
            rows = (self.point_of >= first) & (self.point_of < stop)
            point_of = self.point_of[rows] - first
        return Case(
            self.kind,
            self.values[rows],
            {name: array[first:stop] for name, array in self.by_point.items()},
            {name: array[rows] for name, array in self.by_observation.items()},
            point_of,
        )

    @property
    def arguments(self) -> dict[str, Any]:
        return {**self.by_point, **self.by_observation}


def make(kind: str, seed: int, n_points: int, *, gaps: bool = False, grouped: bool = False) -> Case:
    """A random case; with `gaps` some values are missing and some points excluded."""
    rng = np.random.default_rng(seed)
    grouped = grouped or kind in GROUPED
    sizes = rng.integers(1 if gaps else 2, 11, n_points) if grouped else np.ones(n_points, int)
    point_of = np.repeat(np.arange(n_points), sizes) if grouped else None
    n = int(sizes.sum())
    case = Case(kind, _values(kind, rng, n), point_of=point_of)
    if grouped:
        case.by_observation["subgroups"] = point_of
    if kind in ("p", "np", "laney-p", "u", "laney-u"):
        case.by_point["sizes"] = rng.integers(20, 60, n_points).astype(float)
    if kind == "z-mr":
        case.by_point["parts"] = np.array(["a", "b", "c"])[rng.integers(0, 3, n) // 2 % 3]
    if gaps:
        holes = rng.random(n) < 0.12
        case.values[holes] = np.nan
        case.by_point["exclude"] = rng.random(n_points) < 0.12
    return case


def _values(kind: str, rng: np.random.Generator, n: int) -> np.ndarray:
    if kind in COUNTED:
        return np.minimum(rng.poisson(6, n), 20).astype(float)
    if kind in ROWS:
        return rng.normal(size=(n, 3)) @ np.array([[1, 0.4, 0], [0, 1, 0.3], [0, 0, 1]]) + 5
    values = rng.normal(10, 1, n)
    values[n // 2 :] += rng.choice([0.0, 1.5, -1.5])
    return np.round(np.abs(values), int(rng.integers(1, 6)))
