"""A program that talks to the API: without cookies, with a token."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from apps.accounts.models import ApiToken, User
from apps.measurements.models import Characteristic
from apps.measurements.services import create_token


@dataclass
class Program:
    token: ApiToken
    secret: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))
    language: str = "en"

    def headers(self, **more: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.secret}", "Accept-Language": self.language, **more,
        }  # fmt: skip

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1/{path}", headers=self.headers())

    def send(
        self, characteristic: Characteristic | int, items: Any, *, key: str = "k1", **more: str
    ) -> Any:
        return self.send_body(characteristic, json.dumps({"observations": items}), key=key, **more)

    def send_body(
        self,
        characteristic: Characteristic | int,
        body: str | bytes,
        *,
        key: str = "k1",
        content_type: str = "application/json",
        **more: str,
    ) -> Any:
        pk = characteristic if isinstance(characteristic, int) else characteristic.pk
        headers = self.headers(**({"Idempotency-Key": key} if key else {}), **more)
        return self.client.post(
            f"/api/v1/characteristics/{pk}/observations",
            data=body,
            content_type=content_type,
            headers=headers,
        )


def program(
    actor: User, *, may_write: bool = True, reach: str = "everything", **chosen: Any
) -> Program:
    token, secret = create_token(
        actor=actor, name="Line 3", may_write=may_write, reach=reach, days=30, **chosen
    )
    return Program(token, secret)


def codes(response: Any) -> list[tuple[int | None, str, str]]:
    """What is wrong with which field of which item."""
    return [(one["index"], one["field"], one["code"]) for one in response.json()["errors"]]
