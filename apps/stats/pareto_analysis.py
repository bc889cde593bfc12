"""Pareto analysis: the vital few among many categories."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.plain import Result
from apps.stats.results import Notice

SHARE = 0.8


@dataclass(frozen=True, slots=True)
class ParetoBar:
    """One category with its share of the total and the share up to and including it."""

    name: str
    value: float
    share: float
    cumulative: float
    vital: bool


@dataclass(frozen=True, slots=True)
class Pareto(Result):
    """Categories from the largest down; the vital few reach the share asked for.

    Examples
    --------
    >>> pareto({"scratch": 8, "dent": 1, "stain": 1}).vital
    ('scratch',)
    """

    bars: tuple[ParetoBar, ...]
    total: float
    vital: tuple[str, ...]
    warnings: tuple[Notice, ...] = field(default=())


def pareto(
    categories: Mapping[str, float] | Iterable[str],
    *,
    share: float = SHARE,
    other: str | None = None,
) -> Pareto:
    """Sort categories by size and name the vital few.

    Parameters
    ----------
    categories : mapping of name to size, or names to count
        Sizes (counts, costs, minutes) of 0 or more.
    share : float
        The vital few are the fewest largest categories that together reach this share.
    other : str, optional
        Name of a rest category; it is kept last whatever its size, and never vital.

    Returns
    -------
    Pareto
        Ties are sorted by name, so the same data always give the same order.

    Raises
    ------
    NotEnoughData
        Without a category.
    DegenerateData
        If all sizes are 0.
    InvalidSpecification
        If a size is negative or not finite, or the share is not between 0 and 1.

    References
    ----------
    Juran, De Feo (2010), Juran's Quality Handbook, 6th ed.

    Examples
    --------
    >>> pareto(["scratch", "dent", "scratch", "scratch", "stain"]).vital
    ('scratch', 'dent')
    """
    if not 0.0 < share <= 1.0:
        raise InvalidSpecification("not_a_share", {"name": "share", "value": float(share)})
    sizes = _sizes(categories)
    total = math.fsum(sizes.values())
    if total == 0.0:
        raise DegenerateData("nothing_counted")
    ordered = sorted(sizes, key=lambda name: (name == other, -sizes[name], name))
    bars: list[ParetoBar] = []
    parts: list[float] = []
    for name in ordered:
        reached = math.fsum(parts) / total
        parts.append(sizes[name])
        vital = name != other and reached < share - 1e-12 and sizes[name] > 0.0
        cumulative = 1.0 if len(parts) == len(ordered) else math.fsum(parts) / total
        bars.append(ParetoBar(name, sizes[name], sizes[name] / total, cumulative, vital))
    vital_names = tuple(bar.name for bar in bars if bar.vital)
    return Pareto(tuple(bars), total, vital_names, _warnings(bars, share, other))


def _sizes(categories: Mapping[str, float] | Iterable[str]) -> dict[str, float]:
    if isinstance(categories, Mapping):
        sizes = {str(name): float(size) for name, size in categories.items()}
    else:
        sizes = {name: float(size) for name, size in Counter(map(str, categories)).items()}
    if not sizes:
        raise NotEnoughData("no_categories")
    for name, size in sizes.items():
        if not 0.0 <= size <= 1e100:
            raise InvalidSpecification("size_negative_or_infinite", {"name": name, "value": size})
    return sizes


def _warnings(bars: list[ParetoBar], share: float, other: str | None) -> tuple[Notice, ...]:
    """Tell where the principle does not hold: no category stands out, or the rest is large."""
    found = []
    named = [bar for bar in bars if bar.name != other]
    vital = sum(bar.vital for bar in named)
    if len(named) >= 4 and vital > 0.6 * len(named):
        found.append(Notice("no_vital_few", {"vital": vital, "categories": len(named)}))
    rest = next((bar for bar in bars if bar.name == other), None)
    if rest is not None and rest.share > 1.0 - share:
        found.append(Notice("rest_is_large", {"share": rest.share}))
    return tuple(found)
