"""Reading the body of a request: limits first, then JSON that leaves no doubt."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NoReturn

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError
from django.utils.translation import gettext as _

from apps.common.problems import Problem

PIECE = 64 * 1024
# A body that is too large is read to this length, so that its sender hears why; then cut off.
LISTENED_TO = 32 * 1024 * 1024
LONGEST_KEY = 255


def idempotency_key(request: HttpRequest) -> str:
    """The header, with or without the quotation marks of a structured field."""
    given = request.headers.get("Idempotency-Key", "").strip()
    if len(given) > 2 and given[0] == given[-1] == '"':
        given = given[1:-1]
    if not given:
        raise Problem(
            400,
            "idempotency_key_missing",
            _("The header Idempotency-Key is missing."),
            _(
                "Send a text of your own that is new for each batch, such as a UUID, and the same"
                " one when you send the batch again."
            ),
        )
    if len(given) > LONGEST_KEY or not all(" " <= sign <= "~" for sign in given):
        raise Problem(
            400,
            "idempotency_key_invalid",
            _("The header Idempotency-Key cannot be read."),
            _("It takes at most %(most)s characters: letters, digits and signs of ASCII.")
            % {"most": LONGEST_KEY},
        )
    return given


def read_json(request: HttpRequest) -> Any:
    """The body as JSON; no doubt is resolved silently: no NaN, no key twice, no other encoding."""
    if request.content_type != "application/json":
        raise Problem(
            415,
            "not_json",
            _("The body is not declared as JSON."),
            _("Send the header “Content-Type: application/json”."),
        )
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem(
            415,
            "compressed",
            _("The body is compressed."),
            _("Send it as it is, without Content-Encoding."),
        )
    try:
        text = _bytes(request).decode()
    except UnicodeDecodeError as error:
        raise malformed(
            _("Byte %(place)s is not UTF-8. JSON is always sent in UTF-8.")
            % {"place": error.start + 1}
        ) from None
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise malformed(
            _("Line %(line)s, column %(column)s: this is not JSON.")
            % {"line": error.lineno, "column": error.colno}
        ) from None
    except RecursionError:
        raise malformed(_("It is nested too deeply.")) from None
    except ValueError:
        # Python reads no whole number of more than 4,300 digits.
        raise malformed(_("It contains a number with too many digits.")) from None


def fingerprint(characteristic_id: int, document: Any) -> str:
    """The same for the same content, whatever its spaces and the order of its fields."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{characteristic_id}\n{text}".encode()).hexdigest()


def malformed(detail: str) -> Problem:
    return Problem(400, "malformed", _("The body cannot be read."), detail)


def too_large() -> Problem:
    return Problem(
        413,
        "too_large",
        _("The body is too large."),
        _("At most %(most)s bytes at once. Send the observations in smaller batches.")
        % {"most": f"{settings.API_MAX_BYTES:,}"},
    )


def _bytes(request: HttpRequest) -> bytes:
    if "CONTENT_LENGTH" not in request.META or not request.META["CONTENT_LENGTH"]:
        raise Problem(
            411,
            "length_missing",
            _("The length of the body is missing."),
            _("Send the header Content-Length, not a body in chunks."),
        )
    pieces, size, most = [], 0, settings.API_MAX_BYTES
    try:
        while size <= LISTENED_TO and (piece := request.read(PIECE)):
            size += len(piece)
            if size <= most:
                pieces.append(piece)
    except UnreadablePostError:
        raise malformed(_("The connection ended before the body did.")) from None
    if size > most:
        raise too_large()
    whole = b"".join(pieces)
    if str(len(whole)) != request.META["CONTENT_LENGTH"].strip():
        raise malformed(_("The connection ended before the body did."))
    return whole


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise malformed(
                _("The field “%(name)s” stands twice in one object.") % {"name": name[:40]}
            )
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise malformed(_("“%(name)s” is not JSON: send finite numbers only.") % {"name": name})
