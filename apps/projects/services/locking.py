"""One change of a project at a time: lock it, read it again, compare the version, move it.

The project's row is always locked first, then its stage, then the approval round; the audit
chain comes last. So two services never wait for each other. Must run inside a transaction; on
SQLite the transaction itself holds the write lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import gettext as _
from django_fsm import can_proceed

from apps.common.errors import Conflict, Refused
from apps.common.models import Versioned
from apps.projects.models import Project, Stage


def lock_project(project: Project | int, version: int | None = None) -> Project:
    pk = project if isinstance(project, int) else project.pk
    locked: Project = (
        Project.objects.select_for_update(of=("self",))
        .select_related("owner", "sponsor", "team", "methodology")
        .get(pk=pk)
    )
    compare(locked, version)
    return locked


def lock_stage(stage: Stage | int, version: int | None = None) -> Stage:
    """The stage, with its project locked as well (`stage.project`)."""
    pk = stage if isinstance(stage, int) else stage.pk
    project = lock_project(Stage.objects.values_list("project", flat=True).get(pk=pk))
    locked = Stage.objects.select_for_update(of=("self",)).select_related("template").get(pk=pk)
    locked.project = project
    compare(locked, version)
    return locked


def compare(record: Versioned, version: int | None) -> None:
    """A page opened before the last change is told so."""
    if version is not None and record.version != version:
        raise Conflict(_("Someone else changed this first. Nothing was changed."))


def move(record: Any, transition: Callable[[], Any], *, fields: Iterable[str] = ()) -> None:
    """Make one transition of the state machine and store it over the version just read."""
    if not can_proceed(transition):
        raise Refused(
            _("This cannot be done now: it is “%(state)s”.") % {"state": record.get_state_display()}
        )
    transition()
    record.save_over(record.version, fields=["state", *fields])
