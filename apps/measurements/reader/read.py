"""Reading one file from end to end: layout, guesses, rows, report."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from apps.measurements.reader import guesses, marks
from apps.measurements.reader.archives import OLE_MAGIC, ZIP_MAGIC
from apps.measurements.reader.delimited import DelimitedTable
from apps.measurements.reader.findings import REFUSED, WARNING, Report, as_text, cut
from apps.measurements.reader.guesses import Column, Rules
from apps.measurements.reader.jobs import BY_COLUMN, DEFECTIVES, FileRefused, Job
from apps.measurements.reader.numbers import NumberRule
from apps.measurements.reader.rows import NO_TIME, Collected, Places, RowReader
from apps.measurements.reader.tables import LOOK, Block, Table
from apps.measurements.reader.times import ORDERS, TimeRule
from apps.measurements.reader.workbooks import WorkbookTable

Progress = Callable[[int, int], None]
FIRST_ROWS = 20
BY_TIME, BY_FILE = "time", "file"


def read_file(job: Job, progress: Progress) -> dict[str, Any]:
    """Read the file; the report. Rows that are ready go to `out` + `.npz`."""
    started = time.monotonic()
    path = Path(job.path)
    if path.stat().st_size == 0:
        raise FileRefused("empty")
    table = open_table(job, path)
    blocks = table.blocks()
    head = _head(blocks)
    job, columns, rules, header = _look(job, table, head)
    roles = [column.role for column in columns]
    places = Places.of(roles, [c.name for c in columns], _constant_size(job))
    problem = _problem(job, places)
    with Report(Path(job.out + ".refused")) as report:
        times = TimeRule(order=rules.date_order, zone_name=_zone(job))
        reader = RowReader(job, places, rules.number, times, report)
        total = 0
        if problem is None:
            total = _read_rows(reader, blocks, head, header, table.expected_rows, progress)
        arrays, notes = _finish(job, reader, places, report)
    labels = list(reader.found.labels)
    np.savez(job.out + ".npz", allow_pickle=False, **arrays)
    Path(job.out + ".labels").write_text("\n".join(labels), encoding="utf-8")
    return {
        "reading": _reading(job, table, rules, header, notes),
        "columns": [column.as_json() for column in columns],
        "problem": problem,
        "profile": job.profile,
        "guesses": _all_guesses(table, rules, columns, notes, job),
        "rows": {
            "total": total,
            "ready": reader.found.ready,
            "warned": report.rows(WARNING),
            "refused": report.rows(REFUSED),
            "blank": reader.found.blank,
            "values": len(arrays["values"]),
        },
        "first": _first_rows(arrays, labels),
        "covers": _covers(arrays["times"]),
        "seconds": round(time.monotonic() - started, 2),
        **report.as_json(),
    }


def open_table(job: Job, path: Path) -> Table:
    """Text or workbook, by the first bytes and not by the name."""
    with path.open("rb") as stream:
        magic = stream.read(8)
    if magic.startswith(ZIP_MAGIC) or magic == OLE_MAGIC:
        return WorkbookTable(path, job.limits, sheet=job.reading.get("sheet", ""))
    if magic.startswith(b"PK\x05\x06"):
        raise FileRefused("archive_damaged")
    suffix = Path(job.name).suffix.lower()
    if suffix in {".xlsx", ".xlsm", ".xls", ".ods"}:
        raise FileRefused("not_a_workbook", suffix=suffix)
    return DelimitedTable(
        path,
        job.limits,
        encoding=job.reading.get("encoding", ""),
        delimiter=job.reading.get("delimiter", ""),
    )


def _head(blocks: Any) -> Block:
    found = next(blocks, None)
    if found is None or not any(as_text(cell).strip() for row in found[1] for cell in row):
        raise FileRefused("empty")
    first, rows = found
    return first, rows


def _look(job: Job, table: Table, head: Block) -> tuple[Job, list[Column], Rules, int]:
    """The columns with their roles, the rules of writing, and the row of the header (0: none).

    The job comes back as a kept profile completes it.
    """
    first, rows = head
    header = job.reading.get("header")
    if header is None:
        header = _find_header(first, rows)
    body = [row for row in rows[max(header - first + 1, 0) :] if _filled(row)][:LOOK]
    if not body:
        raise FileRefused("header_only", row=header)
    names = _names(rows[header - first] if header else [], body)
    if header:
        job = job.with_profile(names)
    columns = [
        Column(index, name, [row[index] if index < len(row) else "" for row in body])
        for index, name in enumerate(names)
    ]
    rules = guesses.find_rules(columns, job, table.layout.delimiter)
    guesses.measure(columns, rules.number)
    guesses.find_roles(columns, job, rules.date_order)
    return job, columns, rules, header


def _filled(row: list[Any]) -> bool:
    return any(as_text(cell).strip() for cell in row)


def _find_header(first: int, rows: list[list[Any]]) -> int:
    """The first wide row, if it holds words and the rows below hold numbers or times."""
    look = rows[:60]
    widths = [sum(1 for cell in row if as_text(cell).strip()) for row in look]
    usual = max(set(widths), key=lambda width: (widths.count(width), width))
    for place, row in enumerate(look):
        if widths[place] >= max(usual * 0.6, 1) and not _is_remark(row):
            return 0 if _holds_figures(row) else first + place
    return first


def _is_remark(row: list[Any]) -> bool:
    """A line such as "# Source: line 3", not a column named "#"."""
    return as_text(row[0]).startswith("# ")


def _holds_figures(row: list[Any]) -> bool:
    rule = NumberRule()
    comma = NumberRule(decimal=",")
    return any(
        guesses.reads(rule, cell)
        or guesses.reads(comma, cell)
        or any(guesses.is_time(cell, order) for order in ORDERS)
        for cell in row
        if not isinstance(cell, bool)
    )


def _names(header: list[Any], body: list[list[Any]]) -> list[str]:
    width = len(header) or max(len(row) for row in body[:50])
    while header and width > 1 and not as_text(header[width - 1]).strip():
        width -= 1
    names = []
    for index in range(width):
        text = cut(as_text(header[index]).strip()) if index < len(header) else ""
        names.append(text or f"#{index + 1}")
    return names


def _problem(job: Job, places: Places) -> str | None:
    """What has to be chosen before any row can be read."""
    if not places.values:
        return "no_value_column"
    if job.data_type == DEFECTIVES and places.size is None and places.constant_size is None:
        return "no_size_column"
    if job.subgrouping == BY_COLUMN and places.subgroup is None and len(places.values) == 1:
        return "no_subgroup_column"
    return None


def _constant_size(job: Job) -> float | None:
    size = job.mapping.get("size")
    return None if size is None else float(size)


def _zone(job: Job) -> str:
    return str(job.reading.get("time_zone") or job.time_zone)


def _read_rows(
    reader: RowReader, blocks: Any, head: Block, header: int, expected: int, progress: Progress
) -> int:
    first, rows = head
    start = max(header - first + 1, 0)
    reader.take(first + start, rows[start:])
    done = first + len(rows) - 1
    progress(done, max(expected, done))
    for first, rows in blocks:
        reader.take(first, rows)
        done = first + len(rows) - 1
        progress(done, max(expected, done))
    return reader.found.ready + reader.report.rows(REFUSED)


def _finish(
    job: Job, reader: RowReader, places: Places, report: Report
) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """The observations as arrays, in the order in which they will be saved."""
    found = reader.found
    arrays = _arrays(found)
    notes = []
    if places.values:
        name = places.name(places.values[0])
        marks.warn_of_far_values(arrays["values"], arrays["rows"], name, job, report)
    if places.time is not None and len(arrays["times"]):
        name = places.name(places.time)
        marks.warn_of_repeated_times(
            arrays["times"], arrays["rows"], name, job, report, ZoneInfo(_zone(job))
        )
        if not marks.in_order(arrays["times"]):
            if job.reading.get("order", BY_TIME) == BY_TIME:
                place = np.argsort(arrays["times"], kind="stable")
                arrays = {key: column[place] for key, column in arrays.items()}
                notes.append("sorted")
            else:
                notes.append("unsorted")
    return arrays, notes


def _arrays(found: Collected) -> dict[str, NDArray[Any]]:
    def joined(blocks: list[NDArray[Any]], kind: type) -> NDArray[Any]:
        return np.concatenate(blocks) if blocks else np.empty(0, dtype=kind)

    return {
        "values": joined(found.values, np.float64),
        "sizes": joined(found.sizes, np.float64),
        "times": joined(found.times, np.int64),
        "rows": joined(found.rows, np.int32),
        "codes": joined(found.codes, np.int32),
    }


def _reading(job: Job, table: Table, rules: Rules, header: int, notes: list[str]) -> dict[str, Any]:
    layout = table.layout
    return {
        "kind": layout.kind,
        "encoding": layout.encoding,
        "delimiter": layout.delimiter,
        "sheet": layout.sheet,
        "sheets": layout.sheets,
        "header": header,
        "decimal": rules.number.decimal,
        "thousands": rules.number.thousands,
        "format": rules.number.format,
        "date_order": rules.date_order,
        "time_zone": _zone(job),
        "order": job.reading.get("order", BY_TIME),
        "notes": notes,
    }


def _all_guesses(
    table: Any, rules: Rules, columns: list[Column], notes: list[str], job: Job
) -> list[dict[str, Any]]:
    """What a person has to confirm before the rows are saved."""
    found = []
    if not table.encoding_sure and job.reading.get("encoding") != table.layout.encoding:
        found.append({"code": "encoding", "params": {"encoding": table.layout.encoding}})
    elif not table.layout.sure:
        found.append({"code": "delimiter", "params": {"delimiter": table.layout.delimiter}})
    found += rules.guesses
    found += [
        {"code": f"column_{column.role}", "params": {"column": column.name}}
        for column in columns
        if not column.sure
    ]
    if "sorted" in notes and "order" not in job.reading:
        found.append({"code": "sorted", "params": {}})
    return found


def _first_rows(arrays: dict[str, NDArray[Any]], labels: list[str]) -> list[dict[str, Any]]:
    shown = {key: column[:FIRST_ROWS].tolist() for key, column in arrays.items()}
    return [
        {
            "row": row,
            "time": None if moment == NO_TIME else moment,
            "value": value,
            "size": None if size != size else size,
            "subgroup": labels[code],
        }
        for row, moment, value, size, code in islice(
            zip(
                shown["rows"], shown["times"], shown["values"], shown["sizes"], shown["codes"],
                strict=True,
            ),
            FIRST_ROWS,
        )
    ]  # fmt: skip


def _covers(times: NDArray[np.int64]) -> list[int] | None:
    known = times[times != NO_TIME]
    return [int(known.min()), int(known.max())] if len(known) else None
