"""The report of an import as the page shows it: words instead of codes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from apps.measurements.choices import ImportState
from apps.measurements.models import Characteristic, Import
from apps.measurements.wording import findings as finding_words
from apps.measurements.wording import guesses as guess_words

SAMPLES = 28
FIRST_ROWS = 20
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Line:
    """One line of the row report."""

    rows: str
    refused: bool
    column: str
    value: str
    what: str
    remedy: str


@dataclass(frozen=True)
class Read:
    """One column, and why it was taken for what it is."""

    name: str
    samples: str
    why: str
    sure: bool


@dataclass(frozen=True)
class Part:
    """What was read for one characteristic."""

    name: str
    unit: str
    decimals: int
    columns: list[str]
    variables: list[str]
    factors: list[str]
    first: list[dict[str, Any]]
    rows: dict[str, int]
    grouping: str
    known: int = 0
    differing: int = 0

    @property
    def with_time(self) -> bool:
        return any(row["time"] for row in self.first)

    @property
    def with_size(self) -> bool:
        return any(row["size"] is not None for row in self.first)

    @property
    def with_subgroup(self) -> bool:
        return any(row["subgroup"] for row in self.first)


@dataclass(frozen=True)
class Report:
    lines: list[Line] = field(default_factory=list)
    show: str = "all"
    refused: int = 0
    warned: int = 0
    more: int = 0
    columns: list[Read] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    first_time: dt.datetime | None = None
    last_time: dt.datetime | None = None
    guesses: list[str] = field(default_factory=list)
    problem: str = ""
    failure: tuple[str, str] | None = None
    layout: list[str] = field(default_factory=list)
    ready_clean: int = 0
    blank: int = 0
    values: int = 0
    doubles: int = 0
    # How many rows are dated ahead, and the first of them.
    ahead: dict[str, int] | None = None
    seconds: float | None = None
    has_refused_file: bool = False

    @property
    def total(self) -> int:
        return self.refused + self.warned


def report_of(import_: Import, *, show: str) -> Report:
    stored = import_.report
    failure = stored.get("unfit") or stored.get("refused")
    words = finding_words.file_words(failure["code"], failure["params"]) if failure else None
    if "columns" not in stored:
        return Report(failure=words)
    rows, covers = stored["rows"], stored["covers"]
    shown = [line for line in stored["findings"] if show in {"all", line["result"]}]
    more = stored["more"]
    return Report(
        lines=[_line(line, state=import_.state) for line in shown],
        show=show,
        refused=rows["refused"],
        warned=rows["warned"],
        more=sum(more.values()) if show == "all" else more[show],
        columns=[_column(column) for column in stored["columns"]],
        parts=_parts(import_),
        first_time=_moment(covers[0]) if covers else None,
        last_time=_moment(covers[1]) if covers else None,
        guesses=[guess_words.guess_words(g["code"], g["params"]) for g in stored["guesses"]],
        problem=str(guess_words.PROBLEMS[stored["problem"]]) if stored["problem"] else "",
        failure=words,
        layout=_layout(stored["reading"]),
        ready_clean=max(rows["ready"] - rows["warned"], 0),
        blank=rows["blank"],
        values=rows["values"],
        doubles=rows.get("doubles", 0),
        ahead=_ahead(stored),
        seconds=stored["seconds"],
        has_refused_file=bool(rows["refused"] and stored.get("rows_file")),
    )


def _parts(import_: Import) -> list[Part]:
    parts = import_.report.get("parts", [])
    keys = [int(part["target"]) for part in parts if part["target"]]
    others = Characteristic.objects.in_bulk(keys) if keys else {}
    found = []
    for part in parts:
        own = others[int(part["target"])] if part["target"] else import_.characteristic
        found.append(
            Part(
                name=own.name,
                unit=own.unit,
                decimals=own.value_decimals,
                columns=part["columns"],
                variables=own.variables[1:],
                factors=part["factors"],
                first=[_shown(row, part["factors"]) for row in part["first"][:FIRST_ROWS]],
                rows=part["rows"],
                grouping=own.subgrouping,
                known=part.get("known", 0),
                differing=part.get("differing", 0),
            )
        )
    return found


def _ahead(stored: dict[str, Any]) -> dict[str, int] | None:
    """Characteristics of one file share its times; a refused value may leave one of them fewer."""
    found = [part["ahead"] for part in stored.get("parts", []) if part.get("ahead")]
    return max(found, key=lambda ahead: int(ahead["count"]), default=None)


def _shown(row: dict[str, Any], factors: list[str]) -> dict[str, Any]:
    """One of the first rows with its time as a moment, and a cell for each factor."""
    cells = [row["factors"].get(name, "") for name in factors]
    return row | {"time": _moment(row["time"]), "factors": cells}


def _line(line: dict[str, Any], *, state: str) -> Line:
    what, remedy = finding_words.row_words(line["code"], line["params"])
    refused = line["result"] == "refused"
    if not refused and state != ImportState.PREVIEW:
        # What importing will do is past.
        remedy = (
            _("Look at the stored value; correct it if it is wrong")
            if state == ImportState.IMPORTED
            else ""
        )
    first, last = line["rows"]
    rows = f"{first:,}" if first == last else _("%(first)s to %(last)s") % {
        "first": f"{first:,}", "last": f"{last:,}"
    }  # fmt: skip
    return Line(
        rows=rows,
        refused=refused,
        column=line["column"],
        value=line["value"] or _("(empty)"),
        what=what,
        remedy=remedy,
    )


def _column(column: dict[str, Any]) -> Read:
    return Read(
        name=column["name"],
        samples=_samples(column["samples"]) or _("(empty)"),
        why=guess_words.reason_words(column["why"]["code"], column["why"]["params"]),
        sure=column["sure"],
    )


def _samples(texts: list[str]) -> str:
    """As many of the texts as fit a table cell, at least one."""
    shown: list[str] = []
    for text in texts:
        if shown and len(" · ".join([*shown, text])) > SAMPLES:
            break
        shown.append(text)
    return " · ".join(shown)


def _layout(reading: dict[str, Any]) -> list[str]:
    if reading["kind"] == "parquet":
        return [_("Parquet")]
    if reading["kind"] == "workbook":
        return [_("sheet “%(sheet)s”") % {"sheet": reading["sheet"]}]
    return [
        str(guess_words.DELIMITERS[reading["delimiter"]]),
        str(guess_words.ENCODINGS[reading["encoding"]]),
    ]


def _moment(microseconds: int | None) -> dt.datetime | None:
    if microseconds is None:
        return None
    return EPOCH + dt.timedelta(microseconds=microseconds)
