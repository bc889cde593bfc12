"""What the API page says of operations, fields and refusals: read from the OpenAPI document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.measurements.api.schemas import ITEMS
from apps.measurements.choices import DataType
from apps.portfolio.api import document


@dataclass(frozen=True)
class Table:
    """Rows of cells, each with the heading and the style of its column; `ids` are anchors of rows."""

    caption: str
    columns: list[tuple[str, str]]
    cells: list[list[str]]
    ids: list[str]

    @property
    def rows(self) -> list[tuple[str, list[tuple[tuple[str, str], str]]]]:
        return [
            (anchor, list(zip(self.columns, row, strict=True)))
            for anchor, row in zip(self.ids, self.cells, strict=True)
        ]


def _table(caption: str, columns: list[tuple[str, str]], cells: list[list[str]]) -> Table:
    return Table(caption, columns, cells, [""] * len(cells))


@dataclass(frozen=True)
class Refusal:
    """A refusal; `code` is also the anchor to which the `type` of a problem leads."""

    status: int
    code: str
    meaning: str | Promise


REFUSALS = (
    Refusal(400, "malformed", _("The body, the address or a header cannot be read; the answer says where.")),
    Refusal(400, "idempotency_key_missing", _("Send the header Idempotency-Key with each batch.")),
    Refusal(400, "idempotency_key_invalid", _("The key is too long, or holds signs beyond ASCII.")),
    Refusal(401, "token_missing", _("The request bears no token.")),
    Refusal(401, "token_unknown", _("The token was not copied as a whole, or never existed.")),
    Refusal(401, "token_revoked", _("Somebody revoked the token. Make a new one.")),
    Refusal(401, "token_expired", _("The token’s time is over. Make a new one.")),
    Refusal(401, "token_inactive", _("The person of the token is no longer active.")),
    Refusal(403, "read_only_token", _("The token was made for reading only.")),
    Refusal(403, "outside_token", _("The token was made for other characteristics.")),
    Refusal(403, "not_allowed", _("The person of the token lacks the role that it takes.")),
    Refusal(404, "not_found", _("There is nothing at this address, or the person may not see it.")),
    Refusal(405, "method", _("The address does not take this method.")),
    Refusal(409, "conflict", _("The characteristic is archived, or was changed meanwhile.")),
    Refusal(411, "length_missing", _("The body came in chunks. Send it as a whole, with its length.")),
    Refusal(413, "too_large", _("The body has too many bytes. Send smaller batches.")),
    Refusal(413, "too_many_items", _("The batch has too many items. Send smaller batches.")),
    Refusal(415, "not_json", _("Declare the body as application/json.")),
    Refusal(415, "compressed", _("Send the body without compressing it.")),
    Refusal(422, "no_observations", _("The body is not one object with a list “observations”.")),
    Refusal(422, "items_refused", _("Items are wrong; “errors” names each with its remedy.")),
    Refusal(422, "refused", _("The batch as a whole breaks a rule; the answer says which.")),
    Refusal(422, "idempotency_key_used", _("The key was used for other observations.")),
    Refusal(429, "too_many_requests", _("Wait as many seconds as the header Retry-After says.")),
    Refusal(500, "failed", _("An error of ours. Tell an administrator the number in the answer.")),
    Refusal(503, "busy", _("The database is busy. Send the same again, under the same key.")),
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    name: str
    required: bool
    meaning: str


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    summary: str
    parameters: list[Field]
    answer: list[Field]

    @property
    def table(self) -> Table:
        asked = {True: gettext("Request, required"), False: gettext("Request")}
        return _table(
            self.summary,
            [(gettext("Field"), "code"), (gettext("Where"), ""), (gettext("Meaning"), "")],
            [
                *([one.name, asked[one.required], one.meaning] for one in self.parameters),
                *([one.name, gettext("Answer"), one.meaning] for one in self.answer),
            ],
        )


@dataclass(frozen=True)
class Kind:
    name: str
    label: str
    fields: list[Field]

    @property
    def table(self) -> Table:
        needed = {True: gettext("Required"), False: gettext("Optional")}
        return _table(
            self.label,
            [(gettext("Field"), "code"), (gettext("Needed"), ""), (gettext("Meaning"), "")],
            [[one.name, needed[one.required], one.meaning] for one in self.fields],
        )


def refusals() -> Table:
    return Table(
        gettext("When a request is refused"),
        [(gettext("Status"), "num"), (gettext("Code"), "code"), (gettext("Meaning"), "")],
        [[str(one.status), one.code, str(one.meaning)] for one in REFUSALS],
        [one.code for one in REFUSALS],
    )


def kinds() -> list[Kind]:
    """The fields of an item by kind of data."""
    return [
        Kind(
            kind,
            str(DataType(kind).label),
            [
                Field(name, field.is_required(), gettext(field.description or ""))
                for name, field in sorted(
                    model.model_fields.items(), key=lambda pair: not pair[1].is_required()
                )
            ],
        )
        for kind, model in ITEMS.items()
    ]


def operations() -> list[Operation]:
    described = document()
    return [
        Operation(
            method.upper(),
            path,
            gettext(one["summary"]),
            [
                Field(
                    parameter["name"],
                    bool(parameter.get("required")),
                    gettext(_described(parameter)) if _described(parameter) else "",
                )
                for parameter in one.get("parameters", [])
                if parameter["in"] != "path"
            ],
            _fields_of(described, one),
        )
        for path, methods in described["paths"].items()
        for method, one in methods.items()
    ]


def _described(parameter: dict[str, Any]) -> str:
    return str(parameter.get("description") or parameter["schema"].get("description") or "")


def _fields_of(described: dict[str, Any], operation: dict[str, Any]) -> list[Field]:
    """The fields of the answer when all is well."""
    status = next(status for status in operation["responses"] if int(status) < 300)
    reference = operation["responses"][status]["content"]["application/json"]["schema"]["$ref"]
    schema = described["components"]["schemas"][reference.rsplit("/", 1)[1]]
    return [
        Field(name, True, gettext(one.get("description", "")) if one.get("description") else "")
        for name, one in schema["properties"].items()
    ]
