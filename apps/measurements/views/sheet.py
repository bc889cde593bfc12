"""The data sheet: typing values in, with or without scripts."""

from __future__ import annotations

import json
import secrets
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from apps.accounts.policies import Action, require
from apps.common.errors import Conflict, Refused
from apps.measurements import services
from apps.measurements.models import Characteristic
from apps.measurements.newest import newest_at, sampling_of
from apps.measurements.services import CellsRefused
from apps.measurements.services.sheets import Saved
from apps.measurements.sheets import MOST_ROWS, Column, Problem, columns_of
from apps.measurements.views.fetching import characteristic_for, chart_url, conflict, person

# Rows on the page without scripts; with them a row is added whenever the last is filled.
ROWS_SHOWN = 8
MOST_CHARACTERS = 400_000


class SheetForm(forms.Form):
    """What comes along with the rows."""

    token = forms.RegexField(r"^[0-9a-f]{32}$")
    decimal = forms.ChoiceField(choices=[(".", "."), (",", ",")])


@require_http_methods(["GET", "POST"])
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    characteristic = characteristic_for(request, pk)
    require(user, Action.IMPORT_DATA, characteristic)
    columns = columns_of(characteristic)
    if request.method != "POST":
        return _page(request, characteristic, columns)
    form = SheetForm(request.POST)
    if not form.is_valid():
        raise BadRequest("sheet")
    typed = typed_rows(request, columns)
    scripted = request.headers.get("Accept", "").startswith("application/json")
    try:
        saved = services.save_sheet(
            actor=user, characteristic=characteristic, typed=typed, **form.cleaned_data
        )
    except Conflict as error:
        if scripted:
            return JsonResponse({"message": str(error)}, status=409)
        return conflict(request, error, back=request.path, typed=_as_text(typed, columns))
    except Refused as error:
        problems = error.problems if isinstance(error, CellsRefused) else []
        if scripted:
            told = {"message": str(error), "problems": [as_told(one) for one in problems]}
            return JsonResponse(told, status=422)
        return _page(
            request, characteristic, columns, typed=typed, problems=problems, message=str(error)
        )
    if scripted:
        return JsonResponse(
            {"count": saved.count, "message": _told(saved), "token": secrets.token_hex(16)}
        )
    messages.success(request, _told(saved))
    return redirect("measurements:sheet", pk)


def _told(saved: Saved) -> str:
    if saved.again:
        return ngettext(
            "%(n)d value was saved already. Nothing was stored twice.",
            "%(n)d values were saved already. Nothing was stored twice.",
            saved.count,
        ) % {"n": saved.count}
    return ngettext("%(n)d value is saved.", "%(n)d values are saved.", saved.count) % {
        "n": saved.count
    }


def typed_rows(request: HttpRequest, columns: list[Column]) -> list[dict[str, str]]:
    """The rows as they were typed: as JSON from the script, else one list for each column."""
    keys = [column.key for column in columns]
    text = request.POST.get("rows")
    if text is None:
        cells = [request.POST.getlist(key) for key in keys]
        return [
            {
                key: cell[place] if place < len(cell) else ""
                for key, cell in zip(keys, cells, strict=True)
            }
            for place in range(max(map(len, cells), default=0))
        ]
    return rows_from_json(text, keys)


def rows_from_json(text: str, keys: list[str]) -> list[dict[str, str]]:
    """A list of rows, each a mapping of column to text; anything else is no sheet of ours."""
    if len(text) > MOST_CHARACTERS:
        raise BadRequest("rows")
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        raise BadRequest("rows") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadRequest("rows")
    return [{key: _text(row.get(key)) for key in keys} for row in rows]


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        raise BadRequest("rows")
    return cell


def as_told(problem: Problem) -> dict[str, Any]:
    return {
        "row": problem.row,
        "key": problem.key,
        "text": problem.text,
        "warning": problem.warning,
    }


def _as_text(typed: list[dict[str, str]], columns: list[Column]) -> str:
    """What was typed, to be copied from the page that says it was not saved."""
    lines = ["\t".join(row.get(column.key, "") for column in columns) for row in typed]
    return "\n".join(line for line in lines if line.strip())


# --- The page ---------------------------------------------------------------------------------


def _page(
    request: HttpRequest,
    characteristic: Characteristic,
    columns: list[Column],
    *,
    typed: list[dict[str, str]] | None = None,
    problems: list[Problem] | None = None,
    message: str = "",
) -> HttpResponse:
    decimal = request.POST.get("decimal") or get_format("DECIMAL_SEPARATOR")
    url = reverse("charts:provisional", args=[characteristic.pk])
    context = {
        "characteristic": characteristic,
        "columns": columns,
        "rows": _rows(columns, typed or [], problems or []),
        "problems": problems or [],
        "message": message,
        "token": secrets.token_hex(16),
        "decimal": decimal if decimal in {".", ","} else ".",
        "sampling": sampling_of(characteristic),
        "newest": newest_at(characteristic),
        "chart_url": chart_url(characteristic),
        "settings": {
            "judge": url,
            "zone": characteristic.zone.key,
            "most": MOST_ROWS,
            "draft": f"improve-sheet-{request.user.pk}-{characteristic.pk}",
            "columns": [
                {
                    "key": column.key,
                    "kind": column.kind,
                    "label": column.label,
                    "counted": column.counted,
                }
                for column in columns
            ],
            "words": _words(),
        },
    }
    return render(request, "measurements/sheet.html", context, status=422 if message else 200)


def _rows(
    columns: list[Column], typed: list[dict[str, str]], problems: list[Problem]
) -> list[dict[str, Any]]:
    found = {(problem.row, problem.key): problem for problem in problems}
    return [
        {
            "number": place + 1,
            "cells": [
                {
                    "column": column,
                    "id": f"cell-{place}-{column.key}",
                    "value": typed[place].get(column.key, "") if place < len(typed) else "",
                    "label": _("Row %(n)s, %(column)s") % {"n": place + 1, "column": column.label},
                    "problem": found.get((place, column.key)),
                }
                for column in columns
            ],
        }
        for place in range(max(ROWS_SHOWN, len(typed)))
    ]


def _words() -> dict[str, Any]:
    """What the script writes; {n} is filled in there."""
    return {
        "save": [
            _("Save"),
            _("Save {n} value"),
            _("Save {n} values"),
        ],
        "cell": _("Row %(n)s, %(column)s") % {"n": "{n}", "column": "{column}"},
        "saving": _("Saving."),
        "offline": _("No connection. What you typed is kept in this browser; save it again later."),
        "slow": _("No answer yet. Save again: nothing is stored twice."),
        "draft": _("{n} values of an earlier visit were not saved."),
        "put_back": _("Put them back"),
        "discard": _("Discard"),
        "restored": _("They are back in the sheet. Nothing is saved yet."),
        "pasted": _("{rows} rows and {columns} columns pasted. Ctrl+Z takes them back."),
        "too_many": _(
            "The block has {n} rows; the sheet takes {most}. Nothing was pasted: import them as a file."
        ),
        "too_wide": _("The block has {n} columns; {most} are left from here. Nothing was pasted."),
        "undone": _("Taken back."),
        "wrong": [
            _("All cells can be read."),
            _("{n} cell cannot be read."),
            _("{n} cells cannot be read."),
        ],
        "failed": _("The sheet could not be saved. What you typed is still here."),
    }
