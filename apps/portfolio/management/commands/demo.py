"""`manage.py demo`: the example organisation, made once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.examples import PASSWORD
from apps.accounts.models import User
from apps.portfolio.demo.making import make_example
from apps.portfolio.demo.organisation import PEOPLE


class Command(BaseCommand):
    help = "Make the example organisation: people, teams, measurements, projects."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The example is only made in demo mode: set IMPROVE_DEMO=1.")
        if User.objects.exists():
            raise CommandError(
                "There are people already. The example is only made in an empty database: "
                "choose another data folder (IMPROVE_DATA)."
            )
        organisation = make_example(
            timezone.localdate(), lambda step: self.stdout.write(f"  example: {step}")
        )
        if options["verbosity"] == 0:  # `start` names the accounts itself
            return
        self.stdout.write(f"Example organisation made; every password is {PASSWORD}")
        for person in PEOPLE[:5]:
            user = organisation[person.key]
            self.stdout.write(f"  {person.role.label!s:<16} {user.email}")
