"""Answers that tell a program what is wrong: problem details (RFC 9457).

`type` is an address of the page that explains the API; `code` is a word a program may rely on;
`title` and `detail` are sentences in the language that the request asks for.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

CONTENT_TYPE = "application/problem+json"


class Problem(Exception):
    """A request that cannot be answered as asked; nothing was changed."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        *,
        headers: dict[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(title)
        self.status, self.code, self.title, self.detail = status, code, title, detail
        self.headers = headers or {}
        self.members = members


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    body = {
        "type": f"{request.build_absolute_uri(reverse('help:api'))}#{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "code": problem.code,
        **({"detail": problem.detail} if problem.detail else {}),
        **problem.members,
    }
    # ASCII: a lone surrogate that was sent to us must not break the answer.
    response = HttpResponse(
        json.dumps(body, default=str), content_type=CONTENT_TYPE, status=problem.status
    )
    for name, value in problem.headers.items():
        response[name] = value
    return response
