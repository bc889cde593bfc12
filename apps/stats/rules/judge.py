"""Running the rules over the panels of a phase and joining what they find."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from apps.stats.model import Lines, Track
from apps.stats.results import BoolArray, IntArray, SignalTable
from apps.stats.rules.patterns import PATTERNS, Hits, Judged
from apps.stats.rules.sets import Rule


@dataclass(frozen=True, slots=True)
class Findings:
    """What one rule found on one panel, both by their number."""

    panel: int
    rule: int
    hits: Hits


def judge(
    tracks: Sequence[Track],
    rules: Sequence[Rule],
    excluded: BoolArray | None,
    *,
    bridge: bool,
) -> tuple[Findings, ...]:
    """Apply to each panel the rules that hold for its statistic.

    Excluded points take part in nothing.  Missing and excluded points end a pattern, or with
    `bridge` are passed over.
    """
    found = []
    for number, track in enumerate(tracks):
        holding = [(i, rule) for i, rule in enumerate(rules) if rule.key in track.allowed]
        if not holding:
            continue
        series, kept = _series(track, excluded, bridge=bridge)
        for i, rule in holding:
            hits = PATTERNS[rule.key](series, rule)
            if len(hits.points):
                found.append(Findings(number, i, _placed(hits, kept, track)))
    return tuple(found)


def _series(
    track: Track, excluded: BoolArray | None, *, bridge: bool
) -> tuple[Judged, IntArray | None]:
    points, center, sigma, lcl, ucl = track.judged or (
        track.points,
        track.center,
        track.sigma,
        track.lcl,
        track.ucl,
    )
    if excluded is not None:
        points = np.where(excluded, np.nan, points)
    if not bridge or not bool(np.isnan(points).any()):
        return Judged(points, center, sigma, lcl, ucl, track.level), None
    kept = np.flatnonzero(~np.isnan(points))
    center, sigma, lcl, ucl = (_at(line, kept) for line in (center, sigma, lcl, ucl))
    return Judged(points[kept], center, sigma, lcl, ucl, track.level), kept


def _at(line: Lines, kept: IntArray) -> Lines:
    return line[kept] if isinstance(line, np.ndarray) and line.ndim else line


def _placed(hits: Hits, kept: IntArray | None, track: Track) -> Hits:
    points, first, side = hits.points, hits.first, hits.side
    if kept is not None:
        points, first = kept[points], kept[first]
    if track.pattern_first is not None:
        first = track.pattern_first[points]
    if track.side is not None:
        side = np.full(len(points), track.side)
    return Hits(points, first, side)


def join(
    findings: Sequence[Sequence[Findings]],
    offsets: Sequence[int],
    panels: tuple[str, ...],
    rules: Sequence[Rule],
) -> SignalTable:
    """All phases in one table, ordered by panel, rule and point."""
    placed = [
        (each, offset) for phase, offset in zip(findings, offsets, strict=True) for each in phase
    ]
    placed.sort(key=lambda pair: (pair[0].panel, pair[0].rule, pair[1]))
    lengths = [len(each.hits.points) for each, _ in placed]

    def column(parts: list[IntArray]) -> IntArray:
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    return SignalTable(
        panels=panels,
        rules=tuple(rule.name for rule in rules),
        panel=np.repeat([each.panel for each, _ in placed], lengths).astype(np.int64),
        rule=np.repeat([each.rule for each, _ in placed], lengths).astype(np.int64),
        point=column([each.hits.points + offset for each, offset in placed]),
        first=column([each.hits.first + offset for each, offset in placed]),
        side=column([each.hits.side for each, _ in placed]),
    )
