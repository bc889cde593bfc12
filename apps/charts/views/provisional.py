"""What the chart would say of values that are typed and not yet saved."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.accounts import policies
from apps.accounts.policies import Action
from apps.charts.models import ControlChart
from apps.charts.provisional import provisional as judge
from apps.measurements.models import Characteristic
from apps.measurements.sheets import MOST_ROWS, columns_of, read_sheet
from apps.measurements.views.sheet import as_told, typed_rows


@require_POST
def provisional(request: HttpRequest, pk: int) -> JsonResponse:
    """The cells that cannot be read, and the rest judged by the limits in force; nothing is kept."""
    characteristics = Characteristic.objects.select_related("team", "owner")
    characteristic = policies.fetch(characteristics, request.user, pk=pk)
    policies.require(request.user, Action.IMPORT_DATA, characteristic)
    decimal = request.POST.get("decimal", ".")
    typed = typed_rows(request, columns_of(characteristic))
    if decimal not in {".", ","} or len(typed) > MOST_ROWS:
        raise BadRequest("sheet")
    sheet = read_sheet(characteristic, typed, decimal=decimal, now=timezone.now())
    chart = (
        ControlChart.objects.filter(characteristic=characteristic)
        .select_related("characteristic", "result")
        .order_by("pk")
        .first()
    )
    answer = judge(characteristic, chart, sheet)
    answer["problems"] = [as_told(problem) for problem in sheet.problems]
    answer["count"] = len(sheet)
    return JsonResponse(answer)
