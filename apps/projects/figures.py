"""Before → now → target in words: the figures of a project, from the stored chart result."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.charts.selectors import KeyFigure, PhaseFigure, comparison_of, key_figure
from apps.common.templatetags.formats import day, number
from apps.projects.models import SecondaryTarget, Target


@dataclass(frozen=True)
class FigureStep:
    label: str
    text: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class ProjectFigures:
    """`way` is the part of the way from the start to the target that is done, 1 = there."""

    unit: str
    decimals: int
    before: float | None
    now: float | None
    target: float | None
    steps: tuple[FigureStep, ...]
    way: float | None
    sentence: str

    @property
    def way_bounded(self) -> int:
        return round(100 * min(max(self.way or 0.0, 0.0), 1.0))

    @property
    def way_text(self) -> str:
        return f"{round(100 * (self.way or 0.0))} %"


def figures_of(target: Target | SecondaryTarget | None) -> ProjectFigures | None:
    """The figures of a target, or None while there is no chart or no result."""
    if target is None or target.chart is None:
        return None
    figure = key_figure(target.chart)
    if figure is None:
        return None
    before = target.from_value if target.from_value is not None else _value(figure.before)
    now = _value(figure.phases[-1]) if figure.phases else None
    return ProjectFigures(
        unit=figure.unit,
        decimals=figure.decimals,
        before=before,
        now=now,
        target=target.to_value,
        steps=_steps(figure, target),
        way=way_done(before, now, target.to_value),
        sentence=_sentence(figure, target),
    )


def way_done(before: float | None, now: float | None, target: float | None) -> float | None:
    """How much of the way from `before` to `target` is done; None when there is no way.

    >>> way_done(6.8, 4.2, 4.0)
    0.9285714285714285
    """
    if before is None or now is None or target is None or before == target:
        return None
    return (now - before) / (target - before)


def _value(phase: PhaseFigure | None) -> float | None:
    return None if phase is None else phase.value


def _steps(figure: KeyFigure, target: Target | SecondaryTarget) -> tuple[FigureStep, ...]:
    steps = []
    last = len(figure.phases) - 1
    for position, phase in enumerate(figure.phases):
        label, tone = _label_and_tone(phase, position, last)
        steps.append(FigureStep(label, number(phase.value, figure.decimals), _n(phase), tone))
    if not last and target.from_value is not None:
        steps.insert(
            0, FigureStep(_("Start"), number(target.from_value, figure.decimals), "", "before")
        )
    due = getattr(target, "due", None)
    note = _("by %(date)s") % {"date": day(due)} if due else ""
    steps.append(FigureStep(_("Target"), number(target.to_value, figure.decimals), note))
    return tuple(steps)


def _label_and_tone(phase: PhaseFigure, position: int, last: int) -> tuple[str, str]:
    if position == last:
        return _("Now"), "now"
    return (_("Before"), "before") if position == 0 else (phase.name, "before")


def _n(phase: PhaseFigure) -> str:
    return ngettext("%(n)s value", "%(n)s values", phase.n) % {"n": number(phase.n)}


def _sentence(figure: KeyFigure, target: Target | SecondaryTarget) -> str:
    """What the change amounts to, with its interval; empty while there is one phase only."""
    compared = comparison_of(target.chart) if target.chart else None
    if compared is None or len(figure.phases) < 2:
        return ""
    if compared.difference is None or compared.lower is None or compared.upper is None:
        return ""
    words = {
        "difference": number(abs(compared.difference), figure.decimals),
        "unit": figure.unit,
        "lower": number(min(abs(compared.lower), abs(compared.upper)), figure.decimals),
        "upper": number(max(abs(compared.lower), abs(compared.upper)), figure.decimals),
        "since": day(figure.phases[-1].since) if figure.phases[-1].since else "",
    }
    if compared.lower <= 0 <= compared.upper:
        return _("No difference between before and now can be shown yet.")
    if compared.difference < 0:
        return (
            _(
                "Down by %(difference)s %(unit)s since %(since)s (95 %% interval %(lower)s to %(upper)s)."
            )
            % words
        )
    return (
        _("Up by %(difference)s %(unit)s since %(since)s (95 %% interval %(lower)s to %(upper)s).")
        % words
    )
