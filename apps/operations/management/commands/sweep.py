"""`manage.py sweep`: do by hand what worker and scheduler do every few seconds.

Takes up waiting imports, then recomputes every chart that is out of date, in this process:
no broker and no worker is needed.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.charts.sweep import sweep as sweep_charts
from apps.measurements.sweep import sweep as sweep_imports


class Command(BaseCommand):
    help = "Take up waiting imports and recompute every chart that is out of date, here and now."

    def handle(self, *args: Any, **options: Any) -> None:
        imports = sweep_imports()
        charts = sweep_charts()
        self.stdout.write(f"Imports taken up: {imports}. Charts recomputed: {charts}.")
