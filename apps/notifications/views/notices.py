"""The list of what a person was told."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.policies import fetch
from apps.accounts.views.settings import person
from apps.common.query import page_of
from apps.notifications import services
from apps.notifications.forms import ALL, UNREAD, NoticeQuery
from apps.notifications.models import Notification
from apps.notifications.sentences import icon_of, sentence_of


@dataclass(frozen=True)
class Row:
    notice: Notification
    sentence: SafeString
    icon: str


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    asked = NoticeQuery.read(request)
    show = asked["show"] or ALL
    mine = Notification.objects.visible_to(request.user)
    page = page_of(mine.unread() if show == UNREAD else mine, asked["page"])
    rows = [Row(notice, sentence_of(notice), icon_of(notice)) for notice in page]
    context = {"page": page, "rows": rows, "show": show, "unread_count": mine.unread().count()}
    return render(request, "notifications/list.html", context)


@require_POST
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark it as read and go to the record it tells of."""
    notice = fetch(Notification.objects, request.user, pk=pk)
    services.mark_read(notification=notice)
    return redirect(notice.url or "notifications:list")


@require_POST
def mark_read(request: HttpRequest, pk: int) -> HttpResponse:
    notice = fetch(Notification.objects, request.user, pk=pk)
    services.mark_read(notification=notice)
    return redirect("notifications:list")


@require_POST
def mark_all_read(request: HttpRequest) -> HttpResponse:
    services.mark_all_read(user=person(request))
    return redirect("notifications:list")
