"""Signing in: allauth's view with what our page shows beside the form."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView
from allauth.socialaccount.adapter import get_adapter
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse

from apps.accounts.examples import example_accounts


class SignInView(LoginView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        providers = get_adapter().list_providers(self.request)
        return context | {
            "examples": example_accounts(),
            "providers": [
                {
                    "name": provider.name,
                    "url": provider.get_login_url(self.request, **self._after_sign_in(context)),
                }
                for provider in providers
            ],
        }

    @staticmethod
    def _after_sign_in(context: dict[str, Any]) -> dict[str, str]:
        goal = context.get("redirect_field_value")
        return {"next": goal} if goal else {}


sign_in = SignInView.as_view()


@login_not_required
def not_offered(request: HttpRequest, **_kwargs: Any) -> HttpResponse:
    """Pages of allauth that this house does not have: signing up, changing one's address."""
    raise Http404
