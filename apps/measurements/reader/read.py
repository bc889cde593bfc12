"""Reading one file from end to end: layout, guesses, rows, report."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from itertools import chain
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
from apps.measurements.reader.jobs import (
    BY_COLUMN,
    DEFECTIVES,
    SEVERAL,
    SIZE,
    FileRefused,
    Job,
    Target,
    target_of,
)
from apps.measurements.reader.numbers import SECONDS_IN, NumberRule
from apps.measurements.reader.parquet import PARQUET_MAGIC, ParquetTable
from apps.measurements.reader.rows import NO_TIME, Block, Collected, Places, RowReader
from apps.measurements.reader.tables import LOOK, Rows, Table
from apps.measurements.reader.times import ORDERS, TimeRule
from apps.measurements.reader.workbooks import WorkbookTable

Progress = Callable[[int, int], None]
FIRST_ROWS = 20
BY_TIME, BY_FILE = "time", "file"


def read_file(job: Job, progress: Progress) -> dict[str, Any]:
    """Read the file; the report. Rows that are ready go to `out` + `.npz`, one for each target."""
    started = time.monotonic()
    path = Path(job.path)
    if path.stat().st_size == 0:
        raise FileRefused("empty")
    table = open_table(job, path)
    blocks = table.blocks()
    head = _head(blocks)
    job, columns, rules, header = _look(job, table, head)
    filled = _filled_targets(job, columns)
    with Report(Path(job.out + ".refused")) as report:
        times = TimeRule(order=rules.date_order, zone_name=_zone(job))
        readers = [
            RowReader(job, target, places, rules.number_of(target), times, report)
            for target, places in filled
        ]
        problem = _problem(job, columns, filled)
        if problem is None:
            _read_rows(readers, blocks, head, header, table.expected_rows, progress)
        parts, notes = [], []
        for reader in readers:
            part, noted = _finish(job, reader, report)
            parts.append(part)
            notes += noted
    if problem is None and any(reader.too_many_strata for reader in readers):
        problem = "strata_many"
    first = parts[0]
    return {
        "reading": _reading(job, table, rules, header, list(dict.fromkeys(notes))),
        "columns": [column.as_json() for column in columns],
        "problem": problem,
        "profile": job.profile,
        "guesses": _all_guesses(table, rules, columns, notes, job),
        "parts": parts,
        "rows": {
            **first["rows"],
            "ready": max(part["rows"]["ready"] for part in parts),
            "warned": report.rows(WARNING),
            "refused": report.rows(REFUSED),
            "values": sum(part["rows"]["values"] for part in parts),
            "doubles": sum(part["rows"]["doubles"] for part in parts),
        },
        "first": first["first"],
        "covers": first["covers"],
        "seconds": round(time.monotonic() - started, 2),
        **report.as_json(),
    }


def _filled_targets(job: Job, columns: list[Column]) -> list[tuple[Target, Places]]:
    """The characteristics that columns go to: the first always, the others if any does."""
    roles, names = [column.role for column in columns], [column.name for column in columns]
    found = [(job.target, Places.of(roles, names, _constant_size(job, job.target), job.target))]
    for other in job.others:
        size = _constant_size(job, other)
        if other.data_type != DEFECTIVES or other.role(SIZE) in roles or size is not None:
            places = Places.of(roles, names, size, other)
            if places.readable:
                found.append((other, places))
    return found


def open_table(job: Job, path: Path) -> Table:
    """Text or workbook, by the first bytes and not by the name."""
    with path.open("rb") as stream:
        magic = stream.read(8)
    if magic.startswith(ZIP_MAGIC) or magic == OLE_MAGIC:
        return WorkbookTable(path, job.limits, sheet=job.reading.get("sheet", ""))
    if magic.startswith(b"PK\x05\x06"):
        raise FileRefused("archive_damaged")
    if magic.startswith(PARQUET_MAGIC):
        return ParquetTable(path, job.limits)
    suffix = Path(job.name).suffix.lower()
    if suffix in {".xlsx", ".xlsm", ".xls", ".ods"}:
        raise FileRefused("not_a_workbook", suffix=suffix)
    if suffix == ".parquet":
        raise FileRefused("parquet_damaged")
    return DelimitedTable(
        path,
        job.limits,
        encoding=job.reading.get("encoding", ""),
        delimiter=job.reading.get("delimiter", ""),
    )


def _head(blocks: Iterator[Rows]) -> Rows:
    found = next(blocks, None)
    if found is None or not any(as_text(cell).strip() for row in found[1] for cell in row):
        raise FileRefused("empty")
    first, rows = found
    return first, rows


def _look(job: Job, table: Table, head: Rows) -> tuple[Job, list[Column], Rules, int]:
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


def _problem(job: Job, columns: list[Column], filled: list[tuple[Target, Places]]) -> str | None:
    """What has to be chosen before any row can be read."""
    target, places = filled[0]
    if not places.readable:
        return "no_variable_columns" if target.data_type == SEVERAL else "no_value_column"
    chosen = {
        other.key
        for column in columns
        if (other := target_of(column.role, job.targets)) is not None
    }
    if chosen - {target.key for target, _places in filled}:
        return "other_incomplete"
    if target.data_type == DEFECTIVES and places.size is None and places.constant_size is None:
        return "no_size_column"
    if any(one.from_times and its.unit not in SECONDS_IN for its, one in filled):
        return "no_unit_of_time"
    by_column = any(target.subgrouping == BY_COLUMN for target, _places in filled)
    if by_column and places.subgroup is None and len(places.values) == 1:
        return "no_subgroup_column"
    return None


def _constant_size(job: Job, target: Target) -> float | None:
    mapping = job.mapping
    size = mapping.get("sizes", {}).get(target.key) if target.key else mapping.get("size")
    return None if size is None else float(size)


def _zone(job: Job) -> str:
    return str(job.reading.get("time_zone") or job.time_zone)


def _read_rows(
    readers: list[RowReader],
    blocks: Iterator[Rows],
    head: Rows,
    header: int,
    expected: int,
    progress: Progress,
) -> None:
    first, rows = head
    start = max(header - first + 1, 0)
    for number, lines in chain([(first + start, rows[start:])], blocks):
        block = Block(number, lines, readers[0].places.width, readers[0].cell_limit)
        for reader in readers:
            reader.take(block)
        done = number + len(lines) - 1
        progress(done, max(expected, done))


def _finish(job: Job, reader: RowReader, report: Report) -> tuple[dict[str, Any], list[str]]:
    """Keep what was read for one characteristic, in the order in which it will be saved."""
    places, target, found = reader.places, reader.target, reader.found
    arrays = _arrays(found)
    if places.values:
        name = places.name(places.values[0])
        marks.warn_of_far_values(arrays["values"], arrays["rows"], name, target, report)
    arrays["doubles"] = marks.doubles(arrays, target)
    notes, ahead = [], None
    if places.time is not None and len(arrays["times"]):
        name = places.name(places.time)
        zone = ZoneInfo(_zone(job))
        marks.warn_of_doubles(arrays, name, report, zone)
        ahead = marks.warn_of_times_ahead(arrays, name, report, zone, job.now)
        if not marks.in_order(arrays["times"]):
            if places.from_times or job.reading.get("order", BY_TIME) == BY_TIME:
                place = np.argsort(arrays["times"], kind="stable")
                arrays = {key: column[place] for key, column in arrays.items()}
                notes.append("sorted")
            else:
                notes.append("unsorted")
        if places.from_times:
            arrays = _count_between(arrays, target, name, report)
    prefix = f"{job.out}.{target.key}" if target.key else job.out
    labels, factors = list(found.labels), [name for _column, name in places.factors]
    np.savez(prefix + ".npz", allow_pickle=False, **_telling(arrays))
    Path(prefix + ".labels").write_text("\n".join(labels), encoding="utf-8")
    strata = [_named(factors, values) for values in found.combinations]
    Path(prefix + ".strata").write_text(json.dumps(strata), encoding="utf-8")
    return {
        "target": target.key,
        "columns": [places.name(column) for column in places.values],
        "factors": factors,
        "rows": {
            "total": found.ready + found.refused,
            "ready": found.ready,
            "refused": found.refused,
            "blank": found.blank,
            "values": len(arrays["values"]),
            "doubles": int(np.count_nonzero(arrays["doubles"] & marks.EARLIER)),
        },
        "first": _first_rows(arrays, labels, strata),
        "covers": _covers(arrays["times"]),
        "ahead": ahead,
    }, notes


def _telling(arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The columns that say anything: what is empty all through is not stored (`load_rows`)."""
    found = {name: arrays[name] for name in ("values", "times")}
    if not np.isnan(arrays["sizes"]).all():
        found["sizes"] = arrays["sizes"]
    if arrays["others"].shape[1]:
        found["others"] = arrays["others"]
    return found | {
        name: arrays[name] for name in ("codes", "strata", "doubles") if arrays[name].any()
    }


