"""Sign-in through the organisation's identity provider (OpenID Connect, authorization code, PKCE).

Allauth walks the way; here stands what it leaves to TLS: the ID token is verified with the
provider's published key whatever the way it came, it must answer the request that asked for it
(nonce), and what the provider says of the person must be about the person in the token.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import jwt
import requests
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2CallbackView,
    OAuth2LoginView,
    OAuth2View,
)
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse

# Signatures that only the provider's private key can make; "none" and shared secrets are not.
ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
LEEWAY_SECONDS = 30


def nonce_of(code_verifier: str) -> str:
    """The nonce of a sign-in, from the PKCE secret that lies in the session of who asked."""
    return hashlib.sha256(f"nonce:{code_verifier}".encode()).hexdigest()


class VerifyingAdapter(OpenIDConnectOAuth2Adapter):
    """Believes an ID token only when signature, issuer, audience, time and nonce are right."""

    nonce = ""

    def get_access_token_data(
        self, request: HttpRequest, app: SocialApp, client: Any, pkce_code_verifier: Any = None
    ) -> Any:
        self.nonce = nonce_of(pkce_code_verifier) if pkce_code_verifier else ""
        return super().get_access_token_data(request, app, client, pkce_code_verifier)

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any
    ) -> Any:
        response = kwargs["response"]
        if not isinstance(response, dict) or not response.get("id_token"):
            raise OAuth2Error("The provider sent no ID token.")
        claims = self._decode_id_token(app, response["id_token"])
        userinfo = self._fetch_user_info(token.token)
        if userinfo.get("sub") != claims["sub"]:
            raise OAuth2Error("The provider speaks of somebody else than the ID token.")
        said = {"id_token": claims, "userinfo": userinfo}
        return self.get_provider().sociallogin_from_response(request, said)

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token,
                self._key_of(id_token),
                algorithms=list(ALGORITHMS),
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=LEEWAY_SECONDS,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except (jwt.PyJWTError, ValueError, KeyError, TypeError) as error:
            raise OAuth2Error("The ID token is not valid.") from error
        if not self.nonce or not hmac.compare_digest(str(claims.get("nonce", "")), self.nonce):
            raise OAuth2Error("The ID token answers another request.")
        return claims

    def _key_of(self, id_token: str) -> jwt.PyJWK:
        """The published key that the token names; the only one there is when it names none."""
        named = jwt.get_unverified_header(id_token).get("kid")
        with get_adapter().get_requests_session() as session:
            response = session.get(self.openid_config["jwks_uri"])
            response.raise_for_status()
        keys = jwt.PyJWKSet.from_dict(response.json()).keys
        found = [key for key in keys if key.key_id == named] if named else keys
        if len(found) != 1:
            raise OAuth2Error("The provider publishes no key for this ID token.")
        return found[0]


class VerifyingProvider(OpenIDConnectProvider):
    oauth2_adapter_class = VerifyingAdapter
    pkce_enabled_default = True

    def get_pkce_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_pkce_params()
        if "code_verifier" in params:
            params["nonce"] = nonce_of(params["code_verifier"])
        return params


@login_not_required
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Hand the person over to the provider."""
    return _walk(OAuth2LoginView, request, provider_id)


@login_not_required
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """The person comes back with a code."""
    return _walk(OAuth2CallbackView, request, provider_id)


def _walk(view: type[OAuth2View], request: HttpRequest, provider_id: str) -> HttpResponse:
    """One step of the way; a provider that does not answer, or not in its own terms, is said."""
    adapter = _adapter(request, provider_id)
    try:
        response: HttpResponse = view.adapter_view(adapter)(request)
    except (requests.RequestException, KeyError) as error:
        response = render_authentication_error(request, adapter.get_provider(), exception=error)
    return response


def _adapter(request: HttpRequest, provider_id: str) -> VerifyingAdapter:
    adapter = VerifyingAdapter(request, provider_id)
    try:
        adapter.get_provider()
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    return adapter
