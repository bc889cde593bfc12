"""`manage.py sweep`: do by hand what worker and scheduler do every few seconds.

Takes up waiting imports, then recomputes every chart that is out of date, in this process:
no broker and no worker is needed.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from apps.charts.recompute import recompute
from apps.charts.sweep import sweep as sweep_charts
from apps.measurements.sweep import sweep as sweep_imports


class Command(BaseCommand):
    help = "Take up waiting imports and recompute every chart that is out of date, here and now."

    def handle(self, *args: Any, **options: Any) -> None:
        imports = sweep_imports()
        written = 0

        def each(chart_id: int) -> None:
            nonlocal written
            try:
                written += recompute(chart_id)
            except DatabaseError as error:
                self.stderr.write(f"Chart {chart_id}: {error}")

        found = sweep_charts(each)
        self.stdout.write(
            f"{imports} imports were taken up; {found} charts were out of date, "
            f"{written} were recomputed."
        )
