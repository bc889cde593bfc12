"""Files that leave: inert for every spreadsheet program that opens them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _

from apps.measurements import files
from apps.measurements.models import Import
from apps.measurements.reader.numbers import BadNumber, NumberRule
from apps.measurements.wording.findings import row_words

RISKY = ("=", "+", "-", "@", "\t", "\r")
NUMBERS = NumberRule()
BYTE_ORDER_MARK = "\ufeff"


def inert(cell: str) -> str:
    """A cell that no program takes for a formula; numbers stay numbers."""
    if not cell.startswith(RISKY):
        return cell
    try:
        NUMBERS.read(cell)
    except BadNumber:
        return f"'{cell}"
    return cell


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _as_csv(rows: Iterable[list[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK
    for row in rows:
        yield writer.writerow([inert(str(cell)) for cell in row])


def refused_rows(import_: Import) -> HttpResponseBase:
    whole = import_.part_of or import_
    prefix = whole.report.get("rows_file", "")
    if not prefix or not files.is_stored(f"{prefix}.refused"):
        raise Http404
    path = files.fetched(f"{prefix}.refused")
    names = [column["name"] for column in whole.report["columns"]]
    header = [_("Row"), _("Column"), _("What is wrong"), _("What to do"), *names]

    def rows() -> Iterator[list[Any]]:
        yield header
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                row, column, code, params, cells = json.loads(line)
                yield [row, column, *row_words(code, params), *cells]

    response = StreamingHttpResponse(_as_csv(rows()), content_type="text/csv; charset=utf-8")
    stem = get_valid_filename(import_.file_name.rsplit(".", 1)[0] or "import")
    response["Content-Disposition"] = f'attachment; filename="refused-{stem}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
