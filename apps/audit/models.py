"""The audit trail: append-only entries, each sealed with the hash of the one before."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

CHAIN = "main"


class ChainHead(models.Model):
    """The newest link of a chain; its row is the lock under which the next one is written."""

    name = models.CharField(max_length=20, primary_key=True)
    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")


class Entry(models.Model):
    """Who did what to which record, when and why.

    People and records are named by number and by text, not by foreign key: an entry must stay
    readable and verifiable whatever happens to them later.
    """

    sequence = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField(_("time"), db_index=True)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(_("person"), max_length=200, blank=True)
    verb = models.CharField(max_length=60, db_index=True)
    target_type = models.CharField(max_length=60)
    target_id = models.BigIntegerField()
    target_label = models.CharField(max_length=300)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    details = models.JSONField(default=dict)
    reason = models.TextField(_("reason"), blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["-sequence"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-sequence"]),
            models.Index(fields=["target_type", "target_id", "-sequence"]),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.verb}"
