"""The time zones a person may choose from."""

from __future__ import annotations

import zoneinfo

CONTINENTS = (
    "Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/",
)  # fmt: skip


def places() -> list[str]:
    """Places by continent and UTC; abbreviations such as EST are left out, they mislead."""
    known = zoneinfo.available_timezones()
    return ["UTC", *sorted(zone for zone in known if zone.startswith(CONTINENTS))]


def spoken(zone: str) -> str:
    """A zone as a person writes it."""
    return zone.replace("_", " ")
