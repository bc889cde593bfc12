"""The whole way to the identity provider and back, over HTTP, with the documented settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives import serialization
from django.conf import settings as present
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import User
from tests.factories import make_user
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, KEY_ID, IdentityProvider, new_key

LOGIN = "/accounts/oidc/oidc/login/"


def documented(url: str) -> dict[str, Any]:
    """What the settings make of the variables that README and .env.example name."""
    code = (
        "import json; from improve import settings as s; "
        "print(json.dumps([s.SOCIALACCOUNT_PROVIDERS, s.CONTENT_SECURITY_POLICY], default=str))"
    )
    given = {
        "OIDC_SERVER_URL": url, "OIDC_NAME": "Harbour ID", "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET, "IMPROVE_DEMO": "1",
        "IMPROVE_DATA": str(present.DATA_DIR),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **given}, check=True, capture_output=True,
        text=True, cwd=present.BASE_DIR,
    )  # fmt: skip
    providers, policy = json.loads(done.stdout.splitlines()[-1])
    return {"SOCIALACCOUNT_PROVIDERS": providers, "CONTENT_SECURITY_POLICY": policy}


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[IdentityProvider, dict[str, Any]]]:
    provider = IdentityProvider()
    yield provider, documented(provider.url)
    provider.close()


@pytest.fixture
def provider(running: Any, settings) -> IdentityProvider:
    identity, values = running
    for name, value in values.items():
        setattr(settings, name, value)
    cache.clear()
    identity.__dict__.update(
        email="", email_verified=True, claims={}, userinfo={}, is_up=True,
        sign=identity.sign_well,
    )  # fmt: skip
    identity.asked.clear()
    return identity


def walk(client: Client) -> Any:
    """Press the button, go to the provider, come back."""
    away = client.post(LOGIN)
    assert away.status_code == 302
    there = requests.get(away.url, allow_redirects=False, timeout=5)
    assert there.status_code == 302
    back = urlsplit(there.headers["Location"])
    return client.get(back.path, dict(parse_qsl(back.query)))


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.django_db
def test_a_known_person_signs_in_and_the_next_time_by_their_identity(
    provider: IdentityProvider, client: Client
) -> None:
    user = make_user()
    provider.email = user.email
    response = walk(client)
    assert (response.status_code, response.url) == (302, "/")
    assert client.session["_auth_user_id"] == str(user.pk)
    asked = provider.asked[0]
    assert asked["nonce"]
    assert asked["code_challenge"]
    assert SocialAccount.objects.get().uid == "42"

    provider.email = "changed@example.org"
    again = Client()
    walk(again)
    assert again.session["_auth_user_id"] == str(user.pk)
    assert provider.asked[1]["nonce"] != asked["nonce"]


def with_the_public_key_as_secret(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    """A forger knows the public key, and passes it off as a shared secret."""
    public = provider.key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return jwt.encode(claims, public, algorithm="HS256", headers={"kid": KEY_ID})


LIES: dict[str, dict[str, Any]] = {
    "nonce of another request": {"claims": {"nonce": "0" * 64}},
    "no nonce": {"claims": {"nonce": None}},
    "another issuer": {"claims": {"iss": "https://evil.example.org"}},
    "for another client": {"claims": {"aud": "somebody-else"}},
    "expired": {"claims": {"exp": int(time.time()) - 3600}},
    "without an end": {"claims": {"exp": None}},
    "another person": {"userinfo": {"sub": "43"}},
}
FORGERIES: dict[str, Any] = {
    "a foreign key": lambda _provider, claims: jwt.encode(
        claims, new_key(), algorithm="RS256", headers={"kid": KEY_ID}
    ),
    "an unknown key": lambda provider, claims: jwt.encode(
        claims, provider.key, algorithm="RS256", headers={"kid": "key-2"}
    ),
    "not signed": lambda _provider, claims: jwt.encode(
        claims, None, algorithm="none", headers={"kid": KEY_ID}
    ),
    "a shared secret": with_the_public_key_as_secret,
    "no token": lambda _provider, _claims: "",
    "rubbish": lambda _provider, _claims: "a.b.c",
}


@pytest.mark.django_db
@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_says_something_else_opens_nothing(
    provider: IdentityProvider, client: Client, lie: str
) -> None:
    provider.__dict__.update(email=make_user().email, **LIES[lie])
    refused(walk(client), client)


@pytest.mark.django_db
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_token_that_the_provider_did_not_sign_opens_nothing(
    provider: IdentityProvider, client: Client, forgery: str
) -> None:
    provider.email = make_user().email
    provider.sign = lambda claims: FORGERIES[forgery](provider, claims)
    refused(walk(client), client)


def refused(response: Any, client: Client) -> None:
    assert response.status_code == 401
    assert "Back to sign-in" in response.content.decode()
    assert not signed_in(client)
    assert not SocialAccount.objects.exists()


@pytest.mark.django_db
def test_a_code_that_was_begun_in_another_session_opens_nothing(
    provider: IdentityProvider, client: Client
) -> None:
    provider.email = make_user().email
    there = requests.get(client.post(LOGIN).url, allow_redirects=False, timeout=5)
    back = urlsplit(there.headers["Location"])
    victim = Client()
    refused(victim.get(back.path, dict(parse_qsl(back.query))), victim)
    # The session that asked may use it.
    assert client.get(back.path, dict(parse_qsl(back.query))).status_code == 302
    assert signed_in(client)


@pytest.mark.django_db
def test_someone_unknown_or_unverified_is_told_whom_to_ask(
    provider: IdentityProvider, client: Client
) -> None:
    people = User.objects.count()
    for email, verified in (("stranger@example.org", True), (make_user().email, False)):
        provider.email, provider.email_verified = email, verified
        response = walk(client)
        assert response.status_code == 403
        assert "Ask an administrator" in response.content.decode()
        assert not signed_in(client)
    assert User.objects.count() == people + 1
    assert not SocialAccount.objects.exists()


@pytest.mark.django_db
def test_a_provider_that_is_down_is_said_and_the_password_still_works(
    provider: IdentityProvider, client: Client
) -> None:
    provider.is_up = False
    response = client.post(LOGIN)
    assert response.status_code == 401
    assert "Back to sign-in" in response.content.decode()
    assert client.get("/accounts/login/").status_code == 200


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_in_a_browser(
    provider: IdentityProvider, browser: Any, live_server: Any, transactional_db: None
) -> None:
    """Our content policy lets the form through to the provider, and the cookies come back."""
    provider.email = make_user("Lena Lead").email
    page = browser.new_page()
    page.goto(f"{live_server.url}/accounts/login/?next=/projects/")
    page.get_by_role("button", name="Sign in with Harbour ID").click()
    page.wait_for_url(f"{live_server.url}/projects/")
    assert page.get_by_text("Lena Lead").count()
    page.context.close()
