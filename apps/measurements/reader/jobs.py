"""What the reader is asked, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

# How a column is used.
TIME, VALUE, SIZE, SUBGROUP, SKIP = "time", "value", "size", "subgroup", "skip"
ROLES = (TIME, VALUE, SIZE, SUBGROUP, SKIP)
# The kinds of data and of subgroups that change what is read (as in `choices`).
VARIABLE, DEFECTIVES, DEFECTS = "variable", "defectives", "defects"
BY_COLUMN, FIXED, INDIVIDUALS = "column", "fixed", "individuals"


class FileRefused(Exception):
    """The file as a whole cannot be read. `code` and `params` make the sentence."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True)
class Limits:
    """What a file may be, checked before and while it is read."""

    unpacked_bytes: int = 200 * 1024 * 1024
    ratio: int = 200
    members: int = 1_000
    rows: int = 1_100_000
    columns: int = 200
    cell: int = 1_000
    memory_bytes: int = 1024 * 1024 * 1024
    seconds: int = 120


@dataclass(frozen=True)
class Job:
    """One file to read; `reading` and `mapping` hold what a person has chosen."""

    path: str
    name: str
    out: str
    data_type: str = VARIABLE
    subgrouping: str = INDIVIDUALS
    subgroup_size: int | None = None
    characteristic: str = ""
    unit: str = ""
    time_zone: str = "UTC"
    reading: dict[str, Any] = field(default_factory=dict)
    mapping: dict[str, Any] = field(default_factory=dict)
    # Ways of reading that people have kept, each with the header by which it is recognised.
    profiles: list[dict[str, Any]] = field(default_factory=list)
    profile: str = ""
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Job:
        return cls(**{**data, "limits": Limits(**data.get("limits", {}))})

    def with_profile(self, header: list[str]) -> Job:
        """The job as a kept profile of the same header says, unless a person has chosen."""
        if self.reading or self.mapping:
            return self
        for kept in self.profiles:
            if kept["header"] == header:
                return replace(
                    self, profile=kept["name"], reading=kept["reading"], mapping=kept["mapping"]
                )
        return self

    @property
    def counts(self) -> bool:
        """Values are counts: of defective units, or of defects."""
        return self.data_type != VARIABLE
