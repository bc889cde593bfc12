"""An identity provider vouches for people who are known by a verified address; for nobody else."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from allauth.core.context import request_context
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from apps.accounts.models import User
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

PROVIDER = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "oidc",
                "name": "Harbour ID",
                "client_id": "improve",
                "secret": "s",
                "settings": {"server_url": "https://id.example.org"},
            }
        ]
    }
}


@dataclass(frozen=True)
class Answer:
    """What the provider says of the person."""

    email: str
    verified: object


def come_back(answer: Answer, user: User | None = None) -> tuple[HttpRequest, HttpResponse]:
    """The person comes back from the provider."""
    request = RequestFactory().get("/accounts/oidc/oidc/login/callback/")
    request.session = SessionStore()
    request.user = user or AnonymousUser()
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    userinfo = {
        "sub": "42",
        "name": "From the provider",
        "email": answer.email,
        "email_verified": answer.verified,
    }
    with request_context(request):
        provider = get_adapter().get_provider(request, "oidc")
        sociallogin = provider.sociallogin_from_response(request, {"userinfo": userinfo})
        sociallogin.state = {"process": "login"}
        return request, complete_social_login(request, sociallogin)


@pytest.fixture
def _provider(settings) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = PROVIDER


@pytest.mark.usefixtures("_provider")
def test_a_known_person_with_a_verified_address_is_signed_in_and_keeps_the_password() -> None:
    user = make_user()
    request, response = come_back(Answer(user.email.upper(), verified=True))
    assert response.status_code == 302
    assert request.user == user
    assert SocialAccount.objects.get().user == user
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.usefixtures("_provider")
@pytest.mark.parametrize("verified", [False, None, "true", "false"])
def test_an_address_that_is_not_verified_opens_nothing(verified: object) -> None:
    user = make_user()
    request, response = come_back(Answer(user.email, verified=verified))
    assert response.status_code == 403
    assert not request.user.is_authenticated
    assert not SocialAccount.objects.exists()


@pytest.mark.usefixtures("_provider")
def test_someone_unknown_is_refused_with_a_sentence_and_gets_no_account() -> None:
    before = User.objects.count()
    _request, response = come_back(Answer("stranger@example.org", verified=True))
    assert response.status_code == 403
    assert "Ask an administrator" in response.content.decode()
    assert User.objects.count() == before


@pytest.mark.usefixtures("_provider")
def test_a_disabled_person_is_refused() -> None:
    user = make_user(is_active=False)
    _request, response = come_back(Answer(user.email, verified=True))
    assert response.status_code == 403


@pytest.mark.usefixtures("_provider")
def test_nobody_ties_a_foreign_identity_to_their_account() -> None:
    user, other = make_user(), make_user()
    _request, response = come_back(Answer(other.email, verified=True), user=user)
    assert response.status_code == 403
    assert not SocialAccount.objects.exists()


@pytest.mark.usefixtures("_provider")
def test_the_sign_in_page_offers_the_provider(client: Client) -> None:
    page = client.get("/accounts/login/?next=/projects/").content.decode()
    assert "Sign in with Harbour ID" in page
    assert 'action="/accounts/oidc/oidc/login/?next=%2Fprojects%2F"' in page
    asked = client.get("/accounts/oidc/oidc/login/")
    assert asked.status_code == 200
    assert "Continue" in asked.content.decode()


def test_no_provider_no_button(client: Client) -> None:
    assert "Sign in with" not in client.get("/accounts/login/").content.decode()
    assert client.get("/accounts/oidc/oidc/login/").status_code == 404


@pytest.mark.parametrize("path", ["login/cancelled/", "login/error/"])
def test_the_way_back_from_a_failed_sign_in(client: Client, path: str) -> None:
    response = client.get(f"/accounts/3rdparty/{path}")
    assert response.status_code in (200, 401)
    assert "Back to sign-in" in response.content.decode()
