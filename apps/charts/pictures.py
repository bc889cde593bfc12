"""Control charts drawn by matplotlib: PNG and SVG from a description made of plain values.

Knows nothing of Django, so that it can run as a process of its own:
`python -m apps.charts.pictures png < description.json > chart.png`.
No pyplot: its state would leak from one drawing into the next.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
import unicodedata
import zoneinfo
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator

DPI = 150
WIDTH = 10.0
LONGEST_TITLE = 90
LONGEST_NAME = 40
LINE_POINTS = 11.0
# More panels or phases than these do not come from charts people make.
MOST_PANELS, MOST_PHASES, MOST_SIGNALS = 3, 60, 2_000
# Levels of a factor beside each other in the legend, and how high a line of them is, in inches.
LEGEND_COLUMNS, LEGEND_LINE, LONGEST_LEVEL = 4, 0.21, 26
# The signs of the levels, as on the page (static/js/chart-strata.js): marker, and whether filled.
TWO_BARS = Path([(-0.5, 0.2), (0.5, 0.2), (-0.5, -0.2), (0.5, -0.2)], [1, 2, 1, 2])
LEVEL_SIGNS: Sequence[tuple[Any, bool]] = (
    ("o", True), ("^", True), ("+", False), ("v", True),
    ("x", False), ("o", False), (TWO_BARS, False), ("^", False),
)  # fmt: skip
LEVEL_COLOURS = ("level-a", "level-b", "level-c", "level-d")

Description = Mapping[str, Any]


def draw(description: Description, format: str) -> bytes:
    """The picture as PNG or SVG bytes."""
    settings: Any = {
        "font.family": _families(description),
        "font.size": 9,
        "text.parse_math": False,
        "svg.fonttype": "path",
        "svg.hashsalt": "improve",
        "axes.unicode_minus": True,
        "path.simplify": True,
    }
    with mpl.rc_context(settings):
        figure = _Picture(description).figure
        buffer = io.BytesIO()
        if format == "svg":
            FigureCanvasSVG(figure)
            figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "Improve"})
        else:
            FigureCanvasAgg(figure)
            figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": "Improve"})
    return buffer.getvalue()


def clean(text: str, length: int = LONGEST_TITLE) -> str:
    """The text without control characters, on one line, cut to a width in half-width signs."""
    kept = "".join(
        " " if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} else sign
        for sign in text
    )
    kept = " ".join(kept.split())
    used = 0
    for place, sign in enumerate(kept):
        used += 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        if used > length:
            return f"{kept[: max(place - 1, 0)].rstrip()}…"
    return kept


_registered: dict[str, str] = {}


def _families(description: Description) -> list[str]:
    """A Latin face first, then the faces that hold Chinese, the reader's own first."""
    names = []
    for path in description.get("fonts", ()):
        if path not in _registered:
            font_manager.fontManager.addfont(path)
            _registered[path] = font_manager.FontProperties(fname=path).get_name()
        names.append(_registered[path])
    return ["DejaVu Sans", *names]


