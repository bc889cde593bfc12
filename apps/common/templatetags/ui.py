"""Components of the design system as template tags.

templates/components/README.md shows how each is used.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.core.paginator import Page
from django.http import QueryDict
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.common.templatetags.formats import initials, moment

register = template.Library()

STATE_ICONS = {
    "stable": "stable",
    "signal": "signal",
    "warning": "exclamation-triangle-fill",
    "waiting": "hourglass-split",
    "done": "check-circle-fill",
    "blocked": "slash-circle-fill",
    "progress": "circle-half",
    "neutral": "circle",
}
# state of a condition -> (colour, icon)
CONDITION_LOOKS = {
    "met": ("done", "check-circle-fill"),
    "not_met": ("blocked", "x-octagon-fill"),
    "cannot_be_judged": ("waiting", "question-circle-fill"),
    "waived": ("warning", "shield-minus"),
}
# state of a stage -> (colour, icon)
STAGE_LOOKS = {
    "passed": ("done", "check-circle-fill"),
    "current": ("progress", "record-circle"),
    "review": ("waiting", "hourglass-split"),
    "stale": ("warning", "exclamation-triangle-fill"),
    "skipped": ("neutral", "skip-forward-circle"),
    "later": ("neutral", "circle"),
}


def _state_icon_name(state: str, icon_name: str = "") -> str:
    if state not in STATE_ICONS:
        raise template.TemplateSyntaxError(f"Unknown state {state!r}; one of {list(STATE_ICONS)}.")
    return icon_name or STATE_ICONS[state]


# --- Icons and states -------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, size: int = 16, label: str = "", **attrs: str) -> SafeString:
    """One icon of the sprite; without a label it is decoration and hidden from screen readers."""
    css = f"icon {attrs['class']}" if attrs.get("class") else "icon"
    voice = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else SafeString('aria-hidden="true"')
    )
    return format_html(
        '<svg class="{}" width="{}" height="{}" {}><use href="{}#{}"></use></svg>',
        css, size, size, voice, static("icons/sprite.svg"), name,
    )  # fmt: skip


@register.simple_tag
def badge(state: str, text: str, icon: str = "") -> SafeString:
    return format_html(
        '<span class="state-badge state-{}">{}<span>{}</span></span>',
        state, _draw_icon(_state_icon_name(state, icon), 14), text,
    )  # fmt: skip


@register.simple_tag
def state_icon(state: str, label: str = "", icon: str = "") -> SafeString:
    name = _state_icon_name(state, icon)
    return _draw_icon(name, 16, label, f"state-icon state-{state}")


@register.simple_tag
def state_word(state: str, text: str, icon: str = "") -> SafeString:
    return format_html(
        '<span class="state-word state-{}">{}<span>{}</span></span>',
        state, _draw_icon(_state_icon_name(state, icon), 14), text,
    )  # fmt: skip


def _draw_icon(name: str, size: int = 16, label: str = "", css: str = "") -> SafeString:
    return icon(name, size, label, **{"class": css})


@register.simple_tag
def avatar(name: str) -> SafeString:
    return format_html('<span class="avatar" aria-hidden="true">{}</span>', initials(name))


# --- Page head, facts, card -------------------------------------------------------------------


@register.simple_tag
def crumb(text: str, url: str = "", phone: str = "") -> SafeString:
    """One step of the breadcrumb; the one without a URL is the page itself."""
    phone_text = format_html('<span class="crumb-phone">{}</span>', phone) if phone else ""
    if not url:
        return format_html(
            '<li aria-current="page">{}<span class="crumb-text">{}</span></li>', phone_text, text
        )
    return format_html(
        '<li><a href="{}"><span class="crumb-back">{}</span>'
        '<span class="crumb-text">{}</span></a></li>',
        url, _draw_icon("arrow-left", 18), text,
    )  # fmt: skip


@register.simple_block_tag
def page_head(content: str, title: str, state: str = "", badge: str = "", icon: str = "") -> str:
    return render_to_string(
        "components/page_head.html",
        {"content": content, "title": title, "state": state, "badge": badge, "icon": icon},
    )


@register.simple_block_tag
def facts(content: str) -> SafeString:
    return format_html('<dl class="facts">{}</dl>', content)


@register.simple_block_tag
def fact(content: str, label: str, note: str = "", state: str = "") -> SafeString:
    mark = format_html("{} ", state_icon(state)) if state else ""
    small = format_html(" <small>{}</small>", note) if note else ""
    return format_html(
        '<div class="fact"><dt>{}</dt><dd>{}{}{}</dd></div>', label, mark, content, small
    )


@register.simple_block_tag
def card(
    content: str,
    title: str = "",
    sub: str = "",
    link: str = "",
    url: str = "",
    aside: str = "",
    id: str = "",
    level: int = 2,
    extra: str = "",
) -> str:
    return render_to_string(
        "components/card.html",
        {
            "content": content, "title": title, "sub": sub, "link": link, "url": url,
            "aside": aside, "id": id, "level": level, "extra": extra,
        },
    )  # fmt: skip


@register.simple_block_tag
def empty_state(content: str, title: str, text: str = "") -> SafeString:
    body = format_html('<p class="muted">{}</p>', text) if text else ""
    return format_html('<div class="empty-state"><p>{}</p>{}{}</div>', title, body, content)


@register.simple_block_tag
def callout(content: str, state: str = "neutral") -> SafeString:
    name = "info-circle" if state == "neutral" else _state_icon_name(state)
    return format_html(
        '<div class="callout state-{}">{}<div>{}</div></div>', state, _draw_icon(name), content
    )


@register.simple_block_tag
def menu(content: str, label: str, icon: str = "", start: bool = False) -> str:
    return render_to_string(
        "components/menu.html",
        {"content": content, "label": label, "icon": icon, "start": start},
    )


@register.simple_tag
def tip(text: str) -> str:
    """A small button that opens a sentence; the popover is native, app.js places it."""
    return render_to_string(
        "components/tip.html", {"text": text, "key": f"tip-{uuid.uuid4().hex[:8]}"}
    )


# --- Figures and lists ------------------------------------------------------------------------


@register.simple_block_tag
def key_figures(content: str) -> SafeString:
    return format_html('<dl class="key-figures">{}</dl>', content)


@register.simple_tag
def key_figure(
    label: str, value: str | None, unit: str = "", note: str = "", tone: str = ""
) -> str:
    return render_to_string(
        "components/key_figure.html",
        {"label": label, "value": value, "unit": unit, "note": note, "tone": tone},
    )


@register.simple_tag
def meter(label: str, value: float, text: str, max: float = 100) -> str:
    return render_to_string(
        "components/meter.html", {"label": label, "value": value, "text": text, "max": max}
    )


@register.simple_block_tag
def progress(content: str, text: str, value: int, max: int) -> str:
    return render_to_string(
        "components/progress.html", {"content": content, "text": text, "value": value, "max": max}
    )


@register.simple_block_tag
def pairs(content: str) -> SafeString:
    return format_html('<dl class="pairs">{}</dl>', content)


@register.simple_tag
def pair(label: str, value: str, note: str = "", aside: str = "") -> SafeString:
    small = format_html(" <small>{}</small>", note) if note else ""
    last = format_html('<dd class="aside">{}</dd>', aside) if aside else ""
    return format_html("<div><dt>{}{}</dt><dd>{}</dd>{}</div>", label, small, value, last)


@register.simple_block_tag
def history_entry(content: str, when: dt.datetime | str, icon: str = "clock-history") -> SafeString:
    if isinstance(when, dt.datetime):
        said = format_html(
            '<time class="when" datetime="{}">{}</time>', when.isoformat(), moment(when)
        )
    else:
        said = format_html('<span class="when">{}</span>', when)
    return format_html("<li>{}<span>{}</span><span>{}</span></li>", said, _draw_icon(icon), content)


@register.simple_block_tag
def signal_item(
    content: str, kind: str, title: str, meta: str = "", hollow: bool = False, id: str = ""
) -> str:
    return render_to_string(
        "components/signal_item.html",
        {
            "content": content, "title": title, "meta": meta, "id": id,
            "icon": ("signal" if kind == "limit" else "run") + ("-hollow" if hollow else ""),
        },
    )  # fmt: skip


@register.simple_block_tag
def folded(content: str, text: str, state: str = "done") -> str:
    return render_to_string(
        "components/folded.html", {"content": content, "text": text, "state": state}
    )


# --- Stages -----------------------------------------------------------------------------------


def _stage_rows(stages: Iterable[Any]) -> list[dict[str, Any]]:
    rows = []
    for stage in stages:
        get = stage.get if isinstance(stage, Mapping) else lambda key, s=stage: getattr(s, key, "")
        state = get("state")
        if state not in STAGE_LOOKS:
            raise template.TemplateSyntaxError(f"Unknown stage state {state!r}.")
        colour, name = STAGE_LOOKS[state]
        rows.append(
            {
                "name": get("name"), "note": get("note") or "", "url": get("url") or "",
                "state": state, "colour": colour, "icon": name,
                "here": state in {"current", "review"},
            }
        )  # fmt: skip
    return rows


def _stage_here(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    here = [row for row in rows if row["here"]]
    return here[0] if here else None


@register.inclusion_tag("components/stage_track.html")
def stage_track(stages: Iterable[Any]) -> dict[str, Any]:
    rows = _stage_rows(stages)
    return {"stages": rows, "here": _stage_here(rows)}


@register.inclusion_tag("components/stage_bars.html")
def stage_bars(stages: Iterable[Any], named: bool = True) -> dict[str, Any]:
    rows = _stage_rows(stages)
    return {"stages": rows, "here": _stage_here(rows) if named else None}


@register.inclusion_tag("components/stage_list.html")
def stage_list(stages: Iterable[Any]) -> dict[str, Any]:
    return {"stages": _stage_rows(stages)}


def _ring_point(radius: float, degrees: float) -> str:
    angle = math.radians(degrees - 90)
    return f"{102 + radius * math.cos(angle):.1f} {102 + radius * math.sin(angle):.1f}"


def _ring_path(start: float, outer: float = 90, inner: float = 48) -> str:
    """A quarter of the ring that ends in an arrow head and begins with the matching notch."""
    gap, head, middle = 1.6, 7.0, (outer + inner) / 2
    first, last = start + gap, start + 90 - gap
    return (
        f"M{_ring_point(outer, first)} A{outer} {outer} 0 0 1 {_ring_point(outer, last)} "
        f"L{_ring_point(middle, last + head)} L{_ring_point(inner, last)} "
        f"A{inner} {inner} 0 0 0 {_ring_point(inner, first)} L{_ring_point(middle, first + head)} Z"
    )


@register.inclusion_tag("components/pdca_ring.html")
def pdca_ring(stages: Iterable[Any], cycle: int = 1) -> dict[str, Any]:
    quarters = []
    for number, row in enumerate(_stage_rows(stages)):
        x, y = _ring_point(69, number * 90 + 48).split()
        quarters.append(row | {"path": _ring_path(number * 90), "x": x, "y": float(y) + 4})
    finished = [99 - 4 * number for number in range(min(cycle - 1, 2))]
    here = _stage_here(quarters)
    return {"quarters": quarters, "cycle": cycle, "rings": finished, "here": here}


# --- Gate -------------------------------------------------------------------------------------


@register.simple_tag
def condition(
    state: str,
    statement: str,
    reason: str = "",
    url: str = "",
    link: str = "",
    advisory: bool = False,
) -> str:
    if state not in CONDITION_LOOKS:
        raise template.TemplateSyntaxError(f"Unknown state of a condition: {state!r}.")
    colour, name = CONDITION_LOOKS[state]
    words = {
        "met": _("Met"),
        "not_met": _("Not met"),
        "cannot_be_judged": _("Cannot be judged"),
        "waived": _("Waived"),
    }
    return render_to_string(
        "components/condition.html",
        {
            "colour": colour, "icon": name, "word": words[state], "statement": statement,
            "reason": reason, "url": url, "link": link, "advisory": advisory,
        },
    )  # fmt: skip


@register.simple_block_tag
def seat_layer(content: str, title: str) -> SafeString:
    return format_html('<h3 class="seat-layer">{}</h3><ul class="seats">{}</ul>', title, content)


@register.simple_tag
def seat(
    name: str,
    role: str,
    state: str = "neutral",
    text: str = "",
    mine: bool = False,
    indent: bool = False,
) -> str:
    return render_to_string(
        "components/seat.html",
        {"name": name, "role": role, "state": state, "text": text, "mine": mine, "indent": indent},
    )


@register.inclusion_tag("components/decide_bar.html")
def decide_bar(text: str, target: str, note: str = "") -> dict[str, str]:
    return {"text": text, "target": target, "note": note}


# --- Charts -----------------------------------------------------------------------------------


@register.simple_block_tag
def wall_card(
    content: str,
    name: str,
    url: str,
    kind: str,
    state: str,
    badge: str,
    value: str,
    unit: str = "",
    limits: str = "",
    sentence: str = "",
    person: str = "",
    when: str = "",
    unassigned: bool = False,
) -> str:
    return render_to_string(
        "components/wall_card.html",
        {
            "content": content, "name": name, "url": url, "kind": kind, "state": state,
            "badge": badge, "value": value, "unit": unit, "limits": limits,
            "sentence": sentence, "person": person, "when": when, "unassigned": unassigned,
        },
    )  # fmt: skip


@register.inclusion_tag("components/chart_assets.html")
def chart_assets() -> dict[str, Any]:
    """Style sheet and scripts of the interactive charts; once per page, in block scripts."""
    return {}


# --- Tables and filters -----------------------------------------------------------------------


def _query(context: Context) -> QueryDict:
    query: QueryDict = context["request"].GET.copy()
    return query


def _link(query: QueryDict) -> str:
    return f"?{query.urlencode()}" if query else "?"


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(
    context: Context, label: str, key: str, numeric: bool = False, param: str = "sort"
) -> dict[str, Any]:
    query = _query(context)
    present = query.get(param, "")
    order = {key: "ascending", f"-{key}": "descending"}.get(present, "")
    query[param] = f"-{key}" if order == "ascending" else key
    query.pop("page", None)
    return {"label": label, "numeric": numeric, "order": order, "url": _link(query)}


@register.inclusion_tag("components/paging.html", takes_context=True)
def paging(context: Context, page: Page[Any], param: str = "page") -> dict[str, Any]:
    def link(number: int) -> str:
        query = _query(context)
        query[param] = str(number)
        return _link(query)

    return {
        "page": page,
        "previous": link(page.previous_page_number()) if page.has_previous() else "",
        "next": link(page.next_page_number()) if page.has_next() else "",
    }


@register.simple_block_tag
def filter_bar(content: str, sorted: str = "") -> SafeString:
    last = format_html('<span class="sorted">{}</span>', sorted) if sorted else ""
    return format_html('<div class="filter-bar">{}{}</div>', content, last)


@register.inclusion_tag("components/filter_chip.html", takes_context=True)
def filter_chip(
    context: Context, name: str, all_label: str, options: Sequence[tuple[Any, Any]], icon: str = ""
) -> dict[str, Any]:
    present = _query(context).get(name, "")
    rows, chosen = [], ""
    for value, label in [("", all_label), *options]:
        query = _query(context)
        query.pop("page", None)
        query.pop(name, None)
        if value != "":
            query[name] = str(value)
        current = str(value) == present
        if current and value != "":
            chosen = label
        rows.append({"label": label, "url": _link(query), "current": current})
    return {"rows": rows, "chosen": chosen, "all_label": all_label, "icon": icon}


@register.inclusion_tag("components/filter_search.html", takes_context=True)
def filter_search(context: Context, name: str, label: str) -> dict[str, Any]:
    query = _query(context)
    present = query.get(name, "")
    kept = [(key, value) for key, value in query.items() if key not in {name, "page"}]
    return {"name": name, "label": label, "present": present, "kept": kept}


@register.simple_tag(takes_context=True)
def filter_clear(context: Context, *names: str) -> str:
    query = _query(context)
    if not any(query.get(name) for name in names):
        return ""
    for name in (*names, "page"):
        query.pop(name, None)
    return format_html('<a class="btn btn-text btn-sm" href="{}">{}</a>', _link(query), _("Clear"))


@register.simple_block_tag
def segmented(content: str, label: str) -> SafeString:
    return format_html(
        '<div class="segmented" role="group" aria-label="{}">{}</div>', label, content
    )


@register.simple_tag
def segment(label: str, url: str, current: bool = False) -> SafeString:
    state = SafeString(' aria-current="true"') if current else ""
    return format_html('<a href="{}"{}>{}</a>', url, state, label)


@register.simple_block_tag
def confirm_dialog(content: str, id: str, title: str) -> str:
    return render_to_string(
        "components/confirm_dialog.html", {"content": content, "id": id, "title": title}
    )
