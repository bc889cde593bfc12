"""The words of the field in the three languages, read once from `glossary.csv`."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SOURCE = Path(__file__).with_name("glossary.csv")

# In the order of the page: the house first, then what is measured, then the rest of the field.
CATEGORIES: dict[str, Promise] = {
    "core": _("Improvement work"),
    "dmaic": _("DMAIC"),
    "pdca": _("PDCA"),
    "spc": _("Control charts and capability"),
    "records": _("Records and permissions"),
    "benefit": _("Benefit and cost of quality"),
    "risk": _("Risk"),
    "lean": _("Lean"),
    "monitor": _("Monitoring"),
    "standard": _("Service standards"),
    "assess": _("Assessment"),
    "survey": _("Surveys"),
    "model": _("Models of service quality"),
    "feedback": _("Feedback"),
    "ui": _("Words of the pages"),
}


@dataclass(frozen=True)
class Term:
    key: str
    category: str
    en: str
    zh_hant: str
    zh_hans: str

    def contains(self, words: str) -> bool:
        return any(words in text.casefold() for text in (self.en, self.zh_hant, self.zh_hans))


@cache
def all_terms() -> tuple[Term, ...]:
    """Every term, by category in the order of the page and alphabetically within it."""
    with SOURCE.open(encoding="utf-8", newline="") as file:
        rows = [
            Term(row["key"], row["category"], row["en"], row["zh_hant"], row["zh_hans"])
            for row in csv.DictReader(file)
        ]
    order = list(CATEGORIES)
    return tuple(sorted(rows, key=lambda term: (order.index(term.category), term.en.casefold())))


def search_terms(words: str) -> list[Term]:
    """The terms that contain `words` in any of the languages."""
    wanted = words.casefold()
    return [term for term in all_terms() if term.contains(wanted)]


def by_category(terms: Iterable[Term]) -> list[tuple[Promise, list[Term]]]:
    grouped = groupby(terms, key=lambda term: term.category)
    return [(CATEGORIES[category], list(group)) for category, group in grouped]