class _Picture:
    """One figure: a column of panels over one axis of time or order."""

    def __init__(self, description: Description) -> None:
        self.data = description
        self.colours: Mapping[str, str] = description["colours"]
        self.decimals = int(description.get("decimals", 2))
        self.panels: Sequence[Description] = description["panels"][:MOST_PANELS]
        self.excluded = set(description.get("excluded", ()))
        self.x, self.by_time = self._axis(description["x"])
        n = len(self.x)
        self.phases = description.get("phases", [])[:MOST_PHASES] or [
            {"name": "", "start": 0, "end": n - 1, "current": True, "limits": []}
        ]
        heights = [3.0, *[1.5] * (len(self.panels) - 1)]
        self.factor: Description | None = description.get("factor")
        below = self._legend_height()
        height = sum(heights) + 1.5 + below
        self.figure = Figure(figsize=(WIDTH, height), facecolor=self.colours["surface"])
        if not self.panels:
            self._write_title(height)
            return
        grid = self.figure.add_gridspec(
            len(self.panels), 1, height_ratios=heights, hspace=0.32,
            left=0.075, right=0.89, top=1 - 1.05 / height, bottom=(0.55 + below) / height,
        )  # fmt: skip
        self._write_title(height)
        self._write_levels(height, below)
        axes: list[Axes] = []
        for number, panel in enumerate(self.panels):
            share = axes[0] if axes else None
            axes.append(self.figure.add_subplot(grid[number], sharex=share))
            self._draw_panel(axes[-1], number, panel)
        self._finish_axis(axes)

    def _axis(self, x: Description) -> tuple[np.ndarray[Any, Any], bool]:
        values = np.asarray(x["values"], np.float64)
        if x["kind"] != "time":
            return values, False
        zone = zoneinfo.ZoneInfo(x.get("tz") or "UTC")
        self.zone: dt.tzinfo = zone
        moments = [dt.datetime.fromtimestamp(value, zone) for value in values]
        days = date2num(moments)  # type: ignore[no-untyped-call]
        return np.asarray(days, np.float64), True

    def _write_title(self, height: float) -> None:
        self.figure.text(
            0.03, 1 - 0.30 / height, clean(self.data.get("title", "")), fontsize=13,
            fontweight="bold", color=self.colours["text"], va="center", parse_math=False,
        )  # fmt: skip
        self.figure.text(
            0.03, 1 - 0.56 / height, clean(self.data.get("subtitle", ""), 130), fontsize=9,
            color=self.colours["muted"], va="center", parse_math=False,
        )  # fmt: skip
        self.figure.text(
            0.97, 0.16 / height, clean(self.data.get("footer", ""), 130), fontsize=7.5,
            color=self.colours["muted"], ha="right", va="center", parse_math=False,
        )  # fmt: skip

    # --- one panel ------------------------------------------------------------------------------

    def _draw_panel(self, axes: Axes, number: int, panel: Description) -> None:
        self._style(axes, panel)
        points = _floats(panel["points"])
        self.ends: list[tuple[float, str, str]] = []
        for phase in self.phases:
            self._draw_phase(axes, number, panel, points, phase)
        self._draw_customer_lines(axes, number)
        for signal in self.data.get("signals", [])[:MOST_SIGNALS]:
            if signal["panel"] == number:
                self._draw_signal(axes, points, signal)
        if self.factor is None:
            self._draw_excluded(axes, points)
        else:
            self._draw_levels(axes, points, self.factor)
        self._draw_notes(axes, number, points)
        axes.margins(x=0.01, y=0.12)
        self._write_ends(axes)

    def _draw_excluded(self, axes: Axes, points: np.ndarray[Any, Any]) -> None:
        hollow = [i for i in sorted(self.excluded) if i < len(points) and np.isfinite(points[i])]
        axes.plot(
            self.x[hollow], points[hollow], "o", ms=4, zorder=5,
            mfc=self.colours["surface"], mec=self.colours["chart-past"],
        )  # fmt: skip

    # --- points told apart by a factor ------------------------------------------------------------

    def _legend_height(self) -> float:
        if self.factor is None:
            return 0.0
        lines = -(-len(self.factor["legend"]) // LEGEND_COLUMNS)
        return (lines + 1) * LEGEND_LINE

    def _level_look(self, code: int) -> dict[str, Any]:
        """Shape and colour of a level: neither alone says which it is."""
        if not 0 <= code < len(LEVEL_SIGNS):
            muted = self.colours["muted"]
            return {"marker": "o", "ms": 2.6, "mfc": muted, "mec": muted}
        marker, filled = LEVEL_SIGNS[code]
        colour = self.colours[LEVEL_COLOURS[code % len(LEVEL_COLOURS)]]
        return {
            "marker": marker, "ms": 5.0, "mfc": colour if filled else "none", "mec": colour,
            "mew": 0.6 if filled else 1.3,
        }  # fmt: skip

    def _draw_levels(self, axes: Axes, points: np.ndarray[Any, Any], factor: Description) -> None:
        codes = np.asarray(factor["codes"][: len(points)], np.int64)
        for code, _name in factor["legend"]:
            found = np.flatnonzero((codes == code) & np.isfinite(points[: len(codes)]))
            axes.plot(self.x[found], points[found], ls="none", zorder=5, **self._level_look(code))

    def _write_levels(self, height: float, below: float) -> None:
        if self.factor is None:
            return
        ink: dict[str, Any] = {
            "fontsize": 8,
            "color": self.colours["text"],
            "va": "center",
            "parse_math": False,
        }
        first = (0.30 + below - LEGEND_LINE / 2) / height
        self.figure.text(0.03, first, clean(self.factor["name"], LONGEST_NAME), **ink)
        for place, (code, name) in enumerate(self.factor["legend"]):
            line, column = divmod(place, LEGEND_COLUMNS)
            x, y = 0.04 + column * 0.235, first - (line + 1) * LEGEND_LINE / height
            sign = Line2D(
                [x], [y], ls="none", transform=self.figure.transFigure, **self._level_look(code)
            )
            self.figure.add_artist(sign)
            self.figure.text(x + 0.012, y, clean(name, LONGEST_LEVEL), **ink)

    def _style(self, axes: Axes, panel: Description) -> None:
        axes.set_facecolor(self.colours["surface"])
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_color(self.colours["edge"])
        axes.tick_params(colors=self.colours["muted"], labelsize=8, length=3)
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.text(
            0, 1.0, clean(panel["title"]), transform=axes.transAxes, fontsize=9,
            color=self.colours["text"], va="bottom", ha="left", parse_math=False,
            position=(-0.045, 1.075),
        )  # fmt: skip

    def _draw_phase(
        self,
        axes: Axes,
        number: int,
        panel: Description,
        points: np.ndarray[Any, Any],
        phase: Description,
    ) -> None:
        part = slice(phase["start"], phase["end"] + 1)
        if not len(self.x[part]):
            return
        colour = self.colours["chart-point" if phase["current"] else "chart-past"]
        edges, lines = self._stepped(part, panel)
        axes.fill_between(
            edges, lines["lcl"], lines["ucl"], color=self.colours["chart-band"], lw=0, zorder=0
        )
        for name, width in (("ucl", 1.25), ("lcl", 1.25), ("center", 1.0)):
            axes.plot(edges, lines[name], color=self.colours["chart-limit"], lw=width, zorder=1)
        axes.plot(self.x[part], points[part], color=colour, lw=1.0, alpha=0.62, zorder=2)
        plain = [i for i in range(part.start, part.stop) if i not in self.excluded]
        size = 2.8 if len(points) <= 400 else 1.2
        if self.factor is None:
            axes.plot(self.x[plain], points[plain], "o", ms=size, color=colour, zorder=3)
        self._name_limits(axes, number, panel, phase, edges)
        if phase["start"] > 0:
            axes.axvline(edges[0], color=self.colours["muted"], lw=1.1, ls=":", zorder=1)
        if number == 0 and phase.get("name"):
            axes.annotate(
                clean(phase["name"], LONGEST_NAME), (edges[0], 1.0), xycoords=("data", "axes fraction"),
                xytext=(5, 3), textcoords="offset points", fontsize=8.5,
                color=self.colours["muted"], annotation_clip=True, parse_math=False,
            )  # fmt: skip

    def _stepped(
        self, part: slice, panel: Description
    ) -> tuple[np.ndarray[Any, Any], dict[str, np.ndarray[Any, Any]]]:
        """Lines that step half-way between points."""
        x = self.x[part]
        gap = float(np.median(np.diff(self.x))) if len(self.x) > 1 else 1.0
        middle = (x[1:] + x[:-1]) / 2
        left = np.concatenate(([x[0] - gap / 2], middle))
        right = np.concatenate((middle, [x[-1] + gap / 2]))
        edges = np.column_stack((left, right)).ravel()
        lines = {
            name: np.repeat(_floats(panel[name])[part], 2) for name in ("lcl", "center", "ucl")
        }
        return edges, lines

    def _name_limits(
        self,
        axes: Axes,
        number: int,
        panel: Description,
        phase: Description,
        edges: np.ndarray[Any, Any],
    ) -> None:
        """Limits in force are named at the right end, those of a past phase inside at the left."""
        texts: Description = next(
            (entry for entry in phase.get("limits", ()) if entry["panel"] == number), {}
        )
        for name in ("ucl", "center", "lcl"):
            place = phase["end" if phase["current"] else "start"]
            value = panel[name][place]
            if value is None or name not in texts:
                continue
            if phase["current"]:
                self.ends.append((value, texts[name], "chart-limit"))
            elif name != "center":
                axes.annotate(
                    texts[name], (edges[0], value), xytext=(4, 3 if name == "ucl" else -9),
                    textcoords="offset points", fontsize=8, color=self.colours["chart-limit"],
                    parse_math=False,
                )  # fmt: skip

    def _draw_customer_lines(self, axes: Axes, number: int) -> None:
        if number:
            return
        target, spec = self.data.get("target"), self.data.get("spec") or {}
        lines = [
            ("chart-spec", "LSL", spec.get("lsl"), (6.0, 3.0)),
            ("chart-spec", "USL", spec.get("usl"), (6.0, 3.0)),
        ]
        lines.append(("stable", "T", target, (1.5, 3.0)))
        for colour, name, value, dashes in lines:
            if value is None:
                continue
            axes.axhline(value, color=self.colours[colour], lw=1.3, dashes=dashes, zorder=1)
            self.ends.append((value, f"{name} {self._text(value)}", colour))

    def _write_ends(self, axes: Axes) -> None:
        """What is named at the right end, each a line below the one above it."""
        low, high = axes.get_ylim()
        points = axes.get_position().height * self.figure.get_figheight() * 72
        above = float("inf")
        for value, text, colour in sorted(self.ends, reverse=True):
            at = min((value - low) / (high - low) * points, above - LINE_POINTS)
            above = at
            axes.annotate(
                text, (1.0, at / points), xycoords="axes fraction", xytext=(6, 0),
                textcoords="offset points", va="center", fontsize=8.5,
                color=self.colours[colour], parse_math=False,
            )  # fmt: skip

    def _draw_signal(self, axes: Axes, points: np.ndarray[Any, Any], signal: Description) -> None:
        at, red = signal["point"], self.colours["signal"]
        if not np.isfinite(points[at]):
            return
        fill = self.colours["surface"] if at in self.excluded else red
        if self.factor is not None:
            # Around the sign of the level, which stays to be seen.
            part = slice(signal["first"], signal["last"] + 1)
            run = signal["kind"] == "run"
            if run:
                axes.plot(self.x[part], points[part], color=red, alpha=0.22, lw=5, zorder=1.5)
            axes.plot(
                self.x[at], points[at], "s" if run else "D", ms=9, mfc="none", mec=red, zorder=6
            )
        elif signal["kind"] == "run":
            part = slice(signal["first"], signal["last"] + 1)
            axes.plot(self.x[part], points[part], color=red, alpha=0.22, lw=5, zorder=1.5)
            axes.plot(
                self.x[part],
                points[part],
                "o",
                ms=4,
                mfc=self.colours["surface"],
                mec=red,
                zorder=4,
            )
            axes.plot(self.x[at], points[at], "s", ms=6, mfc=fill, mec=red, zorder=6)
        else:
            axes.plot(self.x[at], points[at], "D", ms=6, mfc=fill, mec=red, zorder=6)
        above = points[at] >= np.nanmedian(points)
        axes.annotate(
            clean(str(signal["number"]), 4), (self.x[at], points[at]),
            xytext=(0, 6 if above else -6), textcoords="offset points", ha="center",
            va="bottom" if above else "top", fontsize=8, fontweight="bold",
            color=self.colours["signal-text"], zorder=7, parse_math=False,
        )  # fmt: skip

    def _draw_notes(self, axes: Axes, number: int, points: np.ndarray[Any, Any]) -> None:
        if number:
            return
        for note in self.data.get("notes", [])[:100]:
            axes.axvline(self.x[note["point"]], color=self.colours["edge"], lw=0.8, zorder=0.5)
            axes.annotate(
                note["letter"], (self.x[note["point"]], 0.97), xycoords=("data", "axes fraction"),
                ha="center", va="top", fontsize=8, color=self.colours["text"], zorder=8,
                bbox={"boxstyle": "round,pad=0.25", "fc": self.colours["surface"],
                      "ec": self.colours["edge"], "lw": 0.8},
                parse_math=False,
            )  # fmt: skip

    # --- axes -----------------------------------------------------------------------------------

    def _text(self, value: float) -> str:
        return f"{value:,.{self.decimals}f}".replace("-", "−")

    def _finish_axis(self, axes: list[Axes]) -> None:
        for each in axes[:-1]:
            each.tick_params(labelbottom=False)
        last = axes[-1]
        if not self.by_time:
            last.xaxis.set_major_locator(MaxNLocator(9, integer=True))
            last.xaxis.set_major_formatter(FuncFormatter(lambda value, _at: f"{value:g}"))
            return
        span = float(self.x[-1] - self.x[0])
        locator = AutoDateLocator(tz=self.zone, minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
        last.xaxis.set_major_locator(locator)
        last.xaxis.set_major_formatter(FuncFormatter(lambda value, _at: self._date(value, span)))

    def _date(self, value: float, span: float) -> str:
        at = dt.datetime.fromtimestamp(value * 86_400, self.zone)
        if span < 2:
            return f"{at:%H:%M}"
        if str(self.data.get("language", "en")).startswith("zh"):
            return f"{at.year}年{at.month}月" if span > 300 else f"{at.month}月{at.day}日"
        return f"{at:%b %Y}" if span > 300 else f"{at.day} {at:%b}"


def _floats(values: Sequence[float | None]) -> np.ndarray[Any, Any]:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def main() -> None:
    """Read a description from standard input, write the picture to standard output."""
    description = json.load(sys.stdin)
    sys.stdout.buffer.write(draw(description, sys.argv[1]))


if __name__ == "__main__":
    main()
