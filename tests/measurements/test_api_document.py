"""The OpenAPI document: valid, complete, and true of what is taken and answered."""

from __future__ import annotations

import html
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from apps.charts.recompute import recompute
from apps.measurements.choices import DataType
from apps.portfolio.api import document
from apps.portfolio.api_reference import REFUSALS
from tests import factories
from tests.factories import Org
from tests.measurements.api_client import Program, program
from tests.measurements.test_api import HOSTILE, KINDS, REFUSED, make

APPS = Path(__file__).parents[2] / "apps"


@pytest.fixture
def sender(org: Org) -> Program:
    return program(org.member)


def conforms(name: str, value: Any) -> list[str]:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


def test_it_is_valid_and_open_to_everyone(db: None) -> None:
    response = Client().get("/api/v1/openapi.json")
    assert response.status_code == 200
    OpenAPIV31SpecValidator(response.json()).validate()


def test_every_operation_says_who_may_and_what_may_go_wrong() -> None:
    described = document()
    assert len(described["paths"]) == 4
    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert operation["security"] == [{"TokenAuth": []}], path
            assert {"401", "429", "500", "503"} <= set(operation["responses"])
            refused = {s: r for s, r in operation["responses"].items() if int(s) >= 400}
            assert all("application/problem+json" in one["content"] for one in refused.values())
    assert described["components"]["securitySchemes"]["TokenAuth"]["scheme"] == "bearer"


def test_every_field_is_explained() -> None:
    for name, schema in document()["components"]["schemas"].items():
        for field, one in schema.get("properties", {}).items():
            assert one.get("description"), f"{name}.{field}"


def test_every_refusal_has_its_place_on_the_page() -> None:
    """The `type` of a problem leads to an anchor that is there."""
    used = set()
    for path in APPS.rglob("*.py"):
        used |= set(
            re.findall(r'Problem\(\s*(?:\d{3}|error\.status_code),\s*"(\w+)"', path.read_text())
        )
    used |= {
        f"token_{reason}" for reason in ("missing", "unknown", "revoked", "expired", "inactive")
    }
    assert len(used) > 20
    assert used == {refusal.code for refusal in REFUSALS}


@pytest.mark.django_db
def test_answers_are_as_described(org: Org) -> None:
    chart = factories.make_chart(org.member, org.desk, [*factories.steady(24), 99.0])
    one, sender = chart.characteristic, program(org.member)
    assert conforms("Received", sender.send(one, [{"value": 1}]).json()) == []
    recompute(chart.pk)
    assert (
        conforms("CharacteristicStatus", sender.get(f"characteristics/{one.pk}/status").json())
        == []
    )
    assert conforms("CharacteristicDetail", sender.get(f"characteristics/{one.pk}").json()) == []
    assert conforms("CharacteristicPage", sender.get("characteristics").json()) == []
    for body, _status in HOSTILE.values():
        assert conforms("ProblemDetails", sender.send_body(one, body).json()) == []


@pytest.mark.django_db
def test_what_the_document_allows_is_taken_and_what_it_forbids_is_not(org: Org) -> None:
    sender = program(org.member)
    for kind, fields in KINDS.items():
        one = make(org, name=kind, data_type=kind, **fields)
        example = sender.get(f"characteristics/{one.pk}").json()["example"]
        assert conforms("Batch", example) == []
        assert sender.send_body(one, json.dumps(example), key=kind).status_code == 201
    # Rules of a single characteristic, and of single signs, stand in no schema.
    beyond = {
        "text_unprintable", "missing", "more_than_sample", "unknown_variable", "time_unread",
        "time_not_there", "time_far", "time_without_offset",
    }  # fmt: skip
    for _kind, _fields, item, code in REFUSED:
        if code not in beyond and code != "unknown_factor":
            assert conforms("Batch", {"observations": [item]}), item


@pytest.mark.django_db
def test_the_page_names_every_operation_field_and_refusal(org: Org, client_as: Any) -> None:
    page = client_as(org.staff).get("/help/api/").content.decode()
    for path, methods in document()["paths"].items():
        assert path in page
        for method in methods:
            assert method.upper() in page
    for refusal in REFUSALS:
        assert f'id="{refusal.code}"' in page
    for schema in ("Measured", "Defectives", "Defects", "Between", "Several", "Received"):
        for field in document()["components"]["schemas"][schema]["properties"]:
            assert f">{field}</td>" in page, field
    assert "http://testserver/api/v1/characteristics/1/observations" in page


def test_a_characteristic_leads_to_the_page_with_its_own_address(
    org: Org, client_as: Callable[..., Any], sender: Program
) -> None:
    one = make(org, data_type=DataType.DEFECTIVES, factors=["operator's", "<shift>"])
    client = client_as(org.member)
    link = f"/help/api/?characteristic={one.pk}"
    assert link in client.get(f"/characteristics/{one.pk}/").content.decode()
    assert link not in client_as(org.staff).get(f"/characteristics/{one.pk}/").content.decode()
    page = html.unescape(client.get(link).content.decode())
    assert re.search(rf'<option value="{one.pk}"\s+selected>', page)
    command = page.split('id="curl"')[1].split(">", 1)[1].split("</pre>")[0]
    words = shlex.split(command.replace("\\\n", " "))
    assert f"http://testserver/api/v1/characteristics/{one.pk}/observations" in words
    # What the line sends is taken as it stands.
    assert sender.send_body(one, words[words.index("-d") + 1]).status_code == 201
    assert f"send({one.pk}, [" in page


def test_the_page_for_a_characteristic_that_is_not_there(
    org: Org, client_as: Callable[..., Any]
) -> None:
    one = make(org)
    client = client_as(org.outsider)
    assert client.get(f"/help/api/?characteristic={one.pk}").status_code == 404
    assert client.get("/help/api/?characteristic=x").status_code == 400
    assert client.get("/help/api/?characteristic=%00").status_code == 400
