"""Where an initiative, a stage, a deliverable and an action stand."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override


class Named(TextChoices):
    @property
    def source(self) -> str:
        """The name in the source language, for records that each reader translates."""
        with override("en"):
            return str(self.label)


class ProjectState(TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    DECLINED = "declined", _("Declined")
    DUPLICATE = "duplicate", _("Duplicate")
    BACKLOG = "backlog", _("Backlog")
    ACTIVE = "active", _("Active")
    ON_HOLD = "on_hold", _("On hold")
    COMPLETED = "completed", _("Completed")
    SUSTAINING = "sustaining", _("Sustaining")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")


class StageState(TextChoices):
    NOT_STARTED = "not_started", _("Not started")
    IN_PROGRESS = "in_progress", _("In progress")
    IN_REVIEW = "in_review", _("In review")
    PASSED = "passed", _("Passed")
    PASSED_WITH_CONDITIONS = "passed_with_conditions", _("Passed with conditions")
    REWORK = "rework", _("Rework")
    STALE = "stale", _("Stale")
    SKIPPED = "skipped", _("Skipped")


class MethodologyShape(TextChoices):
    LINE = "line", _("Stages in a line")
    CYCLE = "cycle", _("A repeated cycle")


class DeliverableState(TextChoices):
    EMPTY = "empty", _("Not started")
    IN_PROGRESS = "in_progress", _("In progress")
    COMPLETE = "complete", _("Complete")


class ActionState(Named):
    TO_DO = "to_do", _("To do")
    DOING = "doing", _("Doing")
    CHECKING = "checking", _("Checking")
    DONE = "done", _("Done")


class Capacity(Named):
    """What a person does in a project, beside owner and sponsor; seats are filled by it."""

    MEMBER = "member", _("Team member")
    PROCESS_OWNER = "process_owner", _("Process owner")
    COACH = "coach", _("Black Belt coach")
    FINANCE = "finance", _("Finance")
    SPONSOR = "sponsor", _("Sponsor")


class CycleDecision(Named):
    ADOPT = "adopt", _("Adopt")
    ADAPT = "adapt", _("Adapt")
    ABANDON = "abandon", _("Abandon")
