"""The way of a file: upload, preview, choices, confirmation, progress, report."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.policies import Action, may, require
from apps.common.errors import Refused
from apps.measurements import exports, services
from apps.measurements.choices import ImportState
from apps.measurements.forms import ReasonForm
from apps.measurements.import_forms import (
    ConfirmForm,
    ReadingForm,
    ReportForm,
    UploadForm,
    VersionForm,
)
from apps.measurements.models import Import, ImportProfile
from apps.measurements.report import Report, report_of
from apps.measurements.selectors import earlier_import_of, specification_in_force
from apps.measurements.views.fetching import (
    characteristic_for,
    chart_url,
    import_for,
    person,
    posted,
    refused,
)


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    characteristic = characteristic_for(request, pk)
    require(user, Action.IMPORT_DATA, characteristic)
    form = UploadForm(posted(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.receive_import(
                actor=user, characteristic=characteristic, file=form.source()
            )
        except Refused as error:
            form.add_error("file", str(error))
        else:
            return redirect("measurements:import_detail", made.pk)
    context = {
        "form": form,
        "characteristic": characteristic,
        "limits": specification_in_force(characteristic),
        "profiles": characteristic.import_profiles.select_related("saved_by"),
        "recent": characteristic.imports.select_related("uploaded_by")[:5],
    }
    return render(request, "measurements/upload.html", context)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One import in whatever state it is."""
    import_ = import_for(request, pk)
    query = ReportForm(request.GET)
    if not query.is_valid():
        raise BadRequest("show")
    context = _context(request, import_)
    report = report_of(import_, show=query.cleaned_data["show"] or "all")
    context["report"] = report
    if import_.state == ImportState.PREVIEW:
        context |= _preview(import_, report, ReadingForm(import_=import_))
    return render(request, _template(import_), context)


def _template(import_: Import) -> str:
    if import_.in_work:
        return "measurements/import_progress.html"
    if import_.state == ImportState.PREVIEW:
        return "measurements/import_preview.html"
    return "measurements/import_ended.html"


def _context(request: HttpRequest, import_: Import) -> dict[str, Any]:
    characteristic = import_.characteristic
    return {
        "import": import_,
        "characteristic": characteristic,
        "chart_url": chart_url(characteristic),
        "may_import": may(person(request), Action.IMPORT_DATA, characteristic),
        "may_reverse": may(person(request), Action.EDIT_CHARACTERISTIC, characteristic),
        "waiting": import_.leased_until is None,
    }


def _preview(import_: Import, report: Report, form: ReadingForm) -> dict[str, Any]:
    return {
        "form": form,
        "rows": list(zip(report.columns, form.column_fields, strict=True)),
        "confirm": ConfirmForm(initial={"version": import_.version, "accept_refused": True}),
        "cancel": VersionForm(initial={"version": import_.version}),
        "earlier": earlier_import_of(import_.characteristic, import_.sha256),
        "next_version": import_.characteristic.data_version + 1,
        "limits": specification_in_force(import_.characteristic),
    }


@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that is fetched again while the machine works."""
    import_ = import_for(request, pk)
    if import_.in_work:
        context = _context(request, import_)
        return render(request, "measurements/parts/progress.html", context)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = reverse("measurements:import_detail", args=[pk])
    if import_.state == ImportState.IMPORTED:
        messages.success(request, done_words(import_))
        response["HX-Redirect"] = chart_url(import_.characteristic)
    return response


def done_words(import_: Import) -> str:
    return ngettext(
        "%(count)s observation imported.",
        "%(count)s observations imported.",
        import_.rows_imported,
    ) % {"count": f"{import_.rows_imported:,}"}


@require_POST
def remap(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the file again, as chosen."""
    user = person(request)
    import_ = import_for(request, pk)
    require(user, Action.IMPORT_DATA, import_.characteristic)
    if import_.state != ImportState.PREVIEW:
        return redirect("measurements:import_detail", pk)
    form = ReadingForm(request.POST, import_=import_)
    if not form.is_valid():
        report = report_of(import_, show="all")
        context = _context(request, import_) | _preview(import_, report, form)
        context["report"] = report
        return render(request, "measurements/import_preview.html", context, status=422)
    try:
        services.remap_import(
            actor=user,
            import_=import_,
            version=form.cleaned_data["version"],
            reading=form.reading(),
            mapping=form.mapping(),
        )
    except Refused as error:
        return refused(request, error, _url(pk))
    return redirect("measurements:import_detail", pk)


@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    import_ = import_for(request, pk)
    require(user, Action.IMPORT_DATA, import_.characteristic)
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        raise BadRequest("version")
    try:
        services.confirm_import(actor=user, import_=import_, **form.cleaned_data)
    except Refused as error:
        return refused(request, error, _url(pk))
    return redirect("measurements:import_detail", pk)


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    import_ = import_for(request, pk)
    require(user, Action.IMPORT_DATA, import_.characteristic)
    form = VersionForm(request.POST)
    if not form.is_valid():
        raise BadRequest("version")
    try:
        services.cancel_import(
            actor=user, import_=import_, version=form.cleaned_data["version"] or None
        )
    except Refused as error:
        return refused(request, error, _url(pk))
    messages.success(request, _("Cancelled. Nothing of the file was saved."))
    return redirect("measurements:detail", import_.characteristic_id)


@require_POST
def forget(request: HttpRequest, pk: int, profile: int) -> HttpResponse:
    """Remove a way of reading that was kept."""
    user = person(request)
    characteristic = characteristic_for(request, pk)
    require(user, Action.IMPORT_DATA, characteristic)
    kept = get_object_or_404(ImportProfile, pk=profile, characteristic=characteristic)
    services.forget_profile(actor=user, profile=kept)
    messages.success(request, _("Removed. Such files are read by guesses again."))
    return redirect("measurements:import", pk)


@require_http_methods(["GET", "POST"])
def reverse_(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an import back as a whole."""
    user = person(request)
    import_ = import_for(request, pk)
    require(user, Action.EDIT_CHARACTERISTIC, import_.characteristic)
    form = ReasonForm(posted(request), initial={"version": import_.version})
    if request.method == "POST" and form.is_valid():
        try:
            services.reverse_import(actor=user, import_=import_, **form.cleaned_data)
        except Refused as error:
            return refused(request, error, _url(pk))
        messages.success(request, _("Reversed. Its observations no longer count."))
        return redirect("measurements:import_detail", pk)
    context = _context(request, import_) | {"form": form}
    return render(request, "measurements/import_reverse.html", context)


@require_safe
def refused_rows(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The refused rows as a file, each with what is wrong and what to do."""
    return exports.refused_rows(import_for(request, pk))


def _url(pk: int) -> str:
    return reverse("measurements:import_detail", args=[pk])
