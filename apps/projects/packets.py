"""What a gate decides on, put together when it is asked: the content of the packet."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from apps.charts.models import ControlChart
from apps.charts.selectors import packet_of
from apps.projects.conditions import Verdict, freeze_verdicts
from apps.projects.models import Attachment, Cycle, Deliverable, Project, Stage, Target


def packet_content(stage: Stage, *, verdicts: Sequence[Verdict], note: str) -> dict[str, Any]:
    """Everything the approvers are shown, in plain values; `approvals` freezes and hashes it."""
    project = stage.project
    target = Target.objects.select_related("chart__characteristic").get(project=project)
    return {
        "project": _project(project),
        "stage": {
            "key": stage.template.key,
            "name": stage.template.name,
            "cycle": stage.cycle,
            "asks": stage.template.asks,
        },
        "deliverables": [_deliverable(one) for one in deliverables_of(stage)],
        "conditions": freeze_verdicts(stage, verdicts),
        "target": _target(target),
        "chart": None if target.chart is None else _chart(target.chart),
        "secondary_targets": _secondary(project),
        "cycles": _cycles(project),
        "actions": _actions(project),
        "note": note,
    }


def deliverables_of(stage: Stage) -> list[Deliverable]:
    return list(
        stage.deliverables.select_related("template", "edited_by")
        .prefetch_related("attachments__uploaded_by")
        .order_by("template__order")
    )


def _project(project: Project) -> dict[str, Any]:
    return {
        "code": project.code,
        "title": project.title,
        "problem": project.problem,
        "methodology": project.methodology.key,
        "methodology_version": project.methodology.version,
        "owner": project.owner.name,
        "sponsor": project.sponsor.name if project.sponsor else "",
        "team": project.team.name,
    }


def _deliverable(deliverable: Deliverable) -> dict[str, Any]:
    return {
        "id": deliverable.pk,
        "key": deliverable.template.key,
        "name": deliverable.template.name,
        "required": deliverable.template.required,
        "state": str(deliverable.state),
        "version": deliverable.version,
        "edited_by": deliverable.edited_by.name if deliverable.edited_by else "",
        "body": deliverable.body,
        "body_sha256": hashlib.sha256(deliverable.body.encode()).hexdigest(),
        "attachments": [_attachment(one) for one in deliverable.attachments.all()],
    }


def _attachment(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": attachment.pk,
        "file": attachment.file_name,
        "bytes": attachment.size_bytes,
        "sha256": attachment.sha256,
        "uploaded_by": attachment.uploaded_by.name,
    }


def _target(target: Target) -> dict[str, Any]:
    return {
        "chart": target.chart_id,
        "name": str(target.chart or ""),
        "from": target.from_value,
        "to": target.to_value,
        "due": target.due,
    }


def _chart(chart: ControlChart) -> dict[str, Any]:
    return {"id": chart.pk, "name": str(chart), **packet_of(chart)}


def _secondary(project: Project) -> list[dict[str, Any]]:
    targets = project.secondary_targets.select_related("chart__characteristic", "chart__result")
    return [
        {"from": target.from_value, "to": target.to_value, "chart": _chart(target.chart)}
        for target in targets
    ]


def _cycles(project: Project) -> list[dict[str, Any]]:
    return [
        {
            "number": cycle.number,
            "tried": cycle.tried,
            "predicted": cycle.predicted,
            "result": cycle.result,
            "decision": str(cycle.decision),
            "lesson": cycle.lesson,
        }
        for cycle in Cycle.objects.filter(project=project).order_by("number")
    ]


def _actions(project: Project) -> list[dict[str, Any]]:
    return [
        {
            "title": action.title,
            "person": action.owner.name,
            "due": action.due,
            "state": str(action.state),
        }
        for action in project.actions.select_related("owner").order_by("pk")
    ]
