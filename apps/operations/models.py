"""What the parts tell each other through the database: signs of life, shared settings."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    """When a part of the process tree (worker, beat) last showed that it lives."""

    part = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.part} {self.at:%H:%M:%S}"


class SharedSetting(models.Model):
    """A setting that every part must have alike, as the one who prepared the database has it.

    A worker on another machine is given the addresses of database and broker and finds the rest
    here. No secret is ever shared this way.
    """

    name = models.CharField(max_length=60, primary_key=True)
    value = models.CharField(max_length=300)

    def __str__(self) -> str:
        return self.name


class Backup(models.Model):
    """A backup that was made, or from which this database was restored."""

    class Kind(models.TextChoices):
        MADE = "made", _("made")
        RESTORED = "restored", _("restored")

    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    name = models.CharField(max_length=200)
    # Of the archive's manifest, which holds the digests of all its parts.
    sha256 = models.CharField(max_length=64)
    bytes = models.PositiveBigIntegerField()
    rows = models.PositiveBigIntegerField()
    seconds = models.FloatField()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("backup")
        verbose_name_plural = _("backups")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["made", "restored"]), name="backup_kind_known"
            )
        ]

    def __str__(self) -> str:
        return self.name
