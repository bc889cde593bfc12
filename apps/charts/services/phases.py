"""Phases: stretches with limits of their own, and limits that are held."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.charts.models import ChartResult, ControlChart, Phase
from apps.charts.services.changing import locked, settle
from apps.common.errors import Refused
from apps.measurements.selectors import counted


def start_phase(
    *,
    actor: User,
    chart: ControlChart,
    start_sequence: int,
    name: str,
    reason: str,
    baseline_from: int | None = None,
    baseline_to: int | None = None,
    version: int | None = None,
) -> Phase:
    """From this observation on, limits of its own.

    `baseline_from` and `baseline_to` (points of the phase, half-open) say which points set the
    limits; without them all do.
    """
    with locked(actor, chart, version) as present:
        _require_reason(reason)
        if not name.strip():
            raise Refused(_("Give the phase a name."))
        if not counted(present.characteristic).filter(sequence__gte=start_sequence).exists():
            raise Refused(_("There is no point from there on. Choose an earlier point."))
        if present.phases.filter(start_sequence=start_sequence).exists():
            raise Refused(_("A phase begins at this point already."))
        if baseline_to is not None and baseline_to - (baseline_from or 0) < 2:
            raise Refused(_("Limits need a baseline of two points or more."))
        phase = Phase.objects.create(
            chart=present,
            start_sequence=start_sequence,
            name=name.strip(),
            baseline_from=baseline_from,
            baseline_to=baseline_to,
            reason=reason,
            set_by=actor,
        )
        details = {"name": phase.name, "start_sequence": start_sequence}
        settle(actor, present, "chart.phase_started", target=phase, details=details, reason=reason)
    return phase


def remove_phase(
    *, actor: User, phase: Phase, reason: str = "", version: int | None = None
) -> ControlChart:
    """The points go back to the phase before."""
    with locked(actor, phase.chart, version) as present:
        found = present.phases.filter(pk=phase.pk).first()
        if found is None:
            raise Refused(_("This phase is gone already."))
        details = {"name": found.name, "start_sequence": found.start_sequence}
        settle(actor, present, "chart.phase_removed", target=found, details=details, reason=reason)
        found.delete()
    return present


def freeze_limits(
    *, actor: User, chart: ControlChart, number: int, reason: str, version: int | None = None
) -> Phase:
    """Hold the limits of a phase (0: the first) as the stored result has them."""
    with locked(actor, chart, version) as present:
        _require_reason(reason)
        found = _computed_phase(present, number)
        limits = found["frozen"]
        if limits["center"] is None or not limits["sigma"]:
            raise Refused(_("This phase has no limits yet. Add data first."))
        phase, _created = Phase.objects.get_or_create(
            chart=present,
            start_sequence=_start_of(present, found),
            defaults={"name": found["name"] or _("First phase"), "set_by": actor, "reason": reason},
        )
        phase.frozen_limits = limits
        phase.save(update_fields=["frozen_limits"])
        details = {"name": phase.name, "center": limits["center"], "sigma": limits["sigma"]}
        settle(actor, present, "chart.limits_frozen", target=phase, details=details, reason=reason)
    return phase


def release_limits(
    *, actor: User, phase: Phase, reason: str, version: int | None = None
) -> ControlChart:
    """Compute the limits of a phase from its points again."""
    with locked(actor, phase.chart, version) as present:
        _require_reason(reason)
        if not present.phases.filter(pk=phase.pk, frozen_limits__isnull=False).exists():
            raise Refused(_("The limits of this phase are not frozen."))
        Phase.objects.filter(pk=phase.pk).update(frozen_limits=None)
        details = {"name": phase.name}
        settle(
            actor, present, "chart.limits_released", target=phase, details=details, reason=reason
        )
    return present


def _computed_phase(chart: ControlChart, number: int) -> dict[str, Any]:
    result = ChartResult.objects.filter(chart=chart).first()
    current = (
        result is not None
        and result.data_version == chart.characteristic.data_version
        and result.settings_version == chart.settings_version
    )
    if result is None or not current:
        raise Refused(_("The chart is being recomputed. Try again in a moment."))
    phases: list[dict[str, Any]] = result.content.get("phases", [])
    if not 0 <= number < len(phases):
        raise Refused(_("There is no such phase."))
    return phases[number]


def _start_of(chart: ControlChart, found: dict[str, Any]) -> int:
    """The stored start: of a phase set between two points, the point after it is where it begins."""
    stored = (
        chart.phases.filter(start_sequence__lte=found["sequence"])
        .order_by("-start_sequence")
        .first()
    )
    if stored is not None and stored.name == found["name"]:
        return stored.start_sequence
    return int(found["sequence"])


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused(_("Give the reason: it stands in the history."))
