"""Signing in and out, passwords, second factor, identity provider.

Allauth's own names, because its views ask for them; but only the pages this house has. A page
that is not offered keeps its name and answers 404.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.socialaccount import views as socialaccount
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path

from apps.accounts import single_sign_on
from apps.accounts.views.sign_in import not_offered, sign_in

urlpatterns = [
    path("login/", sign_in, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("2fa/", include("allauth.mfa.urls")),
    path("oidc/<str:provider_id>/login/", single_sign_on.login, name="openid_connect_login"),
    path(
        "oidc/<str:provider_id>/login/callback/",
        single_sign_on.callback,
        name="openid_connect_callback",
    ),
    path(
        "3rdparty/login/cancelled/",
        socialaccount.login_cancelled,
        name="socialaccount_login_cancelled",
    ),
    path(
        "3rdparty/login/error/",
        login_not_required(socialaccount.login_error),
        name="socialaccount_login_error",
    ),
    path("signup/", not_offered, name="account_signup"),
    path("email/", not_offered, name="account_email"),
    path("confirm-email/", not_offered, name="account_email_verification_sent"),
    path("confirm-email/<str:key>/", not_offered, name="account_confirm_email"),
    path("login/code/confirm/", not_offered, name="account_confirm_login_code"),
    path("3rdparty/signup/", not_offered, name="socialaccount_signup"),
    path("3rdparty/", not_offered, name="socialaccount_connections"),
]
