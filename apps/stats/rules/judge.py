"""Running the rules over the panels of a phase and joining what they find."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from apps.stats.model import Track
from apps.stats.results import BoolArray, IntArray, SignalTable
from apps.stats.rules.patterns import PATTERNS, WHOLE_SERIES, Hits, Judged
from apps.stats.rules.sets import Rule

# Points judged at a time, so that their comparisons stay in the cache of the processor.
CHUNK = 1 << 17


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
        for i, hits in _findings(series, holding):
            if len(hits.points):
                found.append(Findings(number, i, _placed(hits, kept, track)))
    return tuple(found)


def _findings(series: Judged, rules: Sequence[tuple[int, Rule]]) -> Iterator[tuple[int, Hits]]:
    """What each rule finds; long series are judged in chunks that stay in the processor's cache."""
    local = [(i, rule) for i, rule in rules if rule.key not in WHOLE_SERIES]
    for i, rule in rules:
        if rule.key in WHOLE_SERIES:
            yield i, PATTERNS[rule.key](series, rule)
    reach = max((rule.length for _, rule in local), default=1) - 1
    parts: dict[int, list[Hits]] = {i: [] for i, _ in local}
    for start in range(0, len(series.points), CHUNK):
        before = min(start, reach)
        chunk = series.part(start - before, start + CHUNK)
        for i, rule in local:
            hits = PATTERNS[rule.key](chunk, rule)
            parts[i].append(_moved(hits, start - before, start))
    for i, pieces in parts.items():
        if not pieces:
            return  # every point is missing
        yield i, pieces[0] if len(pieces) == 1 else _concatenated(pieces)


def _moved(hits: Hits, by: int, first_new: int) -> Hits:
    """Hits placed in the whole series, without those of the overlap with the chunk before."""
    if by == 0:
        return hits
    points = hits.points + by
    skip = int(np.searchsorted(points, first_new))
    return Hits(points[skip:], hits.first[skip:] + by, hits.side[skip:])


def _concatenated(pieces: Sequence[Hits]) -> Hits:
    return Hits(
        np.concatenate([piece.points for piece in pieces]),
        np.concatenate([piece.first for piece in pieces]),
        np.concatenate([piece.side for piece in pieces]),
    )


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
    series = Judged(points, center, sigma, lcl, ucl, track.level)
    if not bridge or series.complete():
        return series, None
    kept = np.flatnonzero(series.present())
    return series.part(kept), kept


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
