"""Abstract models that every governed record shares."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Conflict


class Timestamped(models.Model):
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        abstract = True


class Versioned(models.Model):
    """A record that two people may change at once: the second is told, not overwritten.

    Forms carry the version they were opened with; a service saves with `save_over(version)`.
    """

    version = models.PositiveIntegerField(default=1, editable=False)

    conflict_message: ClassVar[Any] = _("Someone else changed this first. Nothing was changed.")

    class Meta:
        abstract = True

    def save_over(self, version: int, *, fields: list[str]) -> None:
        """Write `fields` if the stored version is still `version`; else raise `Conflict`."""
        values = {name: getattr(self, name) for name in fields}
        if any(field.name == "updated_at" for field in self._meta.concrete_fields):
            values["updated_at"] = Now()
        changed = (
            type(self)
            ._base_manager.filter(pk=self.pk, version=version)
            .update(version=version + 1, **values)
        )
        if changed != 1:
            raise Conflict(str(self.conflict_message))
        self.version = version + 1
