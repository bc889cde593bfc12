"""Charts on other apps' pages: `{% control_chart chart %}` and `{% spark result %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from apps.charts.models import ChartResult, ControlChart
from apps.charts.selectors import freshness
from apps.charts.spark import spark_svg
from apps.charts.wording.rules import rule_name

register = template.Library()


@register.inclusion_tag("charts/parts/control_chart.html")
def control_chart(chart: ControlChart, height: int = 0, compact: bool = False) -> dict[str, Any]:
    """The interactive chart; the page needs `{% chart_assets %}` in its scripts block.

    `compact` draws the first panel only, without legend and zoom (a key-figure card).
    """
    result = getattr(chart, "result", None)
    return {
        "chart": chart,
        "result": result,
        "problem": bool(result and result.content.get("problem")),
        "freshness": freshness(chart),
        "height": height,
        "compact": compact,
    }


@register.simple_tag
def spark(result: ChartResult | str | None) -> SafeString:
    """The newest points of a stored result as a small SVG; nothing without a result.

    A template gives the empty string for a chart that has none.
    """
    return spark_svg(result.summary) if isinstance(result, ChartResult) else mark_safe("")


@register.filter
def rule_words(rule: str) -> str:
    return rule_name(rule)
