"""The wall of charts, and the way from a characteristic to its chart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import policies
from apps.accounts.models import Team, User
from apps.accounts.policies import Action
from apps.charts import services
from apps.charts.choices import ChartKind, ChartState
from apps.charts.display import display_of
from apps.charts.forms import WallQuery
from apps.charts.models import ControlChart
from apps.charts.recommending import recommended
from apps.charts.selectors import Card, Wall, WallFilters, freshness
from apps.charts.selectors import wall as wall_of
from apps.charts.views.acting import person_of
from apps.charts.wording.findings import REASONS, moment, wall_sentence
from apps.common.errors import Refused
from apps.common.templatetags.formats import day, days_since
from apps.measurements.models import Characteristic
from apps.measurements.newest import sampling_of
from apps.measurements.wording.sampling import sampling_sentence

# Longer names are whole on the chart's own page.
LONGEST_NAME = 60

BADGE_COLOURS = {
    ChartState.SIGNAL: "signal",
    ChartState.LATE: "warning",
    ChartState.UNKNOWN: "neutral",
    ChartState.STABLE: "stable",
}


@dataclass(frozen=True, slots=True)
class CardView:
    """What the template of a card writes."""

    chart: ControlChart
    name: str
    kind: str
    state: str
    badge: str
    value: str
    unit: str
    limits: str
    sentence: str
    person: str
    when: str
    unassigned: bool


@require_safe
def wall(request: HttpRequest) -> HttpResponse:
    query = WallQuery.read(request)
    person = person_of(request)
    found = wall_of(
        person,
        WallFilters(
            q=query["q"].strip(),
            team=query["team"],
            state=query["state"],
            kind=query["kind"],
            page=query["page"] or 1,
        ),
    )
    filtered = any(query[name] for name in ("q", "team", "state", "kind"))
    context = {
        "wall": found,
        "groups": _groups(found),
        "sentence": _sentence(found),
        "as_list": query["view"] == "list",
        "as_wall": query["view"] != "list",
        "filtered": filtered,
        "may_create": policies.may(person, Action.CREATE_CHARACTERISTIC),
        "team_options": _team_options(person),
        "state_options": ChartState.choices,
        "kind_options": ChartKind.choices,
    } | _links(request)
    return render(request, "charts/wall.html", context)


def _links(request: HttpRequest) -> dict[str, str]:
    links = {}
    for view in ("wall", "list"):
        query = request.GET.copy()
        query["view"] = view
        links[f"{view}_url"] = f"?{query.urlencode()}"
    return links


def _team_options(person: User) -> list[tuple[int, str]]:
    """The teams whose charts a person may see, as a tree."""
    owning = ControlChart.objects.visible_to(person).values("characteristic__team__path")
    paths = {row["characteristic__team__path"] for row in owning.order_by().distinct()}
    keys = {int(key) for path in paths for key in path.strip("/").split("/") if key}
    teams = Team.objects.filter(pk__in=keys)
    return [(team.pk, "\u2003" * team.depth + team.name) for team in teams]


def _groups(found: Wall) -> list[dict[str, Any]]:
    groups = []
    if found.needing_cause:
        n = found.counts.get(ChartState.SIGNAL, 0)
        note = ngettext("%(n)d chart", "%(n)d charts", n) % {"n": n}
        if found.unassigned:
            note = ngettext(
                "%(charts)s, %(n)d without an owner",
                "%(charts)s, %(n)d without an owner",
                found.unassigned,
            ) % {"charts": note, "n": found.unassigned}
        groups.append(_group("needs-cause", _("Needs a cause"), note, found.needing_cause))
    if found.late:
        n = found.counts.get(ChartState.LATE, 0)
        note = ngettext("%(n)d chart", "%(n)d charts", n) % {"n": n}
        groups.append(_group("late", _("Data overdue"), note, found.late))
    if found.others:
        n = sum(found.counts.get(state, 0) for state in (ChartState.UNKNOWN, ChartState.STABLE))
        unknown = found.counts.get(ChartState.UNKNOWN, 0)
        title = _("Too few points and stable") if unknown else _("Stable")
        note = ngettext("%(n)d chart", "%(n)d charts", n) % {"n": n}
        groups.append(_group("others", title, note, found.others))
    return groups


def _group(key: str, title: str, note: str, cards: list[Card]) -> dict[str, Any]:
    return {"key": key, "title": title, "note": note, "cards": [_card(card) for card in cards]}


def _card(card: Card) -> CardView:
    chart, signal = card.chart, card.newest
    display = display_of(chart)
    result = getattr(chart, "result", None)
    summary = result.summary if result is not None else {}
    assigned = signal.assigned_to if signal is not None else None
    if signal is None:
        when = day(moment(summary.get("time")))
    elif signal.assigned_to is not None and signal.due is not None:
        when = _("Cause due %(date)s") % {"date": day(signal.due)}
    else:
        when = days_since(signal.first_seen)
    return CardView(
        chart=chart,
        name=Truncator(chart.characteristic.name).chars(LONGEST_NAME),
        kind=kind_line(chart),
        state=BADGE_COLOURS[ChartState(card.state)],
        badge=_badge(chart, card.state),
        value=display.text(summary.get("value")),
        unit=display.unit,
        limits=display.limits(summary.get("lcl"), summary.get("ucl")),
        sentence=_line(card),
        person=(assigned or chart.characteristic.owner).name,
        when="" if when == "–" else when,
        unassigned=signal is not None and assigned is None,
    )


def _line(card: Card) -> str:
    """What the chart says; where data are overdue that, since the rest is of earlier."""
    if card.state == ChartState.LATE:
        return sampling_sentence(sampling_of(card.chart.characteristic))
    return wall_sentence(card.chart, card.newest)


def _badge(chart: ControlChart, state: str) -> str:
    if freshness(chart).state == "failed":
        return _("Not computed")
    return str(ChartState(state).label)


def kind_line(chart: ControlChart) -> str:
    """ "X̄-R · n = 5 · Business": chart, subgroup size where it is fixed, team."""
    parts = [chart.get_kind_display()]
    if chart.characteristic.subgroup_size:
        parts.append(f"n\u00a0=\u00a0{chart.characteristic.subgroup_size}")
    return " · ".join([*parts, chart.characteristic.team.name])


def _sentence(found: Wall) -> str:
    """How many charts there are and how many need a person."""
    late = found.counts.get(ChartState.LATE, 0)
    text = _counted(found)
    if not late:
        return text
    told = ngettext("Data overdue: %(n)d chart.", "Data overdue: %(n)d charts.", late)
    return _("%(text)s %(late)s") % {"text": text, "late": told % {"n": late}}


def _counted(found: Wall) -> str:
    words = {
        "charts": ngettext("%(n)d chart", "%(n)d charts", found.total) % {"n": found.total},
        "signals": found.counts.get(ChartState.SIGNAL, 0),
        "unknown": found.counts.get(ChartState.UNKNOWN, 0),
        "stable": found.counts.get(ChartState.STABLE, 0),
    }
    if words["unknown"]:
        return (
            _(
                "%(charts)s. Need a cause: %(signals)d. Too few points: %(unknown)d. Stable: %(stable)d."
            )
            % words
        )
    return _("%(charts)s. Need a cause: %(signals)d. Stable: %(stable)d.") % words


@require_http_methods(["GET", "HEAD", "POST"])
def for_characteristic(request: HttpRequest, pk: int) -> HttpResponse:
    """The chart of a characteristic; where there is none, one button opens the recommended one."""
    characteristics = Characteristic.objects.select_related("team", "owner")
    characteristic = policies.fetch(characteristics, request.user, pk=pk)
    chart = ControlChart.objects.filter(characteristic=characteristic).order_by("pk").first()
    if chart is not None:
        return redirect("charts:detail", chart.pk)
    if request.method == "POST":
        return _open(request, characteristic)
    advice = recommended(characteristic)
    context = {
        "characteristic": characteristic,
        "kind": advice.kind.label,
        "reason": REASONS[advice.reason],
        "may_settle": policies.may(request.user, Action.SETTLE_CHART, characteristic),
    }
    return render(request, "charts/open.html", context)


def _open(request: HttpRequest, characteristic: Characteristic) -> HttpResponse:
    policies.require(request.user, Action.SETTLE_CHART, characteristic)
    try:
        chart = services.open_chart(actor=person_of(request), characteristic=characteristic)
    except Refused:
        # Someone opened it between the page and the button.
        return redirect(reverse("charts:for_characteristic", args=[characteristic.pk]))
    return redirect("charts:detail", chart.pk)
