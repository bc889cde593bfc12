"""How allauth behaves here: nobody signs up by themselves; administrators add people."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.single_sign_on import VerifyingProvider


class AccountAdapter(DefaultAccountAdapter):
    """Allauth's refusals in our words: what is wrong, then what to do."""

    error_messages: ClassVar = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account is disabled. An administrator can enable it again."),
        "email_password_mismatch": _(
            "Address and password do not belong together. Try again, or ask for a new password."
        ),
        "enter_current_password": _("This is not your present password. Type it again."),
        "incorrect_password": _("The password is not right. Type it again."),
        "incorrect_code": _("This code does not fit. Type the one that the app shows now."),
        "invalid_password_reset": _("This link does not work any more. Ask for a new one."),
        "too_many_login_attempts": _(
            "Too many wrong passwords. Wait five minutes, then try again."
        ),
        "rate_limited": _("Too many attempts. Wait five minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SecondStepAdapter(DefaultMFAAdapter):
    error_messages: ClassVar = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code does not fit. Type the one that the app shows now."),
    }


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """An identity provider vouches for people who are already known by their address.

    Only an address that the provider has verified counts: else whoever can type an address at
    the provider would get the account that bears it here.
    """

    def get_provider(self, request: HttpRequest, provider: str, client_id: Any = None) -> Any:
        """Of OpenID Connect, the one that verifies."""
        found = super().get_provider(request, provider, client_id)
        if isinstance(found, OpenIDConnectProvider):
            return VerifyingProvider(request, app=found.app)
        return found

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
