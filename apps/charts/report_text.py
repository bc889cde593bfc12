"""An analysis in words, for a terminal."""

from __future__ import annotations

from typing import Any

import numpy as np

from apps.charts.analysis import Analysis
from apps.stats import Panel


def as_text(analysis: Analysis) -> str:
    """Limits, signals, figures and warnings, a line each."""
    chart = analysis.chart
    lines = [f"{chart.kind} chart of {analysis.name}, {chart.n_points} points"]
    lines += [f"  {reason}" for reason in analysis.advice.sentences()] if analysis.advice else []
    for phase in chart.phases:
        label = f"phase {phase.name or phase.start}: " if len(chart.phases) > 1 else ""
        lines += [f"  {label}{_limits(panel, phase.start)}" for panel in chart.panels]
    lines += _signals(analysis)
    lines += _figures("capability", analysis.capability, ("cp", "cpk", "pp", "ppk", "cpm"))
    lines += _figures("sigma level", analysis.sigma_level, ("dpmo", "z", "z_shifted"))
    lines += [f"  note: {notice}" for notice in (*chart.warnings, *analysis.notices)]
    return "\n".join(lines)


def _limits(panel: Panel, at: int) -> str:
    lines = (("lcl", panel.lcl), ("center", panel.center), ("ucl", panel.ucl))
    found = [f"{name} {line[at]:.6g}" for name, line in lines if np.isfinite(line[at])]
    return f"{panel.name}: {', '.join(found) or 'no limits'}"


def _signals(analysis: Analysis) -> list[str]:
    groups = analysis.chart.to_dict()["signals"]
    if not groups:
        return ["  no signals"]
    return [
        f"  signal {group['rule']} on {group['panel']} at points "
        + ", ".join(str(point) for point in group["points"])
        for group in groups
    ]


def _figures(title: str, result: Any, names: tuple[str, ...]) -> list[str]:
    if result is None:
        return []
    content = result.to_dict()
    found = [f"{name} {_number(content[name])}" for name in names if content.get(name) is not None]
    return [f"  {title}: {', '.join(found)}"] if found else []


def _number(figure: Any) -> str:
    """A figure, with its interval where it has one."""
    if not isinstance(figure, dict):
        return f"{figure:.4g}"
    if figure.get("value") is None:
        return "unknown"
    if figure.get("lower") is None or figure.get("upper") is None:
        return f"{figure['value']:.4g}"
    return f"{figure['value']:.4g} ({figure['lower']:.4g} to {figure['upper']:.4g})"
