"""What the list of notices may be asked, and what a person wants by mail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.query import QueryForm
from apps.notifications.models import Preference
from apps.notifications.sentences import kinds_to_choose

ALL, UNREAD = "all", "unread"


class NoticeQuery(QueryForm):
    show = forms.ChoiceField(choices=[(ALL, ALL), (UNREAD, UNREAD)], required=False)


class PreferenceForm(forms.Form):
    by_mail = forms.BooleanField(
        label=_("Send me mail as well"),
        help_text=_("Everything is always listed under Notifications, with or without mail."),
        required=False,
    )
    kinds = forms.MultipleChoiceField(
        label=_("By mail when"),
        choices=kinds_to_choose,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    @classmethod
    def of(cls, preference: Preference, data: Any = None) -> PreferenceForm:
        wanted = [kind for kind, _about in kinds_to_choose() if kind not in preference.muted_kinds]
        return cls(data, initial={"by_mail": preference.by_mail, "kinds": wanted})

    def muted_kinds(self) -> set[str]:
        return {kind for kind, _about in kinds_to_choose()} - set(self.cleaned_data["kinds"])
