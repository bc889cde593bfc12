"""A small OpenID provider over HTTP: discovery, authorization code with PKCE, keys, user info.

It is strict where a real one is (client, redirect, code, verifier), and lies where a test says so.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "improve", "between provider and house"
KEY_ID = "key-1"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class IdentityProvider:
    def __init__(self) -> None:
        self.key = new_key()
        self.email, self.email_verified = "", True
        self.claims: dict[str, Any] = {}
        """What to say otherwise in the ID token; None leaves a claim out."""
        self.sign: Callable[[dict[str, Any]], str] = self.sign_well
        self.userinfo: dict[str, Any] = {}
        self.is_up = True
        self.asked: list[dict[str, str]] = []
        """The queries with which people were sent here."""
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: set[str] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def sign_well(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": KEY_ID})

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the person goes next: they are known here, and agree."""
        self.asked.append(asked)
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        asked = self._codes.pop(form.get("code", ""), None)
        client = (form.get("client_id"), form.get("client_secret"))
        if asked is None or client != (CLIENT_ID, CLIENT_SECRET):
            return None
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            form.get("redirect_uri") != asked["redirect_uri"]
            or challenge != asked["code_challenge"]
        ):
            return None
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT_ID, "sub": "42", "iat": now, "exp": now + 300,
            "nonce": asked.get("nonce"), **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        access = secrets.token_urlsafe(16)
        self._tokens.add(access)
        answer = {"access_token": access, "token_type": "Bearer", "id_token": self.sign(claims)}
        return {name: value for name, value in answer.items() if value}

    def person(self, authorization: str) -> dict[str, Any] | None:
        if authorization.removeprefix("Bearer ") not in self._tokens:
            return None
        return {
            "sub": "42", "name": "From the provider", "email": self.email,
            "email_verified": self.email_verified, **self.userinfo,
        }  # fmt: skip


def _handler(provider: IdentityProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if not provider.is_up:
                self._send(None, 503)
            elif parts.path == "/.well-known/openid-configuration":
                self._send(provider.discovery())
            elif parts.path == "/keys":
                self._send(provider.keys())
            elif parts.path == "/userinfo":
                self._send(provider.person(self.headers.get("Authorization", "")), 401)
            elif parts.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(asked))
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._send(None, 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self._send(provider.token(dict(parse_qsl(body))), 400)

        def _send(self, answer: dict[str, Any] | None, otherwise: int = 404) -> None:
            body = json.dumps(answer if answer is not None else {"error": "refused"}).encode()
            self.send_response(200 if answer is not None else otherwise)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Quiet: the tests tell what went wrong."""

    return Handler