def _named(factors: list[str], values: tuple[str, ...]) -> dict[str, str]:
    """A combination with the names of its factors; what is missing is left out."""
    return {name: value for name, value in zip(factors, values, strict=True) if value}


def _count_between(
    arrays: dict[str, NDArray[Any]], target: Target, column: str, report: Report
) -> dict[str, NDArray[Any]]:
    """The times between events that follow each other, from the newest stored one on.

    A file that goes back behind the newest stored event starts anew with its own first one: of
    that event, the time since the one before is not known, and it gives no value.
    """
    times = arrays["times"]
    last = target.last_event
    follows = last is not None and int(times[0]) >= last
    before = np.concatenate([[last if follows else times[0]], times[:-1]])
    arrays["values"] = (times - before) / (SECONDS_IN[target.unit] * 1e6)
    if follows:
        return arrays
    report.warn(int(arrays["rows"][0]), column, "", "first_event")
    return {key: found[1:] for key, found in arrays.items()}


def _arrays(found: Collected) -> dict[str, NDArray[Any]]:
    def joined(blocks: list[NDArray[Any]], kind: type) -> NDArray[Any]:
        return np.concatenate(blocks) if blocks else np.empty(0, dtype=kind)

    values = joined(found.values, np.float64)
    no_others = np.empty((len(values), 0), dtype=np.float64)
    return {
        "values": values,
        "others": np.concatenate(found.others) if found.others else no_others,
        "sizes": joined(found.sizes, np.float64),
        "times": joined(found.times, np.int64),
        "rows": joined(found.rows, np.int32),
        "codes": joined(found.codes, np.int32),
        "strata": joined(found.strata, np.int32),
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
        {"code": f"column_{_kind_of(column.role)}", "params": {"column": column.name}}
        for column in columns
        if not column.sure
    ]
    if "sorted" in notes and "order" not in job.reading:
        found.append({"code": "sorted", "params": {}})
    return found


def _kind_of(role: str) -> str:
    """What has to be confirmed of a role, without its number or its characteristic."""
    return "other" if role[:1].isdigit() else role.split(".")[0]


def _first_rows(
    arrays: dict[str, NDArray[Any]], labels: list[str], strata: list[dict[str, str]]
) -> list[dict[str, Any]]:
    shown = {key: column[:FIRST_ROWS].tolist() for key, column in arrays.items()}
    return [
        {
            "row": row,
            "time": None if moment == NO_TIME else moment,
            "value": value,
            "others": others,
            "size": None if size != size else size,
            "subgroup": labels[code],
            "factors": strata[stratum],
        }
        for row, moment, value, others, size, code, stratum in zip(
            *(shown[key] for key in (
                "rows", "times", "values", "others", "sizes", "codes", "strata",
            )),
            strict=True,
        )
    ]  # fmt: skip


def _covers(times: NDArray[np.int64]) -> list[int] | None:
    known = times[times != NO_TIME]
    return [int(known.min()), int(known.max())] if len(known) else None
