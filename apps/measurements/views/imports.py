"""The way of a file: upload, preview, choices, confirmation, progress, report."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import User
from apps.accounts.policies import Action, may, require
from apps.audit.selectors import history_of
from apps.audit.sentences import sentence_of
from apps.common.errors import Refused
from apps.measurements import exports, services
from apps.measurements.choices import ImportState
from apps.measurements.duplicates import REPLACE_MOST
from apps.measurements.forms import ReasonForm
from apps.measurements.holds import holds_on
from apps.measurements.import_forms import (
    ConfirmForm,
    ReadingForm,
    ReportForm,
    UploadForm,
    VersionForm,
)
from apps.measurements.models import Import, ImportProfile
from apps.measurements.reading import characteristic_of
from apps.measurements.report import Report, report_of
from apps.measurements.selectors import (
    earlier_import_of,
    replacements_in,
    specification_in_force,
)
from apps.measurements.strata import MOST_STRATA
from apps.measurements.views.fetching import (
    characteristic_for,
    chart_url,
    import_for,
    person,
    posted,
    refused,
)

MEGABYTE = 1024 * 1024
FOLLOWED = "followed_import"
"""Session key: the import whose end its confirmer has still to be shown."""


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
        "allowed": allowed(),
        "recent": characteristic.imports.select_related("uploaded_by")[:5],
    }
    return render(request, "measurements/upload.html", context)


def allowed() -> list[tuple[str, str]]:
    """What a file may be at most, as it is named when it is more."""
    return [
        (_("File"), _("%(most)s MB") % {"most": settings.IMPORT_MAX_BYTES // MEGABYTE}),
        (
            _("Unpacked"),
            _("%(most)s MB") % {"most": settings.IMPORT_MAX_UNPACKED_BYTES // MEGABYTE},
        ),
        (_("Rows"), f"{settings.IMPORT_MAX_ROWS:,}"),
        (_("Columns"), f"{settings.IMPORT_MAX_COLUMNS:,}"),
        (_("Characters in a cell"), f"{settings.IMPORT_MAX_CELL:,}"),
        (_("Combinations of factor values"), f"{MOST_STRATA:,}"),
        (_("Stored values replaced"), f"{REPLACE_MOST:,}"),
        (_("Time to read it"), _("%(most)s s") % {"most": settings.IMPORT_MAX_SECONDS}),
    ]


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One import in whatever state it is; who has just confirmed it goes on to the chart."""
    import_ = import_for(request, pk)
    if import_.state == ImportState.IMPORTED and request.session.get(FOLLOWED) == pk:
        return redirect(_shown_done(request, import_))
    query = ReportForm(request.GET)
    if not query.is_valid():
        raise BadRequest("show")
    context = _context(request, import_)
    report = report_of(import_, show=query.cleaned_data["show"] or "all")
    context["report"] = report
    if import_.state == ImportState.PREVIEW:
        context |= _preview(import_, report, ReadingForm(import_=import_, person=person(request)))
    return render(request, _template(import_), context)


def _template(import_: Import) -> str:
    if import_.in_work:
        return "measurements/import_progress.html"
    if import_.state == ImportState.PREVIEW:
        return "measurements/import_preview.html"
    return "measurements/import_ended.html"


def _context(request: HttpRequest, import_: Import) -> dict[str, Any]:
    characteristic = import_.characteristic
    parts = list(import_.parts.select_related("characteristic"))
    whole = import_.part_of
    held = []
    if import_.state == ImportState.IMPORTED:
        together = [whole, *whole.parts.all()] if whole else [import_, *parts]
        held = holds_on(together, person(request))
    return {
        "import": import_,
        # A part goes with its whole, which knows how far the work is.
        "work": whole or import_,
        "whole": whole if whole and _visible(person(request), whole) else None,
        "parts": parts,
        "held": held,
        "reversal": _reversal(import_),
        "characteristic": characteristic,
        "chart_url": chart_url(characteristic),
        "may_import": may(person(request), Action.IMPORT_DATA, characteristic),
        "may_reverse": may(person(request), Action.EDIT_CHARACTERISTIC, characteristic),
        "waiting": (whole or import_).leased_until is None,
    }


def _reversal(import_: Import) -> str:
    """Who took it back and why, as the history says it."""
    if import_.state != ImportState.REVERSED:
        return ""
    entries = history_of(import_.characteristic).filter(
        verb="import.reversed", target_id=import_.pk
    )
    entry = entries.first()
    return sentence_of(entry) if entry else ""


def _visible(user: User, import_: Import) -> bool:
    return Import.objects.visible_to(user).filter(pk=import_.pk).exists()


def _preview(import_: Import, report: Report, form: ReadingForm) -> dict[str, Any]:
    filled = [characteristic_of(import_, part) for part in import_.report.get("parts", [])]
    return {
        "form": form,
        "rows": list(zip(report.columns, form.column_fields, strict=True)),
        "confirm": ConfirmForm(initial={"version": import_.version, "accept_refused": True}),
        "cancel": VersionForm(initial={"version": import_.version}),
        "earlier": next(
            filter(None, (earlier_import_of(one, import_.sha256) for one in filled)), None
        ),
        "filled": filled,
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
        response["HX-Redirect"] = _shown_done(request, import_)
    return response


def _shown_done(request: HttpRequest, import_: Import) -> str:
    """Say once how many were imported; where to look at them."""
    request.session.pop(FOLLOWED, None)
    messages.success(request, done_words(import_))
    return chart_url(import_.characteristic)


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
    form = ReadingForm(request.POST, import_=import_, person=user)
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
    # The worker may be done before the next page is asked for: that page must know whom it serves.
    request.session[FOLLOWED] = pk
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
    replaced = Import.objects.filter(
        replacements__in=replacements_in(import_), state=ImportState.IMPORTED
    )
    context = _context(request, import_) | {"form": form, "replaced_by": replaced.distinct()}
    return render(request, "measurements/import_reverse.html", context)


@require_safe
def refused_rows(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The refused rows as a file, each with what is wrong and what to do."""
    return exports.refused_rows(import_for(request, pk))


def _url(pk: int) -> str:
    return reverse("measurements:import_detail", args=[pk])
