"""Opening a chart and choosing how it is made."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import policies
from apps.accounts.models import User
from apps.accounts.policies import Action
from apps.charts import tasks
from apps.charts.choices import ChartKind
from apps.charts.models import ControlChart, default_rules
from apps.charts.patterns import resolved
from apps.charts.recommending import estimators_for, kinds_for, recommended
from apps.charts.services.changing import locked, record_change, settle
from apps.common.after_commit import after_commit
from apps.common.errors import Refused
from apps.measurements.models import Characteristic


def open_chart(
    *,
    actor: User,
    characteristic: Characteristic,
    kind: str | None = None,
    rules: Sequence[str] | None = None,
) -> ControlChart:
    """Open a chart of a characteristic; without a kind, the recommended one."""
    policies.require(actor, Action.SETTLE_CHART, characteristic)
    chosen = kind or recommended(characteristic).kind
    _check_kind(characteristic, chosen)
    with transaction.atomic():
        Characteristic.objects.select_for_update().get(pk=characteristic.pk)
        if ControlChart.objects.filter(characteristic=characteristic, kind=chosen).exists():
            raise Refused(_("This characteristic has such a chart already."))
        chart = ControlChart.objects.create(
            characteristic=characteristic,
            kind=chosen,
            rules=_checked_rules(rules if rules is not None else _default_rules(chosen)),
            created_by=actor,
        )
        record_change(
            actor, chart, "chart.opened", details={"kind": chart.kind, "rules": chart.rules}
        )
        after_commit(lambda: tasks.recompute.delay(chart.pk))
    return chart


def change_settings(
    *,
    actor: User,
    chart: ControlChart,
    version: int,
    kind: str,
    rules: Sequence[str],
    estimator: str = "",
) -> ControlChart:
    """Choose chart, run rules and estimator; phases and exclusions stay."""
    with locked(actor, chart, version) as present:
        _check_kind(present.characteristic, kind)
        if estimator and estimator not in estimators_for(present.characteristic, kind):
            raise Refused(_("This estimator does not serve this chart. Choose another one."))
        before = {"kind": present.kind, "rules": present.rules, "estimator": present.estimator}
        after = {"kind": kind, "rules": _checked_rules(rules), "estimator": estimator}
        if before == after:
            return present
        taken = ControlChart.objects.filter(characteristic=present.characteristic, kind=kind)
        if taken.exclude(pk=present.pk).exists():
            raise Refused(_("This characteristic has such a chart already."))
        if kind != present.kind and present.phases.filter(frozen_limits__isnull=False).exists():
            raise Refused(_("Limits are frozen for the present chart. Release them first."))
        ControlChart.objects.filter(pk=present.pk).update(**after)
        present.refresh_from_db(fields=[*after])
        settle(actor, present, "chart.settings_changed", details={"before": before, "after": after})
    return present


def _default_rules(kind: str) -> list[str]:
    """A T² chart has one limit and no center line: no run rule holds on it."""
    return ["nelson:1"] if kind == ChartKind.T2 else default_rules()


def _check_kind(characteristic: Characteristic, kind: str) -> None:
    if kind not in kinds_for(characteristic):
        raise Refused(_("This chart does not suit this kind of data. Choose another one."))


def _checked_rules(rules: Sequence[str]) -> list[str]:
    """Known rules, once each, in the order of their sets."""
    if not all(resolved(rule) for rule in rules):
        raise Refused(_("One of the run rules is not known. Choose from the list."))
    return sorted(set(rules))
