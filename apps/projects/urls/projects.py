"""URLs of projects: one for each page, one for each transition."""

from __future__ import annotations

from django.urls import path

from apps.projects.views import cycles, detail, gates, initiatives, listing, transitions, work

app_name = "projects"
urlpatterns = [
    path("", listing.project_list, name="list"),
    path("new/", initiatives.create, name="create"),
    path("<int:number>/", detail.project, name="detail"),
    path("<int:number>/history/", detail.history, name="history"),
    path("<int:number>/edit/", initiatives.edit, name="edit"),
    path("<int:number>/target/", initiatives.target, name="target"),
    path("<int:number>/targets/add/", initiatives.secondary_add, name="secondary_add"),
    path(
        "<int:number>/targets/<int:pk>/remove/",
        initiatives.secondary_remove,
        name="secondary_remove",
    ),
    path("<int:number>/members/", initiatives.members, name="members"),
    path("<int:number>/members/<int:pk>/remove/", initiatives.member_remove, name="member_remove"),
    *(
        path(
            f"<int:number>/{name.replace('_', '-')}/",
            transitions.make_move,
            {"name": name},
            name=name,
        )
        for name in transitions.MOVES
    ),
    path("<int:number>/gate/submit/", gates.gate_submit, name="gate_submit"),
    path("<int:number>/gate/withdraw/", gates.gate_withdraw, name="gate_withdraw"),
    path("<int:number>/gate/conditions/<int:pk>/waive/", gates.waive, name="waive"),
    path("<int:number>/stage/finish/", gates.stage_finish, name="stage_finish"),
    path("<int:number>/conditions/<int:pk>/met/", gates.condition_settle, name="condition_settle"),
    path("<int:number>/cycle/plan/", cycles.cycle_plan, name="cycle_plan"),
    path("<int:number>/cycle/decide/", cycles.cycle_decide, name="cycle_decide"),
    path("<int:number>/deliverables/<int:pk>/", work.deliverable, name="deliverable"),
    path(
        "<int:number>/deliverables/<int:pk>/complete/",
        work.deliverable_complete,
        name="deliverable_complete",
    ),
    path(
        "<int:number>/deliverables/<int:pk>/reopen/",
        work.deliverable_reopen,
        name="deliverable_reopen",
    ),
    path("<int:number>/deliverables/<int:pk>/attach/", work.attachment_add, name="attachment_add"),
    path("<int:number>/attachments/<int:pk>/", work.attachment, name="attachment"),
    path(
        "<int:number>/attachments/<int:pk>/remove/",
        work.attachment_remove,
        name="attachment_remove",
    ),
    path("<int:number>/actions/", work.actions, name="actions"),
    path("<int:number>/actions/add/", work.action_add, name="action_add"),
    path("<int:number>/actions/<int:pk>/move/", work.action_move, name="action_move"),
]
