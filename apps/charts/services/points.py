"""Single points: left out of the limits, taken in again, explained by a note."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import policies
from apps.accounts.models import User
from apps.accounts.policies import Action
from apps.charts.models import Annotation, ControlChart, Exclusion
from apps.charts.selectors import point_with
from apps.charts.services.changing import locked, record_change, settle
from apps.common.errors import Refused
from apps.measurements.selectors import counted


def exclude_point(
    *, actor: User, chart: ControlChart, sequence: int, reason: str, version: int | None = None
) -> Exclusion:
    """Leave a point out of the limits; it stays on the chart."""
    with locked(actor, chart, version) as present:
        if not reason.strip():
            raise Refused(_("Give the reason: it stands in the history."))
        start = _start_of_point(present, sequence)
        if present.exclusions.filter(sequence=start).exists():
            raise Refused(_("This point is left out already."))
        exclusion = Exclusion.objects.create(
            chart=present, sequence=start, reason=reason.strip(), set_by=actor
        )
        settle(
            actor, present, "chart.point_excluded", target=exclusion,
            details={"sequence": start, "point": _number(present, start)}, reason=reason,
        )  # fmt: skip
    return exclusion


def include_point(
    *, actor: User, exclusion: Exclusion, reason: str = "", version: int | None = None
) -> ControlChart:
    with locked(actor, exclusion.chart, version) as present:
        found = present.exclusions.filter(pk=exclusion.pk).first()
        if found is None:
            raise Refused(_("This point counts already."))
        settle(
            actor, present, "chart.point_included", target=found,
            details={"sequence": found.sequence, "point": _number(present, found.sequence)},
            reason=reason,
        )  # fmt: skip
        found.delete()
    return present


def annotate_point(*, actor: User, chart: ControlChart, sequence: int, text: str) -> Annotation:
    """Write down what happened at a point. The limits do not depend on it."""
    policies.require(actor, Action.EXPLAIN_SIGNAL, chart.characteristic)
    if not text.strip():
        raise Refused(_("Write what happened at this point."))
    with transaction.atomic():
        present = ControlChart.objects.select_related("characteristic").get(pk=chart.pk)
        start = _start_of_point(present, sequence)
        note = Annotation.objects.create(
            chart=present, sequence=start, text=text.strip(), written_by=actor
        )
        record_change(
            actor, present, "chart.point_annotated", target=note,
            details={"sequence": start, "point": _number(present, start), "text": note.text},
        )  # fmt: skip
    return note


def _start_of_point(chart: ControlChart, sequence: int) -> int:
    """The first observation of the point that holds this one."""
    point = point_with(chart, sequence)
    if point is not None:
        return point.sequence
    if counted(chart.characteristic).filter(sequence=sequence).exists():
        return sequence
    raise Refused(_("There is no such point."))


def _number(chart: ControlChart, sequence: int) -> int:
    """The point's number as the page shows it; 0 before the chart is computed."""
    point = point_with(chart, sequence)
    return 0 if point is None else point.index + 1
