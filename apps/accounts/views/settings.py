"""A person's own settings."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language as set_language_cookie

from apps.accounts import services
from apps.accounts.forms import LanguageForm, ProfileForm, ThemeForm
from apps.accounts.models import User


def person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("these pages are for people who are signed in")
    return request.user


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    # A copy: a form that is refused leaves its values on the instance, and the frame shows a name.
    user = User.objects.get(pk=person(request).pk)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        services.update_profile(user=user, **form.cleaned_data)
        with override(user.language or get_language()):
            messages.success(request, _("Your settings were saved."))
        return redirect("accounts:settings")
    roles = user.assignments.select_related("team").order_by("team__path", "role")
    return render(request, "accounts/settings.html", {"form": form, "person": user, "roles": roles})


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """The language switch: a cookie for this device, and the preference of who is signed in."""
    form = LanguageForm(request.POST)
    if form.is_valid() and isinstance(request.user, User):
        services.set_language(user=request.user, language=form.cleaned_data["language"])
    return set_language_cookie(request)


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    form = ThemeForm(request.POST)
    if form.is_valid():
        services.set_theme(user=person(request), theme=form.cleaned_data["theme"])
    return redirect(_goal(request))


def _goal(request: HttpRequest) -> str:
    goal = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        goal, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return goal if safe else "home"
