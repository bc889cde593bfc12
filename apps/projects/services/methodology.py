"""Writing the methodologies of `methodologies.py` to the tables."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max

from apps.projects.methodologies import METHODOLOGIES, MethodologyDefinition, StageDefinition
from apps.projects.models import (
    ConditionTemplate,
    DeliverableTemplate,
    Methodology,
    SeatTemplate,
    StageTemplate,
)


@transaction.atomic
def sync_methodologies(
    definitions: Sequence[MethodologyDefinition] = METHODOLOGIES,
) -> list[Methodology]:
    """Bring the tables up to date; return the versions that were added. Safe to run again.

    A version is never changed: a changed definition is a new version, and the old one is no
    longer offered. Projects keep the version they started with.
    """
    return [_add_version(definition) for definition in definitions if not _newest_is(definition)]


def _newest_is(definition: MethodologyDefinition) -> bool:
    newest = Methodology.objects.filter(key=definition.key).order_by("-version").first()
    return newest is not None and newest.digest == definition.digest


def _add_version(definition: MethodologyDefinition) -> Methodology:
    earlier = Methodology.objects.filter(key=definition.key)
    last = earlier.aggregate(last=Max("version"))["last"] or 0
    earlier.update(in_use=False)
    methodology = Methodology.objects.create(
        key=definition.key,
        version=last + 1,
        name=definition.name,
        purpose=definition.purpose,
        shape=definition.shape,
        digest=definition.digest,
    )
    for order, stage in enumerate(definition.stages, start=1):
        _add_stage(methodology, order, stage)
    return methodology


def _add_stage(methodology: Methodology, order: int, definition: StageDefinition) -> None:
    stage = StageTemplate.objects.create(
        methodology=methodology,
        order=order,
        key=definition.key,
        name=definition.name,
        asks=definition.asks,
        has_gate=definition.has_gate,
        days=definition.days,
    )
    DeliverableTemplate.objects.bulk_create(
        DeliverableTemplate(
            stage=stage, order=number, key=one.key, name=one.name, guidance=one.guidance,
            required=one.required,
        )
        for number, one in enumerate(definition.deliverables, start=1)
    )  # fmt: skip
    ConditionTemplate.objects.bulk_create(
        ConditionTemplate(
            stage=stage, order=number, key=one.key, kind=one.kind, params=one.params,
            blocking=one.blocking,
        )
        for number, one in enumerate(definition.conditions, start=1)
    )  # fmt: skip
    SeatTemplate.objects.bulk_create(
        SeatTemplate(
            stage=stage, layer=one.layer, rule=one.rule, capacity=one.capacity,
            mandatory=one.mandatory, quorum=one.quorum,
        )
        for one in definition.seats
    )  # fmt: skip
