"""The data of the example organisation: simulated with fixed seeds, or published.

Simulated series are deterministic. Where a series has a before and an after, the after part is
shifted so that its mean differs from the mean before by exactly the percentage of the case.
"""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from statistics import fmean
from zoneinfo import ZoneInfo

DATA = Path(__file__).parent / "data"
TAIPEI = ZoneInfo("Asia/Taipei")


@dataclass(frozen=True)
class Series:
    """Values in time order; `sizes` for counts, `subgroups` where values are drawn together.

    `others` holds the further variables where several are measured together, `factors` the values
    by which observations can be told apart.
    """

    values: list[float]
    sizes: list[float] | None = None
    subgroups: list[str] | None = None
    observed_at: list[datetime] | None = field(default=None)
    others: list[list[float]] | None = None
    factors: list[dict[str, str]] | None = None

    @property
    def rate(self) -> float:
        """The mean, or where counts have sizes, the count per unit."""
        return fmean(self.values) if self.sizes is None else sum(self.values) / sum(self.sizes)

    def split(self, position: int) -> tuple[Series, Series]:
        """The first `position` values and the rest, to be attached one after the other."""
        return self._part(0, position), self._part(position, len(self.values))

    def _part(self, start: int, stop: int) -> Series:
        return Series(
            self.values[start:stop],
            self.sizes[start:stop] if self.sizes else None,
            self.subgroups[start:stop] if self.subgroups else None,
            self.observed_at[start:stop] if self.observed_at else None,
        )


def _at(day: date, hour: int = 9, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), TAIPEI)


def _days(last: date, count: int, step: int = 1) -> list[date]:
    return [last - timedelta(days=step * back) for back in range(count - 1, -1, -1)]


def _scaled(values: list[float], mean: float, decimals: int) -> list[float]:
    """The same pattern around another mean: each value multiplied by one factor."""
    factor = mean / fmean(values)
    return [round(value * factor, decimals) for value in values]


def subgroups_of(
    *, seed: int, last: date, points: int, size: int, means: list[tuple[int, float]], sigma: float,
    decimals: int = 2, day_sigma: float = 0.0,
) -> Series:  # fmt: skip
    """Subgroups of `size` values a day; `means` holds (from this point on, process mean)."""
    draw = random.Random(seed)  # noqa: S311  example data, no secret
    values, names, times = [], [], []
    mean = means[0][1]
    changes = dict(means)
    for point, day in enumerate(_days(last, points)):
        mean = changes.get(point, mean)
        level = mean + draw.gauss(0, day_sigma)
        for item in range(size):
            values.append(round(max(draw.gauss(level, sigma), 0.05), decimals))
            names.append(day.isoformat())
            times.append(_at(day, 9 + item % 9, draw.randrange(60)))
    order = sorted(range(len(values)), key=lambda i: times[i])
    return Series(
        [values[i] for i in order], None, [names[i] for i in order], [times[i] for i in order]
    )


def individuals(
    *, seed: int, last: date, points: int, mean: float, sigma: float, decimals: int = 2,
    steps: dict[int, float] | None = None, step_days: int = 1,
) -> Series:  # fmt: skip
    """One value a day (or every `step_days`); `steps` sets single points to a value."""
    draw = random.Random(seed)  # noqa: S311  # the same example each time, no secret
    values = [round(draw.gauss(mean, sigma), decimals) for _ in range(points)]
    for point, value in (steps or {}).items():
        values[point] = value
    return Series(values, observed_at=[_at(day) for day in _days(last, points, step_days)])


def between_events(
    *, seed: int, last: date, means: list[float], decimals: int = 1, whole: bool = False,
) -> Series:  # fmt: skip
    """Exponential times (hours) from one event to the next, or whole units; a mean for each.

    The events themselves are dated: the newest lies on the last day.
    """
    draw = random.Random(seed)  # noqa: S311  # the same example each time, no secret
    values = [draw.expovariate(1 / mean) for mean in means]
    values = [float(int(value)) if whole else max(round(value, decimals), 0.1) for value in values]
    if whole:
        return Series(values, observed_at=[_at(day) for day in _days(last, len(values), 4)])
    moment, times = _at(last, 16), []
    for value in reversed(values):
        times.append(moment)
        moment -= timedelta(hours=value)
    return Series(values, observed_at=times[::-1])


