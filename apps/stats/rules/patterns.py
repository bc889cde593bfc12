"""One function per kind of pattern; each takes a judged series and a rule and returns its hits.

Conventions: comparisons are strict; a point on the center line ends a run and a tie ends a trend
or an alternation; a k-of-n pattern needs a full window and its newest point beyond the line; the
completing point and every later point that still completes the pattern are hits; a missing point
ends every pattern.  Each point is compared with its own lines, so varying sample sizes are judged
point by point.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from apps.stats.model import Lines
from apps.stats.results import BoolArray, FloatArray, IntArray
from apps.stats.rules.sets import Rule
from apps.stats.windows import window_all, window_count

ABOVE, BELOW, NO_SIDE = 1, 2, 0

# Values that differ by less than the rounding of their own computation count as equal.
_ROUNDING = 4 * float(np.finfo(float).eps)


@dataclass(frozen=True, slots=True)
class Hits:
    """Completing points of one pattern, where each pattern begins, and on which side it lies."""

    points: IntArray
    first: IntArray
    side: IntArray


class Judged:
    """A series with its lines; each comparison is made once and kept.

    Parameters
    ----------
    points
        Plotted values; NaN takes part in nothing.
    center, sigma, lcl, ucl
        One number each, or one per point.
    level
        Size of the values from which the points were computed, for their rounding.
    """

    def __init__(
        self,
        points: FloatArray,
        center: Lines,
        sigma: Lines,
        lcl: Lines,
        ucl: Lines,
        level: float = 0.0,
    ) -> None:
        self.points = points
        self.center = center
        self.sigma = sigma
        self.lcl = lcl
        self.ucl = ucl
        self.level = level
        scale = np.fmax(np.fmax(np.abs(center), np.abs(sigma)), abs(level))
        self.slack: Lines = _ROUNDING * np.where(np.isfinite(scale), scale, 0.0)
        if np.ndim(self.slack) == 0:
            self.slack = float(self.slack)
        self._differences: FloatArray | None = None
        self._kept: dict[tuple[str, float], BoolArray] = {}

    def part(self, first: int | IntArray, stop: int | None = None) -> "Judged":
        """The same lines over some of the points: a range, or those at given places."""
        rows = slice(first, stop) if isinstance(first, int) else first
        lines = [
            line[rows] if isinstance(line, np.ndarray) and line.ndim else line
            for line in (self.center, self.sigma, self.lcl, self.ucl)
        ]
        return Judged(self.points[rows], lines[0], lines[1], lines[2], lines[3], self.level)

    def above(self, zone: float) -> BoolArray:
        """Points above center + zone * sigma."""
        return self._keep("above", zone, lambda: self._over(self._line(zone)))

    def below(self, zone: float) -> BoolArray:
        """Points below center - zone * sigma."""
        return self._keep("below", zone, lambda: self._under(self._line(-zone)))

    def outside(self, zone: float) -> BoolArray:
        """Points further than zone * sigma from the center."""
        return self._keep("outside", zone, lambda: self.above(zone) | self.below(zone))

    def beyond_upper(self) -> BoolArray:
        """Points above the upper limit."""
        return self._keep("ucl", 0.0, lambda: self._over(self.ucl))

    def beyond_lower(self) -> BoolArray:
        """Points below the lower limit."""
        return self._keep("lcl", 0.0, lambda: self._under(self.lcl))

    def present(self) -> BoolArray:
        """Points that are there."""
        return self._keep("present", 0.0, lambda: ~np.isnan(self.points))

    def complete(self) -> bool:
        """Whether no point is missing."""
        return bool(self.present().all())

    def rising(self) -> BoolArray:
        """Entry i: point i+1 is higher than point i."""
        return self._keep("rising", 0.0, lambda: self._steps() > self._tie())

    def falling(self) -> BoolArray:
        """Entry i: point i+1 is lower than point i."""
        return self._keep("falling", 0.0, lambda: self._steps() < -self._tie())

    def _line(self, zone: float) -> Lines:
        """The line so many sigma from the center; the center itself needs no sigma."""
        return self.center + zone * self.sigma if zone else self.center

    def _steps(self) -> FloatArray:
        if self._differences is None:
            self._differences = np.diff(self.points)
        return self._differences

    def _tie(self) -> Lines:
        return self.slack if isinstance(self.slack, float) else self.slack[1:]

    def _over(self, line: Lines) -> BoolArray:
        compared: BoolArray = self.points > line + self.slack
        return compared

    def _under(self, line: Lines) -> BoolArray:
        compared: BoolArray = self.points < line - self.slack
        return compared

    def _keep(self, what: str, zone: float, compute: Callable[[], BoolArray]) -> BoolArray:
        key = (what, zone)
        if key not in self._kept:
            self._kept[key] = compute()
        return self._kept[key]


def beyond(series: Judged, rule: Rule) -> Hits:
    """A point beyond a limit (or beyond a zone line, if the rule names one)."""
    if rule.zone:
        return _two_sided(series.above(rule.zone), series.below(rule.zone), 1)
    return _two_sided(series.beyond_upper(), series.beyond_lower(), 1)


def one_side(series: Judged, rule: Rule) -> Hits:
    """`length` points in a row on one side of the center line."""
    above, below = series.above(rule.zone), series.below(rule.zone)
    return _two_sided(window_all(above, rule.length), window_all(below, rule.length), rule.length)


def trend(series: Judged, rule: Rule) -> Hits:
    """`length` points in a row, each higher (or each lower) than the one before."""
    steps = rule.length - 1
    return _two_sided(
        window_all(series.rising(), steps), window_all(series.falling(), steps), rule.length
    )


def alternating(series: Judged, rule: Rule) -> Hits:
    """`length` points in a row going up and down in turn."""
    up, down = series.rising(), series.falling()
    turns = (up[:-1] & down[1:]) | (down[:-1] & up[1:])
    return _one_sided(window_all(turns, rule.length - 2), rule.length)


def k_of_n(series: Judged, rule: Rule) -> Hits:
    """`count` of `length` points beyond the zone line on one side, the newest among them."""
    return _two_sided(
        _enough(series.above(rule.zone), series, rule),
        _enough(series.below(rule.zone), series, rule),
        rule.length,
    )


def inside(series: Judged, rule: Rule) -> Hits:
    """`length` points in a row within the zone lines, where these have any width."""
    within = ~series.outside(rule.zone) & series.present() & np.greater(series.sigma, 0)
    return _one_sided(window_all(within, rule.length), rule.length)


def outside(series: Judged, rule: Rule) -> Hits:
    """`length` points in a row beyond the zone lines, on either side."""
    return _one_sided(window_all(series.outside(rule.zone), rule.length), rule.length)


def outside_both(series: Judged, rule: Rule) -> Hits:
    """`length` points in a row beyond the zone lines, with points on both sides."""
    found = window_all(series.outside(rule.zone), rule.length)
    if bool(found.any()):
        found = found & ~window_all(series.above(rule.zone), rule.length)
        found &= ~window_all(series.below(rule.zone), rule.length)
    return _one_sided(found, rule.length)


def near_limit(series: Judged, rule: Rule) -> Hits:
    """`count` of `length` points between the zone line and the limit, all on one side."""
    upper = series.above(rule.zone) & ~series.beyond_upper()
    lower = series.below(rule.zone) & ~series.beyond_lower()
    return _two_sided(
        _enough(upper, series, rule) & window_all(series.above(0.0), rule.length),
        _enough(lower, series, rule) & window_all(series.below(0.0), rule.length),
        rule.length,
    )


def longest_run(series: Judged, rule: Rule) -> Hits:
    """The longest run on one side is longer than chance allows (one verdict on the whole series).

    Points on the center line and missing points are dropped, the run goes on.
    """
    useful, sides = _useful(series)
    if len(useful) == 0:
        return _one_sided(np.zeros(0, bool), 1)
    borders = np.flatnonzero(np.diff(sides.astype(np.int8), prepend=2, append=2))
    lengths = np.diff(borders)
    longest = len(lengths) - 1 - int(np.argmax(lengths[::-1]))
    if lengths[longest] <= longest_run_limit(len(useful)):
        return _one_sided(np.zeros(0, bool), 1)
    start, stop = borders[longest], borders[longest + 1]
    side = ABOVE if sides[start] else BELOW
    return _single(int(useful[start]), int(useful[stop - 1]), side)


def crossings(series: Judged, rule: Rule) -> Hits:
    """The series crosses the center line less often than chance allows (one verdict)."""
    useful, sides = _useful(series)
    if len(useful) < 2:
        return _one_sided(np.zeros(0, bool), 1)
    crossed = int(np.count_nonzero(sides[1:] != sides[:-1]))
    if crossed >= fewest_crossings(len(useful)):
        return _one_sided(np.zeros(0, bool), 1)
    return _single(int(useful[0]), int(useful[-1]), NO_SIDE)


def longest_run_limit(useful: int) -> int:
    """Longest run to be expected among so many points off the center line.

    Examples
    --------
    >>> longest_run_limit(24)
    8
    """
    return round(math.log2(useful)) + 3 if useful else 0


def fewest_crossings(useful: int) -> int:
    """Fewest crossings to be expected: the lower 5 percent point of binomial(useful - 1, 1/2).

    Examples
    --------
    >>> fewest_crossings(24)
    8
    """
    trials = useful - 1
    if trials < 1:
        return 0
    low = max(0, math.floor(trials / 2 - 6 * math.sqrt(trials)))
    log_first = (
        math.lgamma(trials + 1)
        - math.lgamma(low + 1)
        - math.lgamma(trials - low + 1)
        - trials * math.log(2)
    )
    k = np.arange(low, trials // 2 + 1)
    logs = log_first + np.concatenate(([0.0], np.cumsum(np.log((trials - k) / (k + 1)))))
    return low + int(np.searchsorted(np.cumsum(np.exp(logs)), 0.05))


def _useful(series: Judged) -> tuple[IntArray, BoolArray]:
    """Points off the center line, and which of them lie above."""
    above = series.above(0.0)
    useful = np.flatnonzero(above | series.below(0.0))
    return useful, above[useful]


def _enough(mask: BoolArray, series: Judged, rule: Rule) -> BoolArray:
    """Full windows with enough points that hold, the newest among them."""
    enough: BoolArray = window_count(mask, rule.length) >= rule.count
    enough &= mask[rule.length - 1 :]
    if not series.complete():
        enough &= window_all(series.present(), rule.length)
    return enough


def _two_sided(above: BoolArray, below: BoolArray, length: int) -> Hits:
    up, down = np.flatnonzero(above), np.flatnonzero(below)
    points = np.concatenate((up, down))
    side = np.repeat(np.array((ABOVE, BELOW)), (len(up), len(down)))
    if len(up) and len(down):
        order = np.argsort(points, kind="stable")
        points, side = points[order], side[order]
    return Hits(points + (length - 1), points, side)


def _one_sided(mask: BoolArray, length: int) -> Hits:
    first = np.flatnonzero(mask)
    return Hits(first + (length - 1), first, np.zeros(len(first), np.int64))


def _single(first: int, last: int, side: int) -> Hits:
    return Hits(np.array([last]), np.array([first]), np.array([side]))


PATTERNS: dict[str, Callable[[Judged, Rule], Hits]] = {
    "beyond": beyond,
    "one_side": one_side,
    "trend": trend,
    "alternating": alternating,
    "k_of_n": k_of_n,
    "inside": inside,
    "outside": outside,
    "outside_both": outside_both,
    "near_limit": near_limit,
    "longest_run": longest_run,
    "crossings": crossings,
}
WHOLE_SERIES = frozenset({"longest_run", "crossings"})
