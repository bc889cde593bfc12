"""Why the server does not start; each is a sentence with the remedy."""

from __future__ import annotations


class CannotStart(Exception):
    """`manage.py start` ends with exit code 2 and this sentence."""


class ArchiveDamaged(Exception):
    """A backup that is not what was written: exit code 1 and this sentence."""


class RestoreRefused(Exception):
    """Nothing was touched, and this sentence says why and what to do: exit code 2."""
