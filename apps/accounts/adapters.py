"""How allauth behaves here: nobody signs up by themselves; administrators add people."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest
from django.shortcuts import render

from apps.accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """An identity provider vouches for people who are already known by their address.

    Only an address that the provider has verified counts: else whoever can type an address at
    the provider would get the account that bears it here.
    """

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if sociallogin.is_existing:
            return
        person = _known_person(sociallogin)
        someone_else = request.user.is_authenticated and request.user != person
        if person is None or someone_else:
            raise ImmediateHttpResponse(render(request, "socialaccount/refused.html", status=403))
        sociallogin.connect(request, person)


def _known_person(sociallogin: Any) -> User | None:
    verified = {one.email.lower() for one in sociallogin.email_addresses if one.verified is True}
    return User.objects.filter(email__in=verified, is_active=True).first()
