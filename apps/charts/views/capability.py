"""The card of capability and sigma level: figures, picture, warnings, and how they came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.charts.choices import (
    BETWEEN_KINDS,
    COUNT_KINDS,
    DEFECTIVES_KINDS,
    VARIABLE_KINDS,
    CauseState,
    ChartKind,
    Estimator,
)
from apps.charts.display import Display, display_of
from apps.charts.models import ControlChart
from apps.charts.wording.statistics import sentence_of
from apps.common.templatetags.formats import number

# What the page says itself, elsewhere.
SAID_ELSEWHERE = {"missing_left_out"}


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    value: str
    note: str = ""
    aside: str = ""


@dataclass(slots=True)
class CapabilityCard:
    title: str
    sub: str
    rows: list[Row] = field(default_factory=list)
    histogram: dict[str, Any] | None = None
    warnings: list[str] = field(default_factory=list)
    problem: str = ""
    limits_wanted: bool = False
    recipe: list[Row] = field(default_factory=list)


def capability_card(chart: ControlChart) -> CapabilityCard:
    """The card for the newest phase; without specification limits it says what is missing."""
    content, display = chart.result.content, display_of(chart)
    measured = chart.kind not in COUNT_KINDS
    newest = content["phases"][-1]
    card = CapabilityCard(title=_title(content, measured), sub=_sub(content, newest, measured))
    if content.get("capability_problem"):
        card.problem = sentence_of(content["capability_problem"])
    if measured:
        card.histogram = _histogram(chart, content, display)
        _add_measured(card, chart, display)
    elif content.get("sigma_level"):
        defectives = chart.kind in DEFECTIVES_KINDS
        counted = _("Defective units") if defectives else _("Defects")
        _add_counted(card, content["sigma_level"], counted)
    card.recipe = _recipe(chart, content)
    return card


def _title(content: dict[str, Any], measured: bool) -> str:
    title = _("Capability") if measured else _("Sigma level")
    newest = content["phases"][-1]
    if len(content["phases"]) > 1:
        return _("%(title)s, %(phase)s") % {"title": title, "phase": newest["name"]}
    return title


def _sub(content: dict[str, Any], newest: dict[str, Any], measured: bool) -> str:
    words = ngettext("%(count)s value", "%(count)s values", newest["n"])
    if not measured:
        words = ngettext("%(count)s sample", "%(count)s samples", newest["n"])
    text = words % {"count": number(newest["n"])}
    left_out = len(content["excluded"])
    if not left_out:
        return text
    out = ngettext("%(n)d point left out", "%(n)d points left out", left_out) % {"n": left_out}
    return _("%(values)s, %(out)s") % {"values": text, "out": out}


def _interval(index: dict[str, Any]) -> str:
    if index["lower"] is None or index["upper"] is None:
        return ""
    return _("%(lower)s to %(upper)s") % {
        "lower": number(index["lower"], 2), "upper": number(index["upper"], 2),
    }  # fmt: skip


def _add_measured(card: CapabilityCard, chart: ControlChart, display: Display) -> None:
    content = chart.result.content
    capability = content.get("capability")
    if capability is None:
        if not card.problem:
            card.problem = _("Set specification limits to see what share of the values meets them.")
            card.limits_wanted = True
        return
    for key, name, note in (
        ("ppk", "Ppk", _("overall")),
        ("cpk", "Cpk", _("within")),
        ("pp", "Pp", _("overall")),
        ("cp", "Cp", _("within")),
        ("cpm", "Cpm", _("around the target")),
    ):
        index = capability.get(key)
        if index is not None:
            card.rows.append(Row(name, number(index["value"], 2), note, _interval(index)))
    level = content["sigma_level"]
    if level["z"] is not None:
        shifted = _("with 1.5: %(z)s") % {"z": number(level["z_shifted"], 2)}
        card.rows.append(Row(_("Sigma level"), number(level["z"], 2), _("no shift"), shifted))
    card.rows += _beyond_rows(content, display)
    ppm = number(capability["expected_ppm_overall"], 0)
    card.rows.append(Row(_("Expected per million"), ppm, _("overall")))
    card.warnings = [
        _stability_sentence(chart) if one["code"] == "unstable" else sentence_of(one)
        for one in capability["warnings"]
        if one["code"] not in SAID_ELSEWHERE
    ]


def _stability_sentence(chart: ControlChart) -> str:
    """What signals in the newest phase mean for its capability: less once each has a cause."""
    start = chart.result.content["phases"][-1]["start"]
    signals = chart.signals.filter(present=True, last__gte=start)
    if signals.filter(cause_state=CauseState.WANTED).exists() or not signals.exists():
        return sentence_of({"code": "unstable", "params": {}})
    n = signals.count()
    return ngettext(
        "%(n)d signal, explained: the figures hold as long as its cause does not come back.",
        "%(n)d signals, all explained: the figures hold as long as their causes do not come back.",
        n,
    ) % {"n": n}


def _beyond_rows(content: dict[str, Any], display: Display) -> list[Row]:
    specification, stretches = content["specification"], content["beyond"]
    rows = []
    for key, side, words in (
        ("usl", "above", _("Over %(limit)s")),
        ("lsl", "below", _("Under %(limit)s")),
    ):
        limit = specification[key]
        if limit is None:
            continue
        newest, before = stretches[-1], stretches[0]
        aside = ""
        if len(stretches) > 1:
            aside = _("before: %(count)d / %(n)d") % {"count": before[side], "n": before["n"]}
        label = words % {"limit": display.with_unit(limit)}
        rows.append(Row(label, f"{newest[side]} / {newest['n']}", "", aside))
    return rows


def _add_counted(card: CapabilityCard, level: dict[str, Any], counted: str) -> None:
    dpmo = level["dpmo"]
    card.rows = [
        Row(counted, f"{level['defects']} / {number(level['units'], 0)}"),
        Row(
            "DPMO", number(dpmo["value"], 0), _("defects per million opportunities"),
            _("%(lower)s to %(upper)s")
            % {"lower": number(dpmo["lower"], 0), "upper": number(dpmo["upper"], 0)},
        ),
        Row(_("Yield"), f"{number(100 * level['yield'], 2)}\u00a0%"),
    ]  # fmt: skip
    if level["z"] is not None:
        shifted = _("with 1.5: %(z)s") % {"z": number(level["z_shifted"], 2)}
        card.rows.insert(1, Row(_("Sigma level"), number(level["z"], 2), _("no shift"), shifted))
    card.warnings = [sentence_of(one) for one in level["warnings"]]


def _histogram(
    chart: ControlChart, content: dict[str, Any], display: Display
) -> dict[str, Any] | None:
    bins = content.get("histogram")
    if not bins:
        return None
    newest, capability = content["phases"][-1], content.get("capability")
    specification: dict[str, Any] = content["specification"]
    edges, counts = bins["edges"], bins["counts"]
    within = None
    if newest["sigma"] and chart.kind in VARIABLE_KINDS:
        within = {"mean": newest["value"], "sigma": newest["sigma"]}
    overall = None
    if capability is not None:
        within = {"mean": capability["mean"], "sigma": capability["sigma_within"]}
        overall = {"mean": capability["mean"], "sigma": capability["sigma_overall"]}
    return {
        "bins": [
            {"from": edges[i], "to": edges[i + 1], "count": count} for i, count in enumerate(counts)
        ],
        "within": within,
        "overall": overall,
        "n": sum(counts),
        "decimals": display.decimals,
        "unit": display.unit,
        "words": {
            "title": _("Histogram"),
            "within": _("within"),
            "overall": _("overall"),
            "target": _("target {value}"),
        },
    } | specification


def _recipe(chart: ControlChart, content: dict[str, Any]) -> list[Row]:
    """From which data and by which formulas, so that anyone can check the figures."""
    labels = dict(Estimator.choices)
    estimator = str(labels.get(content["estimator"], content["estimator"]))
    rows = [
        Row(_("Data version"), str(chart.result.data_version)),
        Row(_("Settings version"), str(chart.result.settings_version)),
        Row(_("Values"), str(content["phases"][-1]["n"])),
        Row(_("Points left out"), str(len(content["excluded"]))),
    ]
    if chart.kind in VARIABLE_KINDS:
        sigma = content["phases"][-1]["sigma"]
        rows += [
            Row(_("Sigma within"), number(sigma, 4), estimator),
            Row("Cpk", "min(USL − x̄, x̄ − LSL) / 3σ", _("σ within")),
            Row("Ppk", "min(USL − x̄, x̄ − LSL) / 3s", _("s overall")),
            Row(_("Sigma level"), "−Φ⁻¹(p)", _("p: expected share beyond the limits, overall")),
        ]
        if content.get("capability"):
            overall = content["capability"]["sigma_overall"]
            rows.insert(5, Row(_("Sigma overall"), number(overall, 4), _("standard deviation")))
    elif chart.kind == ChartKind.T2:
        rows += [
            Row("T²", "(x − x̄)ᵀ S⁻¹ (x − x̄)", _("S: covariance of the baseline")),
            Row(_("Upper limit"), "α = 0.0027", _("beta for points of the baseline, F for later")),
            Row(_("Source"), "Montgomery, chapter 11; Tracy, Young, Mason 1992"),
        ]
        return rows
    elif chart.kind in BETWEEN_KINDS:
        rows.append(_between_recipe(chart.kind))
        return rows
    else:
        rows.append(Row(_("Sigma level"), "−Φ⁻¹(DPO)", _("DPO: defects per opportunity")))
    rows.append(Row(_("Source"), "NIST/SEMATECH e-Handbook 6.1.6, 6.3", _("intervals: 95 %")))
    return rows


def _between_recipe(kind: str) -> Row:
    if kind == ChartKind.T:
        return Row(_("Limits"), "(ȳ ± 3 M̄R / d₂)³·⁶, y = x^(1/3.6)", "Nelson 1994")
    return Row(_("Limits"), "0.135 %, 50 %, 99.865 %", _("of the geometric distribution"))
