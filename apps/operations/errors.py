"""Why the server does not start; each is a sentence with the remedy."""

from __future__ import annotations


class CannotStart(Exception):
    """`manage.py start` ends with exit code 2 and this sentence."""
