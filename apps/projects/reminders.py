"""What is late is said again, at most once a day to each person.

The key of a reminder carries the day, so that running twice, or two schedulers, tell once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.approvals.choices import RoundState, SeatState
from apps.approvals.models import Condition, Round, Seat
from apps.notifications.models import Notification
from apps.projects.choices import ActionState, ProjectState
from apps.projects.models import STAGE_SUBJECT, ProjectAction, Stage
from apps.projects.notices import tell, tell_gate

# Work and gates wait while a project is on hold, and so do their reminders.
REMINDED = [ProjectState.ACTIVE, ProjectState.SUSTAINING]


def remind(today: dt.date | None = None) -> int:
    """Remind of late actions, gates and conditions; return how many people were told anew."""
    day = today or timezone.localdate()
    before = Notification.objects.filter(key__endswith=_mark(day)).count()
    for action in _late_actions(day):
        tell(
            [action.owner], kind="action.overdue", event=f"action:{action.pk}{_mark(day)}",
            project=action.project, text=action.title, due=action.due,
        )  # fmt: skip
    for seat, stage in _waiting_seats(day):
        round_ = seat.layer.round
        tell_gate(
            [seat.user], kind="gate.still_waiting", event=f"seat:{seat.pk}{_mark(day)}",
            stage=stage, round_=round_, due=round_.due,
        )  # fmt: skip
    for condition, stage in _late_conditions(day):
        tell(
            [condition.owner], kind="condition.overdue",
            event=f"condition:{condition.pk}{_mark(day)}", project=stage.project,
            text=condition.text, due=condition.due,
        )  # fmt: skip
    return Notification.objects.filter(key__endswith=_mark(day)).count() - before


def _mark(day: dt.date) -> str:
    return f":late:{day.isoformat()}"


def _late_actions(day: dt.date) -> Iterator[ProjectAction]:
    yield from (
        ProjectAction.objects.filter(due__lt=day, project__state__in=REMINDED)
        .exclude(state=ActionState.DONE)
        .select_related("owner", "project")
        .order_by("pk")
    )


def _waiting_seats(day: dt.date) -> Iterator[tuple[Seat, Stage]]:
    rounds = Round.objects.filter(state=RoundState.OPEN, subject_type=STAGE_SUBJECT, due__lte=day)
    stages = _running_stages(rounds.values_list("subject_id", flat=True))
    seats = Seat.objects.filter(
        state=SeatState.PENDING,
        layer__round__in=rounds,
        layer__opened_at__isnull=False,
        layer__closed_at__isnull=True,
    ).select_related("user", "layer__round")
    for seat in seats.order_by("pk"):
        stage = stages.get(seat.layer.round.subject_id)
        if stage is not None:
            yield seat, stage


def _late_conditions(day: dt.date) -> Iterator[tuple[Condition, Stage]]:
    late = Condition.objects.open().filter(due__lt=day, round__subject_type=STAGE_SUBJECT)
    stages = _running_stages(late.values_list("round__subject_id", flat=True))
    for condition in late.select_related("owner", "round").order_by("pk"):
        stage = stages.get(condition.round.subject_id)
        if stage is not None:
            yield condition, stage


def _running_stages(ids: QuerySet[Any, int]) -> dict[int, Stage]:
    stages = Stage.objects.filter(pk__in=ids, project__state__in=REMINDED)
    return {stage.pk: stage for stage in stages.select_related("template", "project")}
