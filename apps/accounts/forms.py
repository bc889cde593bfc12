"""Forms of the person's own settings, and allauth's in our words."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account_forms
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from django import forms
from django.conf import settings
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from apps.accounts.choices import Theme
from apps.accounts.models import User
from apps.common.zones import places, spoken


def own_language_names() -> list[tuple[str, str]]:
    """Each language by its own name, so that everyone finds theirs."""
    return [(code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES]


def _language_choices() -> list[tuple[str, Any]]:
    return [("", _("As the browser asks")), *own_language_names()]


def _zone_choices() -> list[tuple[str, Any]]:
    usual = _("As the organisation: %(zone)s") % {"zone": spoken(settings.TIME_ZONE)}
    return [("", usual), *((zone, spoken(zone)) for zone in places())]


class ProfileForm(forms.ModelForm):
    language = forms.ChoiceField(label=_("Language"), choices=_language_choices, required=False)
    theme = forms.ChoiceField(label=_("Colours"), choices=Theme.choices)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=_zone_choices, required=False)

    class Meta:
        model = User
        fields = ("name", "language", "theme", "time_zone")


class LanguageForm(forms.Form):
    language = forms.ChoiceField(choices=settings.LANGUAGES)


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(choices=Theme.choices)


class _LabelsOnly(forms.Form):
    """A label stands above the field; a placeholder that repeats it goes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class SignInForm(_LabelsOnly, account_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address")
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""


class ChangePasswordForm(_LabelsOnly, account_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Present password")
        self.fields["oldpassword"].help_text = ""
        _name_new_passwords(self)


class SetPasswordForm(_LabelsOnly, account_forms.SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_new_passwords(self)


class ResetPasswordForm(_LabelsOnly, account_forms.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")


class ResetPasswordKeyForm(_LabelsOnly, account_forms.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_new_passwords(self)


class ReauthenticateForm(_LabelsOnly, account_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""


class CodeForm(_LabelsOnly, mfa_forms.AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code")


class CodeAgainForm(_LabelsOnly, mfa_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code")


class ActivateAppForm(_LabelsOnly, totp_forms.ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code that the app shows")


def _name_new_passwords(form: forms.Form) -> None:
    form.fields["password1"].label = _("New password")
    form.fields["password1"].help_text = _(
        "At least 10 characters. Not only digits, not a common password, not your name."
    )
    form.fields["password2"].label = _("New password again")
