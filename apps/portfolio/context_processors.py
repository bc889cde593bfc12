"""What the frame of every page needs: navigation with counts, for the person signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.notifications.models import Notification
from apps.projects.selectors import reviews_waiting_for


@dataclass(frozen=True)
class Place:
    """One entry of the navigation; it is the current one on every page under its URL.

    `also` names further paths whose pages belong to it.
    """

    key: str
    label: Promise
    icon: str
    url_name: str
    also: tuple[str, ...] = ()


PLACES = (
    Place("home", _("Home"), "house", "home"),
    Place("projects", _("Projects"), "kanban", "projects:list"),
    Place("reviews", _("Reviews"), "clipboard-check", "reviews:list"),
    Place("charts", _("Control charts"), "graph-up", "charts:wall", also=("/characteristics/",)),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation and unread notices; read only when a page shows them, none when signed out."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    return {
        "nav": SimpleLazyObject(lambda: _navigation(request, user)),
        "unread": SimpleLazyObject(lambda: Notification.objects.visible_to(user).unread().count()),
    }


def _navigation(request: HttpRequest, user: User) -> list[dict[str, Any]]:
    waiting = reviews_waiting_for(user).count()
    entries = []
    for place in PLACES:
        url = reverse(place.url_name)
        entries.append(
            {
                "key": place.key,
                "label": place.label,
                "icon": place.icon,
                "url": url,
                "badge": waiting if place.key == "reviews" else 0,
                "current": any(_is_under(request.path, start) for start in (url, *place.also)),
            }
        )
    return entries


def _is_under(path: str, url: str) -> bool:
    return path == url if url == "/" else path.startswith(url)
