"""The stored signals follow the patterns found, and keep what people did about them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from apps.charts.continuing import Continued
from apps.charts.models import ControlChart, Signal
from apps.charts.patterns import Pattern

FOUND_FIELDS = (
    "side", "first", "point", "last", "sequence", "last_sequence", "started_at", "ended_at",
    "details", "present",
)  # fmt: skip


def merge(
    chart: ControlChart,
    patterns: Sequence[Pattern],
    *,
    sequences: NDArray[np.int64],
    now: dt.datetime,
    stored: Iterable[Signal] | None = None,
    offset: int = 0,
) -> list[Signal]:
    """Bring the stored signals in line with the patterns; return those that are new.

    `stored` are the signals that the patterns may concern, all of the chart unless given;
    `sequences` begins with point `offset`.

    A pattern is the stored one if it begins at the same observation. Where limits moved and a
    run now begins a few points earlier or later, it is the one it shares observations with.
    Signals that are gone stay as rows, so that their causes do.
    """
    stored = list(Signal.objects.filter(chart=chart) if stored is None else stored)
    matched = _matched(stored, patterns)
    changed: list[Signal] = []
    for signal in stored:
        before = [getattr(signal, name) for name in FOUND_FIELDS]
        pattern = matched.get(signal.pk)
        if pattern is None:
            _mark_gone(signal, sequences, offset)
        else:
            _follow(signal, pattern)
        if before != [getattr(signal, name) for name in FOUND_FIELDS]:
            signal.last_seen = now if pattern is not None else signal.last_seen
            changed.append(signal)
    _update(changed)
    known = {id(pattern) for pattern in matched.values()}
    fresh = [_new(chart, pattern, now) for pattern in patterns if id(pattern) not in known]
    return Signal.objects.bulk_create(fresh, batch_size=500)


def concerned(chart: ControlChart, found: Continued) -> list[Signal]:
    """The signals that the newest points may change; those too many now are marked gone.

    A signal that ended before every new pattern begins shares no observation with one, unless
    it is the one that a pattern prolongs.
    """
    if found.dropped:
        Signal.objects.filter(pk__in=found.dropped).update(present=False)
    base = int(found.sequences[found.patterns_from - found.offset])
    own = [pattern for pattern in found.patterns if pattern.first >= found.offset]
    since = min([base, *(pattern.sequence for pattern in own)])
    about = Q(last_sequence__gte=since)
    for pattern in found.patterns:
        if pattern.first < found.offset:
            panel, rule, side, sequence = pattern.key
            about |= Q(panel=panel, rule=rule, side=side, sequence=sequence)
    rows = Signal.objects.filter(about, chart=chart)
    return [row for row in rows if row.pk not in found.known and row.pk not in found.dropped]


def _update(changed: list[Signal]) -> None:
    """Row by row: hundreds of these cost far less than one `bulk_update` of as many rows."""
    for signal in changed:
        values = {name: getattr(signal, name) for name in (*FOUND_FIELDS, "last_seen")}
        Signal.objects.filter(pk=signal.pk).update(**values)


def _matched(stored: list[Signal], patterns: Sequence[Pattern]) -> dict[int, Pattern]:
    by_key = {(row.panel, row.rule, row.side, row.sequence): row for row in stored}
    matched: dict[int, Pattern] = {}
    left: list[Pattern] = []
    for pattern in patterns:
        signal = by_key.get(pattern.key)
        if signal is not None:
            matched[signal.pk] = pattern
        else:
            left.append(pattern)
    free: dict[tuple[str, str, str], list[Signal]] = defaultdict(list)
    for signal in stored:
        if signal.pk not in matched:
            free[signal.panel, signal.rule, signal.side].append(signal)
    for pattern in left:
        candidates = free[pattern.panel, pattern.rule, pattern.side]
        shared = next(
            (
                signal
                for signal in candidates
                if signal.sequence <= pattern.last_sequence
                and pattern.sequence <= signal.last_sequence
            ),
            None,
        )
        if shared is not None:
            candidates.remove(shared)
            matched[shared.pk] = pattern
    return matched


def _follow(signal: Signal, pattern: Pattern) -> None:
    kept = {key: signal.details[key] for key in ("explained_through",) if key in signal.details}
    signal.side = pattern.side
    signal.first, signal.point, signal.last = pattern.first, pattern.point, pattern.last
    signal.sequence, signal.last_sequence = pattern.sequence, pattern.last_sequence
    signal.started_at, signal.ended_at = moment(pattern.started), moment(pattern.ended)
    signal.details = pattern.details | kept
    signal.present = True


def _mark_gone(signal: Signal, sequences: NDArray[np.int64], offset: int) -> None:
    """The pattern no longer holds; where its first point still exists, it is found again there."""
    signal.present = False
    found = np.flatnonzero(sequences == signal.sequence)
    if len(found):
        at = int(found[0])
        shift = offset + at - signal.first
        signal.first += shift
        signal.point += shift
        signal.last += shift


def _new(chart: ControlChart, pattern: Pattern, now: dt.datetime) -> Signal:
    signal = Signal(
        chart=chart, panel=pattern.panel, rule=pattern.rule, first_seen=now, last_seen=now
    )
    _follow(signal, pattern)
    return signal


def moment(seconds: float | None) -> dt.datetime | None:
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)
