"""In which unit and with how many places the figures of a chart are written."""

from __future__ import annotations

from dataclasses import dataclass, replace

from apps.charts.choices import FROM_ZERO_KINDS, RATE_KINDS, SHARE_KINDS, ChartKind
from apps.charts.models import ControlChart
from apps.common.templatetags.formats import number


@dataclass(frozen=True, slots=True)
class Display:
    """`factor` turns a stored figure into the shown one: shares are shown as percentages."""

    unit: str
    factor: float
    decimals: int
    # A lower limit at 0 is none.
    from_zero: bool = False

    def shown(self, value: float | None) -> float | None:
        return None if value is None else value * self.factor

    def text(self, value: float | None) -> str:
        """The figure without its unit."""
        return number(self.shown(value), self.decimals)

    def with_unit(self, value: float | None) -> str:
        text = self.text(value)
        return f"{text}\u00a0{self.unit}" if self.unit and value is not None else text

    def telling_apart(self, one: float | None, other: float | None) -> Display:
        """With as many places (up to three more) as it takes to write two figures differently."""
        display = self
        while (
            one != other
            and display.decimals < self.decimals + 3
            and display.text(one) == display.text(other)
        ):
            display = replace(display, decimals=display.decimals + 1)
        return display

    def limits(self, lower: float | None, upper: float | None) -> str:
        """Both control limits, or the one there is."""
        if self.from_zero and lower == 0:
            lower = None
        if lower is None and upper is None:
            return ""
        if lower is None:
            return f"≤ {self.text(upper)}"
        if upper is None:
            return f"≥ {self.text(lower)}"
        return f"{self.text(lower)} – {self.text(upper)}"


def display_of(chart: ControlChart) -> Display:
    unit, decimals = chart.characteristic.unit, chart.characteristic.decimals
    if chart.kind in SHARE_KINDS:
        return Display(unit="%", factor=100.0, decimals=1)
    if chart.kind == ChartKind.T2:
        # A distance without a unit, whatever the variables are measured in.
        return Display(unit="", factor=1.0, decimals=2, from_zero=True)
    if chart.kind in {ChartKind.NP, ChartKind.C}:
        decimals = 1
    elif chart.kind in RATE_KINDS:
        decimals = 2
    elif chart.kind == ChartKind.G:
        # Whole units, but limits and mean lie between them.
        decimals = max(decimals, 1)
    return Display(unit, 1.0, decimals, from_zero=chart.kind in FROM_ZERO_KINDS)
