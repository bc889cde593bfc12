"""Signs of life of the parts that nobody sees."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """When a part of the process tree (worker, beat) last showed that it lives."""

    part = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.part} {self.at:%H:%M:%S}"
