"""What the reader is asked, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

# How a column is used, by all characteristics that the file fills …
TIME, SUBGROUP, SKIP = "time", "subgroup", "skip"
# … or by one of them; the time of each event, where the values are the times between them. A role of another characteristic than the first bears its key in front:
# "17:value". "variable.0" is the first of several variables, "factor.shift" the factor "shift".
VALUE, SIZE, VARIABLE_OF, FACTOR = "value", "size", "variable.", "factor."
EVENTS = "events"
# What a person may choose for a column before its characteristic is made; never read.
NEW = "new"
# The kinds of data and of subgroups that change what is read (as in `choices`).
VARIABLE, DEFECTIVES, DEFECTS = "variable", "defectives", "defects"
BETWEEN, SEVERAL = "between", "several"
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
    strata: int = 5_000
    memory_bytes: int = 1024 * 1024 * 1024
    seconds: int = 120


@dataclass(frozen=True)
class Target:
    """One characteristic that columns of the file may go to."""

    # Stands in front of its roles; empty for the characteristic the file was uploaded to.
    key: str = ""
    name: str = ""
    code: str = ""
    data_type: str = VARIABLE
    subgrouping: str = INDIVIDUALS
    subgroup_size: int | None = None
    unit: str = ""
    variables: list[str] = field(default_factory=list)
    factors: list[str] = field(default_factory=list)
    # The newest event stored (microseconds since 1970): from it the first interval is counted.
    last_event: int | None = None

    @property
    def counts(self) -> bool:
        """Values are counts: of defective units, or of defects."""
        return self.data_type in {DEFECTIVES, DEFECTS}

    @property
    def value_roles(self) -> list[str]:
        """The roles of the columns that make one observation."""
        if self.data_type == SEVERAL:
            return [self.role(f"{VARIABLE_OF}{place}") for place in range(len(self.variables))]
        return [self.role(VALUE)]

    def role(self, role: str) -> str:
        return f"{self.key}:{role}" if self.key else role


@dataclass(frozen=True)
class Job:
    """One file to read; `reading` and `mapping` hold what a person has chosen."""

    path: str
    name: str
    out: str
    target: Target = field(default_factory=Target)
    # Other characteristics that columns may go to.
    others: list[Target] = field(default_factory=list)
    time_zone: str = "UTC"
    # When it is read, in microseconds since 1970; later times lie ahead. 0: not asked for.
    now: int = 0
    reading: dict[str, Any] = field(default_factory=dict)
    mapping: dict[str, Any] = field(default_factory=dict)
    # Ways of reading that people have kept, each with the header by which it is recognised.
    profiles: list[dict[str, Any]] = field(default_factory=list)
    profile: str = ""
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Job:
        parts = {
            "limits": Limits(**data.get("limits", {})),
            "target": Target(**data.get("target", {})),
            "others": [Target(**other) for other in data.get("others", [])],
        }
        return cls(**{**data, **parts})

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
    def targets(self) -> list[Target]:
        return [self.target, *self.others]

    @property
    def chosen_roles(self) -> dict[int, str]:
        """The role of each column by its index, as a person or a profile has chosen."""
        return {int(index): role for index, role in self.mapping.get("columns", {}).items()}


def target_of(role: str, targets: list[Target]) -> Target | None:
    """The characteristic whose own role this is; None for what all of them share."""
    key, _mark, own = role.rpartition(":") if not role.startswith(FACTOR) else ("", "", role)
    if own not in {VALUE, SIZE, EVENTS} and not own.startswith(VARIABLE_OF):
        return None
    return next((target for target in targets if target.key == key), None)
