"""The small chart of the wall: an SVG of classes only, drawn from the summary of a result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.safestring import SafeString, mark_safe

WIDTH, HEIGHT = 256.0, 74.0
PAD_X, PAD_Y = 4.0, 6.0

Numbers = Sequence[float | None]


def spark_svg(summary: dict[str, Any]) -> SafeString:
    """Band, limits, line, points and marks; empty where there is no point.

    Every value written is a number made here, so nothing of the user's can get into the markup.
    """
    points = summary.get("points") or []
    if not any(value is not None for value in points):
        return mark_safe("")
    return _Spark(summary).drawn()


def _line(stored: Any, count: int) -> Numbers:
    return stored if isinstance(stored, list) else [stored] * count


class _Spark:
    def __init__(self, summary: dict[str, Any]) -> None:
        self.points: Numbers = summary["points"]
        self.n = len(self.points)
        self.center = _line(summary["centers"], self.n)
        self.lcl = _line(summary["lcls"], self.n)
        self.ucl = _line(summary["ucls"], self.n)
        self.excluded = set(summary["excluded"])
        self.patterns: list[dict[str, Any]] = summary["patterns"]
        starts = [start for start in summary["phase_starts"] if 0 < start < self.n]
        self.borders = [0, *starts, self.n]
        known = [v for column in (self.points, self.lcl, self.ucl) for v in column if v is not None]
        self.low, self.high = min(known), max(known)

    def x(self, place: float) -> float:
        step = (WIDTH - 2 * PAD_X) / max(self.n - 1, 1)
        return PAD_X + step * place

    def y(self, value: float) -> float:
        span = (self.high - self.low) or 1.0
        return HEIGHT - PAD_Y - (HEIGHT - 2 * PAD_Y) * (value - self.low) / span

    def drawn(self) -> SafeString:
        parts = [self._band()]
        parts += [self._stepped(line, "spark-limit") for line in (self.ucl, self.lcl)]
        parts.append(self._stepped(self.center, "spark-center"))
        parts += [self._trail(pattern) for pattern in self.patterns if pattern["run"]]
        parts += self._lines()
        parts += self._marks()
        body = "".join(parts)
        return mark_safe(  # noqa: S308  only numbers and class names of this module
            f'<svg class="spark" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" aria-hidden="true" '
            f'focusable="false">{body}</svg>'
        )

    # A line that steps: half a step before each point to half a step after it.

    def _edges(self, place: int) -> tuple[float, float]:
        left = 0.0 if place == 0 else self.x(place - 0.5)
        right = WIDTH if place == self.n - 1 else self.x(place + 0.5)
        return left, right

    def _stretches(self, line: Numbers) -> list[list[int]]:
        """Runs of points at which the line is defined, cut at the start of a phase."""
        found: list[list[int]] = []
        for place, value in enumerate(line):
            if value is None:
                continue
            goes_on = found and found[-1][-1] == place - 1 and place not in self.borders
            if goes_on:
                found[-1].append(place)
            else:
                found.append([place])
        return found

    def _path(self, line: Numbers, places: Sequence[int], begin: str = "M") -> str:
        steps: list[str] = []
        for place in places:
            left, right = self._edges(place)
            if begin == "L":
                left, right = right, left
            level = self.y(line[place] or 0.0)
            command = begin if not steps else "L"
            steps.append(f"{command}{left:.1f} {level:.1f}L{right:.1f} {level:.1f}")
        return "".join(steps)

    def _stepped(self, line: Numbers, css: str) -> str:
        path = "".join(self._path(line, places) for places in self._stretches(line))
        return f'<path class="{css}" d="{path}"/>' if path else ""

    def _band(self) -> str:
        both = [
            u if u is not None and low is not None else None
            for u, low in zip(self.ucl, self.lcl, strict=True)
        ]
        path = ""
        for places in self._stretches(both):
            path += self._path(self.ucl, places)
            path += self._path(self.lcl, places[::-1], begin="L") + "Z"
        return f'<path class="spark-band" d="{path}"/>' if path else ""

    def _polyline(self, places: Sequence[int], css: str) -> str:
        at = [(i, v) for i in places if (v := self.points[i]) is not None]
        if len(at) < 2:
            return ""
        pairs = " ".join(f"{self.x(i):.1f},{self.y(v):.1f}" for i, v in at)
        return f'<polyline class="{css}" points="{pairs}"/>'

    def _places(self, pattern: dict[str, Any]) -> range:
        return range(max(pattern["first"], 0), min(pattern["last"] + 1, self.n))

    def _trail(self, pattern: dict[str, Any]) -> str:
        return self._polyline(self._places(pattern), "spark-run-trail")

    def _lines(self) -> list[str]:
        drawn = []
        for start, stop in zip(self.borders, self.borders[1:], strict=False):
            css = "spark-line" if stop == self.n else "spark-line spark-past"
            drawn.append(self._polyline(range(start, stop), css))
        return drawn

    def _marks(self) -> list[str]:
        limits = {i for p in self.patterns if not p["run"] for i in self._places(p)}
        ends = {p["point"] for p in self.patterns if p["run"]}
        rings = {i for p in self.patterns if p["run"] for i in self._places(p)}
        newest = self.borders[-2]
        drawn = []
        for place, value in enumerate(self.points):
            if value is None:
                continue
            x, y = self.x(place), self.y(value)
            if place in limits:
                drawn.append(_diamond(x, y, hollow=place in self.excluded))
            elif place in ends:
                drawn.append(
                    f'<rect class="spark-signal" x="{x - 3:.1f}" y="{y - 3:.1f}" '
                    'width="6" height="6"/>'
                )
            elif place in self.excluded:
                drawn.append(f'<circle class="spark-excluded" cx="{x:.1f}" cy="{y:.1f}" r="2.2"/>')
            elif place in rings:
                drawn.append(f'<circle class="spark-run" cx="{x:.1f}" cy="{y:.1f}" r="2.6"/>')
            else:
                css = "spark-point" if place >= newest else "spark-point spark-past"
                drawn.append(f'<circle class="{css}" cx="{x:.1f}" cy="{y:.1f}" r="1.9"/>')
        return drawn


def _diamond(x: float, y: float, *, hollow: bool) -> str:
    css = "spark-excluded spark-signal" if hollow else "spark-signal"
    path = (
        f"M{x:.1f} {y - 4.4:.1f}L{x + 4.4:.1f} {y:.1f}L{x:.1f} {y + 4.4:.1f}L{x - 4.4:.1f} {y:.1f}Z"
    )
    return f'<path class="{css}" d="{path}"/>'
