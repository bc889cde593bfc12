"""What people do with initiatives and projects: one function for each act."""

from apps.projects.services.actions import add_action, edit_action, move_action
from apps.projects.services.cycles import decide_cycle, plan_cycle, result_of
from apps.projects.services.files import attach_file, remove_attachment
from apps.projects.services.gates import (
    decide_gate,
    delegate_seat,
    later_gates,
    short,
    submit_gate,
    withdraw_gate,
)
from apps.projects.services.initiatives import (
    accept,
    decline,
    edit_project,
    log_initiative,
    send_back_initiative,
    submit_initiative,
)
from apps.projects.services.lifecycle import (
    cancel,
    close_project,
    hold,
    reopen_project,
    resume,
    start_project,
)
from apps.projects.services.methodology import sync_methodologies
from apps.projects.services.secondary_targets import (
    add_secondary_target,
    remove_secondary_target,
)
from apps.projects.services.stages import finish_stage, reopen_stage, skip_stage
from apps.projects.services.targets import set_target
from apps.projects.services.team import add_member, remove_member
from apps.projects.services.waivers import (
    revoke_waiver,
    settle_condition,
    waive_approval_condition,
    waive_condition,
)
from apps.projects.services.work import (
    complete_deliverable,
    edit_deliverable,
    reopen_deliverable,
)

__all__ = [
    "accept",
    "add_action",
    "add_member",
    "add_secondary_target",
    "attach_file",
    "cancel",
    "close_project",
    "complete_deliverable",
    "decide_cycle",
    "decide_gate",
    "decline",
    "delegate_seat",
    "edit_action",
    "edit_deliverable",
    "edit_project",
    "finish_stage",
    "hold",
    "later_gates",
    "log_initiative",
    "move_action",
    "plan_cycle",
    "remove_attachment",
    "remove_member",
    "remove_secondary_target",
    "reopen_deliverable",
    "reopen_project",
    "reopen_stage",
    "result_of",
    "resume",
    "revoke_waiver",
    "send_back_initiative",
    "set_target",
    "settle_condition",
    "short",
    "skip_stage",
    "start_project",
    "submit_gate",
    "submit_initiative",
    "sync_methodologies",
    "waive_approval_condition",
    "waive_condition",
    "withdraw_gate",
]
