"""Reading projects: where they stand, what comes next, whom they wait for."""

from apps.projects.selectors.changes import (
    Change,
    changes_since_last_round,
    previous_round,
)
from apps.projects.selectors.lists import (
    actions_of,
    filtered_projects,
    history_of_project,
    overdue_actions,
    projects_for_home,
)
from apps.projects.selectors.reviews import (
    conditions_of,
    history_of_round,
    reviews_waiting_for,
    rounds_around,
    stages_of_rounds,
)
from apps.projects.selectors.stages import (
    TrackStage,
    current_stage,
    current_stages,
    smart_check,
    stage_track,
    tracks_of,
)
from apps.projects.selectors.steps import NextStep, next_step

__all__ = [
    "Change",
    "NextStep",
    "TrackStage",
    "actions_of",
    "changes_since_last_round",
    "conditions_of",
    "current_stage",
    "current_stages",
    "filtered_projects",
    "history_of_project",
    "history_of_round",
    "next_step",
    "overdue_actions",
    "previous_round",
    "projects_for_home",
    "reviews_waiting_for",
    "rounds_around",
    "smart_check",
    "stage_track",
    "stages_of_rounds",
    "tracks_of",
]
