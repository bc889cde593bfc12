"""Signed gate decisions that rest on imported data: they keep the import from being reversed."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.approvals.choices import RoundState
from apps.approvals.models import Round
from apps.charts.models import ControlChart
from apps.measurements.holds import Hold
from apps.measurements.models import Import
from apps.projects.models import STAGE_SUBJECT, Project, Stage

# A round that was sent back, declined or withdrawn approved nothing; an open one may bear the
# first of its signatures.
STANDING = (RoundState.OPEN, RoundState.APPROVED, RoundState.APPROVED_WITH_CONDITIONS)


def signed_rounds_on(imports: list[Import], person: User) -> Iterator[Hold]:
    """Rounds with a signature whose frozen packet shows a chart that counts these imports."""
    since = {
        one.characteristic_id: one.committed_at for one in imports if one.committed_at is not None
    }
    if not since:
        return
    charts = dict(
        ControlChart.objects.filter(characteristic__in=since).values_list("pk", "characteristic_id")
    )
    signed = Round.objects.filter(
        subject_type=STAGE_SUBJECT,
        state__in=STANDING,
        opened_at__gte=min(since.values()),
        decisions__signature__isnull=False,
    ).distinct()
    rows = signed.order_by("opened_at").values_list(
        "pk", "subject_id", "subject_label", "opened_at", "content__chart__id",
        "content__secondary_targets",
    )  # fmt: skip
    found = []
    for pk, stage, label, opened_at, chart, secondary in rows:
        shown = [chart, *(target["chart"]["id"] for target in secondary or [])]
        known = [since[charts[one]] for one in shown if one in charts]
        if opened_at is not None and any(opened_at >= committed_at for committed_at in known):
            found.append((pk, stage, label))
    seen = _seen(person, [stage for _pk, stage, _label in found])
    for pk, stage, label in found:
        if stage in seen:
            what = _("the signed decision on %(gate)s") % {"gate": label}
            yield Hold(what, reverse("reviews:detail", args=[pk]))
        else:
            yield Hold(_("a signed decision in a project you may not see"), "")


def _seen(person: User, stages: list[int]) -> set[int]:
    projects = Project.objects.visible_to(person)
    return set(
        Stage.objects.filter(pk__in=stages, project__in=projects).values_list("pk", flat=True)
    )
