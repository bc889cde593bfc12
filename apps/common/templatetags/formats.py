"""Filters for numbers, dates and names: the same writing on every page."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

register = template.Library()

MISSING = "–"
MINUS = "−"


def _finite(value: object) -> float | Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return value if math.isfinite(value) else None


@register.filter
def number(value: object, decimals: int = 0) -> str:
    """Fixed decimals, thousands comma, a real minus; a dash where there is no number.

    >>> number(-1204.5, 1)
    '−1,204.5'
    >>> number(None), number(float("nan"), 2)
    ('–', '–')
    """
    figure = _finite(value)
    if figure is None:
        return MISSING
    text = f"{figure:,.{int(decimals)}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", MINUS)


@register.filter
def signed(value: object, decimals: int = 0) -> str:
    """As number, with + in front of what is above zero.

    >>> signed(0.22, 2), signed(-1.39, 2), signed(0, 1)
    ('+0.22', '−1.39', '0.0')
    """
    text = number(value, decimals)
    positive = text != MISSING and not text.startswith(MINUS) and text.strip("0.,")
    return f"+{text}" if positive else text


@register.filter
def value_of(mapping: object, name: str) -> object:
    """The entry of that name; empty where there is none.

    >>> value_of({"branch": "East"}, "branch"), value_of(None, "branch")
    ('East', '')
    """
    return mapping.get(name, "") if isinstance(mapping, dict) else ""


@register.filter
def percent(value: object, decimals: int = 1) -> str:
    """A ratio as a percentage: 0.278 is 27.8 %.

    >>> percent(0.278)
    '27.8\\xa0%'
    """
    figure = _finite(value)
    return MISSING if figure is None else f"{number(float(figure) * 100, decimals)}\u00a0%"


def _local(value: dt.date | dt.datetime) -> dt.date | dt.datetime:
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


def _date(value: dt.date | dt.datetime) -> dt.date:
    local = _local(value)
    return local.date() if isinstance(local, dt.datetime) else local


@register.filter
def day(value: dt.date | dt.datetime | None) -> str:
    if not value:
        return MISSING
    local = _date(value)
    if local.year == timezone.localdate().year:
        return date_format(local, pgettext("date format: day and month", "j M"))
    return date_format(local, pgettext("date format: day, month and year", "j M Y"))


@register.filter
def moment(value: dt.datetime | None) -> str:
    if not value:
        return MISSING
    local = _local(value)
    if local.year == timezone.localdate().year:
        return date_format(local, pgettext("date format: day, month and time", "j M, H:i"))
    return date_format(local, pgettext("date format: full date and time", "j M Y, H:i"))


@register.filter
def days_since(value: dt.date | dt.datetime | None) -> str:
    if not value:
        return MISSING
    days = (timezone.localdate() - _date(value)).days
    if days <= 0:
        return _("today")
    return ngettext("%(days)d day", "%(days)d days", days) % {"days": days}


@register.filter
def due_words(value: dt.date | dt.datetime | None) -> str:
    if not value:
        return MISSING
    days = (_date(value) - timezone.localdate()).days
    if days == 0:
        return _("today")
    if days > 0:
        return ngettext("in %(days)d day", "in %(days)d days", days) % {"days": days}
    return ngettext("%(days)d day late", "%(days)d days late", -days) % {"days": -days}


@register.filter
def initials(name: object) -> str:
    """Two letters for the avatar: first letters, or the last two characters of a Chinese name.

    >>> initials("Hsu Mei-Ling"), initials("許美玲"), initials("lead"), initials("")
    ('HM', '美玲', 'L', '?')
    """
    words = str(name).split()
    if not words:
        return "?"
    if not words[0].isascii() and len(words) == 1:
        return words[0][-2:]
    return "".join(word[0] for word in words[:2]).upper()
