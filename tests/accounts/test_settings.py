"""A person's own settings: language, theme, time zone."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.examples import example_accounts
from apps.accounts.models import User
from apps.portfolio.demo import organisation
from tests.factories import make_org, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(client: Client) -> User:
    user = make_user()
    client.force_login(user)
    return user


def test_saving_the_profile(client: Client, user: User) -> None:
    body = {"name": "林慧君", "language": "zh-hant", "theme": "dark", "time_zone": "Europe/Paris"}
    assert client.post("/settings/", body).status_code == 302
    user.refresh_from_db()
    assert (user.name, user.language, user.theme, user.time_zone) == tuple(body.values())
    page = client.get("/settings/").content.decode()
    assert 'lang="zh-hant"' in page
    assert 'data-theme="dark"' in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"language": "xx"},
        {"theme": "pink"},
        {"time_zone": "Mars/Base"},
        {"name": "a\0"},
    ],
)
def test_what_is_not_offered_is_refused(client: Client, user: User, wrong: dict[str, str]) -> None:
    body = {"name": "Mei", "language": "", "theme": "auto", "time_zone": ""} | wrong
    assert client.post("/settings/", body).status_code == 200
    assert User.objects.get(pk=user.pk).name == user.name


@pytest.mark.parametrize("extra", ["is_staff", "is_superuser", "email", "home_team", "is_active"])
def test_nobody_sets_their_own_address_or_rights(client: Client, user: User, extra: str) -> None:
    body = {"name": "Mei", "language": "", "theme": "auto", "time_zone": "", extra: "1"}
    client.post("/settings/", body)
    saved = User.objects.get(pk=user.pk)
    assert saved.name == "Mei"
    assert getattr(saved, extra) == getattr(user, extra)


def test_the_language_switch_saves_the_preference(client: Client, user: User) -> None:
    response = client.post("/language/", {"language": "zh-hans", "next": "/settings/"})
    assert response.url == "/settings/"
    user.refresh_from_db()
    assert user.language == "zh-hans"
    assert response.cookies["django_language"].value == "zh-hans"


def test_the_saved_language_goes_before_cookie_and_browser(client: Client, user: User) -> None:
    client.post("/language/", {"language": "zh-hant"})
    client.cookies["django_language"] = "en"
    page = client.get("/settings/", headers={"accept-language": "de"}).content.decode()
    assert '<html lang="zh-hant"' in page


def test_the_language_switch_works_signed_out(client: Client) -> None:
    client.post("/language/", {"language": "zh-hans", "next": "/accounts/login/"})
    assert '<html lang="zh-hans"' in client.get("/accounts/login/").content.decode()


@pytest.mark.parametrize("language", ["xx", "en\0", ""])
def test_an_unknown_language_changes_nothing(client: Client, user: User, language: str) -> None:
    assert client.post("/language/", {"language": language}).status_code in (204, 302)
    user.refresh_from_db()
    assert user.language == ""


@pytest.mark.parametrize(
    "goal", ["https://elsewhere.example/", "//elsewhere.example", "javascript:x"]
)
def test_the_theme_is_saved_and_leads_nowhere_else(client: Client, user: User, goal: str) -> None:
    assert client.post("/settings/theme/", {"theme": "dark", "next": goal}).url == "/"
    user.refresh_from_db()
    assert user.theme == "dark"


def test_a_broken_time_zone_in_the_database_breaks_no_page(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(time_zone="../etc/passwd")
    assert client.get("/settings/").status_code == 200


def test_example_accounts_only_in_demo_mode(client: Client, settings) -> None:
    org = make_org()
    settings.DEMO = True
    assert next(one.email for one in example_accounts()) == org.administrator.email
    settings.DEMO = False
    assert example_accounts() == []
    assert org.administrator.email not in client.get("/accounts/login/").content.decode()


def test_the_example_has_the_accounts_that_the_page_offers(client: Client, settings) -> None:
    settings.DEMO = True
    organisation.create_organisation()
    offered = example_accounts()
    assert len(offered) == 5
    for one in offered:
        assert User.objects.get(email=one.email).check_password(one.password)
