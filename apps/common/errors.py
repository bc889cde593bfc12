"""The refusals of services. Each carries a sentence a person can act on."""

from __future__ import annotations


class Refused(Exception):
    """A rule says no; nothing was changed. `str(error)` is shown to the person as it stands."""


class Conflict(Refused):
    """Someone else changed the record first; nothing was changed."""
