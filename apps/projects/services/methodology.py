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
    longer offered. Projects keep the version they started with. A definition that was written
    before is left alone, also where an administrator has made a newer version of their own.
    """
    return [_add_version(definition) for definition in definitions if not _is_written(definition)]


def _is_written(definition: MethodologyDefinition) -> bool:
    return Methodology.objects.filter(key=definition.key, digest=definition.digest).exists()


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
