"""Bring every chart up to date in this process, without broker or worker."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from apps.charts.recompute import recompute
from apps.charts.sweep import sweep


class Command(BaseCommand):
    help = "Recompute every control chart that is out of date, without a worker."

    def handle(self, *args: Any, **options: Any) -> None:
        written = 0

        def each(chart_id: int) -> None:
            nonlocal written
            try:
                written += recompute(chart_id)
            except DatabaseError as error:
                self.stderr.write(f"Chart {chart_id}: {error}")

        found = sweep(each)
        self.stdout.write(f"{found} charts were out of date, {written} were recomputed.")
