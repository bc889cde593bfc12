"""`manage.py verify_audit`: exit 0 when the trail is whole, 1 when it is not."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.audit.models import Entry
from apps.audit.verification import verify


class Command(BaseCommand):
    # It reads only: no secret is needed to prove the trail.
    requires_system_checks: list[str] = []
    help = "Recompute the hash chain of the audit trail and say whether it is whole."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--head", help="the head hash printed on an earlier report")

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = verify()
        if not verdict.intact:
            self.stderr.write(f"Broken at entry {verdict.broken_at}: {verdict.finding}.")
            sys.exit(1)
        if options["head"] and not Entry.objects.filter(hash=options["head"]).exists():
            self.stderr.write("The trail is whole, but does not contain the head you gave.")
            sys.exit(1)
        self.stdout.write(f"Whole: {verdict.entries} entries, head {verdict.head}")
