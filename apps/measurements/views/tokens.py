"""API tokens: a person's own, and for an administrator everyone's."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import services as accounts
from apps.accounts.models import ApiToken
from apps.accounts.policies import manages_people
from apps.accounts.tokens import seen_by
from apps.common.errors import Refused
from apps.common.query import page_of
from apps.measurements import services
from apps.measurements.token_forms import TokenForm, TokenQuery
from apps.measurements.views.fetching import person, posted
from apps.measurements.wording.tokens import ends_soon


@require_safe
def own(request: HttpRequest) -> HttpResponse:
    user = person(request)
    return _list(request, ApiToken.objects.visible_to(user), everyone=False)


@require_safe
def everyones(request: HttpRequest) -> HttpResponse:
    user = person(request)
    if not manages_people(user):
        raise PermissionDenied
    return _list(request, seen_by(user), everyone=True)


def _list(request: HttpRequest, tokens: Any, *, everyone: bool) -> HttpResponse:
    query, now = TokenQuery.read(request), timezone.now()
    found = tokens.select_related("owner", "team").annotate(chosen=Count("characteristics"))
    if query["q"]:
        found = found.filter(
            Q(name__icontains=query["q"])
            | Q(prefix__startswith=query["q"])
            | Q(owner__name__icontains=query["q"])
        )
    live = Q(revoked_at__isnull=True, expires_at__gt=now)
    if query["state"]:
        found = found.filter(live if query["state"] == "live" else ~live)
    page = page_of(found.order_by("-created_at", "-pk"), query["page"])
    context = {
        "page_obj": page,
        "rows": [
            {"token": token, "ended": token.ended(now), "soon": ends_soon(token, now)}
            for token in page
        ],
        "everyone": everyone,
        "filtered": bool(query["q"] or query["state"]),
        "state_options": TokenQuery.base_fields["state"].choices[1:],  # type: ignore[attr-defined]  # a ChoiceField
        "manages_people": manages_people(person(request)),
    }
    return render(request, "measurements/tokens.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@reauthentication_required(allow_get=True)
def create(request: HttpRequest) -> HttpResponse:
    """The password is asked for between the form and the token: it is a way in."""
    user = person(request)
    form = TokenForm(posted(request), person=user)
    if request.method == "POST" and form.is_valid():
        try:
            token, secret = services.create_token(actor=user, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            # The secret is in this one answer and nowhere else, so there is no page to go on to.
            return render(
                request, "measurements/token_made.html", {"token": token, "secret": secret}
            )
    return render(request, "measurements/token_create.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    token = seen_by(user).select_related("owner").filter(pk=pk).first()
    if token is None:
        raise Http404
    back = "tokens:list" if token.owner_id == user.pk else "tokens:everyone"
    if request.method == "POST":
        accounts.revoke_token(actor=user, token=token)
        messages.success(request, _("The token was revoked. It opens nothing any more."))
        return redirect(back)
    context = {"token": token, "ended": token.ended(timezone.now()), "back": back}
    return render(request, "measurements/token_revoke.html", context)
