"""Analyse a CSV file from the shell: control chart, signals, capability; needs no database."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.charts.analysis import AUTO, Analysis, Request, analyze
from apps.charts.drawing import render_analysis
from apps.charts.report_text import as_text
from apps.charts.table_reading import Table, TableError, read_table
from apps.stats import StatsError
from apps.stats.model import Options
from apps.stats.registry import CHART_TYPES

BAD_INPUT = 2
# Labels of a picture show one part in so many of the spread, in no more than these places.
FINEST_SHARE = 100
MOST_DECIMALS = 10
SETTINGS = {option.name: str(option.type) for option in fields(Options)}


class Command(BaseCommand):
    help = "Analyse a CSV file: control chart, signals, capability and sigma level."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="CSV file with a header line, or - for standard input")
        parser.add_argument("--chart", required=True, choices=[AUTO, *CHART_TYPES])
        parser.add_argument("--value", action="append", default=[], metavar="COL")
        groups = parser.add_mutually_exclusive_group()
        groups.add_argument("--subgroup", metavar="COL", help="for z-mr: the part of each value")
        groups.add_argument("--subgroup-size", type=int, metavar="N")
        parser.add_argument("--size", metavar="COL", help="sample size of each point (or a number)")
        parser.add_argument("--center", type=float)
        parser.add_argument("--sigma", type=float)
        parser.add_argument("--estimator", metavar="NAME")
        parser.add_argument(
            "--rules",
            metavar="SET[:N,N]",
            help="nelson, western-electric, montgomery, aiag, anhoej, nhs, none, or nelson:1,2,5",
        )
        parser.add_argument(
            "--baseline", metavar="A:B", help="points A up to B (from 0) set limits"
        )
        parser.add_argument("--phase", metavar="COL", help="limits anew where this column changes")
        parser.add_argument("--lsl", type=float)
        parser.add_argument("--usl", type=float)
        parser.add_argument("--target", type=float)
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a setting of the chart, such as weight=0.1 for ewma",
        )
        parser.add_argument("--title", default="", help="title of the picture")
        output = parser.add_mutually_exclusive_group()
        output.add_argument("--json", action="store_true")
        output.add_argument("--png", metavar="OUT")
        output.add_argument("--svg", metavar="OUT")

    def handle(self, *args: Any, **given: Any) -> None:
        try:
            analysis = analyze(_read(given["file"]), _request(given))
        except (TableError, StatsError) as refusal:
            raise CommandError(str(refusal), returncode=BAD_INPUT) from refusal
        self._write(analysis, given)

    def _write(self, analysis: Analysis, given: dict[str, Any]) -> None:
        for style in ("png", "svg"):
            if given[style]:
                _save(given[style], _picture(analysis, given, style))
                return
        if given["json"]:
            self.stdout.write(json.dumps(analysis.to_dict(), allow_nan=False))
        else:
            self.stdout.write(as_text(analysis))


def _picture(analysis: Analysis, given: dict[str, Any], style: str) -> bytes:
    return render_analysis(
        analysis.chart,
        title=given["title"] or analysis.name,
        format=style,
        decimals=_decimals(analysis),
        lsl=given["lsl"],
        target=given["target"],
        usl=given["usl"],
    )


def _decimals(analysis: Analysis) -> int:
    """As many places as show a tenth of the spread of the first panel."""
    panel = analysis.chart.panels[0]
    spread = float(np.nanmax(panel.points) - np.nanmin(panel.points)) / FINEST_SHARE
    return int(np.clip(-math.floor(math.log10(spread)), 0, MOST_DECIMALS)) if spread > 0 else 3


def _save(target: str, content: bytes) -> None:
    try:
        Path(target).write_bytes(content)
    except OSError as error:
        raise CommandError(
            f"{target} cannot be written: {error.strerror}.", returncode=BAD_INPUT
        ) from error


def _read(file: str) -> Table:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return read_table(content.decode("utf-8-sig").splitlines())
    except OSError as error:
        raise TableError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise TableError(f"{file} is not UTF-8 text; save it as UTF-8.") from error


def _request(given: dict[str, Any]) -> Request:
    return Request(
        chart=given["chart"],
        values=tuple(given["value"]),
        baseline=_baseline(given["baseline"]),
        choices=dict(_setting(text) for text in given["set"]),
        **{
            name: given[name]
            for name in (
                "subgroup",
                "subgroup_size",
                "size",
                "center",
                "sigma",
                "estimator",
                "rules",
                "phase",
                "lsl",
                "usl",
                "target",
            )
        },
    )


def _baseline(text: str | None) -> tuple[int | None, int | None] | None:
    if text is None:
        return None
    first, colon, stop = text.partition(":")
    try:
        if not colon:
            raise ValueError(text)
        return (int(first) if first else None, int(stop) if stop else None)
    except ValueError:
        raise TableError(f"--baseline takes A:B, two point numbers, not {text!r}.") from None


def _setting(text: str) -> tuple[str, Any]:
    """NAME=VALUE as the type that the setting has."""
    name, equals, value = text.partition("=")
    if not equals or name not in SETTINGS:
        raise TableError(f"--set takes NAME=VALUE with one of {', '.join(SETTINGS)}, not {text!r}.")
    try:
        match SETTINGS[name]:
            case "<class 'float'>" | "float":
                return name, float(value)
            case "<class 'int'>" | "int":
                return name, int(value)
            case "<class 'bool'>" | "bool":
                return name, {"true": True, "false": False}[value.lower()]
    except (ValueError, KeyError):
        raise TableError(f"{value!r} is not a value for {name}.") from None
    return name, value
