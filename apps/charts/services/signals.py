"""Signals: who looks for the cause, and what it was."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import policies
from apps.accounts.models import User
from apps.accounts.policies import Action
from apps.charts.choices import CauseState
from apps.charts.models import Signal
from apps.charts.services.changing import record_change
from apps.charts.states import settle
from apps.charts.wording.rules import rule_name
from apps.common.errors import Conflict, Refused
from apps.measurements.models import Characteristic
from apps.notifications.services import notify


def assign_signal(
    *, actor: User, signal: Signal, person: User, due: dt.date | None, version: int | None = None
) -> Signal:
    """Ask a person to find the cause by a date."""
    with transaction.atomic():
        present = _locked(actor, signal, version)
        if (
            not Characteristic.objects.visible_to(person)
            .filter(pk=present.chart.characteristic_id)
            .exists()
        ):
            raise Refused(_("This person cannot see the chart. Choose someone else."))
        if due is not None and due < timezone.localdate():
            raise Refused(_("The date is over. Choose today or a later day."))
        present.assigned_to, present.due = person, due
        present.save_over(present.version, fields=["assigned_to", "due"])
        record_change(
            actor, present.chart, "signal.assigned", target=present,
            details={
                "person": person.name, "due": due.isoformat() if due else "",
                "rule": rule_name(present.rule), "point": present.point + 1,
            },
        )  # fmt: skip
        if person.pk != actor.pk:
            notify(
                users=[person],
                key=f"signal:{present.pk}:assigned:{present.version}",
                kind="signal.assigned",
                params={"actor": actor.name, "target": str(present.chart.characteristic)},
                url=f"{reverse('charts:detail', args=[present.chart_id])}#signal-{present.pk}",
            )
    return present


def explain_signal(
    *, actor: User, signal: Signal, cause: str, version: int | None = None, found: bool = True
) -> Signal:
    """Write down the cause of a signal, or that a search found none."""
    with transaction.atomic():
        present = _locked(actor, signal, version)
        if not cause.strip():
            raise Refused(_("Write what the cause was, or what was looked at."))
        present.cause = cause.strip()
        present.cause_state = CauseState.FOUND if found else CauseState.NONE_FOUND
        present.explained_by, present.explained_at = actor, timezone.now()
        present.details = {**present.details, "explained_through": present.last_sequence}
        present.save_over(
            present.version,
            fields=["cause", "cause_state", "explained_by", "explained_at", "details"],
        )
        record_change(
            actor, present.chart, "signal.explained", target=present,
            details={
                "cause": present.cause, "found": found,
                "rule": rule_name(present.rule), "point": present.point + 1,
            },
        )  # fmt: skip
        settle(present.chart)
    return present


def _locked(actor: User, signal: Signal, version: int | None) -> Signal:
    present = (
        Signal.objects.select_for_update(of=("self", "chart"))
        .select_related("chart__characteristic__team")
        .get(pk=signal.pk)
    )
    policies.require(actor, Action.EXPLAIN_SIGNAL, present.chart.characteristic)
    if version is not None and present.version != version:
        raise Conflict(_("Someone else changed this signal first. Nothing was changed."))
    return present
