"""What a chart proves: figures per phase, stability, capability, before against after."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.audit.chain import digest
from apps.charts.display import display_of
from apps.charts.models import ChartResult, ControlChart
from apps.charts.selectors.freshness import is_current, result_of
from apps.charts.states import FEWEST_POINTS, RECENT_POINTS, unexplained


@dataclass(frozen=True, slots=True)
class PhaseFigure:
    """The level of one phase with its 95 % interval, in the unit that is shown."""

    name: str
    value: float | None
    n: int
    points: int
    since: dt.datetime | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class KeyFigure:
    unit: str
    decimals: int
    direction: str
    phases: tuple[PhaseFigure, ...]

    @property
    def before(self) -> PhaseFigure:
        return self.phases[0]

    @property
    def now(self) -> PhaseFigure | None:
        """The newest phase; None while there is only one, which is the state before."""
        return self.phases[-1] if len(self.phases) > 1 else None


@dataclass(frozen=True, slots=True)
class Stability:
    state: Literal["stable", "unstable", "unknown"]
    points: int
    unexplained: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Before against after, in the unit that is shown; the interval is of the difference."""

    before: PhaseFigure
    after: PhaseFigure
    difference: float | None
    lower: float | None
    upper: float | None
    p_value: float | None


def moment(seconds: float | None) -> dt.datetime | None:
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)


def _usable(chart: ControlChart) -> ChartResult | None:
    """The result of the present data and settings, if it holds a chart."""
    result = result_of(chart)
    if result is None or not is_current(chart) or result.content.get("problem"):
        return None
    return result


def key_figure(chart: ControlChart) -> KeyFigure | None:
    """The level of each phase; the stored one while a newer is being computed."""
    result = result_of(chart)
    if result is None or not result.content.get("phases"):
        return None
    display = display_of(chart)
    return KeyFigure(
        unit=display.unit,
        decimals=display.decimals,
        direction=chart.characteristic.direction,
        phases=tuple(
            PhaseFigure(
                name=phase["name"],
                value=display.shown(phase["value"]),
                n=phase["n"],
                points=phase["points"],
                since=moment(phase["since"]),
                lower=display.shown(phase["lower"]),
                upper=display.shown(phase["upper"]),
            )
            for phase in result.content["phases"]
        ),
    )


def stability(chart: ControlChart, *, last: int = RECENT_POINTS) -> Stability:
    """Whether the newest points show only common causes; what cannot be judged is unknown."""
    result = _usable(chart)
    if result is None:
        sentence = _("The chart is not computed on the present data yet.")
        stored = result_of(chart)
        if stored is not None and is_current(chart):
            sentence = _("There is no chart yet: the data do not allow one.")
        return Stability("unknown", 0, 0, sentence)
    if result.n_points < FEWEST_POINTS:
        sentence = ngettext(
            "%(n)d point; %(needed)d are needed to judge stability.",
            "%(n)d points; %(needed)d are needed to judge stability.",
            result.n_points,
        ) % {"n": result.n_points, "needed": FEWEST_POINTS}
        return Stability("unknown", result.n_points, 0, sentence)
    judged = min(last, result.n_points)
    open_signals = unexplained(chart, n_points=result.n_points, last=last).count()
    words = {"n": open_signals, "points": judged}
    if open_signals:
        sentence = ngettext(
            "%(n)d signal without a cause in the last %(points)d points.",
            "%(n)d signals without a cause in the last %(points)d points.",
            open_signals,
        )
        return Stability("unstable", judged, open_signals, sentence % words)
    sentence = _("No signal without a cause in the last %(points)d points.") % words
    return Stability("stable", judged, 0, sentence)


def capability_of(chart: ControlChart) -> dict[str, Any] | None:
    """Capability figures of the newest phase, as the engine gives them."""
    result = _usable(chart)
    found: dict[str, Any] | None = result.content.get("capability") if result else None
    return found


def comparison_of(chart: ControlChart) -> Comparison | None:
    """The first phase against the newest one."""
    result = _usable(chart)
    stored = result.content.get("comparison") if result else None
    figure = key_figure(chart)
    if stored is None or figure is None or figure.now is None:
        return None
    display = display_of(chart)
    return Comparison(
        before=figure.before,
        after=figure.now,
        difference=display.shown(stored["difference"]),
        lower=display.shown(stored["lower"]),
        upper=display.shown(stored["upper"]),
        p_value=stored["p_value"],
    )


def packet_of(chart: ControlChart) -> dict[str, Any]:
    """What a decision freezes of a chart: versions, figures, limits, digests."""
    result = result_of(chart)
    judged = stability(chart)
    packet: dict[str, Any] = {
        "chart": chart.pk,
        "characteristic": str(chart.characteristic),
        "kind": chart.kind,
        "rules": list(chart.rules),
        "unit": display_of(chart).unit,
        "data_version": chart.characteristic.data_version,
        "settings_version": chart.settings_version,
        "current": is_current(chart),
        "stability": {"state": judged.state, "unexplained": judged.unexplained},
    }
    if result is None:
        return packet
    content = result.content
    return packet | {
        "n_points": result.n_points,
        "n_observations": result.n_observations,
        "estimator": content.get("estimator", ""),
        "phases": content.get("phases", []),
        "capability": content.get("capability"),
        "sigma_level": content.get("sigma_level"),
        "comparison": content.get("comparison"),
        "excluded": content.get("excluded", []),
        "problem": content.get("problem"),
        "points_digest": result.points_digest,
        "result_digest": digest(content),
    }
