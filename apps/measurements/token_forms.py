"""Making an API token."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.choices import TokenReach
from apps.accounts.models import Team, User
from apps.common.query import QueryForm
from apps.measurements.models import Characteristic

DAYS = (
    (30, _("30 days")),
    (90, _("90 days")),
    (180, _("180 days")),
    (365, _("1 year")),
)
READ, WRITE = "read", "write"
RIGHTS = (
    (WRITE, _("Read, and add observations")),
    (READ, _("Read only")),
)


class _ByTeam(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.team.name}"


class TokenForm(forms.Form):
    name = forms.CharField(label=_("What it is for"), max_length=80)
    rights = forms.ChoiceField(
        label=_("It may"), choices=RIGHTS, initial=WRITE, widget=forms.RadioSelect
    )
    reach = forms.ChoiceField(
        label=_("It reaches"),
        choices=TokenReach.choices,
        initial=TokenReach.EVERYTHING,
        widget=forms.RadioSelect,
    )
    team = forms.ModelChoiceField(
        label=_("Team"), queryset=Team.objects.none(), required=False, empty_label=_("None")
    )
    characteristics = _ByTeam(
        label=_("Characteristics"),
        queryset=Characteristic.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(label=_("Valid for"), choices=DAYS, coerce=int, initial=90)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        standing = Q(pk__in=[])
        for path in person.standing.paths_of(person.standing.roles):
            standing |= Q(path__startswith=path)
        fields["team"].queryset = Team.objects.filter(standing)
        fields["characteristics"].queryset = (
            Characteristic.objects.visible_to(person).in_use().select_related("team")
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        reach = cleaned.get("reach")
        if reach == TokenReach.TEAM:
            if not cleaned.get("team") and "team" not in self.errors:
                self.add_error("team", _("Choose the team that the token reaches."))
        else:
            cleaned["team"] = None
        if reach == TokenReach.CHOSEN:
            if not cleaned.get("characteristics") and "characteristics" not in self.errors:
                self.add_error(
                    "characteristics", _("Choose the characteristics that the token reaches.")
                )
        else:
            cleaned["characteristics"] = ()
        cleaned["may_write"] = cleaned.pop("rights", READ) == WRITE
        return cleaned


class TokenQuery(QueryForm):
    q = forms.CharField(max_length=100, required=False)
    state = forms.ChoiceField(
        choices=[("", ""), ("live", _("In use")), ("ended", _("Revoked or expired"))],
        required=False,
    )
