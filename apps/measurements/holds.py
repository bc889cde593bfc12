"""What is signed and rests on imported data: while it stands, the import is not reversed.

Apps of a higher level tell what they hold by a finder, registered in their `AppConfig.ready`;
this app knows no project and no gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from apps.accounts.models import User
from apps.measurements.models import Import


@dataclass(frozen=True)
class Hold:
    """One signed thing, named as in “the signed decision on P-014, Measure”."""

    what: str
    url: str


Finder = Callable[[list[Import], User], Iterable[Hold]]
_finders: list[Finder] = []


def register(finder: Finder) -> None:
    if finder not in _finders:
        _finders.append(finder)


def holds_on(imports: list[Import], person: User) -> list[Hold]:
    """Everything signed that depends on one of these committed imports, as the person may see it."""
    return [hold for finder in _finders for hold in finder(imports, person)]
