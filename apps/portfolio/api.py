"""The API as a whole: its parts, its refusals, its OpenAPI document."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from apps.accounts.api import TokenAuth, unauthorised
from apps.charts.api import router as charts
from apps.common.problems import CONTENT_TYPE, Problem, answer
from apps.measurements.api import router as measurements
from apps.measurements.api.schemas import Batch

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponse]

api = NinjaAPI(
    title="Improve",
    version="1",
    description=gettext_noop("Measurement data in, the state of control charts out."),
    urls_namespace="api",
    auth=TokenAuth(),
    docs_url=None,
    openapi_url=None,
)
api.add_router("", measurements)
api.add_router("", charts)

PAIR = re.compile(r"\{(?:int:)?(\w+)\}")


# --- refusals ---------------------------------------------------------------------------------


@api.exception_handler(Problem)
def _problem(request: HttpRequest, error: Problem) -> HttpResponse:
    return answer(request, error)


@api.exception_handler(AuthenticationError)
def _no_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return answer(request, unauthorised("missing"))


@api.exception_handler(ValidationError)
def _query(request: HttpRequest, error: ValidationError) -> HttpResponse:
    names = sorted({str(one["loc"][-1]) for one in error.errors})
    return answer(
        request,
        Problem(
            400,
            "malformed",
            _("The address cannot be read."),
            _("Look at these parameters: %(names)s.") % {"names": ", ".join(names)},
        ),
    )


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return answer(request, Problem(404, "not_found", _("There is nothing at this address.")))


@api.exception_handler(PermissionDenied)
def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return answer(request, Problem(403, "not_allowed", _("This is not allowed to you.")))


@api.exception_handler(HttpError)
def _other(request: HttpRequest, error: HttpError) -> HttpResponse:
    return answer(request, Problem(error.status_code, "malformed", _("The body cannot be read.")))


@api.exception_handler(OperationalError)
def _busy(request: HttpRequest, error: OperationalError) -> HttpResponse:
    """The database was locked for too long, or is away: nothing was stored, try again."""
    logger.warning("The API answered 503: %s", error)
    return answer(
        request,
        Problem(
            503,
            "busy",
            _("The database is busy. Nothing was stored."),
            _("Send the same request again, under the same Idempotency-Key."),
            headers={"Retry-After": "5"},
        ),
    )


@api.exception_handler(Exception)
def _failure(request: HttpRequest, error: Exception) -> HttpResponse:
    """No detail for the sender; the log finds it by the number."""
    number = uuid.uuid4().hex[:12]
    logger.exception("The API failed; error %s", number)
    return answer(
        request,
        Problem(
            500,
            "failed",
            _("Something went wrong on our side. Nothing was stored."),
            _("Tell an administrator the number %(number)s.") % {"number": number},
            number=number,
        ),
    )


# --- addresses --------------------------------------------------------------------------------


def for_programs(view: View) -> View:
    """A view that knows tokens, not sessions: no sign-in page, no CSRF, nothing kept by caches."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code == 405 and response.get("Content-Type") != CONTENT_TYPE:
            allowed = {"Allow": response.get("Allow", "")}
            response = answer(
                request,
                Problem(
                    405, "method", _("This address does not take this method."), headers=allowed
                ),
            )
        response["Cache-Control"] = "no-store"
        patch_vary_headers(response, ["Accept-Language", "Authorization"])
        return response

    # Marks that Django's middleware looks for on a view; a function's type has no such names.
    wrapped.csrf_exempt = True  # type: ignore[attr-defined]
    wrapped.login_required = False  # type: ignore[attr-defined]
    return wrapped


def unknown(request: HttpRequest, rest: str) -> HttpResponse:
    """Every other address under /api/v1/: a program is told so in its own way."""
    return answer(
        request,
        Problem(
            404,
            "not_found",
            _("There is nothing at this address."),
            _("The addresses stand in %(document)s.") % {"document": reverse("api:document")},
        ),
    )


def openapi(request: HttpRequest) -> HttpResponse:
    return JsonResponse(document())


def document() -> dict[str, Any]:
    """The OpenAPI document, completed by what the request bodies and refusals really are."""
    found: dict[str, Any] = dict(api.get_openapi_schema(path_prefix=reverse("api:root")))
    schemas = found["components"]["schemas"]
    batch = Batch.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(batch.pop("$defs"))
    schemas["Batch"] = batch
    found["paths"] = {PAIR.sub(r"{\1}", address): one for address, one in found["paths"].items()}
    for operations in found["paths"].values():
        for operation in operations.values():
            answers = {str(status): one for status, one in operation["responses"].items()}
            for status, one in answers.items():
                if status >= "400" and "application/json" in one.get("content", {}):
                    one["content"] = {CONTENT_TYPE: one["content"]["application/json"]}
            operation["responses"] = answers
    return found


def _urls() -> list[URLPattern]:
    """Ninja's addresses without its own start page, each for programs only."""
    patterns = [one for one in api.urls[0] if isinstance(one, URLPattern)]
    for pattern in patterns:
        pattern.callback = for_programs(pattern.callback)
    return [
        *(one for one in patterns if one.name != "api-root"),
        path("openapi.json", for_programs(openapi), name="document"),
        path("", for_programs(unknown), {"rest": ""}, name="root"),
        path("<path:rest>", for_programs(unknown), name="unknown"),
    ]


urls = (_urls(), "api", "api")
