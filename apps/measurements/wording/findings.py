"""What is wrong with a row, and what to do about it; file-level refusals in the same manner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = tuple[str | Promise, str | Promise]

EXPORT_AGAIN = _("Correct the cell and upload again, or leave the row out")

ROWS: dict[str, Words] = {
    # Numbers
    "empty": (_("No value"), _("Fill it in, or leave the row out")),
    "not_number": (_("Not a number"), EXPORT_AGAIN),
    "not_finite": (_("Not a finite number"), EXPORT_AGAIN),
    "too_large": (_("Too large to be a number"), EXPORT_AGAIN),
    "underscore": (_("Underscores do not belong in a number"), EXPORT_AGAIN),
    "not_ascii": (_("Written with other digits than 0 to 9"), EXPORT_AGAIN),
    "other_mark": (
        _("Written with another decimal mark or thousands separator than the rest"),
        _("Choose how numbers are written, above"),
    ),
    "percent_sign": (
        _("A percentage among plain numbers"), _("Choose how numbers are written, above"),
    ),
    "percent_missing": (
        _("A plain number among percentages"), _("Choose how numbers are written, above"),
    ),
    "not_clock": (
        _("Not minutes and seconds as 03:52"), _("Choose how numbers are written, above"),
    ),
    "negative_clock": (_("A duration cannot be negative"), EXPORT_AGAIN),
    "spreadsheet_error": (
        _("A spreadsheet error instead of a value"), _("Mend the formula and export again"),
    ),
    "formula": (
        _("A formula instead of its result"), _("Save the values of the formulas and upload again"),
    ),
    "boolean": (_("Yes or no instead of a number"), EXPORT_AGAIN),
    # Counts and sizes
    "count_negative": (_("A count cannot be negative"), EXPORT_AGAIN),
    "count_not_whole": (_("A count must be a whole number"), EXPORT_AGAIN),
    "count_exceeds_size": (
        _("More defective units than the sample of %(size)s holds"), EXPORT_AGAIN,
    ),
    "size_empty": (_("No sample size"), _("Fill it in, or give one size for all rows")),
    "size_missing": (_("No sample size"), _("Choose its column, or give one size for all rows")),
    "size_not_positive": (_("A sample size or area must be above 0"), EXPORT_AGAIN),
    "size_not_whole": (_("A sample size must be a whole number"), EXPORT_AGAIN),
    # Times
    "time_empty": (_("No time of observation"), _("Fill in the time, or leave the row out")),
    "time_unread": (
        _("Not a date or time as the rest"), _("Choose how dates are written, above"),
    ),
    "time_impossible": (_("A date or time that does not exist"), EXPORT_AGAIN),
    "time_far": (_("A year before 1900 or after 2200"), EXPORT_AGAIN),
    "time_gap": (
        _("The clock was set forward over this time"), _("Give the time with its UTC offset"),
    ),
    "time_fold": (
        _("The clock showed this time twice; the first is meant"),
        _("Give the time with its UTC offset if the second is meant"),
    ),
    "time_repeated": (
        _("Same subgroup and time as an earlier row"),
        _("Choose before importing whether both count"),
    ),
    "time_ahead": (
        _("This time lies ahead"), _("Will be imported; check the year, the month and the day"),
    ),
    "first_event": (
        _("The first event: the time since the one before it is not known"),
        _("Gives no value; begin the file with the newest event that is stored"),
    ),
    "between_negative": (_("Time or units between events cannot be negative"), EXPORT_AGAIN),
    "factor_long": (_("A factor value of more than %(most)s characters"), _("Shorten it")),
    # Subgroups and the row itself
    "label_empty": (_("No subgroup"), _("Fill it in, or leave the row out")),
    "label_long": (_("A subgroup of more than %(most)s characters"), _("Shorten it")),
    "row_short": (
        _("Number of cells: %(count)s; the header has %(width)s"),
        _("Add what is missing; quote text that holds the delimiter"),
    ),
    "row_long": (
        _("Number of cells: %(count)s; the header has %(width)s"),
        _("Quote text that holds the delimiter, or choose another delimiter"),
    ),
    "cell_long": (_("A cell of more than %(most)s characters"), _("Shorten it")),
    "far": (_("Ten times the usual value"), _("Will be imported; check the decimal mark")),
}  # fmt: skip

FILES: dict[str, Words] = {
    "empty": (
        _("The file is empty."), _("Export it again and check that it holds a header and rows."),
    ),
    "header_only": (
        _("The file holds a header in row %(row)s and no row of data below it."),
        _("Export it again with its rows, or choose another header row."),
    ),
    "binary": (
        _("Row 1, column 1: this is not a table but a picture, a program or another kind of file."),
        _("Upload CSV, TSV, TXT, XLSX, XLS, ODS or Parquet."),
    ),
    "not_a_workbook": (
        _("The name ends in %(suffix)s, but the file is not a workbook."),
        _("Open it in a spreadsheet program, save it as XLSX or CSV and upload that."),
    ),
    "workbook_damaged": (
        _("The workbook is damaged or of an unknown kind."),
        _("Open it in a spreadsheet program, save it as XLSX and upload that."),
    ),
    "archive_damaged": (
        _("The file is cut off or damaged."), _("Download or export it again, then upload it."),
    ),
    "archive_locked": (
        _("The workbook is protected by a password or packed in an unknown way."),
        _("Save it without a password and upload that."),
    ),
    "archive_members": (
        _("The workbook consists of %(count)s parts; %(most)s are allowed."),
        _("Copy the sheet into a new workbook and upload that."),
    ),
    "archive_large": (
        _("The workbook unpacks to more than %(most_mb)s MB."),
        _("Copy only the columns you need into a new workbook, or upload CSV."),
    ),
    "archive_ratio": (
        _("A part of the workbook grows more than %(most)s times when it is unpacked."),
        _("Copy the sheet into a new workbook and upload that."),
    ),
    "parquet_damaged": (
        _("The Parquet file is cut off or damaged."), _("Write it again, then upload it."),
    ),
    "parquet_locked": (
        _("The Parquet file is encrypted."), _("Write it without encryption and upload that."),
    ),
    "parquet_large": (
        _("The Parquet file unpacks to more than %(most_mb)s MB."),
        _("Write only the columns you need, or split the file."),
    ),
    "parquet_groups": (
        _("The Parquet file consists of %(count)s row groups; %(most)s are allowed."),
        _("Write it again with larger row groups."),
    ),
    "no_sheet": (
        _("The workbook holds no visible sheet."), _("Show the sheet with the data and save."),
    ),
    "sheet_missing": (
        _("There is no sheet “%(sheet)s”."), _("Choose one of the sheets of the workbook."),
    ),
    "encoding_unknown": (
        _("The encoding %(encoding)s is not supported."), _("Save the file as UTF-8."),
    ),
    "undecodable": (
        _("Row %(row)s holds bytes that are no text in this encoding."),
        _("Choose another encoding, or save the file as UTF-8."),
    ),
    "nul": (
        _("Row %(row)s, column %(column)s holds a NUL character, which no text has."),
        _("Export the file again as UTF-8 text."),
    ),
    "line_long": (
        _("Row %(row)s, column 1: the line goes on for more than %(most)s characters."),
        _("Check that every row ends with a line break and export again."),
    ),
    "quote_open": (
        _("Near row %(row)s a cell goes on for more than 100,000 characters."),
        _("A quotation mark is probably not closed. Close it and upload again."),
    ),
    "not_a_table": (
        _("Row %(row)s cannot be cut into cells."), _("Export the file again as CSV."),
    ),
    "delimiter_unknown": (
        _("The delimiter “%(delimiter)s” is not supported."),
        _("Use comma, semicolon, tab or vertical bar."),
    ),
    "columns": (
        _("Row %(row)s has %(count)s columns; %(most)s are allowed."),
        _("Keep only the columns you need and upload again."),
    ),
    "rows": (
        _("The file has more than %(most)s rows."), _("Split it into several files."),
    ),
    "memory": (
        _("The file needs more than %(most_mb)s MB of memory to be read."),
        _("Keep only the columns you need, or upload CSV."),
    ),
    "time": (
        _("Reading took longer than %(most)s seconds."),
        _("Keep only the columns you need, or split the file."),
    ),
    "strata_many": (
        _("These are more than %(most)s combinations of factor values; nothing was saved."),
        _("Leave out the column that is no group such as a shift or a machine, and upload again."),
    ),
    "replace_many": (
        _("More than %(most)s stored values would be replaced; nothing was saved."),
        _("Split the file, or reverse the import those values came with."),
    ),
    "stored_changed": (
        _("What is stored changed while the rows were written; nothing was saved."),
        _("Upload the file again and look at the rows that are stored already."),
    ),
    "attempts": (
        _("The file could not be read in %(count)s attempts; nothing was saved."),
        _("Upload it again. If it happens again, tell the administrator the number of the import."),
    ),
}  # fmt: skip


def row_words(code: str, params: Mapping[str, Any]) -> tuple[str, str]:
    """What is wrong, and what to do, in the reader's language."""
    what, remedy = ROWS[code]
    return str(what) % _readable(params), str(remedy)


def file_words(code: str, params: Mapping[str, Any]) -> tuple[str, str]:
    what, remedy = FILES[code]
    return str(what) % _readable(params), str(remedy)


def _readable(params: Mapping[str, Any]) -> dict[str, Any]:
    """Large numbers with a separator, bytes also as megabytes."""
    words: dict[str, Any] = {
        key: f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value
        for key, value in params.items()
    }
    most = params.get("most")
    if isinstance(most, int):
        words["most_mb"] = most // (1024 * 1024)
    return words
