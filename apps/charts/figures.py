"""Figures of one stretch of a chart: level with interval, capability, sigma level, histogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps import stats
from apps.charts.choices import (
    BETWEEN_KINDS,
    DEFECTIVES_KINDS,
    RATE_KINDS,
    VARIABLE_KINDS,
    ChartKind,
)
from apps.measurements.selectors import Snapshot

CONFIDENCE = 0.95
# The sigma level that "six sigma" speaks of is the long-term one plus this conversion.
SHIFT = 1.5
# Up to here figures rest on every observation of their phase; beyond, on a round number of them,
# which leaves out fewer than one in a hundred: so that a few appended to a million need not have
# the million sorted again. `n` says on how many they rest.
EXACT_UP_TO = 10_000
ROUND_DIGITS = 3

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The observations of a phase that count, without excluded points and missing values."""

    values: FloatArray
    sizes: FloatArray | None
    positions: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        data: Snapshot,
        starts: NDArray[np.int64],
        excluded: NDArray[np.bool_],
        start: int,
        stop: int,
    ) -> Stretch:
        first = int(starts[start])
        last = int(starts[stop]) if stop < len(starts) else len(data.values)
        values = np.asarray(data.values[first:last], np.float64)
        counted = np.isfinite(values)
        if excluded[start:stop].any():
            lengths = np.diff(starts[start:stop], append=last)
            counted &= ~np.repeat(excluded[start:stop], lengths)
        positions = np.flatnonzero(counted)
        sizes = None if data.sizes is None else np.asarray(data.sizes[first:last], np.float64)
        if len(positions) < len(values):
            values = values[positions]
            sizes = None if sizes is None else sizes[positions]
        positions += first
        return cls(values, sizes, positions)

    def settled(self) -> Stretch:
        """The observations that the figures of the newest phase rest on."""
        n = settled(self.n)
        if n == self.n:
            return self
        sizes = None if self.sizes is None else self.sizes[:n]
        return Stretch(self.values[:n], sizes, self.positions[:n])

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def units(self) -> float:
        """Units or area the counts were found on; the number of counts where none is given."""
        return float(self.n) if self.sizes is None else float(np.nansum(self.sizes))


def settled(n: int) -> int:
    """How many of `n` observations the figures of a phase that still grows rest on.

    >>> settled(10_000), settled(10_199), settled(1_234_567)
    (10000, 10100, 1230000)
    """
    if n <= EXACT_UP_TO:
        return n
    step: int = 10 ** max(len(str(n)) - ROUND_DIGITS, 0)
    return n - n % step


def phase_figures(kind: str, stretch: Stretch) -> dict[str, Any]:
    """The level of a phase with its 95 % interval, in the unit of the plotted points."""
    value, lower, upper = _level(kind, stretch)
    return {"n": stretch.n, "value": value, "lower": lower, "upper": upper}


def _level(kind: str, stretch: Stretch) -> tuple[float | None, float | None, float | None]:
    if not stretch.n or kind == ChartKind.T2:
        return None, None, None
    if kind in BETWEEN_KINDS:
        return _mean_between(stretch.values)
    if kind in VARIABLE_KINDS:
        return _mean(stretch.values)
    total = float(stretch.values.sum())
    if kind in DEFECTIVES_KINDS:
        share = stats.clopper_pearson(int(total), round(stretch.units), CONFIDENCE)
        if kind == ChartKind.NP:
            share = share.scaled(stretch.units / stretch.n)
        return share.value, _finite(share.lower), _finite(share.upper)
    rate = stats.poisson_interval(int(total), _exposure(kind, stretch), CONFIDENCE)
    return rate.value, _finite(rate.lower), _finite(rate.upper)


def _mean_between(values: FloatArray) -> tuple[float, float | None, float | None]:
    """Mean time or units between events; its interval is that of the rate of events, inverted."""
    total = float(values.sum())
    if total <= 0:
        return float(values.mean()), None, None
    rate = stats.poisson_interval(len(values), total, CONFIDENCE)
    lower = 1 / rate.upper if rate.upper > 0 else None
    upper = 1 / rate.lower if rate.lower > 0 else None
    return total / len(values), lower, upper


def _mean(values: FloatArray) -> tuple[float, float | None, float | None]:
    """Mean with Student's interval."""
    mean = float(values.mean())
    if len(values) < 2:
        return mean, None, None
    t = stats.t_quantile(0.5 + CONFIDENCE / 2, len(values) - 1)
    half = t * float(values.std(ddof=1)) / len(values) ** 0.5
    return mean, mean - half, mean + half


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def capability_figures(
    kind: str,
    data: Snapshot,
    newest: Stretch,
    sigma: float,
    df: float,
    *,
    stable: bool,
) -> dict[str, Any]:
    """Capability, sigma level, histogram of the newest phase, or the reason there is none.

    `sigma` and `df` are those of its limits, NaN where they are not known.
    """
    if kind in VARIABLE_KINDS:
        return _of_measurements(data, newest, sigma, df, stable=stable)
    if kind == ChartKind.T2:
        return _without_capability("capability_of_several")
    if kind in BETWEEN_KINDS:
        return _without_capability("capability_of_times") | _histogram(newest)
    return _of_counts(kind, newest)


