"""What a person wants by mail."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.views.settings import person
from apps.notifications import services
from apps.notifications.forms import PreferenceForm
from apps.notifications.models import Preference


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    user = person(request)
    saved = Preference.objects.filter(user=user).first() or Preference()
    form = PreferenceForm.of(saved, request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.set_preference(
            user=user,
            by_mail=form.cleaned_data["by_mail"],
            muted_kinds=form.muted_kinds(),
        )
        messages.success(request, _("Your choice of mail was saved."))
        return redirect("notifications:preferences")
    return render(request, "notifications/preferences.html", {"form": form})
