"""The two verdicts of NHS England's "Making Data Count": variation and assurance.

References
----------
NHS England, Making Data Count: Strengthening your decisions; the R package NHSRplotthedots.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from apps.stats.errors import InvalidSpecification
from apps.stats.results import ControlChart, Panel

Improvement = Literal["increase", "decrease", "neutral"]
Variation = Literal["common_cause", "improvement", "concern", "high", "low", "unclear"]
Assurance = Literal["", "passing", "failing", "hit_and_miss"]
_DIRECTIONS = ("increase", "decrease", "neutral")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the newest point says.

    Attributes
    ----------
    variation
        common_cause; improvement or concern by the wanted direction; high or low where none is
        wanted; unclear where patterns on both sides (or on none) end there.
    assurance
        Whether the process passes the target: always (passing), never (failing), by chance
        (hit_and_miss); empty without a target or a wanted direction.
    rules
        The rules that the newest point breaks.

    Examples
    --------
    >>> from apps.stats import chart
    >>> verdict(chart("i-mr", [5, 6, 5, 6, 5, 6], rules="nhs")).variation
    'common_cause'
    """

    variation: Variation
    assurance: Assurance
    point: int
    rules: tuple[str, ...]


def verdict(
    chart: ControlChart, *, improvement: Improvement = "neutral", target: float | None = None
) -> Verdict:
    """Variation and assurance at the newest counted point of a chart.

    Parameters
    ----------
    chart
        Usually with ``rules="nhs"``; any rules serve.
    improvement
        The direction that is better.
    target
        The value to be reached.

    Returns
    -------
    Verdict
        Variation, assurance, the point judged and the rules it breaks.

    Raises
    ------
    InvalidSpecification
        If the direction is unknown, the target not finite, or no point is counted.

    References
    ----------
    NHS England, Making Data Count: Strengthening your decisions.

    Examples
    --------
    >>> from apps.stats import chart
    >>> low_then_high = [5, 6, 5, 6, 5, 6, 5, 6, 5, 6, 5, 6, 20]
    >>> verdict(chart("i-mr", low_then_high, rules="nhs"), improvement="increase").variation
    'improvement'
    """
    if improvement not in _DIRECTIONS:
        raise InvalidSpecification(
            "unknown_option",
            {"value": improvement, "option": "improvement", "known": ", ".join(_DIRECTIONS)},
        )
    if target is not None and not math.isfinite(target):
        raise InvalidSpecification(
            "option_range", {"option": "target", "expected": "finite", "value": str(target)}
        )
    panel = chart.panels[0]
    counted = np.flatnonzero(~np.isnan(panel.points) & ~chart.excluded)
    if len(counted) == 0:
        raise InvalidSpecification(
            "option_range", {"option": "chart", "expected": "one with counted points", "value": 0}
        )
    last = int(counted[-1])
    signals = [s for s in chart.signals if s.point == last and s.panel == panel.name]
    return Verdict(
        variation=_variation({signal.side for signal in signals}, improvement),
        assurance=_assurance(panel, last, improvement, target),
        point=last,
        rules=tuple(signal.rule for signal in signals),
    )


def _variation(sides: set[str], improvement: Improvement) -> Variation:
    if not sides:
        return "common_cause"
    if sides not in ({"above"}, {"below"}):
        return "unclear"
    high = sides == {"above"}
    if improvement == "neutral":
        return "high" if high else "low"
    return "improvement" if high == (improvement == "increase") else "concern"


def _assurance(
    panel: Panel, point: int, improvement: Improvement, target: float | None
) -> Assurance:
    lcl, ucl = float(panel.lcl[point]), float(panel.ucl[point])
    if target is None or improvement == "neutral" or math.isnan(lcl) or math.isnan(ucl):
        return ""
    if lcl <= target <= ucl:
        return "hit_and_miss"
    return "passing" if (target < lcl) == (improvement == "increase") else "failing"
