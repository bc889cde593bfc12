"""The example accounts that the sign-in page offers in demo mode.

The example organisation gives its people addresses of `DOMAIN` (a name reserved for examples) and this
one password. Outside demo mode nothing here is shown, and `start` creates no example account.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise

from apps.accounts.choices import Role
from apps.accounts.models import RoleAssignment

DOMAIN = "example.org"
PASSWORD = "improve-example-2026"  # noqa: S105  shown on the sign-in page of the example


@dataclass(frozen=True)
class Example:
    role: str | Promise
    name: str
    email: str
    password: str = PASSWORD


def example_accounts() -> list[Example]:
    """One account for each role, in the order of the roles; none outside demo mode."""
    if not settings.DEMO:
        return []
    known = (
        RoleAssignment.objects.filter(user__is_active=True, user__email__endswith=f"@{DOMAIN}")
        .select_related("user")
        .order_by("pk")
    )
    first: dict[str, Example] = {}
    for assignment in known:
        role = Role(assignment.role)
        first.setdefault(role, Example(role.label, assignment.user.name, assignment.user.email))
    return [first[role] for role in Role if role in first]
