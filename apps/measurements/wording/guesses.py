"""How a file was read, why a column was taken for what it is, and what has to be confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ENCODINGS: dict[str, str | Promise] = {
    "utf-8": _("UTF-8"),
    "utf-16": _("UTF-16"),
    "utf-16-le": _("UTF-16, little-endian"),
    "utf-16-be": _("UTF-16, big-endian"),
    "big5": _("Big5 (Traditional Chinese)"),
    "gb18030": _("GB18030 (Simplified Chinese)"),
    "latin-1": _("Latin-1 (Western European)"),
}
DELIMITERS: dict[str, str | Promise] = {
    ",": _("comma"),
    ";": _("semicolon"),
    "\t": _("tab"),
    "|": _("vertical bar"),
}
# The decimal mark and the thousands separator, as one choice.
MARKS: dict[tuple[str, str], str | Promise] = {
    (".", ""): _("1234.5"),
    (",", ""): _("1234,5"),
    (".", ","): _("1,234.5"),
    (",", "."): _("1.234,5"),
    (",", " "): _("1 234,5"),
    (".", " "): _("1 234.5"),
}
FORMATS: dict[str, str | Promise] = {
    "plain": _("plain numbers"),
    "percent": _("percentages: 12 % → 12"),
    "ratio": _("percentages: 12 % → 0.12"),
    "mm:ss": _("minutes and seconds: 03:52"),
    "hh:mm": _("hours and minutes: 03:52"),
}
DATE_ORDERS: dict[str, str | Promise] = {
    "ymd": _("year, month, day: 2026-11-20"),
    "dmy": _("day, month, year: 20.11.2026"),
    "mdy": _("month, day, year: 11/20/2026"),
}
ORDERS: dict[str, str | Promise] = {
    "time": _("in the order of time"),
    "file": _("in the order of the file"),
}
ROLES: dict[str, str | Promise] = {
    "time": _("Time of observation"),
    "value": _("Value"),
    "size": _("Sample size"),
    "subgroup": _("Subgroup"),
    "events": _("Time of each event: the time between is computed"),
    "skip": _("Leave out"),
}

REASONS: dict[str, str | Promise] = {
    "times": _("Date and time, %(count)s of %(total)s looked at"),
    "numbers": _("Numbers, %(count)s of %(total)s looked at"),
    "wide": _("One of %(count)s values in each row: every row is a subgroup"),
    "size_name": _("Its name says sample size or area"),
    "size_larger": _("Never smaller than the count beside it"),
    "distinct": _("%(count)s different values"),
    "same": _("The same value in every row looked at"),
    "mostly_empty": _("%(count)s of %(total)s empty"),
    "same_name": _("Bears the name “%(name)s”"),
    "other_name": _("Bears the name or code of “%(name)s”"),
    "in_order": _("As many columns of numbers as variables; this is taken for %(name)s"),
    "events": _("No column of values: the time from event to event"),
    "other_gone": _("Its characteristic is archived, or you may not import into it"),
    "chosen": _("Chosen by you"),
    "profile": _("As in the profile “%(name)s”"),
    "not_needed": _("Not needed for this characteristic"),
}

GUESSES: dict[str, str | Promise] = {
    "encoding": _("The text is read as %(encoding)s. Check that every character looks right."),
    "delimiter": _("Cells are separated by %(delimiter)s."),
    "marks": _("Numbers are written as %(marks)s."),
    "format": _("Values are %(format)s. So %(sample)s is saved as %(value)s."),
    "date_order": _("Dates are written as %(order)s."),
    "column_time": _("“%(column)s” is the time of observation."),
    "column_value": _("“%(column)s” holds the values."),
    "column_events": _("Values are the times between the events of “%(column)s”."),
    "column_variable": _("“%(column)s” is one of the variables measured together."),
    "column_skip": _("“%(column)s” is left out: its characteristic takes no data from you."),
    "column_other": _("“%(column)s” goes to another characteristic of that name."),
    "column_size": _("“%(column)s” is the sample size."),
    "column_subgroup": _("“%(column)s” is the subgroup."),
    "sorted": _("The rows are not in the order of time. They are saved in the order of time."),
}

PROBLEMS: dict[str, str | Promise] = {
    "no_value_column": _("No column holds values. Choose which one does, below."),
    "no_variable_columns": _(
        "Several variables are measured together. Choose the column of each of them, below."
    ),
    "no_unit_of_time": _(
        "Time between events is computed in the unit of the characteristic, and its unit is no"
        " unit of time. Choose a column of values, or give it a unit such as h or d."
    ),
    "other_incomplete": _(
        "For one of the characteristics only a part of the columns is chosen. Choose all its"
        " variables, or its defective units with their sample size: a column, or one size for all"
        " rows, which is asked for below."
    ),
    "strata_many": _(
        "The factor columns hold more combinations than can be told apart. Leave out the column"
        " that is no group such as a shift or a machine."
    ),
    "no_size_column": _(
        "Defective units need the size of their sample. Choose its column, or give one size for"
        " all rows."
    ),
    "no_subgroup_column": _("Subgroups go by a column of the data. Choose which one, below."),
}


def guess_words(code: str, params: Mapping[str, Any]) -> str:
    words: dict[str, Any] = dict(params)
    if code == "encoding":
        words["encoding"] = ENCODINGS[params["encoding"]]
    elif code == "delimiter":
        words["delimiter"] = DELIMITERS[params["delimiter"]]
    elif code == "marks":
        words["marks"] = MARKS[params["decimal"], params["thousands"]]
    elif code == "format":
        words["format"] = FORMATS[params["format"]]
    elif code == "date_order":
        words["order"] = DATE_ORDERS[params["order"]]
    return str(GUESSES[code]) % words


def reason_words(code: str, params: Mapping[str, Any]) -> str:
    if code == "distinct" and params["count"] == 1:
        code = "same"
    grouped = {
        name: f"{value:,}" if isinstance(value, int) else value for name, value in params.items()
    }
    return str(REASONS[code]) % grouped
