"""XLSX, XLSM, XLS and ODS workbooks, through calamine."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import python_calamine
from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from apps.measurements.reader.archives import ZIP_MAGIC, check_archive
from apps.measurements.reader.jobs import FileRefused, Limits
from apps.measurements.reader.tables import BLOCK, Layout, Rows, check_length, check_width


class WorkbookTable:
    def __init__(self, path: Path, limits: Limits, *, sheet: str = ""):
        self._limits = limits
        with path.open("rb") as stream:
            packed = stream.read(4) == ZIP_MAGIC
        if packed:
            check_archive(path, limits)
        workbook = _open(path)
        names = _sheet_names(workbook)
        if not names:
            raise FileRefused("no_sheet")
        if sheet and sheet not in names:
            raise FileRefused("sheet_missing", sheet=sheet)
        self._sheet, chosen = _pick_sheet(workbook, [sheet] if sheet else names)
        self._first = (self._sheet.start or (0, 0))[0] + 1
        _check_area(self._sheet, self._first, limits)
        self.layout = Layout(kind="workbook", sheet=chosen, sheets=names)
        self.encoding_sure = True
        self.expected_rows = self._sheet.height

    def blocks(self) -> Iterator[Rows]:
        first = self._first
        rows_left: Iterator[list[Any]] = self._sheet.iter_rows()
        while rows := list(islice(rows_left, BLOCK)):
            check_width(rows, first, self._limits)
            check_length(first, rows, self._limits)
            yield first, rows
            first += len(rows)


def _open(path: Path) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(str(path))
    except python_calamine.PasswordError as error:
        raise FileRefused("archive_locked") from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise FileRefused("workbook_damaged") from error


def _sheet_names(workbook: CalamineWorkbook) -> list[str]:
    return [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
    ]


def _pick_sheet(workbook: CalamineWorkbook, names: list[str]) -> tuple[CalamineSheet, str]:
    """The first of the sheets that holds anything."""
    first: tuple[CalamineSheet, str] | None = None
    for name in names[:20]:
        try:
            sheet = workbook.get_sheet_by_name(name)
        except (python_calamine.CalamineError, OSError, ValueError) as error:
            raise FileRefused("workbook_damaged") from error
        if sheet.height:
            return sheet, name
        first = first or (sheet, name)
    if first is None:
        raise FileRefused("no_sheet")
    return first


def _check_area(sheet: CalamineSheet, first: int, limits: Limits) -> None:
    if sheet.width > limits.columns:
        raise FileRefused("columns", row=first, count=sheet.width, most=limits.columns)
    if sheet.height > limits.rows + 2:
        raise FileRefused("rows", most=limits.rows)