def together(
    *, seed: int, last: date, points: int, means: list[float], sigmas: list[float],
    shared: list[float], steps: dict[int, list[float]], decimals: int = 1,
) -> Series:  # fmt: skip
    """Variables that hang together: each takes a share (−1 to 1) of one common influence."""
    draw = random.Random(seed)  # noqa: S311  # the same example each time, no secret
    rows = []
    for point in range(points):
        common = draw.gauss(0, 1)
        row = [
            round(
                mean + sigma * (part * common + (1 - part**2) ** 0.5 * draw.gauss(0, 1)), decimals
            )
            for mean, sigma, part in zip(means, sigmas, shared, strict=True)
        ]
        rows.append(steps.get(point, row))
    return Series(
        [row[0] for row in rows], observed_at=[_at(day) for day in _days(last, points)],
        others=[row[1:] for row in rows],
    )  # fmt: skip


def by_level(
    *, seed: int, last: date, days: int, levels: dict[str, float], sigma: float,
    factor: str, decimals: int = 1,
) -> Series:  # fmt: skip
    """One value a day and level, in the order of the clock; each level has a mean of its own."""
    draw = random.Random(seed)  # noqa: S311  # the same example each time, no secret
    values, times, factors = [], [], []
    for day in _days(last, days):
        for place, (level, mean) in enumerate(levels.items()):
            values.append(round(max(draw.gauss(mean, sigma), 0.5), decimals))
            times.append(_at(day, 10 + 2 * place, draw.randrange(60)))
            factors.append({factor: level})
    return Series(values, observed_at=times, factors=factors)


def counts(
    *, seed: int, last: date, points: int, rates: list[tuple[int, float]], size: float | None = None,
    size_spread: float = 0.0, proportion: bool = False, step_days: int = 7,
    steps: dict[int, float] | None = None,
) -> Series:  # fmt: skip
    """Counts a period: of `rate` per unit on a varying number of units, or of defectives.

    `rates` holds (from this point on, rate). Drawn as binomial or Poisson counts.
    """
    draw = random.Random(seed)  # noqa: S311  # the same example each time, no secret
    changes, rate = dict(rates), rates[0][1]
    values, sizes = [], []
    for point in range(points):
        rate = changes.get(point, rate)
        units = (size or 1.0) * (1 + draw.uniform(-size_spread, size_spread))
        units = float(round(units)) if size and size > 2 else units
        if proportion:
            value = sum(draw.random() < rate for _ in range(int(units)))
        else:
            value = _poisson(draw, rate * units)
        values.append(float((steps or {}).get(point, value)))
        sizes.append(units)
    return Series(
        values,
        sizes if size else None,
        observed_at=[_at(d) for d in _days(last, points, step_days)],
    )


def _poisson(draw: random.Random, mean: float) -> int:
    """A Poisson count by adding exponential waiting times (means of the example are small)."""
    count, elapsed = 0, draw.expovariate(1.0)
    while elapsed < mean:
        count, elapsed = count + 1, elapsed + draw.expovariate(1.0)
    return count


def meet_case(
    series: Series, *, change_at: int, mean: float, reduction: float, decimals: int = 2
) -> Series:
    """Scale what comes before to `mean`, and what comes after to a mean lower by `reduction`.

    The percentages of the case are from the literature; the series itself is simulated.
    """
    before = _scaled(series.values[:change_at], mean, decimals)
    after = _scaled(series.values[change_at:], mean * (1 - reduction), decimals)
    return Series(before + after, series.sizes, series.subgroups, series.observed_at)


def meet_rates(series: Series, rates: list[tuple[int, float]]) -> Series:
    """Take off or add single events until each part has exactly its rate.

    `rates` holds (from this point on, count per unit), as in `counts`.
    """
    values, sizes = list(series.values), series.sizes or [1.0] * len(series.values)
    stops = [start for start, _rate in rates[1:]] + [len(values)]
    for (start, rate), stop in zip(rates, stops, strict=True):
        part = range(start, stop)
        excess = round(sum(values[i] for i in part)) - round(rate * sum(sizes[i] for i in part))
        step = 1 if excess > 0 else -1
        for _event in range(abs(excess)):
            point = max(part, key=lambda i: step * values[i] / sizes[i])
            values[point] -= step
    return Series(values, series.sizes, series.subgroups, series.observed_at)


def published(name: str, *, value: str, size: str = "", subgroup: str = "") -> Series:
    """A series of a textbook, as printed (see data/SOURCES.md)."""
    with (DATA / f"{name}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return Series(
        [float(row[value]) for row in rows],
        [float(row[size]) for row in rows] if size else None,
        [row[subgroup] for row in rows] if subgroup else None,
    )
