"""What a chart says, as one sentence: the title of its card and the line on the wall."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.charts.choices import ChartKind
from apps.charts.display import Display, display_of
from apps.charts.models import ChartResult, ControlChart, Signal
from apps.charts.states import FEWEST_POINTS, RECENT_POINTS
from apps.charts.wording.rules import (
    LARGE_PART,
    SPREAD_PANELS,
    leading,
    panel_title,
    signal_sentence,
    verdict,
)
from apps.charts.wording.statistics import sentence_of
from apps.common.templatetags.formats import day, number
from apps.measurements.choices import Interval

# A difference between phases that chance alone would show less often than this is named.
SIGNIFICANT = 0.05

REASONS = {
    "individuals": gettext_lazy("Each value is a point: the data have no subgroups."),
    "small_subgroups": gettext_lazy(
        "The values come in small subgroups, whose range tells the spread well."
    ),
    "large_subgroups": gettext_lazy(
        "The subgroups are large: their standard deviation tells the spread better than the range."
    ),
    "defectives": gettext_lazy("The data count defective units out of a sample."),
    "defects": gettext_lazy("The data count defects on units of one size."),
    "defects_by_size": gettext_lazy("The data count defects on units or areas of different size."),
    "shares_vary": gettext_lazy(
        "The shares vary more than samples of this size would by chance: the limits of a p′ chart"
        " allow for it."
    ),
    "rates_vary": gettext_lazy(
        "The rates vary more than areas of this size would by chance: the limits of a u′ chart"
        " allow for it."
    ),
    "time_between": gettext_lazy(
        "The data are times between rare events, which show a change sooner than counts that are"
        " mostly 0."
    ),
    "units_between": gettext_lazy(
        "The data count units or days between rare events, which show a change sooner than counts"
        " that are mostly 0."
    ),
    "several": gettext_lazy(
        "Variables that hang together are judged together: separate charts miss points that are"
        " only odd in combination."
    ),
    "by_time": gettext_lazy(
        "The values of one stretch of time make a subgroup. Their number varies, which the standard"
        " deviation bears."
    ),
}


def moment(seconds: float | None) -> dt.datetime | None:
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)


def window_in_words(label: str, interval: str) -> str:
    """A stored window ("2026-W47") as people say it, in the time zone it was cut in."""
    if interval == Interval.WEEK:
        year, _sign, week = label.partition("-W")
        return _("Week %(week)d, %(year)s") % {"week": int(week), "year": year}
    if interval == Interval.MONTH:
        return date_format(dt.date.fromisoformat(f"{label}-01"), "F Y")
    text = day(dt.date.fromisoformat(label[:10]))
    return f"{text}, {label[11:]}" if interval == Interval.HOUR else text


def finding(chart: ControlChart, result: ChartResult, open_signals: Sequence[Signal]) -> str:
    """The title of the chart card."""
    content, display = result.content, display_of(chart)
    if content.get("problem"):
        return sentence_of(content["problem"])
    moved = _moved(content, display)
    if moved:
        return moved
    if open_signals:
        return full_stop(_with_verdict(open_signals[0], chart))
    return _steady(content, display, result.n_points)


def _moved(content: dict[str, Any], display: Display) -> str:
    comparison, phases = content.get("comparison"), content["phases"]
    if comparison is None or comparison["p_value"] is None:
        return ""
    if comparison["p_value"] >= SIGNIFICANT:
        return ""
    words = {
        "before": display.text(phases[0]["value"]),
        "after": display.with_unit(phases[-1]["value"]),
        "date": day(moment(phases[-1]["since"])),
        "phase": phases[-1]["name"],
    }
    if words["before"] == display.text(phases[-1]["value"]):
        return ""
    if phases[-1]["since"] is not None:
        return _("The process moved from %(before)s to %(after)s on %(date)s") % words
    return _("The process moved from %(before)s to %(after)s with phase %(phase)s") % words


def _steady(content: dict[str, Any], display: Display, n_points: int) -> str:
    newest = content["phases"][-1]
    words = {
        "value": display.with_unit(newest["value"]),
        "date": day(moment(newest["since"])),
        "n": newest["points"],
    }
    if newest["value"] is None:
        return _steady_together(newest, words, n_points)
    if n_points < FEWEST_POINTS:
        return ngettext(
            "%(n)d point so far, around %(value)s",
            "%(n)d points so far, around %(value)s",
            n_points,
        ) % (words | {"n": n_points})
    if newest["since"] is not None:
        return full_stop(_("Steady at %(value)s since %(date)s") % words)
    return _("Steady at %(value)s over %(n)d points.") % words


def _steady_together(newest: dict[str, Any], words: dict[str, Any], n_points: int) -> str:
    """Several variables have no one level: they keep together, or not."""
    if n_points < FEWEST_POINTS:
        return ngettext("%(n)d point so far", "%(n)d points so far", n_points) % {"n": n_points}
    if newest["since"] is not None:
        return full_stop(_("The variables have kept together since %(date)s") % words)
    return _("The variables keep together over %(n)d points.") % words


def _with_verdict(signal: Signal, chart: ControlChart) -> str:
    words = {"signal": signal_sentence(signal)}
    found = verdict(signal, chart.characteristic.direction)
    if found == "better":
        return _("%(signal)s. For the better") % words
    if found == "worse":
        return _("%(signal)s. For the worse") % words
    return words["signal"]


def full_stop(sentence: str) -> str:
    """The sentence with one full stop, also after an abbreviated month."""
    return (
        sentence if sentence.endswith((".", "。")) else _("%(sentence)s.") % {"sentence": sentence}
    )


def wall_sentence(chart: ControlChart, signal: Signal | None) -> str:
    """The line on a card of the wall."""
    result = getattr(chart, "result", None)
    if result is None:
        return _("Being computed for the first time.")
    if result.summary.get("problem"):
        return sentence_of(result.summary["problem"])
    if signal is not None:
        return full_stop(_with_figures(signal, chart))
    if result.n_points < FEWEST_POINTS:
        return ngettext(
            "%(n)d point; %(needed)d are needed to judge stability.",
            "%(n)d points; %(needed)d are needed to judge stability.",
            result.n_points,
        ) % {"n": result.n_points, "needed": FEWEST_POINTS}
    shown = len(result.summary.get("points", []))
    if result.summary.get("patterns"):
        return _("No signal without a cause in %(n)d points.") % {
            "n": min(RECENT_POINTS, result.n_points)
        }
    return ngettext("No signal in %(n)d point.", "No signal in %(n)d points.", shown) % {"n": shown}


def _with_figures(signal: Signal, chart: ControlChart) -> str:
    """Beyond a limit: value and limit; a run: for the better or for the worse."""
    if signal.details.get("run"):
        return _with_verdict(signal, chart)
    display = display_of(chart)
    limit = signal.details.get("ucl" if signal.side == "above" else "lcl")
    if limit is None or signal.details.get("value") is None:
        return _with_verdict(signal, chart)
    display = display.telling_apart(signal.details["value"], limit)
    return _("%(signal)s: %(value)s, limit %(limit)s") % {
        "signal": signal_sentence(signal),
        "value": display.with_unit(signal.details["value"]),
        "limit": display.with_unit(limit),
    }


def signal_story(signal: Signal, chart: ControlChart) -> str:
    """What the signal means in figures, and what to do about it."""
    details = signal.details
    limit = details.get("ucl" if signal.side == "above" else "lcl")
    display = display_of(chart)
    beyond = display.telling_apart(details.get("value"), limit)
    words = {
        "mean": display.with_unit(details.get("mean")),
        "center": display.text(details.get("center")),
        "value": beyond.with_unit(details.get("value")),
        "limit": beyond.text(limit),
    }
    found = verdict(signal, chart.characteristic.direction)
    if details.get("run") and details.get("mean") is not None:
        if found == "better":
            return (
                _(
                    "They lie at %(mean)s on average; the center line is %(center)s. "
                    "Find what changed and keep it."
                )
                % words
            )
        if found == "worse":
            return (
                _(
                    "They lie at %(mean)s on average; the center line is %(center)s. "
                    "Find what changed and undo it."
                )
                % words
            )
        return (
            _("They lie at %(mean)s on average; the center line is %(center)s. Find what changed.")
            % words
        )
    if details.get("value") is None:
        return ""
    if details.get("parts"):
        return _("%(first)s %(second)s") % {
            "first": _("T² is %(value)s, the limit %(limit)s.") % words,
            "second": _parts_story(details["parts"]),
        }
    if signal.side == "above":
        return _("%(value)s is above the limit of %(limit)s. Find what was different.") % words
    return _("%(value)s is below the limit of %(limit)s. Find what was different.") % words


def _parts_story(parts: Sequence[Sequence[Any]]) -> str:
    """Which variables make the point stand out: T² falls by so much without each."""
    found = [f"{name} ({number(value, 1)})" for name, value in leading(parts)]
    if parts[0][1] < LARGE_PART:
        return _(
            "No variable is far off by itself; most comes from %(names)s. Look at how they go "
            "together."
        ) % {"names": found[0]}
    return ngettext(
        "It comes from %(names)s: T² falls by so much without it. Find what was different.",
        "It comes from %(names)s: T² falls by so much without each. Find what was different.",
        len(found),
    ) % {"names": ", ".join(found)}


def levels_sentence(factor: dict[str, Any], display: Display) -> str:
    """What the levels of a factor say together: which lies highest, and whether that is chance."""
    known = [each for each in factor["levels"] if each["value"] is not None]
    if len(factor["levels"]) == 1 and not factor["further"]:
        return _("All values come from one level: %(level)s.") % {
            "level": factor["levels"][0]["name"]
        }
    if len(known) < 2:
        return _("Choose it under the chart to see which points are whose.")
    high, low = (pick(known, key=lambda each: each["value"]) for pick in (max, min))
    words = {
        "high": high["name"], "highest": display.with_unit(high["value"]),
        "low": low["name"], "lowest": display.with_unit(low["value"]),
        "p": _p_text(factor["p_value"]),
    }  # fmt: skip
    if factor["p_value"] is None:
        return _("%(high)s lies highest at %(highest)s, %(low)s lowest at %(lowest)s.") % words
    if factor["p_value"] < SIGNIFICANT:
        return (
            _(
                "%(high)s lies highest at %(highest)s, %(low)s lowest at %(lowest)s (p %(p)s): more "
                "than chance. Look at each by itself."
            )
            % words
        )
    return (
        _("No difference that chance would not make: %(lowest)s to %(highest)s (p %(p)s).") % words
    )


def _p_text(p_value: float | None) -> str:
    if p_value is None:
        return ""
    return "< 0.001" if p_value < 0.001 else f"= {number(p_value, 3)}"


def panel_heading(chart: ControlChart, name: str) -> str:
    """The title of a plotted series with its unit: "Mean of 5, min"."""
    display = display_of(chart)
    title = panel_title(name)
    size = chart.characteristic.subgroup_size
    if chart.kind == ChartKind.T2:
        size = None
    if size and name in SPREAD_PANELS | {"mean"} and name != "moving_range":
        title = _("%(panel)s of %(n)d") % {"panel": title, "n": size}
    if chart.kind == ChartKind.NP:
        title = _("Defective units in a sample")
    if chart.kind == ChartKind.C:
        title = _("Defects")
    if chart.kind == ChartKind.G:
        title = panel_title("time")
    if not display.unit:
        return title
    return _("%(panel)s, %(unit)s") % {"panel": title, "unit": display.unit}
