"""The tables of projects."""

from apps.projects.models.methodology import (
    ConditionTemplate,
    DeliverableTemplate,
    Methodology,
    SeatTemplate,
    StageTemplate,
)
from apps.projects.models.project import STAGE_SUBJECT, Member, Project, Stage
from apps.projects.models.secondary import SecondaryTarget
from apps.projects.models.work import (
    Attachment,
    Cycle,
    Deliverable,
    ProjectAction,
    Target,
    Waiver,
)

__all__ = [
    "STAGE_SUBJECT",
    "Attachment",
    "ConditionTemplate",
    "Cycle",
    "Deliverable",
    "DeliverableTemplate",
    "Member",
    "Methodology",
    "Project",
    "ProjectAction",
    "SeatTemplate",
    "SecondaryTarget",
    "Stage",
    "StageTemplate",
    "Target",
    "Waiver",
]
