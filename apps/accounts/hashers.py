"""How passwords of the example organisation are stored."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class ExampleHasher(PBKDF2PasswordHasher):
    """Few rounds: the password stands on the sign-in page, and the first start makes dozens.

    Outside demo mode Django's own hasher reads what this one wrote and strengthens it at the
    next sign-in, because both are the same algorithm.
    """

    iterations = 20_000
