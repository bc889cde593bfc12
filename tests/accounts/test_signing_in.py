"""Signing in and out, the second step, login limits, passwords."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail as outbox
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from apps.accounts.models import User
from tests.factories import PASSWORD, make_org, make_user

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _empty_limits() -> None:
    call_command("createcachetable", verbosity=0)
    cache.clear()


def sign_in(client: Client, user: User, password: str = PASSWORD):
    return client.post(LOGIN, {"login": user.email, "password": password})


def signed_in(client: Client) -> bool:
    return client.get("/settings/").status_code == 200


def test_who_signs_in_gets_where_they_wanted_to_go(client: Client) -> None:
    user = make_user()
    away = client.get("/settings/")
    assert away.status_code == 302
    response = client.post(
        away.url, {"login": user.email, "password": PASSWORD, "next": "/settings/"}
    )
    assert (response.status_code, response.url) == (302, "/settings/")


def test_a_foreign_next_is_not_followed(client: Client) -> None:
    user = make_user()
    body = {"login": user.email, "password": PASSWORD, "next": "https://elsewhere.example/"}
    assert client.post(LOGIN, body).url == "/"


def test_wrong_password_and_unknown_address_are_told_alike(client: Client) -> None:
    user = make_user()
    wrong = sign_in(client, user, "not this one").content.decode()
    unknown = client.post(LOGIN, {"login": "nobody@example.org", "password": "x"}).content.decode()
    sentence = re.compile(r"<div role=\"alert\">.*?</div>", re.DOTALL)
    assert sentence.search(wrong).group() == sentence.search(unknown).group()
    assert not signed_in(client)


def test_a_disabled_person_cannot_sign_in(client: Client) -> None:
    user = make_user(is_active=False)
    sign_in(client, user)
    assert not signed_in(client)


def test_disabling_a_person_ends_their_session(client: Client) -> None:
    user = make_user()
    sign_in(client, user)
    assert signed_in(client)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert not signed_in(client)


def test_signing_out_takes_a_post(client: Client) -> None:
    user = make_user()
    sign_in(client, user)
    assert client.get("/accounts/logout/").status_code == 200
    assert signed_in(client)
    client.post("/accounts/logout/")
    assert not signed_in(client)


def test_ten_wrong_passwords_close_the_account_for_a_while(client: Client) -> None:
    user = make_user()
    for _ in range(10):
        sign_in(client, user, "wrong")
    response = sign_in(client, user)
    assert not signed_in(client)
    assert "alert" in response.content.decode()


def test_too_many_requests_get_a_page_that_says_so(client: Client, settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    user = make_user()
    for _ in range(2):
        sign_in(client, user, "wrong")
    response = sign_in(client, user)
    assert response.status_code == 429
    assert "Wait five minutes" in response.content.decode()


def test_changing_the_password_ends_the_other_sessions(client: Client) -> None:
    user, elsewhere = make_user(), Client()
    sign_in(client, user)
    sign_in(elsewhere, user)
    new = "a much better phrase 7"
    body = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post("/accounts/password/change/", body).status_code == 302
    assert signed_in(client)
    assert not signed_in(elsewhere)


def test_a_weak_new_password_is_refused(client: Client) -> None:
    user = make_user()
    sign_in(client, user)
    body = {"oldpassword": PASSWORD, "password1": "1234567890", "password2": "1234567890"}
    assert client.post("/accounts/password/change/", body).status_code == 200
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_resetting_the_password_by_mail(client: Client) -> None:
    user = make_user()
    assert client.post("/accounts/password/reset/", {"email": user.email}).status_code == 302
    link = re.search(r"http://testserver(/\S+)", outbox.outbox[0].body).group(1)
    page = client.get(link, follow=True)
    new = "a much better phrase 7"
    goal = page.redirect_chain[-1][0]
    assert client.post(goal, {"password1": new, "password2": new}).status_code == 302
    user.refresh_from_db()
    assert user.check_password(new)
    assert "does not work any more" in Client().get(link, follow=True).content.decode()


def test_an_unknown_address_gets_no_mail_and_the_same_answer(client: Client) -> None:
    response = client.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert response.status_code == 302
    assert not outbox.outbox


@pytest.mark.parametrize(
    "path",
    ["signup/", "email/", "confirm-email/", "confirm-email/x/", "3rdparty/", "3rdparty/signup/"],
)
def test_pages_this_house_does_not_have(client: Client, path: str) -> None:
    assert client.get(f"/accounts/{path}").status_code == 404


# --- the second step --------------------------------------------------------------------------


def code_now(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def test_setting_up_the_second_step_and_signing_in_with_it(client: Client) -> None:
    user = make_user()
    sign_in(client, user)
    activate = "/accounts/2fa/totp/activate/"
    assert "reauthenticate" in client.get(activate).url
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    secret = client.get(activate).context["form"].secret
    assert client.post(activate, {"code": code_now(secret)}).status_code == 302
    codes = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    assert len(codes) == 10

    client.post("/accounts/logout/")
    assert sign_in(client, user).url == "/accounts/2fa/authenticate/"
    assert not signed_in(client)
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert not signed_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    assert signed_in(client)

    client.post("/accounts/logout/")
    sign_in(client, user)
    client.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    assert not signed_in(client), "a recovery code works once"


def with_second_step(user: User) -> User:
    TOTP.activate(user, get_adapter().encrypt("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))
    RecoveryCodes.activate(user)
    return user


def test_every_page_of_the_second_step_is_there(client: Client) -> None:
    user = with_second_step(make_user())
    client.force_login(user)
    assert client.get("/accounts/2fa/").status_code == 200
    for path in ("totp/deactivate/", "recovery-codes/", "recovery-codes/generate/"):
        assert "reauthenticate" in client.get(f"/accounts/2fa/{path}").url
    assert client.get("/accounts/2fa/reauthenticate/").status_code == 200
    assert client.get("/accounts/reauthenticate/").status_code == 200
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    for path in (
        "2fa/totp/deactivate/",
        "2fa/recovery-codes/generate/",
        "2fa/recovery-codes/download/",
    ):
        assert client.get(f"/accounts/{path}").status_code == 200
    assert client.post("/accounts/2fa/totp/deactivate/").status_code == 302
    assert not Authenticator.objects.filter(user=user).exists()


def test_an_administrator_signs_in_through_the_same_door(client: Client) -> None:
    administrator = with_second_step(make_org().administrator)
    assert client.get("/reference/").url.startswith("/reference/login/")
    assert client.get("/reference/login/?next=/reference/").url.startswith(LOGIN)
    sign_in(client, administrator)
    assert client.get("/reference/").status_code == 302, "the password alone opens nothing"
