"""What a chart is used for: the projects that move or watch its figure.

Apps of a higher level tell what they use by a finder, registered in their `AppConfig.ready`; this
app knows no project.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from apps.accounts.models import User
from apps.charts.models import ControlChart


@dataclass(frozen=True)
class Use:
    """One use, named as in “P-014, main target”."""

    name: str
    how: str
    url: str


Finder = Callable[[ControlChart, User], Iterable[Use]]
_finders: list[Finder] = []


def register(finder: Finder) -> None:
    if finder not in _finders:
        _finders.append(finder)


def uses_of(chart: ControlChart, person: User) -> list[Use]:
    """Everything that uses the chart, as far as the person may see it."""
    return [use for finder in _finders for use in finder(chart, person)]
