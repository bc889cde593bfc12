"""What is wrong with a cell of the data sheet, and what to do: the words of the row report, with
remedies for someone who types rather than uploads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.measurements.wording.findings import ROWS, Words, row_words

CORRECT_IT = _("Correct the cell, or clear the row.")
WRITTEN_PLAINLY = _("Write plain digits with the decimal mark chosen above the sheet.")
WITH_OFFSET = _("Add the UTC offset, as in 2026-10-25 02:30 +01:00.")

REMEDIES = {
    "empty": _("Fill it in, or clear the row."),
    "percent_sign": _("Leave out the percent sign."),
    "spreadsheet_error": _("Mend the formula in the spreadsheet and paste its value."),
    "formula": _("Paste the result instead of the formula."),
    "not_number": WRITTEN_PLAINLY,
    "underscore": WRITTEN_PLAINLY,
    "not_ascii": WRITTEN_PLAINLY,
    "size_empty": _("Fill in how many were looked at."),
    "label_empty": _("Name the subgroup, or clear the row."),
    "label_long": _("Shorten it."),
    "time_unread": _("Write it as 2026-11-23 14:05, or 14:05 for today."),
    "time_gap": WITH_OFFSET,
    "time_fold": WITH_OFFSET,
}

# What only the sheet can find.
SHEET: dict[str, Words] = {
    "other_mark": (
        _("Not written with the decimal mark chosen above"),
        _("Choose the decimal mark above the sheet, and leave thousands unseparated."),
    ),
    "time_twice": (_("The clock showed this time twice"), WITH_OFFSET),
    "time_ahead": (_("This time lies ahead"), _("Correct the date, the year or the hour.")),
    "negative_between": (
        _("Time or units between events cannot be negative"), CORRECT_IT,
    ),
    "factor_long": (_("More than %(most)s characters"), _("Shorten it.")),
    "not_text": (_("A sign that cannot be printed"), _("Type it again.")),
}  # fmt: skip


def cell_words(code: str, params: Mapping[str, Any]) -> tuple[str, str]:
    """What is wrong, and what to do, in the reader's language."""
    if code in SHEET:
        what, remedy = SHEET[code]
        return str(what) % params, str(remedy)
    what_in_rows, _for_files = row_words(code, params) if code in ROWS else (code, "")
    return what_in_rows, str(REMEDIES.get(code, CORRECT_IT))


def cell_text(code: str) -> str:
    """The same as one text."""
    what, remedy = cell_words(code, {})
    return gettext("%(what)s. %(remedy)s") % {"what": what, "remedy": remedy}
