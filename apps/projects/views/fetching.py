"""How every project page gets its record, and what it does with a refusal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.policies import fetch
from apps.common.errors import Conflict, Refused
from apps.projects.models import Project


def person(request: HttpRequest) -> User:
    """The person signed in; the middleware has turned everyone else away."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("a page for signed-in people was reached by someone else")
    return user


def project_for(request: HttpRequest, number: int) -> Project:
    records = Project.objects.select_related(
        "owner", "sponsor", "team", "methodology"
    ).prefetch_related("members__user")
    project: Project = fetch(records, person(request), number=number)
    return project


def project_url(project: Project, anchor: str = "") -> str:
    url = reverse("projects:detail", args=[project.number])
    return f"{url}#{anchor}" if anchor else url


def to_project(project: Project, anchor: str = "") -> HttpResponseRedirect:
    return HttpResponseRedirect(project_url(project, anchor))


def refused(request: HttpRequest, error: Refused, back: str) -> HttpResponse:
    """Say why nothing was changed, on the page the person came from."""
    messages.error(request, str(error))
    return redirect(back)


def conflict(request: HttpRequest, error: Conflict, *, back: str, typed: Any = "") -> HttpResponse:
    """Someone else was first: what the person typed is shown, so that nothing is lost."""
    context = {"message": str(error), "back_url": back, "typed": typed}
    return render(request, "409.html", context, status=409)