def _of_measurements(
    data: Snapshot, stretch: Stretch, sigma: float, df: float, *, stable: bool
) -> dict[str, Any]:
    found: dict[str, Any] = {"capability": None, "capability_problem": None}
    found |= _histogram(stretch)
    if data.lsl is None and data.usl is None:
        return found
    known = np.isfinite(sigma) and sigma > 0 and np.isfinite(df)
    try:
        capability = stats.capability(
            stretch.values,
            lsl=data.lsl,
            usl=data.usl,
            target=_inside(data),
            sigma_within=sigma if known else None,
            df_within=df if known else None,
            confidence=CONFIDENCE,
            stable=stable,
        )
    except stats.StatsError as error:
        found["capability_problem"] = {
            "code": error.code,
            "params": dict(error.params),
            "text": str(error),
        }
        return found
    long_term = capability.z_bench_overall
    found["capability"] = capability.to_dict()
    found["sigma_level"] = {
        "z": long_term,
        "z_shifted": None if long_term is None else long_term + SHIFT,
        "dpmo": capability.expected_ppm_overall,
        "defects": capability.observed_below + capability.observed_above,
        "units": capability.n,
        "from_model": True,
    }
    return found


def _without_capability(code: str) -> dict[str, Any]:
    """Why no capability is given for this kind of data."""
    return {"capability": None, "capability_problem": {"code": code, "params": {}, "text": code}}


def _histogram(stretch: Stretch) -> dict[str, Any]:
    if not stretch.n:
        return {"histogram": None}
    bins = stats.histogram(stretch.values)
    return {"histogram": {"edges": bins.edges.tolist(), "counts": bins.counts.tolist()}}


def _inside(data: Snapshot) -> float | None:
    """The target where it lies between the limits; elsewhere Cpm means nothing."""
    if data.target is None:
        return None
    low = -np.inf if data.lsl is None else data.lsl
    high = np.inf if data.usl is None else data.usl
    return data.target if low <= data.target <= high else None


def beyond(values: FloatArray, lsl: float | None, usl: float | None) -> dict[str, int]:
    below = 0 if lsl is None else int(np.count_nonzero(values < lsl))
    above = 0 if usl is None else int(np.count_nonzero(values > usl))
    return {"n": len(values), "below": below, "above": above}


def _of_counts(kind: str, stretch: Stretch) -> dict[str, Any]:
    """Sigma level from the counted defects of the newest phase."""
    found: dict[str, Any] = {"sigma_level": None, "capability_problem": None}
    units = stretch.units
    if not stretch.n or not units.is_integer():
        return found
    try:
        level = stats.sigma_level(int(stretch.values.sum()), int(units), confidence=CONFIDENCE)
    except stats.StatsError as error:
        found["capability_problem"] = {
            "code": error.code,
            "params": dict(error.params),
            "text": str(error),
        }
        return found
    found["sigma_level"] = level.to_dict() | {"from_model": False}
    return found


def comparison_figures(kind: str, before: Stretch, after: Stretch) -> dict[str, Any] | None:
    """The first phase against the newest one, in the unit of the plotted points."""
    if kind == ChartKind.T2:
        return None
    try:
        if kind in VARIABLE_KINDS:
            found = stats.compare(before.values, after.values, kind="means", confidence=CONFIDENCE)
        elif kind in BETWEEN_KINDS:
            found = stats.compare(before.values, after.values, kind="ranks", confidence=CONFIDENCE)
        elif kind in DEFECTIVES_KINDS:
            found = stats.compare(
                (int(before.values.sum()), round(before.units)),
                (int(after.values.sum()), round(after.units)),
                kind="proportions",
                confidence=CONFIDENCE,
            )
        else:
            found = stats.compare(
                (int(before.values.sum()), _exposure(kind, before)),
                (int(after.values.sum()), _exposure(kind, after)),
                kind="rates",
                confidence=CONFIDENCE,
            )
    except stats.StatsError:
        return None
    factor = _points_per_unit(kind, after)
    return {
        "test": found.test,
        "p_value": _finite(found.p_value),
        "verdict": found.verdict,
        "difference": _finite(found.estimate.value * factor),
        "lower": _finite(found.estimate.lower * factor),
        "upper": _finite(found.estimate.upper * factor),
    }


def _exposure(kind: str, stretch: Stretch) -> float:
    return stretch.units if kind in RATE_KINDS else float(stretch.n)


def _points_per_unit(kind: str, stretch: Stretch) -> float:
    """An np chart shows defective units of a sample, where shares are compared."""
    return stretch.units / stretch.n if kind == ChartKind.NP else 1.0
