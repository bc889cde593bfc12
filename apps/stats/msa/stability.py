"""Stability of a gauge: a control chart of a master part, and a look for drift."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from apps.stats.engine import chart
from apps.stats.errors import InvalidSpecification
from apps.stats.evidence.regression import Coefficient, trend
from apps.stats.moments import check_confidence
from apps.stats.plain import Result
from apps.stats.results import ControlChart, Notice


@dataclass(frozen=True, slots=True)
class StabilityStudy:
    """Chart of a master part with its drift per point.

    ``verdict`` is "stable", "drifting" (the trend is significant) or "unstable" (the chart
    signals without a trend).
    """

    chart: ControlChart
    drift: Coefficient
    bias: float | None
    verdict: str
    warnings: tuple[Notice, ...] = field(default=())

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return {
            "chart": self.chart.to_dict(),
            "drift": _Drift(self.drift).to_dict()["drift"],
            "bias": self.bias,
            "verdict": self.verdict,
            "warnings": [notice.to_dict() for notice in self.warnings],
        }


@dataclass(frozen=True, slots=True)
class _Drift(Result):
    drift: Coefficient


def stability_study(
    values: ArrayLike,
    *,
    subgroup_size: int = 1,
    reference: float | None = None,
    confidence: float = 0.95,
) -> StabilityStudy:
    """Has the gauge stayed the same while it measured one master part over time?

    Parameters
    ----------
    values : array of shape (n,)
        Measurements of the master part in order of time, in its unit.
    subgroup_size : int
        Measurements taken together each time; 1 gives an individuals chart.
    reference : float, optional
        Accepted value of the part, for the average bias.
    confidence : float
        One minus it is the error rate of the drift test.

    Returns
    -------
    StabilityStudy
        The judged chart, the drift per point with interval, and the verdict.

    Raises
    ------
    NotEnoughData, DegenerateData, InvalidSpecification
        As for the chart and the trend.

    References
    ----------
    AIAG (2010), Measurement Systems Analysis, 4th ed., chapter III section B, stability.

    Examples
    --------
    >>> noise = [0.1, -0.2, 0.0, 0.2, -0.1, 0.1, -0.1, 0.0, 0.2, -0.2]
    >>> stability_study([5 + e for e in noise], reference=5.0).verdict
    'stable'
    """
    check_confidence(confidence)
    if subgroup_size < 1:
        raise InvalidSpecification("size_not_positive", {"size": float(subgroup_size)})
    judged = (
        chart("i-mr", values)
        if subgroup_size == 1
        else chart("xbar-r", values, subgroup_size=subgroup_size)
    )
    points = judged.panels[0].points
    drift = trend(points, confidence=confidence).coefficient("position")
    verdict = "unstable" if judged.signals else "stable"
    if drift.p_value < 1.0 - confidence:
        verdict = "drifting"
    return StabilityStudy(
        chart=judged,
        drift=drift,
        bias=None if reference is None else float(np.nanmean(points - reference)),
        verdict=verdict,
        warnings=judged.warnings,
    )
