"""A chart as a table, a picture or a file of values."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.charts.drawing import RenderFailed, render_chart
from apps.charts.exports import csv_lines, table_rows
from apps.charts.forms import FactorQuery
from apps.charts.models import ControlChart
from apps.charts.selectors import columns_between, listed_signals
from apps.charts.views.acting import chart_for
from apps.charts.wording.findings import finding, panel_heading
from apps.common.query import QueryForm, page_of

ROWS_ON_PAGE = 50
TYPES = {"png": "image/png", "svg": "image/svg+xml"}


@require_safe
def table(request: HttpRequest, pk: int) -> HttpResponse:
    """The values behind the chart: the same for eyes, screen readers and copy and paste."""
    chart = chart_for(request, pk)
    query = QueryForm.read(request)
    result = getattr(chart, "result", None)
    page = page_of(range(result.n_points if result else 0), query["page"], per_page=ROWS_ON_PAGE)
    rows, panels = [], []
    if result is not None and result.n_points:
        # Newest first: the first page shows what the person came for.
        stop = result.n_points - (page.number - 1) * ROWS_ON_PAGE
        columns = columns_between(result, max(stop - ROWS_ON_PAGE, 0), stop)
        rows = table_rows(chart, columns)[::-1]
        panels = [panel_heading(chart, panel.name) for panel in columns.panels]
    context = {"chart": chart, "result": result, "page": page, "rows": rows, "panels": panels}
    return render(request, "charts/table.html", context)


@require_safe
def png(request: HttpRequest, pk: int) -> HttpResponse:
    return _picture(request, pk, "png")


@require_safe
def svg(request: HttpRequest, pk: int) -> HttpResponse:
    return _picture(request, pk, "svg")


def _picture(request: HttpRequest, pk: int, format: str) -> HttpResponse:
    chart = chart_for(request, pk)
    by = FactorQuery.read(request)["by"]
    if by and by not in factor_names(chart):
        raise BadRequest("by")
    try:
        drawn = render_chart(
            chart, format=format, language=get_language() or "en", subtitle=_finding(chart), by=by
        )
    except RenderFailed as failure:
        context = {"chart": chart, "sentence": str(failure)}
        return render(request, "charts/not_drawn.html", context, status=503)
    response = HttpResponse(drawn, content_type=TYPES[format])
    response["Content-Disposition"] = f'attachment; filename="{file_name(chart)}.{format}"'
    # An SVG opened on its own must not be able to do anything.
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def factor_names(chart: ControlChart) -> list[str]:
    """By what the points of the stored result can be told apart."""
    result = getattr(chart, "result", None)
    return [factor["name"] for factor in result.content.get("factors", [])] if result else []


def _finding(chart: ControlChart) -> str:
    result = getattr(chart, "result", None)
    if result is None:
        return ""
    wanted = listed_signals(chart).filter(present=True, cause_state="wanted")
    return finding(chart, result, list(wanted[:1]))


def file_name(chart: ControlChart) -> str:
    """A name every system can store; a Chinese name leaves the number."""
    return slugify(chart.characteristic.name)[:60] or f"chart-{chart.pk}"


@require_safe
def values(request: HttpRequest, pk: int) -> HttpResponse | StreamingHttpResponse:
    chart = chart_for(request, pk)
    if getattr(chart, "result", None) is None:
        context = {"chart": chart, "sentence": _("There are no values yet.")}
        return render(request, "charts/not_drawn.html", context, status=404)
    response = StreamingHttpResponse(csv_lines(chart), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file_name(chart)}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
