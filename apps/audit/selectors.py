"""Reading the trail."""

from __future__ import annotations

from django.db import models
from django.db.models import QuerySet

from apps.audit.models import Entry


def history_of(subject: models.Model) -> QuerySet[Entry]:
    """Everything that happened to a governed record and its parts, newest first."""
    return Entry.objects.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)


def people_who(subject: models.Model, *, verbs: set[str]) -> set[int]:
    """Who did any of `verbs` on the record: segregation of duties is judged from history."""
    people = (
        history_of(subject)
        .filter(verb__in=verbs)
        .order_by()
        .values_list("actor_id", flat=True)
        .distinct()
    )
    return {person for person in people if person is not None}
