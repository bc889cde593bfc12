"""Gates in review: whose turn it is, what was asked, what was decided."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Case, IntegerField, QuerySet, Value, When

from apps.accounts.models import User
from apps.approvals.choices import RoundState
from apps.approvals.models import Condition, Round
from apps.audit.models import Entry
from apps.audit.selectors import history_of
from apps.projects.choices import ProjectState
from apps.projects.models import STAGE_SUBJECT, Project, Stage


def reviews_waiting_for(user: User) -> QuerySet[Round]:
    """Open rounds in which it is this person's turn, the most urgent first.

    A project on hold waits, and so does its gate.
    """
    running = Stage.objects.filter(project__state=ProjectState.ACTIVE)
    return (
        Round.objects.waiting_for(user)
        .filter(subject_type=STAGE_SUBJECT, subject_id__in=running.values("pk"))
        .select_related("team", "opened_by")
        .order_by("due", "opened_at", "pk")
    )


def rounds_around(user: User, *, text: str = "", state: str = "") -> QuerySet[Round]:
    """The rounds a person may see that do not wait for them, open ones first, then the newest."""
    stages = Stage.objects.visible_to(user)
    rounds = (
        Round.objects.filter(subject_type=STAGE_SUBJECT, subject_id__in=stages.values("pk"))
        .exclude(pk__in=Round.objects.waiting_for(user).values("pk"))
        .select_related("team", "opened_by")
    )
    if text:
        rounds = rounds.filter(subject_label__icontains=text)
    if state:
        rounds = rounds.filter(state=state)
    open_first = Case(
        When(state=RoundState.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    return rounds.order_by(open_first, "-opened_at", "-pk")


def stages_of_rounds(rounds: Iterable[Round]) -> dict[int, Stage]:
    """The stage of each round, with its project, in one query; keyed by stage."""
    wanted = {one.subject_id for one in rounds if one.subject_type == STAGE_SUBJECT}
    stages = Stage.objects.filter(pk__in=wanted).select_related(
        "template", "project__owner", "project__team", "project__sponsor"
    )
    return {stage.pk: stage for stage in stages}


def history_of_round(round_: Round, project: Project) -> QuerySet[Entry]:
    """What happened to one round, newest first."""
    return history_of(project).filter(target_type=round_._meta.label_lower, target_id=round_.pk)


def conditions_of(project: Project) -> QuerySet[Condition]:
    """Every condition that an approval of this project made, open ones first."""
    stages = Stage.objects.filter(project=project)
    return (
        Condition.objects.on(STAGE_SUBJECT, stages.values("pk"))
        .select_related("owner", "decision__decided_by", "settled_by", "round")
        .order_by("settled_at", "due", "pk")
    )
