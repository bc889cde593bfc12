"""What a program asks of measurements. Each operation acts for the person of its token."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import Query, Router, Schema, Status
from pydantic import Field

from apps.accounts.api import token_of
from apps.accounts.models import ApiToken
from apps.accounts.policies import Action, may
from apps.common.errors import Conflict, Refused
from apps.common.problems import Problem
from apps.measurements import services
from apps.measurements.api.body import fingerprint, idempotency_key, read_json
from apps.measurements.api.examples import example_for
from apps.measurements.api.items import checked, optional_fields, required_fields
from apps.measurements.api.schemas import (
    CharacteristicDetail,
    CharacteristicPage,
    ProblemDetails,
    Received,
)
from apps.measurements.models import Characteristic
from apps.measurements.services.batches import KeyUsed
from apps.measurements.token_reach import appendable, may_append, reached_by

router = Router(tags=["characteristics"])

PER_PAGE = 100
READING = (400, 401, 403, 404, 429, 500, 503)
WRITING = (400, 401, 403, 404, 409, 411, 413, 415, 422, 429, 500, 503)


def refusals(*statuses: int) -> dict[int, Any]:
    return dict.fromkeys(statuses, ProblemDetails)


class ListQuery(Schema):
    q: str = Field("", max_length=100, description=gettext_noop("Part of the name or the code."))
    writable: bool = Field(
        False, description=gettext_noop("Only those to which this token may add observations now.")
    )
    page: int = Field(1, ge=1, le=100_000, description=gettext_noop("Number of the page."))


@router.get(
    "/characteristics",
    response={200: CharacteristicPage, **refusals(400, 401, 422, 429, 500, 503)},
    operation_id="list_characteristics",
    url_name="characteristics",
    summary=gettext_noop("List the characteristics that the token reaches"),
)
def list_characteristics(request: HttpRequest, query: Query[ListQuery]) -> dict[str, Any]:
    token = token_of(request)
    found = reached_by(token)
    if "\0" in query.q:
        raise Problem(400, "malformed", _("The search text cannot be read."))
    if query.q:
        found = found.filter(name__icontains=query.q) | found.filter(code__icontains=query.q)
    if query.writable:
        found = appendable(found, token.owner) if token.may_write else found.none()
    found = found.select_related("team").order_by("name", "pk")
    count, start = found.count(), (query.page - 1) * PER_PAGE
    following = None
    if start + PER_PAGE < count:
        asked = request.GET.copy()
        asked["page"] = str(query.page + 1)
        following = request.build_absolute_uri(f"{request.path}?{asked.urlencode()}")
    items = [_row(token, one) for one in found[start : start + PER_PAGE]]
    return {"count": count, "next": following, "items": items}


@router.get(
    "/characteristics/{int:characteristic_id}",
    response={200: CharacteristicDetail, **refusals(*READING)},
    operation_id="read_characteristic",
    url_name="characteristic",
    summary=gettext_noop("Read what one characteristic takes, with an example to start from"),
)
def read_characteristic(request: HttpRequest, characteristic_id: int) -> dict[str, Any]:
    token = token_of(request)
    one = reached(token, characteristic_id)
    return {
        **_row(token, one),
        "description": one.description,
        "decimals": one.decimals,
        "subgrouping": one.subgrouping,
        "subgroup_size": one.subgroup_size,
        "variables": one.variables,
        "factors": one.factors,
        "data_version": one.data_version,
        "required": required_fields(one),
        "optional": optional_fields(one),
        "example": example_for(one),
    }


@router.post(
    "/characteristics/{int:characteristic_id}/observations",
    response={201: Received, **refusals(*WRITING)},
    operation_id="add_observations",
    url_name="observations",
    summary=gettext_noop("Add a batch of observations, all or none"),
    openapi_extra={
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
                "description": gettext_noop(
                    "A text of your own, new for each batch. The same batch sent again under its"
                    " key within 30 days is stored once and answered as the first time."
                ),
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Batch"}}},
        },
    },
)
def add_observations(
    request: HttpRequest, response: HttpResponse, characteristic_id: int
) -> Status[dict[str, Any]]:
    token = token_of(request)
    one = reached(token, characteristic_id)
    if not may_append(token, one):
        raise _not_allowed(token, one)
    key = idempotency_key(request)
    document = read_json(request)
    mark = fingerprint(one.pk, document)
    try:
        answer = services.earlier_answer(token=token, key=key, fingerprint=mark)
        again = answer is not None
        if answer is None:
            if one.archived_at is not None:
                raise Conflict(_("This characteristic is archived. It takes no more observations."))
            answer, again = services.receive_batch(
                token=token, characteristic=one, key=key, fingerprint=mark,
                columns=checked(one, document),
            )  # fmt: skip
    except PermissionDenied:
        raise _not_allowed(token, one) from None
    except KeyUsed as error:
        raise Problem(
            422, "idempotency_key_used", _("The Idempotency-Key was used before."), str(error)
        ) from None
    except Conflict as error:
        raise Problem(409, "conflict", _("The batch was not stored."), str(error)) from None
    except Refused as error:
        raise Problem(422, "refused", _("The batch was refused."), str(error)) from None
    if again:
        response["Idempotency-Replayed"] = "true"
    response["Location"] = reverse("api:status", args=[one.pk])
    return Status(201, answer)


def reached(token: ApiToken, characteristic_id: int) -> Characteristic:
    """A characteristic that the token reaches; 403 where only its person sees it, else 404."""
    found = reached_by(token).select_related("team").filter(pk=characteristic_id).first()
    if found is not None:
        return found
    if Characteristic.objects.visible_to(token.owner).filter(pk=characteristic_id).exists():
        raise Problem(
            403,
            "outside_token",
            _("This token does not reach this characteristic."),
            _("It was made for a narrower reach. Make a token that includes the characteristic."),
        )
    raise Problem(
        404,
        "not_found",
        _("There is no such characteristic."),
        _("Look its number up in the list of characteristics: GET /api/v1/characteristics."),
    )


def _not_allowed(token: ApiToken, characteristic: Characteristic) -> Problem:
    if not token.may_write:
        return Problem(
            403,
            "read_only_token",
            _("This token may read only."),
            _("Make a token that may add observations."),
        )
    return Problem(
        403,
        "not_allowed",
        _("The person of this token may not add observations here."),
        _("It takes the role Team member or Quality lead at the team of the characteristic."),
    )


def _row(token: ApiToken, one: Characteristic) -> dict[str, Any]:
    archived = one.archived_at is not None
    return {
        "id": one.pk,
        "code": one.code,
        "name": one.name,
        "team": one.team.name,
        "unit": one.unit,
        "kind": one.data_type,
        "archived": archived,
        "writable": not archived and token.may_write and may(token.owner, Action.IMPORT_DATA, one),
    }
