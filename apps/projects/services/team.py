"""Who works on a project, and in which capacity."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.policies import Action, require
from apps.audit.services import record
from apps.common.errors import Refused
from apps.projects.choices import Capacity
from apps.projects.guards import require_open
from apps.projects.models import Member, Project
from apps.projects.notices import tell
from apps.projects.services.locking import lock_project


@transaction.atomic
def add_member(*, actor: User, project: Project, user: User, capacity: str) -> Member:
    project = lock_project(project)
    require(actor, Action.EDIT_PROJECT, project)
    require_open(project)
    if not user.is_active:
        raise Refused(_("%(name)s is no longer active. Choose someone else.") % {"name": user})
    if capacity not in Capacity.values:
        raise Refused(_("Choose what the person does in the project."))
    member, created = Member.objects.get_or_create(project=project, user=user, capacity=capacity)
    if not created:
        raise Refused(
            _("%(name)s is already named as %(capacity)s.")
            % {"name": user, "capacity": member.get_capacity_display()}
        )
    record(
        actor=actor, verb="project.member_added", target=member, subject=project,
        details={"person": user.name, "capacity": {"msgid": Capacity(capacity).source}},
    )  # fmt: skip
    tell([user], kind="project.named", event=f"member:{member.pk}", project=project, actor=actor)
    return member


@transaction.atomic
def remove_member(*, actor: User, member: Member) -> None:
    """Take somebody off; what they did stays in the history, and so does what it bars."""
    project = lock_project(member.project_id)
    require(actor, Action.EDIT_PROJECT, project)
    require_open(project)
    found = Member.objects.filter(pk=member.pk, project=project).select_related("user").first()
    if found is None:
        raise Refused(_("This person is no longer named."))
    record(
        actor=actor, verb="project.member_removed", target=found, subject=project,
        details={
            "person": found.user.name,
            "capacity": {"msgid": Capacity(found.capacity).source},
        },
    )  # fmt: skip
    found.delete()
